//! Messangi.

use serde_json::{Value, json};
use transom::adapter::ErrorCode;
use transom::{Capabilities, Capability, ErrorKind};
use transom_mock_server::simulators;

use super::adapter_under_test::{AdapterUnderTest, CodeSample, CodeTable, ContentRules, Refusal, WebhookFeatures};
use super::webhook_forms::{FailureSample, InboundSample, WebhookForms};

/// Messangi.
pub static MESSANGI: AdapterUnderTest = AdapterUnderTest {
    provider: transom_messangi::PROVIDER,
    simulators: simulators::all,
    uri: "messangi://canary-key@{host}?from=5215500001111",
    uri_with_bad_credential: "messangi://invalid@{host}?from=5215500001111",
    uri_with_unknown_sender: "messangi://canary-key@{host}?from=5215500009999",
    table: "api_key = \"canary-key\"\nfrom = \"5215500001111\"",
    sender: "+5215500001111",
    capabilities: Capabilities::new(&[
        Capability::Text,
        Capability::Image,
        Capability::Video,
        Capability::Audio,
        Capability::Document,
        Capability::Location,
        Capability::Contacts,
        Capability::Buttons,
        Capability::List,
        Capability::Reply,
        Capability::Template,
        Capability::DeliveryStatus,
        Capability::StatusCallback,
        Capability::Inbound,
    ]),
    // Messangi does not distinguish a contact who never wrote from an expired window.
    never_wrote: ErrorKind::SessionExpired,
    carries_reference: true,
    text_max: 1024,
    limits_titles: false,
    send_paths: &["/oberyn/v2/notification"],
    unknown_template: ErrorKind::TemplateRejected,
    placeholders: ["customer", "day"],
    refusals: &[
        Refusal::new(429, "{\"errors\": { \"reason\": Too Many Requests\" }}", ErrorKind::RateLimited, None),
        Refusal::new(410, r#"{"errors":{"reason":"gone"}}"#, ErrorKind::SessionExpired, None),
        Refusal::new(
            400,
            r#"{"errors":{"reason":"24-hour session window is closed"}}"#,
            ErrorKind::SessionExpired,
            None,
        ),
        Refusal::new(
            400,
            r#"{"errors":{"reason":"request.to is not a valid E.164 number"}}"#,
            ErrorKind::RecipientInvalid,
            None,
        ),
        Refusal::new(400, r#"{"errors":{"reason":"request.from not found"}}"#, ErrorKind::SenderNotFound, None),
        Refusal::new(400, r#"{"errors":{"reason":"request.type is unknown"}}"#, ErrorKind::Unsupported, None),
        Refusal::new(400, r#"{"errors":{"reason":"nope"}}"#, ErrorKind::InvalidRequest, None),
        Refusal::new(402, r#"{"errors":{"reason":"no credit"}}"#, ErrorKind::InsufficientBalance, None),
        Refusal::new(403, r#"{"errors":{"reason":"not allowed"}}"#, ErrorKind::PermissionDenied, None),
        Refusal::new(
            200,
            r#"{"data":{"id":"","status":"BLACKLISTED"}}"#,
            ErrorKind::RecipientInvalid,
            Some("BLACKLISTED"),
        ),
        Refusal::new(
            200,
            r#"{"data":{"id":"","status":"CODE_NOT_ALLOWED"}}"#,
            ErrorKind::SenderUnavailable,
            Some("CODE_NOT_ALLOWED"),
        ),
        Refusal::new(
            200,
            r#"{"data":{"id":"","status":"QUOTA_EXCEEDED"}}"#,
            ErrorKind::RateLimited,
            Some("QUOTA_EXCEEDED"),
        ),
        Refusal::new(
            200,
            r#"{"data":{"id":"","status":"INCOMPLETE"}}"#,
            ErrorKind::TemplateRejected,
            Some("INCOMPLETE"),
        ),
    ],
    code_tables: CODE_TABLES,
    expected_codes: include_str!("expected_codes/messangi.txt"),
    samples: &[],
    webhook_calls: &[],
    webhook_features: WebhookFeatures {
        reference: true,
        our_number: true,
        repeats_calls: false,
        kinds: WebhookFeatures::ALL_KINDS,
    },
    content_rules: ContentRules {
        template_header: true,
        named_values: true,
        knows_own_number: true,
        ..ContentRules::NONE
    },
    webhook_forms: WebhookForms { inbound, failure, has_error_list: true, own_codes: &[] },
};

/// Several calls as a list. That WhatsApp's other members stand in `extraInfo` is inferred.
fn inbound(sample: &InboundSample) -> Vec<Value> {
    let origin = if sample.is_to_other_sender { "5215500002222" } else { MESSANGI.sender.trim_start_matches('+') };
    let callback = |message: &Value| {
        let (outside, mut extra) = InboundSample::split(message, &["from", "id", "timestamp"]);
        let text = message["text"]["body"].as_str().unwrap_or_default();
        extra.as_object_mut()?.remove("text");
        extra["contacts"] = sample.contacts.clone().into();
        let mut callback = json!({ "origin": origin, "connection": "WHATSAPP", "text": text, "extraInfo": extra });
        for (theirs, name) in [("from", "user"), ("id", "id"), ("timestamp", "date")] {
            if let Some(value) = outside.get(theirs) {
                callback[name] = value.clone();
            }
        }
        message.is_object().then_some(callback)
    };
    let calls = sample.messages.iter().map(|message| callback(message).unwrap_or_else(|| message.clone()));
    vec![Value::Array(calls.collect())]
}

/// The words may hold WhatsApp's codes (inferred).
fn failure(sample: &FailureSample) -> Value {
    let errors = sample.errors.iter().map(|error| format!("(#{}) {}: {}", error.code, error.title, error.details));
    let mut body = status_body("FAILED");
    body["reason"] = errors.collect::<Vec<_>>().join("; ").into();
    body
}

const CODE_TABLES: &[CodeTable] = &[
    CodeTable { name: "statuses", samples: |fact| vec![status(fact)] },
    CodeTable { name: "states", samples: |fact| vec![state(fact), callback(fact)] },
    CodeTable { name: "answers", samples: |fact| vec![state(fact)] },
    CodeTable { name: "callbacks", samples: |fact| vec![callback(fact)] },
    CodeTable { name: "meta", samples: |fact| vec![quoted(fact), quoted_by_callback(fact)] },
];

/// The status alone tells it; there is no code.
fn status(fact: &ErrorCode) -> CodeSample {
    CodeSample::answer(fact, fact.status.unwrap_or(400), json!({ "errors": { "reason": "refused" } })).without_code()
}

/// A success with a status that is a rejection.
fn state(fact: &ErrorCode) -> CodeSample {
    CodeSample::answer(fact, 200, json!({ "data": { "id": "", "status": fact.code } }))
}

fn callback(fact: &ErrorCode) -> CodeSample {
    CodeSample::callback(fact, status_body(fact.code))
}

fn status_body(status: &str) -> Value {
    json!({
        "id": "6c1e0b1d-33a0-4a8f-9b57-0d2f6e5f7c21", "status": status, "from": "5215500001111",
        "to": "+5215599992222", "externalId": "ord7781", "date": "2026-01-01T00:00:04.210Z",
        "timestamp": 1_767_225_604_210_u64, "message": "Your table is ready",
    })
}

fn quoted(fact: &ErrorCode) -> CodeSample {
    CodeSample::answer(fact, 400, json!({ "errors": { "reason": format!("(#{}) Refused", CodeSample::code(fact)) } }))
}

fn quoted_by_callback(fact: &ErrorCode) -> CodeSample {
    let mut body = status_body("FAILED");
    body["reason"] = format!("(#{}) Failed", CodeSample::code(fact)).into();
    CodeSample::callback(fact, body)
}
