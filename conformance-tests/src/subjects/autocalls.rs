//! Autocalls as a subject.

use serde_json::json;
use transom::{Capabilities, Capability, ErrorKind};
use transom::adapter::ErrorCode;
use transom_mock_server::dialects;

use super::refusal;
use crate::{Place, Said, Subject, Tells};

/// Autocalls.
pub static AUTOCALLS: Subject = Subject {
    provider: transom_autocalls::PROVIDER,
    dialects: dialects::all,
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
    // The adapter resolves the name in the provider's list, before anything is sent.
    unknown_template: ErrorKind::Config,
    placeholders: ["1", "2"],
    refusals: &[
        refusal(
            402,
            r#"{"success":false,"error":"Insufficient balance. Please top up your account.","error_code":"INSUFFICIENT_BALANCE"}"#,
            ErrorKind::InsufficientBalance,
            Some("INSUFFICIENT_BALANCE"),
        ),
        refusal(
            403,
            r#"{"success":false,"error":"closed","error_code":"SESSION_EXPIRED"}"#,
            ErrorKind::SessionExpired,
            Some("SESSION_EXPIRED"),
        ),
        refusal(403, r#"{"success":false,"error":"no"}"#, ErrorKind::PermissionDenied, None),
        refusal(
            404,
            r#"{"success":false,"error":"Sender not found or does not belong to you","error_code":"SENDER_NOT_FOUND"}"#,
            ErrorKind::SenderNotFound,
            Some("SENDER_NOT_FOUND"),
        ),
        refusal(
            404,
            r#"{"success":false,"error":"Template not found","error_code":"TEMPLATE_NOT_FOUND"}"#,
            ErrorKind::TemplateRejected,
            Some("TEMPLATE_NOT_FOUND"),
        ),
        refusal(
            422,
            r#"{"success":false,"error":"Invalid phone number format.","error_code":"INVALID_PHONE"}"#,
            ErrorKind::RecipientInvalid,
            Some("INVALID_PHONE"),
        ),
        refusal(
            422,
            r#"{"message":"The message field is required.","errors":{"message":["The message field is required."]}}"#,
            ErrorKind::InvalidRequest,
            None,
        ),
        refusal(
            503,
            r#"{"success":false,"error":"Sender is not online. Current status: Offline","error_code":"SENDER_OFFLINE"}"#,
            ErrorKind::SenderUnavailable,
            Some("SENDER_OFFLINE"),
        ),
        refusal(
            422,
            r#"{"success":false,"error":"offline","error_code":"SENDER_OFFLINE"}"#,
            ErrorKind::SenderUnavailable,
            Some("SENDER_OFFLINE"),
        ),
        refusal(
            422,
            r#"{"success":false,"error":"x","error_code":"TWILIO_ERROR_63016"}"#,
            ErrorKind::SessionExpired,
            Some("TWILIO_ERROR_63016"),
        ),
    ],
    places: PLACES,
    meanings: include_str!("meanings/autocalls.txt"),
    samples: &[],
    webhook_calls: &[],
    tells: Tells { reference: false, our_number: false, again: true, kinds: &[] },
};

const PLACES: &[Place] = &[
    Place { name: "answers", said: |fact| vec![answer(fact)] },
    Place { name: "receipts", said: |fact| vec![receipt(fact)] },
];

fn answer(fact: &ErrorCode) -> Said {
    let body = json!({ "success": false, "error": "refused", "error_code": Said::code(fact) });
    Said::answer(fact, fact.status.unwrap_or(422), body)
}

fn receipt(fact: &ErrorCode) -> Said {
    Said::callback(
        fact,
        json!({
            "event": "message_status", "whatsapp_message_id": 640_077, "to": "+447700900123", "status": "failed",
            "error_code": Said::number(fact), "error_message": "failed", "timestamp": "2026-05-11T09:20:04+00:00",
        }),
    )
}
