//! The codes of WhatsApp itself and of the carrier Twilio, which providers pass on in answers, webhook calls and texts.
//!
//! A code means the same wherever it stands and whoever passes it on. An adapter looks into its own tables first, and here
//! for what they lack.

use std::time::Duration;

use crate::adapter::error_code::{Certainty, ErrorCode};
use crate::error::{Error, ErrorKind, Scope, Sent};

/// WhatsApp's codes with the HTTP statuses of its own table. A provider may wrap them in another status.
pub const META: &[ErrorCode] = {
    use ErrorKind as K;
    &[
        meta("131047", "more than 24 hours since the contact's last message", 400, K::SessionExpired),
        meta("470", "the same, by its old number", 400, K::SessionExpired),
        meta("131026", "undeliverable", 400, K::RecipientInvalid),
        meta("131021", "the recipient is the sender", 400, K::RecipientInvalid),
        meta("131030", "not on the list of the test number", 400, K::RecipientInvalid),
        unlisted("131050", "opted out of marketing", K::RecipientInvalid),
        meta("130472", "part of an experiment", 400, K::RecipientInvalid),
        unlisted("131049", "withheld: this contact's cap on marketing", K::RateLimited),
        meta("4", "the app's limit of calls", 400, K::RateLimited),
        meta("80007", "the business account's limit of calls", 400, K::RateLimited),
        meta("130429", "throughput", 400, K::RateLimited),
        meta("131048", "the number is restricted for spam", 400, K::RateLimited),
        meta("131056", "too many messages to this contact", 400, K::RateLimited),
        meta("132000", "another number of parameters", 400, K::TemplateRejected),
        meta("132001", "no such template in this language, or not approved", 404, K::TemplateRejected),
        meta("132005", "too long once filled", 400, K::TemplateRejected),
        meta("132007", "content policy", 400, K::TemplateRejected),
        meta("132012", "format of a parameter", 400, K::TemplateRejected),
        unlisted("132018", "validation of a parameter", K::TemplateRejected),
        meta("132015", "paused", 400, K::TemplateRejected),
        meta("132016", "disabled", 400, K::TemplateRejected),
        meta("131051", "type of message", 400, K::InvalidRequest),
        meta("131042", "payment of the business account", 400, K::InsufficientBalance),
        meta("0", "the provider's token at WhatsApp", 401, K::SenderUnavailable),
        meta("190", "the provider's token at WhatsApp", 401, K::SenderUnavailable),
        meta("3", "capability or permission", 500, K::PermissionDenied),
        meta("10", "permission", 403, K::PermissionDenied),
        meta("200-299", "permission", 403, K::PermissionDenied),
        meta("131005", "permission", 403, K::PermissionDenied),
        meta("368", "the account is restricted", 403, K::SenderUnavailable),
        meta("131031", "the account is locked", 403, K::SenderUnavailable),
        meta("130497", "not allowed to write to this country", 403, K::PermissionDenied),
        meta("33", "the sender was deleted", 400, K::SenderUnavailable),
        unlisted("131037", "the sender's name is not approved", K::SenderUnavailable),
        meta("131045", "the sender's registration", 500, K::SenderUnavailable),
        meta("133010", "the sender is not registered", 400, K::SenderUnavailable),
        meta("131057", "the account is in maintenance", 500, K::ProviderUnavailable),
        meta("1", "a bad parameter", 400, K::InvalidRequest),
        meta("100", "a bad parameter", 400, K::InvalidRequest),
        meta("131008", "a parameter is missing", 400, K::InvalidRequest),
        meta("131009", "a parameter's value", 400, K::InvalidRequest),
        meta("135000", "something in the request", 400, K::InvalidRequest),
        meta("131052", "the medium cannot be fetched", 400, K::InvalidRequest),
        meta("131053", "the medium cannot be uploaded", 400, K::InvalidRequest),
        in_doubt("2", "WhatsApp is overloaded", 503),
        in_doubt("131000", "something went wrong at WhatsApp", 500),
        in_doubt("131016", "WhatsApp is overloaded", 500),
        in_doubt("133004", "WhatsApp is not there", 503),
    ]
};

