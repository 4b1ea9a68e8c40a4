//! The built-in adapters as subjects.

use transom::{Capabilities, Capability, ErrorKind};
use transom_mock_server::dialects;

use crate::{Refusal, Subject};

/// Every built-in adapter.
pub const ALL: &[&Subject] = &[&AUTOCALLS, &EXOTEL, &GOSENDAPI, &MESSANGI];

/// Autocalls.
pub static AUTOCALLS: Subject = Subject {
    provider: transom_autocalls::PROVIDER,
    dialects: dialects::all,
    uri: "autocalls://canary-key@{host}?sender_id=12",
    uri_with_bad_credential: "autocalls://invalid@{host}?sender_id=12",
    uri_with_unknown_sender: "autocalls://canary-key@{host}?sender_id=99",
    table: "api_key = \"canary-key\"\nsender_id = 12",
    sender: "+12025550100",
    capabilities: Capabilities::of(&[
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
};

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
};

/// GoSendAPI.
pub static GOSENDAPI: Subject = Subject {
    provider: transom_gosendapi::PROVIDER,
    dialects: dialects::all,
    uri: "gosendapi://canary-key@{host}?phone_number_id=555123456789",
    uri_with_bad_credential: "gosendapi://invalid@{host}?phone_number_id=555123456789",
    uri_with_unknown_sender: "gosendapi://canary-key@{host}?phone_number_id=555000000000",
    table: "api_key = \"canary-key\"\nphone_number_id = \"555123456789\"",
    sender: "+34611000000",
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
    send_paths: &["/v1/messages"],
    unknown_template: ErrorKind::TemplateRejected,
    placeholders: ["customer", "day"],
    refusals: &[
        refusal(
            403,
            r#"{"statusCode":403,"message":"Outside the 24h window: only approved templates can be sent","error":"Forbidden"}"#,
            ErrorKind::SessionExpired,
            None,
        ),
        refusal(
            403,
            r#"{"statusCode":403,"message":"Forbidden","error":"Forbidden"}"#,
            ErrorKind::SessionExpired,
            None,
        ),
        refusal(
            403,
            r#"{"statusCode":403,"message":"Phone number belongs to another project","error":"Forbidden","code":"PHONE_NUMBER_NOT_IN_TENANT"}"#,
            ErrorKind::SenderNotFound,
            Some("PHONE_NUMBER_NOT_IN_TENANT"),
        ),
        refusal(
            403,
            r#"{"statusCode":403,"message":"no","error":"Forbidden","code":"WABA_NOT_IN_TENANT"}"#,
            ErrorKind::PermissionDenied,
            Some("WABA_NOT_IN_TENANT"),
        ),
        refusal(
            400,
            r#"{"statusCode":400,"message":"no","error":"Bad Request","code":"INVALID_PHONE_NUMBER"}"#,
            ErrorKind::RecipientInvalid,
            Some("INVALID_PHONE_NUMBER"),
        ),
        refusal(
            400,
            r#"{"statusCode":400,"message":["no"],"error":"Bad Request","code":"INVALID_PHONE_NUMBER_ID"}"#,
            ErrorKind::SenderNotFound,
            Some("INVALID_PHONE_NUMBER_ID"),
        ),
        refusal(
            400,
            r#"{"statusCode":400,"message":"no","error":"Bad Request","code":"INVALID_MESSAGE_TYPE"}"#,
            ErrorKind::Unsupported,
            Some("INVALID_MESSAGE_TYPE"),
        ),
        refusal(
            400,
            r#"{"statusCode":400,"message":"no","error":"Bad Request","code":"MISSING_REQUIRED_FIELD"}"#,
            ErrorKind::InvalidRequest,
            Some("MISSING_REQUIRED_FIELD"),
        ),
        refusal(
            401,
            r#"{"statusCode":401,"message":"no","error":"Unauthorized","code":"EXPIRED_API_KEY"}"#,
            ErrorKind::Unauthenticated,
            Some("EXPIRED_API_KEY"),
        ),
        refusal(
            400,
            r#"{"error":{"message":"(#131047) Re-engagement message","code":131047}}"#,
            ErrorKind::SessionExpired,
            Some("131047"),
        ),
        refusal(
            400,
            r#"{"error":{"message":"(#131042) payment","code":131042}}"#,
            ErrorKind::InsufficientBalance,
            Some("131042"),
        ),
        refusal(
            403,
            r#"{"error":{"message":"(#131031) locked","code":131031}}"#,
            ErrorKind::SenderUnavailable,
            Some("131031"),
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
    placeholders: ["customer", "day"],
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
