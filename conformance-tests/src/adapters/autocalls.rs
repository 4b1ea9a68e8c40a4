//! Autocalls.

use serde_json::{Value, json};
use transom::adapter::ErrorCode;
use transom::{Capabilities, Capability, ErrorKind};
use transom_mock_server::simulators;

use super::adapter_under_test::{AdapterUnderTest, CodeSample, CodeTable, ContentRules, Refusal, WebhookFeatures};
use super::webhook_forms::{FailureSample, WebhookForms};

/// Autocalls.
pub static AUTOCALLS: AdapterUnderTest = AdapterUnderTest {
    provider: transom_autocalls::PROVIDER,
    simulators: simulators::all,
    uri: "autocalls://canary-key@{host}?sender_id=12",
    uri_with_bad_credential: "autocalls://invalid@{host}?sender_id=12",
    uri_with_unknown_sender: "autocalls://canary-key@{host}?sender_id=99",
    table: "api_key = \"canary-key\"\nsender_id = 12",
    sender: "+12025550100",
    capabilities: Capabilities::new(&[
        Capability::Text,
        Capability::Template,
        Capability::Session,
        Capability::Senders,
        Capability::Templates,
        Capability::Conversations,
        Capability::DeliveryStatus,
        Capability::WebhookSignature,
    ]),
    never_wrote: ErrorKind::NoActiveSession,
    carries_reference: false,
    text_max: 4096,
    limits_titles: true,
    send_paths: &["/api/user/whatsapp/send-freeform", "/api/user/whatsapp/send"],
    // The adapter looks the name up in the provider's list before it sends anything.
    unknown_template: ErrorKind::Config,
    placeholders: ["1", "2"],
    refusals: &[
        Refusal::new(
            402,
            r#"{"success":false,"error":"Insufficient balance. Please top up your account.","error_code":"INSUFFICIENT_BALANCE"}"#,
            ErrorKind::InsufficientBalance,
            Some("INSUFFICIENT_BALANCE"),
        ),
        Refusal::new(
            403,
            r#"{"success":false,"error":"closed","error_code":"SESSION_EXPIRED"}"#,
            ErrorKind::SessionExpired,
            Some("SESSION_EXPIRED"),
        ),
        Refusal::new(403, r#"{"success":false,"error":"no"}"#, ErrorKind::PermissionDenied, None),
        Refusal::new(
            404,
            r#"{"success":false,"error":"Sender not found or does not belong to you","error_code":"SENDER_NOT_FOUND"}"#,
            ErrorKind::SenderNotFound,
            Some("SENDER_NOT_FOUND"),
        ),
        Refusal::new(
            404,
            r#"{"success":false,"error":"Template not found","error_code":"TEMPLATE_NOT_FOUND"}"#,
            ErrorKind::TemplateRejected,
            Some("TEMPLATE_NOT_FOUND"),
        ),
        Refusal::new(
            422,
            r#"{"success":false,"error":"Invalid phone number format.","error_code":"INVALID_PHONE"}"#,
            ErrorKind::RecipientInvalid,
            Some("INVALID_PHONE"),
        ),
        Refusal::new(
            422,
            r#"{"message":"The message field is required.","errors":{"message":["The message field is required."]}}"#,
            ErrorKind::InvalidRequest,
            None,
        ),
        Refusal::new(
            503,
            r#"{"success":false,"error":"Sender is not online. Current status: Offline","error_code":"SENDER_OFFLINE"}"#,
            ErrorKind::SenderUnavailable,
            Some("SENDER_OFFLINE"),
        ),
        Refusal::new(
            422,
            r#"{"success":false,"error":"offline","error_code":"SENDER_OFFLINE"}"#,
            ErrorKind::SenderUnavailable,
            Some("SENDER_OFFLINE"),
        ),
        Refusal::new(
            422,
            r#"{"success":false,"error":"x","error_code":"TWILIO_ERROR_63016"}"#,
            ErrorKind::SessionExpired,
            Some("TWILIO_ERROR_63016"),
        ),
    ],
    code_tables: CODE_TABLES,
    expected_codes: include_str!("expected_codes/autocalls.txt"),
    samples: &[],
    webhook_calls: &[],
    webhook_features: WebhookFeatures { reference: false, our_number: false, repeats_calls: true, kinds: &[] },
    content_rules: ContentRules { named_values: true, limits_template_body: false, ..ContentRules::NONE },
    webhook_forms: WebhookForms { failure, ..WebhookForms::NONE },
};

/// With one code, one message and one description.
fn failure(sample: &FailureSample) -> Value {
    let error = sample.errors.first();
    json!({
        "event": "message_status", "whatsapp_message_id": 640_077, "to": "+447700900123", "status": "failed",
        "error_code": error.and_then(|error| error.code.parse::<u64>().ok()), "error_message": error.map(|error| error.title),
        "error_description": error.map(|error| error.details), "timestamp": "2026-05-11T09:20:04+00:00",
    })
}

const CODE_TABLES: &[CodeTable] = &[
    CodeTable { name: "answers", samples: |fact| vec![answer(fact, &CodeSample::code(fact))] },
    CodeTable { name: "twilio", samples: |fact| vec![answer(fact, &carrier(fact)), quoted(fact), receipt(fact)] },
    CodeTable { name: "meta", samples: |fact| vec![quoted(fact), receipt(fact)] },
];

/// The code as `error_code`.
fn answer(fact: &ErrorCode, code: &str) -> CodeSample {
    let body = json!({ "success": false, "error": "refused", "error_code": code });
    let sample = CodeSample::answer(fact, fact.status.unwrap_or(422), body);
    CodeSample { code: Some(code.to_owned()), ..sample }
}

/// The carrier's number in the family of the page.
fn carrier(fact: &ErrorCode) -> String {
    format!("TWILIO_ERROR_{}", CodeSample::code(fact))
}

/// The code in the words, without one of Autocalls's own.
fn quoted(fact: &ErrorCode) -> CodeSample {
    let code = CodeSample::code(fact);
    CodeSample::answer(fact, 422, json!({ "success": false, "error": format!("(#{code}) refused") }))
}

fn receipt(fact: &ErrorCode) -> CodeSample {
    CodeSample::callback(
        fact,
        json!({
            "event": "message_status", "whatsapp_message_id": 640_077, "to": "+447700900123", "status": "failed",
            "error_code": CodeSample::number(fact), "error_message": "failed", "timestamp": "2026-05-11T09:20:04+00:00",
        }),
    )
}