/// Twilio's codes. Their kinds are reported by integrations; a provider that sends through Twilio refuses with them.
pub const TWILIO: &[ErrorCode] = {
    use ErrorKind as K;
    &[
        twilio("63016", "outside the 24-hour window", K::SessionExpired),
        twilio("21211", "the number is invalid", K::RecipientInvalid),
        twilio("21610", "the contact cannot be written to", K::RecipientInvalid),
        twilio("63003", "the contact cannot be written to", K::RecipientInvalid),
        twilio("63024", "the recipient is invalid", K::RecipientInvalid),
        twilio("63032", "the contact cannot be written to", K::RecipientInvalid),
        twilio("63033", "the contact cannot be written to", K::RecipientInvalid),
        twilio("63027", "the template was refused", K::TemplateRejected),
        twilio("63028", "the template was refused", K::TemplateRejected),
        twilio("63029", "the template was refused", K::TemplateRejected),
        twilio("63040", "the template was refused", K::TemplateRejected),
        twilio("63041", "the template was refused", K::TemplateRejected),
        twilio("63042", "the template was refused", K::TemplateRejected),
        twilio("63013", "the content was refused", K::InvalidRequest),
        twilio("63019", "the content was refused", K::InvalidRequest),
        twilio("63021", "the content was refused", K::InvalidRequest),
        twilio("63018", "too fast", K::RateLimited),
        twilio("63049", "too many messages", K::RateLimited),
        twilio("20429", "too many requests", K::RateLimited),
        twilio("63007", "the sender is not available", K::SenderUnavailable),
        twilio("63051", "the sender is not available", K::SenderUnavailable),
        twilio("63112", "the sender is not available", K::SenderUnavailable),
    ]
};

/// The row about `code`, WhatsApp's before Twilio's.
pub fn find(code: &str) -> Option<&'static ErrorCode> {
    ErrorCode::find(META, code).or_else(|| ErrorCode::find(TWILIO, code))
}

/// The row about the first code in `text`: a number of five digits or more, or any number after a `#`, as in
/// `(#131047) Re-engagement message`.
pub fn quoted_in(text: &str) -> Option<&'static ErrorCode> {
    find(quoted_code(text)?)
}

/// The first code in `text` that [`quoted_in`] finds, as it stands there.
pub fn quoted_code(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '#' | '+');
    text.split(|c: char| !is_part(c)).find_map(|word| match word.strip_prefix('#') {
        Some(code) => Some(code).filter(|code| find(code).is_some()),
        None => Some(word).filter(|word| word.len() >= 5 && find(word).is_some()),
    })
}

/// A limit that most answers do not describe: the wait, and the sends that it is about.
struct Limit {
    code: &'static str,
    wait: Duration,
    scope: Scope,
    /// Whether an answer that asks for a wait knows better.
    is_guess: bool,
}

/// WhatsApp's page asks for a day or more after a withheld marketing message, and speaks of hours after spam and of six
/// seconds for a pair. The minute is what Exotel's page advises. The carrier's number stands for the first of them (inferred).
const LIMITS: &[Limit] = {
    const HOUR: u64 = 3_600;
    const fn limit(code: &'static str, seconds: u64, scope: Scope) -> Limit {
        Limit { code, wait: Duration::from_secs(seconds), scope, is_guess: false }
    }
    &[
        limit("131049", 24 * HOUR, Scope::Pair),
        limit("63049", 24 * HOUR, Scope::Pair),
        limit("131048", HOUR, Scope::Sender),
        limit("131056", 6, Scope::Pair),
        Limit { is_guess: true, ..limit("130429", 60, Scope::Sender) },
    ]
};

/// `refusal` with the wait and the scope of the limit that `code` stands for, where it is a refusal by a limit. Waiting less
/// would bring the same refusal again, so an answer that asks for less does not count.
pub fn paced(refusal: Error, code: &str) -> Error {
    let limit = LIMITS.iter().find(|limit| limit.code == code);
    let Some(limit) = limit.filter(|_| refusal.kind() == ErrorKind::RateLimited) else { return refusal };
    let wait = match refusal.retry_after() {
        Some(asked) if limit.is_guess => asked,
        Some(asked) => asked.max(limit.wait),
        None => limit.wait,
    };
    refusal.with_retry_after(wait).with_limit_scope(limit.scope)
}

const fn meta(code: &'static str, name: &'static str, status: u16, kind: ErrorKind) -> ErrorCode {
    ErrorCode { status: Some(status), ..unlisted(code, name, kind) }
}

/// A code without a status in WhatsApp's table.
const fn unlisted(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    const SOURCE: &str = "developers.facebook.com/documentation/business-messaging/whatsapp, error codes";
    row(code, name, kind, SOURCE)
}

