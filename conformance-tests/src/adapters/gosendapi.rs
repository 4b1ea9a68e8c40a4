//! GoSendAPI.

use serde_json::{Value, json};
use transom::adapter::ErrorCode;
use transom::{Capabilities, Capability, ErrorKind};
use transom_mock_server::simulators;

use super::adapter_under_test::{AdapterUnderTest, CodeSample, CodeTable, ContentRules, Refusal, WebhookFeatures};
use super::webhook_forms::{ErrorSample, FailureSample, InboundSample, WebhookForms};

/// GoSendAPI.
pub static GOSENDAPI: AdapterUnderTest = AdapterUnderTest {
    provider: transom_gosendapi::PROVIDER,
    simulators: simulators::all,
    uri: "gosendapi://canary-key@{host}?phone_number_id=555123456789",
    uri_with_bad_credential: "gosendapi://invalid@{host}?phone_number_id=555123456789",
    uri_with_unknown_sender: "gosendapi://canary-key@{host}?phone_number_id=555000000000",
    table: "api_key = \"canary-key\"\nphone_number_id = \"555123456789\"",
    sender: "+34611000000",
    capabilities: Capabilities::new(&[
        Capability::Text,
        Capability::Image,
        Capability::Video,
        Capability::Audio,
        Capability::Document,
        Capability::Sticker,
        Capability::Location,
        Capability::Contacts,
        Capability::Buttons,
        Capability::List,
        Capability::Template,
        Capability::Session,
        Capability::Senders,
        Capability::Templates,
        Capability::Conversations,
        Capability::MediaUpload,
        Capability::DeliveryStatus,
        Capability::Inbound,
        Capability::WebhookSignature,
        Capability::Idempotency,
    ]),
    never_wrote: ErrorKind::NoActiveSession,
    carries_reference: true,
    text_max: 4096,
    limits_titles: true,
    send_paths: &["/v1/messages"],
    unknown_template: ErrorKind::TemplateRejected,
    placeholders: ["customer", "day"],
    refusals: &[
        Refusal::new(
            403,
            r#"{"statusCode":403,"message":"Outside the 24h window","error":"Forbidden","code":"BRAND_NEW_CODE"}"#,
            ErrorKind::SessionExpired,
            Some("BRAND_NEW_CODE"),
        ),
        Refusal::new(
            403,
            r#"{"statusCode":403,"message":"Outside the 24h window: only approved templates can be sent","error":"Forbidden"}"#,
            ErrorKind::SessionExpired,
            None,
        ),
        Refusal::new(
            403,
            r#"{"statusCode":403,"message":"Forbidden","error":"Forbidden"}"#,
            ErrorKind::SessionExpired,
            None,
        ),
        Refusal::new(
            403,
            r#"{"statusCode":403,"message":"Phone number belongs to another project","error":"Forbidden","code":"PHONE_NUMBER_NOT_IN_TENANT"}"#,
            ErrorKind::SenderNotFound,
            Some("PHONE_NUMBER_NOT_IN_TENANT"),
        ),
        Refusal::new(
            403,
            r#"{"statusCode":403,"message":"no","error":"Forbidden","code":"WABA_NOT_IN_TENANT"}"#,
            ErrorKind::PermissionDenied,
            Some("WABA_NOT_IN_TENANT"),
        ),
        Refusal::new(
            400,
            r#"{"statusCode":400,"message":"no","error":"Bad Request","code":"INVALID_PHONE_NUMBER"}"#,
            ErrorKind::RecipientInvalid,
            Some("INVALID_PHONE_NUMBER"),
        ),
        Refusal::new(
            400,
            r#"{"statusCode":400,"message":["no"],"error":"Bad Request","code":"INVALID_PHONE_NUMBER_ID"}"#,
            ErrorKind::SenderNotFound,
            Some("INVALID_PHONE_NUMBER_ID"),
        ),
        Refusal::new(
            400,
            r#"{"statusCode":400,"message":"no","error":"Bad Request","code":"INVALID_MESSAGE_TYPE"}"#,
            ErrorKind::Unsupported,
            Some("INVALID_MESSAGE_TYPE"),
        ),
        Refusal::new(
            400,
            r#"{"statusCode":400,"message":"no","error":"Bad Request","code":"MISSING_REQUIRED_FIELD"}"#,
            ErrorKind::InvalidRequest,
            Some("MISSING_REQUIRED_FIELD"),
        ),
        Refusal::new(
            401,
            r#"{"statusCode":401,"message":"no","error":"Unauthorized","code":"EXPIRED_API_KEY"}"#,
            ErrorKind::Unauthenticated,
            Some("EXPIRED_API_KEY"),
        ),
        Refusal::new(
            400,
            r#"{"error":{"message":"(#131047) Re-engagement message","code":131047}}"#,
            ErrorKind::SessionExpired,
            Some("131047"),
        ),
        Refusal::new(
            400,
            r#"{"error":{"message":"(#131042) payment","code":131042}}"#,
            ErrorKind::InsufficientBalance,
            Some("131042"),
        ),
        Refusal::new(
            403,
            r#"{"error":{"message":"(#131031) locked","code":131031}}"#,
            ErrorKind::SenderUnavailable,
            Some("131031"),
        ),
    ],
    code_tables: CODE_TABLES,
    expected_codes: include_str!("expected_codes/gosendapi.txt"),
    samples: &[],
    webhook_calls: &[],
    webhook_features: WebhookFeatures {
        reference: false,
        our_number: false,
        repeats_calls: true,
        kinds: WebhookFeatures::ALL_KINDS,
    },
    content_rules: ContentRules {
        template_components: true,
        template_header: true,
        named_values: true,
        limits_contacts: true,
        ..ContentRules::NONE
    },
    webhook_forms: WebhookForms { inbound, failure, has_error_list: true, own_codes: &[] },
};

