//! Exotel as a subject.

use serde_json::json;
use transom::{Capabilities, Capability, ErrorKind};
use transom::adapter::ErrorCode;
use transom_mock_server::dialects;

use super::refusal;
use crate::{Place, Said, Subject, Tells};

/// Exotel.
pub static EXOTEL: Subject = Subject {
    provider: transom_exotel::PROVIDER,
    dialects: dialects::all,
    // The percent-encoded part is `canary/token`: a credential may hold anything.
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
        refusal(
            400,
            r#"{"response":{"code":400,"error_data":{"code":"SESSION_EXPIRED","message":"SESSION_EXPIRED"},"status":"failure","data":null}}"#,
            ErrorKind::SessionExpired,
            Some("SESSION_EXPIRED"),
        ),
        refusal(
            403,
            r#"{"RestException":{"Status":403,"Message":"NO_ACTIVE_SESSION","Code":"NO_ACTIVE_SESSION"}}"#,
            ErrorKind::NoActiveSession,
            Some("NO_ACTIVE_SESSION"),
        ),
        refusal(
            400,
            r#"{"response":{"code":400,"error_data":{"code":"MESSAGE_TYPE_NOT_SUPPORTED","message":"no"},"status":"failure","data":null}}"#,
            ErrorKind::Unsupported,
            Some("MESSAGE_TYPE_NOT_SUPPORTED"),
        ),
        refusal(
            400,
            r#"{"response":{"code":400,"error_data":{"code":1002,"message":"Invalid parameter","description":"to is not valid"},"status":"failure","data":null}}"#,
            ErrorKind::RecipientInvalid,
            Some("1002"),
        ),
        refusal(
            400,
            r#"{"response":{"code":400,"error_data":{"code":1001,"message":"Mandatory Parameter missing"},"status":"failure","data":null}}"#,
            ErrorKind::InvalidRequest,
            Some("1001"),
        ),
        refusal(
            207,
            r#"{"response":{"whatsapp":{"messages":[{"code":400,"error_data":{"code":1002,"message":"Invalid parameter","description":"to is not valid"},"status":"failure","data":null}]}}}"#,
            ErrorKind::RecipientInvalid,
            Some("1002"),
        ),
        refusal(
            403,
            r#"{"response":{"code":403,"error_data":{"code":1003,"message":"Forbidden"},"status":"failure","data":null}}"#,
            ErrorKind::PermissionDenied,
            Some("1003"),
        ),
        refusal(
            402,
            r#"{"RestException":{"Status":402,"Message":"Plan limit"}}"#,
            ErrorKind::InsufficientBalance,
            None,
        ),
        refusal(
            429,
            r#"{"RestException":{"Status":429,"Message":"Rate limit exceeded","Code":"RATE_LIMIT_EXCEEDED"}}"#,
            ErrorKind::RateLimited,
            Some("RATE_LIMIT_EXCEEDED"),
        ),
    ],
    places: PLACES,
    meanings: include_str!("meanings/exotel.txt"),
    samples: &[],
    webhook_calls: &[],
    tells: Tells { reference: true, our_number: true, again: true, kinds: Tells::ALL_KINDS },
};

const PLACES: &[Place] = &[
    Place { name: "answers", said: |fact| vec![answer(fact), exception(fact)] },
    Place { name: "callbacks", said: callbacks },
    // It is shown by `explain` and decides nothing: a number alone is read by the table that has names.
    Place { name: "older-callbacks", said: |fact| vec![by_number(fact).read_as(current_kind(fact))] },
    Place { name: "events", said: |fact| vec![event(fact)] },
];

fn answer(fact: &ErrorCode) -> Said {
    let status = fact.status.unwrap_or(400);
    let why = json!({ "code": Said::number(fact), "message": "refused" });
    let response = json!({ "code": status, "error_data": why, "status": "failure", "data": null });
    Said::answer(fact, status, json!({ "response": response }))
}

fn exception(fact: &ErrorCode) -> Said {
    let status = fact.status.unwrap_or(400);
    let exception = json!({ "Status": status, "Message": "refused", "Code": Said::code(fact) });
    Said::answer(fact, status, json!({ "RestException": exception }))
}

/// The number with its name, and the number alone; one has no number.
fn callbacks(fact: &ErrorCode) -> Vec<Said> {
    if fact.code == fact.name {
        return vec![dlr(fact, json!({ "exo_detailed_status": fact.name }))];
    }
    let both = json!({ "exo_status_code": Said::number(fact), "exo_detailed_status": fact.name });
    vec![dlr(fact, both), by_number(fact)]
}

fn by_number(fact: &ErrorCode) -> Said {
    dlr(fact, json!({ "exo_status_code": Said::number(fact) }))
}

fn dlr(fact: &ErrorCode, mut message: serde_json::Value) -> Said {
    let rest = [
        ("callback_type", "dlr"),
        ("sid", "7c1e5a90d4b2f83a6be0917243fd5c1a"),
        ("to", "919000012345"),
        ("timestamp", "2026-03-04T11:20:31.000+05:30"),
    ];
    for (name, value) in rest {
        message[name] = value.into();
    }
    Said::callback(fact, json!({ "whatsapp": { "messages": [message] } }))
}

/// What the page of today says of a number.
fn current_kind(fact: &ErrorCode) -> ErrorKind {
    let table = transom_exotel::PROVIDER.codes.get(1).copied().unwrap_or_default();
    ErrorCode::find(table, fact.code).map_or(fact.kind, |current| current.kind)
}

fn event(fact: &ErrorCode) -> Said {
    let at = "2026-03-04T11:20:31+05:30";
    let message = json!({
        "id": "7c1e5a90d4b2f83a6be0917243fd5c1a", "status": "failed", "recipient": "+919000012345", "timestamp": at,
        "errors": [{ "code": Said::number(fact), "title": "failed" }],
    });
    Said::callback(fact, json!({ "event": "message_status", "timestamp": at, "message": message }))
}
