//! Exotel.

use serde_json::{Value, json};
use transom::adapter::ErrorCode;
use transom::{Capabilities, Capability, ErrorKind};
use transom_mock_server::simulators;

use super::adapter_under_test::{AdapterUnderTest, CodeSample, CodeTable, ContentRules, Refusal, WebhookFeatures};
use super::webhook_forms::{FailureSample, InboundSample, WebhookForms};

/// Exotel.
pub static EXOTEL: AdapterUnderTest = AdapterUnderTest {
    provider: transom_exotel::PROVIDER,
    simulators: simulators::all,
    // The percent-encoded part is `canary/token`: a credential may contain any character.
    uri: "exotel://canary-key:canary%2Ftoken@{host}/acme?from=919876500001&waba_id=8",
    uri_with_bad_credential: "exotel://invalid:canary@{host}/acme?from=919876500001",
    uri_with_unknown_sender: "exotel://canary-key:canary@{host}/acme?from=919876500099",
    table: "api_key = \"canary-key\"\napi_token = \"canary/token\"\naccount_sid = \"acme\"\nfrom = \"+919876500001\"\nwaba_id = \"8\"",
    sender: "+919876500001",
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
        Capability::Reaction,
        Capability::Template,
        Capability::Templates,
        Capability::DeliveryStatus,
        Capability::StatusCallback,
        Capability::Inbound,
        Capability::WebhookSignature,
        Capability::Batch,
    ]),
    never_wrote: ErrorKind::NoActiveSession,
    carries_reference: true,
    text_max: 4096,
    limits_titles: true,
    send_paths: &["/v2/accounts/acme/messages"],
    unknown_template: ErrorKind::TemplateRejected,
    placeholders: ["customer", "day"],
    refusals: &[
        Refusal::new(
            400,
            r#"{"response":{"code":400,"error_data":{"code":"SESSION_EXPIRED","message":"SESSION_EXPIRED"},"status":"failure","data":null}}"#,
            ErrorKind::SessionExpired,
            Some("SESSION_EXPIRED"),
        ),
        Refusal::new(
            403,
            r#"{"RestException":{"Status":403,"Message":"NO_ACTIVE_SESSION","Code":"NO_ACTIVE_SESSION"}}"#,
            ErrorKind::NoActiveSession,
            Some("NO_ACTIVE_SESSION"),
        ),
        Refusal::new(
            400,
            r#"{"response":{"code":400,"error_data":{"code":"MESSAGE_TYPE_NOT_SUPPORTED","message":"no"},"status":"failure","data":null}}"#,
            ErrorKind::Unsupported,
            Some("MESSAGE_TYPE_NOT_SUPPORTED"),
        ),
        Refusal::new(
            400,
            r#"{"response":{"code":400,"error_data":{"code":1002,"message":"Invalid parameter","description":"to is not valid"},"status":"failure","data":null}}"#,
            ErrorKind::RecipientInvalid,
            Some("1002"),
        ),
        Refusal::new(
            400,
            r#"{"response":{"code":400,"error_data":{"code":1001,"message":"Mandatory Parameter missing"},"status":"failure","data":null}}"#,
            ErrorKind::InvalidRequest,
            Some("1001"),
        ),
        Refusal::new(
            207,
            r#"{"response":{"whatsapp":{"messages":[{"code":400,"error_data":{"code":1002,"message":"Invalid parameter","description":"to is not valid"},"status":"failure","data":null}]}}}"#,
            ErrorKind::RecipientInvalid,
            Some("1002"),
        ),
        Refusal::new(
            403,
            r#"{"response":{"code":403,"error_data":{"code":1003,"message":"Forbidden"},"status":"failure","data":null}}"#,
            ErrorKind::PermissionDenied,
            Some("1003"),
        ),
        Refusal::new(
            400,
            r#"{"response":{"code":400,"error_data":{"code":"QUALITY_TOO_LOW","message":"no"},"status":"failure","data":null}}"#,
            ErrorKind::SenderUnavailable,
            Some("QUALITY_TOO_LOW"),
        ),
        Refusal::new(
            402,
            r#"{"RestException":{"Status":402,"Message":"Plan limit"}}"#,
            ErrorKind::InsufficientBalance,
            None,
        ),
        Refusal::new(
            429,
            r#"{"RestException":{"Status":429,"Message":"Rate limit exceeded","Code":"RATE_LIMIT_EXCEEDED"}}"#,
            ErrorKind::RateLimited,
            Some("RATE_LIMIT_EXCEEDED"),
        ),
    ],
    code_tables: CODE_TABLES,
    expected_codes: include_str!("expected_codes/exotel.txt"),
    samples: &[],
    webhook_calls: &[],
    webhook_features: WebhookFeatures {
        reference: true,
        our_number: true,
        repeats_calls: true,
        kinds: WebhookFeatures::ALL_KINDS,
    },
    content_rules: ContentRules {
        template_components: true,
        template_header: true,
        named_values: true,
        https_links: true,
        knows_own_number: true,
        ..ContentRules::NONE
    },
    webhook_forms: WebhookForms { inbound, failure, has_error_list: true, own_codes: &[] },
};