/// WhatsApp's own value as the event's data (inferred: the vendor says that it mirrors it).
fn inbound(sample: &InboundSample) -> Vec<Value> {
    let line =
        if sample.is_to_other_sender { ("34611000001", "999000111222") } else { ("34611000000", "555123456789") };
    vec![json!({
        "id": "evt_0d41", "event": "whatsapp.message.received", "phone_number_id": line.1,
        "data": {
            "metadata": { "display_phone_number": line.0, "phone_number_id": line.1 },
            "contacts": sample.contacts, "messages": sample.messages,
        },
    })]
}

fn failure(sample: &FailureSample) -> Value {
    let errors: Vec<Value> = sample.errors.iter().map(ErrorSample::to_json).collect();
    json!({
        "id": "evt_0d41", "event": "whatsapp.message.failed", "created_at": "2026-02-03T09:15:02Z",
        "phone_number_id": "555123456789",
        "data": {
            "id": "wamid.HBgLMzQ2", "status": "failed", "timestamp": "1770110100", "recipient_id": "34611222333",
            "errors": errors,
        },
    })
}

const CODE_TABLES: &[CodeTable] = &[
    CodeTable { name: "answers", samples: answers },
    CodeTable { name: "meta", samples: |fact| vec![through(fact), event(fact)] },
    CodeTable { name: "statuses", samples: |fact| vec![status(fact)] },
];

/// The status alone, on a free-form message.
fn status(fact: &ErrorCode) -> CodeSample {
    let status = fact.status.unwrap_or(400);
    CodeSample::answer(fact, status, json!({ "statusCode": status, "message": "Forbidden", "error": "Forbidden" }))
        .without_code()
}

/// The vendor's own codes stand in answers alone. WhatsApp's are forwarded and reported as well.
fn answers(fact: &ErrorCode) -> Vec<CodeSample> {
    let is_metas = fact.code.parse::<u32>().is_ok();
    if is_metas { vec![answer(fact), through(fact), event(fact)] } else { vec![answer(fact)] }
}

fn answer(fact: &ErrorCode) -> CodeSample {
    let status = fact.status.unwrap_or(400);
    let body =
        json!({ "statusCode": status, "message": "refused", "error": "Refused", "code": CodeSample::code(fact) });
    CodeSample::answer(fact, status, body)
}

/// Meta's own error, forwarded.
fn through(fact: &ErrorCode) -> CodeSample {
    let code = CodeSample::code(fact);
    let error = json!({ "message": format!("(#{code}) refused"), "code": CodeSample::number(fact) });
    CodeSample::answer(fact, fact.status.unwrap_or(400), json!({ "error": error }))
}

fn event(fact: &ErrorCode) -> CodeSample {
    let data = json!({
        "id": "wamid.HBgLMzQ2MTEyMjIzMzMVAgARGBI5", "status": "failed", "timestamp": "1770110100",
        "recipient_id": "34611222333", "errors": [{ "code": CodeSample::number(fact), "title": "failed" }],
    });
    CodeSample::callback(
        fact,
        json!({
            "id": "evt_0d41", "event": "whatsapp.message.failed", "created_at": "2026-02-03T09:15:02Z",
            "phone_number_id": "109876543210987", "data": data,
        }),
    )
}
