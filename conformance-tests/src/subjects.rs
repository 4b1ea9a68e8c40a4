//! The built-in adapters as subjects.

use transom::{Capabilities, Capability, ErrorKind};
use transom_mock_server::dialects;

use crate::{Refusal, Subject};

/// Every built-in adapter.
pub const ALL: &[&Subject] = &[&EXOTEL, &MESSANGI];

/// Exotel.
pub static EXOTEL: Subject = Subject {
    provider: transom_exotel::PROVIDER,
    dialects: dialects::all,
    // The percent-encoded part is `canary/token`: a credential may hold anything.
    uri: "exotel://canary-key:canary%2Ftoken@{host}/acme?from=919876500001",
    uri_with_bad_credential: "exotel://invalid:canary@{host}/acme?from=919876500001",
    uri_with_unknown_sender: "exotel://canary-key:canary@{host}/acme?from=919876500099",
    table: "api_key = \"canary-key\"\napi_token = \"canary/token\"\naccount_sid = \"acme\"\nfrom = \"+919876500001\"",
    sender: "+919876500001",
    capabilities: Capabilities::of(&[
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
        Capability::DeliveryStatus,
        Capability::Inbound,
        Capability::WebhookSignature,
    ]),
    never_wrote: ErrorKind::NoActiveSession,
    carries_reference: true,
    text_max: 4096,
    send_paths: &["/v2/accounts/acme/messages"],
    unknown_template: ErrorKind::TemplateRejected,
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
};

/// Messangi.
pub static MESSANGI: Subject = Subject {
    provider: transom_messangi::PROVIDER,
    dialects: dialects::all,
    uri: "messangi://canary-key@{host}?from=5215500001111",
    uri_with_bad_credential: "messangi://invalid@{host}?from=5215500001111",
    uri_with_unknown_sender: "messangi://canary-key@{host}?from=5215500009999",
    table: "api_key = \"canary-key\"\nfrom = \"5215500001111\"",
    sender: "+5215500001111",
    capabilities: Capabilities::of(&[
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
        Capability::Inbound,
    ]),
    // It has no way to tell one who never wrote from one who wrote long ago.
    never_wrote: ErrorKind::SessionExpired,
    carries_reference: true,
    text_max: 1024,
    send_paths: &["/oberyn/v2/notification"],
    unknown_template: ErrorKind::TemplateRejected,
    refusals: &[
        refusal(429, "{\"errors\": { \"reason\": Too Many Requests\" }}", ErrorKind::RateLimited, None),
        refusal(410, r#"{"errors":{"reason":"gone"}}"#, ErrorKind::SessionExpired, None),
        refusal(400, r#"{"errors":{"reason":"24-hour session window is closed"}}"#, ErrorKind::SessionExpired, None),
        refusal(
            400,
            r#"{"errors":{"reason":"request.to is not a valid E.164 number"}}"#,
            ErrorKind::RecipientInvalid,
            None,
        ),
        refusal(400, r#"{"errors":{"reason":"request.from not found"}}"#, ErrorKind::SenderNotFound, None),
        refusal(400, r#"{"errors":{"reason":"request.type is unknown"}}"#, ErrorKind::Unsupported, None),
        refusal(400, r#"{"errors":{"reason":"nope"}}"#, ErrorKind::InvalidRequest, None),
        refusal(402, r#"{"errors":{"reason":"no credit"}}"#, ErrorKind::InsufficientBalance, None),
        refusal(403, r#"{"errors":{"reason":"not allowed"}}"#, ErrorKind::PermissionDenied, None),
        refusal(200, r#"{"data":{"id":"","status":"BLACKLISTED"}}"#, ErrorKind::RecipientInvalid, Some("BLACKLISTED")),
        refusal(
            200,
            r#"{"data":{"id":"","status":"CODE_NOT_ALLOWED"}}"#,
            ErrorKind::SenderUnavailable,
            Some("CODE_NOT_ALLOWED"),
        ),
        refusal(200, r#"{"data":{"id":"","status":"QUOTA_EXCEEDED"}}"#, ErrorKind::RateLimited, Some("QUOTA_EXCEEDED")),
        refusal(200, r#"{"data":{"id":"","status":"INCOMPLETE"}}"#, ErrorKind::TemplateRejected, Some("INCOMPLETE")),
    ],
};

const fn refusal(status: u16, body: &'static str, kind: ErrorKind, code: Option<&'static str>) -> Refusal {
    Refusal { status, body, kind, code }
}