/// As live handlers receive it (field). That WhatsApp's other members stand there, too, is inferred.
fn inbound(sample: &InboundSample) -> Vec<Value> {
    const OUTSIDE: &[&str] = &["from", "from_user_id", "timestamp", "id", "group_id", "direction"];
    let to = if sample.is_to_other_sender { "+914440002222" } else { EXOTEL.sender };
    let item = |message: &Value| {
        let (mut item, content) = InboundSample::split(message, OUTSIDE);
        let outside = item.as_object_mut()?;
        if let Some(id) = outside.remove("id") {
            outside.insert("sid".to_owned(), id);
        }
        let more = [("callback_type", "incoming_message".into()), ("to", to.into()), ("content", content)];
        outside.extend(more.map(|(name, value)| (name.to_owned(), value)));
        message.is_object().then_some(item)
    };
    let items: Vec<Value> =
        sample.messages.iter().map(|message| item(message).unwrap_or_else(|| message.clone())).collect();
    vec![json!({ "whatsapp": { "contacts": sample.contacts, "messages": items } })]
}

/// The form with a list of errors (docs, WhatsApp Webhooks).
fn failure(sample: &FailureSample) -> Value {
    let errors = sample.errors.iter().map(|error| {
        let code = error.code.parse::<u64>().map_or_else(|_| error.code.into(), Value::from);
        json!({ "code": code, "title": error.title, "detail": error.details })
    });
    let data = json!({
        "message_sid": "7c1e5a90d4b2f83a6be0917243fd5c1a", "from": EXOTEL.sender, "to": "+919000012345", "status": "failed",
        "timestamp": "2026-03-04T11:20:31+05:30", "errors": errors.collect::<Vec<_>>(),
    });
    json!({ "type": "message_status", "timestamp": "2026-03-04T11:20:32+05:30", "account_sid": "acme", "data": data })
}

const CODE_TABLES: &[CodeTable] = &[
    CodeTable { name: "answers", samples: |fact| vec![answer(fact), exception(fact)] },
    CodeTable { name: "callbacks", samples: callbacks },
    // `explain` shows this table; the adapter reads a number alone by the table that has names.
    CodeTable { name: "older-callbacks", samples: |fact| vec![by_number(fact).read_as(current_kind(fact))] },
    CodeTable { name: "events", samples: |fact| vec![event(fact)] },
    CodeTable { name: "meta", samples: |fact| vec![quoted(fact), event(fact)] },
];

fn answer(fact: &ErrorCode) -> CodeSample {
    let status = fact.status.unwrap_or(400);
    let why = json!({ "code": CodeSample::number(fact), "message": "refused" });
    let response = json!({ "code": status, "error_data": why, "status": "failure", "data": null });
    CodeSample::answer(fact, status, json!({ "response": response }))
}

/// WhatsApp's code in the words, without one of Exotel's own.
fn quoted(fact: &ErrorCode) -> CodeSample {
    let why = json!({ "code": null, "message": format!("(#{}) refused", CodeSample::code(fact)) });
    let response = json!({ "code": 400, "error_data": why, "status": "failure", "data": null });
    CodeSample::answer(fact, 400, json!({ "response": response }))
}

fn exception(fact: &ErrorCode) -> CodeSample {
    let status = fact.status.unwrap_or(400);
    let exception = json!({ "Status": status, "Message": "refused", "Code": CodeSample::code(fact) });
    CodeSample::answer(fact, status, json!({ "RestException": exception }))
}

/// The number with its name, and the number alone. One row has no number. Words about the name follow a colon.
fn callbacks(fact: &ErrorCode) -> Vec<CodeSample> {
    let name = fact.name.split(':').next();
    if Some(fact.code) == name {
        return vec![dlr(fact, json!({ "exo_detailed_status": name }))];
    }
    let both = json!({ "exo_status_code": CodeSample::number(fact), "exo_detailed_status": name });
    vec![dlr(fact, both), by_number(fact)]
}

fn by_number(fact: &ErrorCode) -> CodeSample {
    dlr(fact, json!({ "exo_status_code": CodeSample::number(fact) }))
}

fn dlr(fact: &ErrorCode, mut message: Value) -> CodeSample {
    let rest = [
        ("callback_type", "dlr"),
        ("sid", "7c1e5a90d4b2f83a6be0917243fd5c1a"),
        ("to", "919000012345"),
        ("timestamp", "2026-03-04T11:20:31.000+05:30"),
    ];
    for (name, value) in rest {
        message[name] = value.into();
    }
    CodeSample::callback(fact, json!({ "whatsapp": { "messages": [message] } }))
}

/// The kind of the number in the current documentation.
fn current_kind(fact: &ErrorCode) -> ErrorKind {
    let table = transom_exotel::PROVIDER.codes.get(1).copied().unwrap_or_default();
    ErrorCode::find(table, fact.code).map_or(fact.kind, |current| current.kind)
}

fn event(fact: &ErrorCode) -> CodeSample {
    let at = "2026-03-04T11:20:31+05:30";
    let message = json!({
        "id": "7c1e5a90d4b2f83a6be0917243fd5c1a", "status": "failed", "recipient": "+919000012345", "timestamp": at,
        "errors": [{ "code": CodeSample::number(fact), "title": "failed" }],
    });
    CodeSample::callback(fact, json!({ "event": "message_status", "timestamp": at, "message": message }))
}
