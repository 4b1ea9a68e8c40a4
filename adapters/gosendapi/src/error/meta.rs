//! Meta's codes, which come through in refusals and in failed statuses.

use std::time::Duration;

use transom::adapter::{Certainty, ErrorCode};
use transom::{ErrorKind, Sent};

/// Meta's codes with the statuses of Meta's own table. The vendor may wrap them in another status [inferred].
pub(crate) const META: &[ErrorCode] = {
    use ErrorKind as K;
    &[
        row("131047", "more than 24 hours since the person's last message", 400, K::SessionExpired),
        row("470", "the same, by its old number", 400, K::SessionExpired),
        row("131026", "undeliverable", 400, K::RecipientInvalid),
        row("131021", "the recipient is the sender", 400, K::RecipientInvalid),
        row("131030", "not on the list of the test number", 400, K::RecipientInvalid),
        unlisted("131050", "opted out of marketing", K::RecipientInvalid),
        row("130472", "part of an experiment", 400, K::RecipientInvalid),
        unlisted("131049", "withheld: this person's cap on marketing", K::RateLimited),
        row("4", "the app's limit of calls", 400, K::RateLimited),
        row("80007", "the business account's limit of calls", 400, K::RateLimited),
        row("130429", "throughput", 400, K::RateLimited),
        row("131048", "the number is restricted for spam", 400, K::RateLimited),
        row("131056", "too many messages to this person", 400, K::RateLimited),
        row("132000", "another number of parameters", 400, K::TemplateRejected),
        row("132001", "no such template in this language, or not approved", 404, K::TemplateRejected),
        row("132005", "too long once filled", 400, K::TemplateRejected),
        row("132007", "content policy", 400, K::TemplateRejected),
        row("132012", "format of a parameter", 400, K::TemplateRejected),
        unlisted("132018", "validation of a parameter", K::TemplateRejected),
        row("132015", "paused", 400, K::TemplateRejected),
        row("132016", "disabled", 400, K::TemplateRejected),
        row("131051", "type of message", 400, K::Unsupported),
        row("131042", "payment of the business account", 400, K::InsufficientBalance),
        row("0", "the vendor's token at Meta", 401, K::SenderUnavailable),
        row("190", "the vendor's token at Meta", 401, K::SenderUnavailable),
        row("3", "capability or permission", 500, K::PermissionDenied),
        row("10", "permission", 403, K::PermissionDenied),
        row("200-299", "permission", 403, K::PermissionDenied),
        row("131005", "permission", 403, K::PermissionDenied),
        row("368", "the account is restricted", 403, K::SenderUnavailable),
        row("131031", "the account is locked", 403, K::SenderUnavailable),
        row("130497", "not allowed to write to this country", 403, K::PermissionDenied),
        row("33", "the sender was deleted", 400, K::SenderUnavailable),
        unlisted("131037", "the sender's name is not approved", K::SenderUnavailable),
        row("131045", "the sender's registration", 500, K::SenderUnavailable),
        row("133010", "the sender is not registered", 400, K::SenderUnavailable),
        row("131057", "the account is in maintenance", 500, K::SenderUnavailable),
        row("1", "a bad parameter", 400, K::InvalidRequest),
        row("100", "a bad parameter", 400, K::InvalidRequest),
        row("131008", "a parameter is missing", 400, K::InvalidRequest),
        row("131009", "a parameter's value", 400, K::InvalidRequest),
        row("135000", "something in the request", 400, K::InvalidRequest),
        row("131052", "the medium cannot be fetched", 400, K::InvalidRequest),
        row("131053", "the medium cannot be uploaded", 400, K::InvalidRequest),
        in_doubt("2", "Meta is overloaded", 503),
        in_doubt("131000", "something went wrong at Meta", 500),
        in_doubt("131016", "Meta is overloaded", 500),
        in_doubt("133004", "Meta is not there", 503),
    ]
};

const SOURCE: &str = "developers.facebook.com/documentation/business-messaging/whatsapp, error codes";

const fn row(code: &'static str, name: &'static str, status: u16, kind: ErrorKind) -> ErrorCode {
    ErrorCode { status: Some(status), ..unlisted(code, name, kind) }
}

/// A code without a status in Meta's table.
const fn unlisted(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    ErrorCode {
        code,
        name,
        status: None,
        kind,
        sent: Sent::No,
        source: SOURCE,
        certainty: Certainty::Inferred,
        date: "2026-11-21",
    }
}

/// A fault of Meta's, after which the message may or may not be out.
const fn in_doubt(code: &'static str, name: &'static str, status: u16) -> ErrorCode {
    ErrorCode { sent: Sent::Maybe, ..row(code, name, status, ErrorKind::ProviderUnavailable) }
}

/// The row about `code`.
pub(super) fn fact(code: &str) -> Option<&'static ErrorCode> {
    ErrorCode::find(META, code)
}

/// The wait that a limit implies where it does not state one: waiting less brings the same refusal again.
pub(super) fn least_wait(code: &str) -> Option<Duration> {
    const HOUR: u64 = 3_600;
    match code {
        "131049" => Some(Duration::from_secs(24 * HOUR)),
        "131048" => Some(Duration::from_secs(HOUR)),
        "131056" => Some(Duration::from_secs(6)),
        _ => None,
    }
}