/// A fault of WhatsApp's, after which the message may or may not be out.
const fn in_doubt(code: &'static str, name: &'static str, status: u16) -> ErrorCode {
    ErrorCode { sent: Sent::Maybe, ..meta(code, name, status, ErrorKind::ProviderUnavailable) }
}

const fn twilio(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    row(code, name, kind, "the carrier's numbers, as integrations report them")
}

const fn row(code: &'static str, name: &'static str, kind: ErrorKind, source: &'static str) -> ErrorCode {
    let certainty = Certainty::Inferred;
    ErrorCode { code, name, status: None, kind, sent: Sent::No, source, certainty, date: "2026-11-21" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The meanings that every adapter must give a code, unless its provider's page has another one.
    const MEANINGS: &[(ErrorKind, &[&str])] = &[
        (ErrorKind::RateLimited, &["131049", "131056", "130429", "131048", "80007", "4", "63018", "63049"]),
        (
            ErrorKind::RecipientInvalid,
            &["131050", "130472", "131026", "131030", "63024", "63032", "63033", "21610", "63003"],
        ),
        (
            ErrorKind::TemplateRejected,
            &[
                "132000", "132001", "132005", "132007", "132012", "132015", "132016", "132018", "63027", "63028",
                "63029", "63041", "63042",
            ],
        ),
        (ErrorKind::SenderUnavailable, &["133010", "368", "131031", "131037", "131045", "63007", "63051", "63112"]),
        (ErrorKind::InsufficientBalance, &["131042"]),
        (ErrorKind::SessionExpired, &["131047", "63016"]),
        (
            ErrorKind::InvalidRequest,
            &["131051", "131052", "131053", "100", "131008", "131009", "63013", "63019", "63021"],
        ),
        (ErrorKind::ProviderUnavailable, &["131000", "131016", "131057"]),
    ];

    #[test]
    fn each_code_has_its_one_meaning() {
        for (kind, codes) in MEANINGS {
            for code in *codes {
                assert_eq!(find(code).map(|fact| fact.kind), Some(*kind), "{code}");
            }
        }
        assert_eq!(find("999"), None);
    }

    #[test]
    fn limit_has_its_wait_and_scope_and_the_longer_wait_counts() {
        const DAY: u64 = 86_400;
        for (code, asked, wait, scope) in [
            ("131049", None, DAY, Scope::Pair),
            ("131049", Some(2), DAY, Scope::Pair),
            ("131049", Some(2 * DAY), 2 * DAY, Scope::Pair),
            ("63049", None, DAY, Scope::Pair),
            ("131048", Some(5), 3_600, Scope::Sender),
            ("131056", None, 6, Scope::Pair),
            ("130429", None, 60, Scope::Sender),
            ("130429", Some(2), 2, Scope::Sender),
        ] {
            let refusal = Error::new(ErrorKind::RateLimited, "too fast");
            let refusal = asked.map_or(refusal.clone(), |asked| refusal.with_retry_after(Duration::from_secs(asked)));
            let paced = paced(refusal, code);
            assert_eq!(paced.retry_after(), Some(Duration::from_secs(wait)), "{code} {asked:?}");
            assert_eq!(paced.limit_scope(), Some(scope), "{code}");
        }
        let other = paced(Error::new(ErrorKind::RateLimited, "too fast"), "80007");
        assert_eq!((other.retry_after(), other.limit_scope()), (None, None));
        let no_limit = paced(Error::new(ErrorKind::InvalidRequest, "no"), "131049");
        assert_eq!((no_limit.retry_after(), no_limit.limit_scope()), (None, None));
        assert!(LIMITS.iter().all(|limit| find(limit.code).map(|fact| fact.kind) == Some(ErrorKind::RateLimited)));
    }

    #[test]
    fn no_code_has_two_rows() {
        let codes: Vec<_> = META.iter().chain(TWILIO).map(|fact| fact.code).collect();
        let distinct: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len());
    }

    #[test]
    fn code_in_a_text_is_found_and_other_numbers_are_not() {
        for (text, code) in [
            ("(#131047) Re-engagement message", Some("131047")),
            ("131049: withheld", Some("131049")),
            ("error 63016.", Some("63016")),
            ("(#100) Invalid parameter", Some("100")),
            ("(#230) Permission", Some("230")),
            ("within 100 of 200 requests", None),
            ("+34600131047", None),
            ("1310470", None),
            ("", None),
        ] {
            assert_eq!(quoted_code(text), code, "{text}");
            assert_eq!(quoted_in(text), code.and_then(find), "{text}");
        }
    }
}
