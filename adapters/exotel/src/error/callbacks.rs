//! The codes of callbacks. Two pages number delivery failures from 30001 on, each in its own way. The event forms have
//! a third numbering.

use transom::adapter::{Certainty, ErrorCode, beside, count_beside, platform_codes};
use transom::{ErrorKind, Sent};

use super::answers::row;

const STATUS_CODES: &str = "developer.exotel.com/docs/whatsapp-api/api-reference/status-codes";
const SUPPORT_CODES: &str = "developer.exotel.com/docs/whatsapp-support/status-codes";

/// `exo_status_code` with `exo_detailed_status`. The name decides before the number, since an older page gives the same
/// numbers other meanings; a number alone is read by this table (docs, WhatsApp Status Codes).
pub(crate) const CALLBACKS: &[ErrorCode] = {
    use ErrorKind as K;
    &[
        named("30004", "EX_SYSTEM_ERROR", K::ProviderUnavailable),
        named("30005", "EX_NUMBER_ERROR", K::RecipientInvalid),
        named("30006", "EX_SETUP_ERROR", K::SenderUnavailable),
        named("30007", "EX_RATE_LIMIT_HIT", K::RateLimited),
        named("30008", "EX_SPAM_RATE_LIMIT_HIT", K::RateLimited),
        named("30009", "EX_TOO_MANY_REQUEST", K::RateLimited),
        named("30010", "EX_INVALID_REQUEST", K::InvalidRequest),
        in_doubt(named("30011", "EX_UNKNOWN_ERROR", K::ProviderUnavailable)),
        named("30012", "EX_INVALID_RECIPIENT", K::RecipientInvalid),
        named("30013", "EX_INCAPABLE_RECIPIENT", K::RecipientInvalid),
        named("30014", "EX_RECIPIENT_BLOCKED: not in the allowed list", K::RecipientInvalid),
        named("30015", "EX_UNSUPPORTED_MESSAGE", K::Unsupported),
        named("30016", "EX_MEDIA_DOWNLOAD_ERROR", K::InvalidRequest),
        named("30017", "EX_MEDIA_UPLOAD_ERROR", K::InvalidRequest),
        named("30018", "EX_REENGAGEMENT_ERROR", K::SessionExpired),
        named("30019", "EX_INVALID_PARAM", K::InvalidRequest),
        named("30020", "EX_MISSING_PARAM", K::InvalidRequest),
        named("30021", "EX_INVALID_PARAM_VALUE", K::InvalidRequest),
        named("30022", "EX_TEMPLATE_ERROR: format or character policy violated", K::TemplateRejected),
        named("30023", "EX_TEMPLATE_PARAM_ERROR", K::TemplateRejected),
        named("30024", "EX_TEMPLATE_NOT_FOUND", K::TemplateRejected),
        named("30025", "EX_TEMPLATE_TEXT_TOO_LONG", K::TemplateRejected),
        named("30026", "EX_INVALID_TEMPLATE_NAMESPACE", K::TemplateRejected),
        named("30027", "EX_MESSAGE_PENDING_TOO_LONG", K::ProviderUnavailable),
        named("30028", "EX_MESSAGE_EXPIRED", K::ProviderUnavailable),
        named("30029", "EX_MESSAGE_TOO_LONG", K::InvalidRequest),
        named("30030", "EX_WEBHOOK_ERROR", K::SenderUnavailable),
        named("30031", "EX_SECTION_COUNT_ERROR", K::InvalidRequest),
        named("30032", "EX_ROWS_COUNT_ERROR", K::InvalidRequest),
        named("30033", "EX_PRODUCT_COUNT_ERROR", K::InvalidRequest),
        named("30034", "EX_CATALOGUE_NOT_FOUND", K::InvalidRequest),
        named("30035", "EX_CATALOGUE_NOT_LINKED", K::InvalidRequest),
        named("30036", "EX_MISSING_PRODUCT", K::InvalidRequest),
        named("30037", "EX_PRODUCT_NOT_FOUND", K::InvalidRequest),
        named("30038", "EX_PRODUCT_COMPLIANCE_ERROR", K::InvalidRequest),
        named("30039", "EX_INVALID_HEADER", K::InvalidRequest),
        named("30040", "EX_MISSING_COMPLIANCE", K::InvalidRequest),
        named("30041", "EX_CHAR_POLICY_VIOLATION", K::InvalidRequest),
        ErrorCode {
            certainty: Certainty::Field,
            source: "reported by integrations; on no page",
            ..named("EX_RESTRICTED_BY_META", "EX_RESTRICTED_BY_META", K::RateLimited)
        },
    ]
};

/// The meanings of the same numbers on two pages without names. The table decides nothing; `explain` shows it, because a
/// callback with a number alone may mean either. The kinds are judgements.
pub(crate) const OLDER_CALLBACKS: &[ErrorCode] = {
    use ErrorKind as K;
    &[
        older("30004", "rate limit exceeded", K::RateLimited),
        in_doubt(older("30005", "unknown error", K::ProviderUnavailable)),
        older("30006", "expired", K::ProviderUnavailable),
        older("30007", "blocked", K::RecipientInvalid),
        older("30008", "invalid phone number", K::RecipientInvalid),
        older("30009", "media download failed", K::InvalidRequest),
        older("30010", "bad template name", K::TemplateRejected),
        older("30011", "template parameters do not fit", K::TemplateRejected),
        older("30012", "template not approved", K::TemplateRejected),
        older("30013", "not on WhatsApp", K::RecipientInvalid),
        older("30014", "message too long", K::InvalidRequest),
        older("30020", "account not registered", K::SenderUnavailable),
        older("30030", "business account restricted", K::SenderUnavailable),
        older("30040", "the recipient blocks this number", K::RecipientInvalid),
        older("30041", "spam detected", K::RateLimited),
    ]
};

/// `errors[].code` of the event forms (docs, WhatsApp Status Codes (support)). The long numbers are WhatsApp's own.
pub(crate) const EVENTS: &[ErrorCode] = {
    use ErrorKind as K;
    &[
        event("0", "wrong credential", K::Unauthenticated),
        event("1", "API key missing", K::Unauthenticated),
        event("2", "account suspended", K::PermissionDenied),
        event("100", "a parameter is invalid", K::InvalidRequest),
        event("101", "a parameter is missing", K::InvalidRequest),
        event("102", "the number is not in E.164", K::RecipientInvalid),
        event("103", "content type", K::InvalidRequest),
        event("104", "type of message", K::Unsupported),
        event("105", "media URL", K::InvalidRequest),
        event("400", "rate limit of the API", K::RateLimited),
        event("401", "throughput limit", K::RateLimited),
        event("470", "messaging limit for the day: wait for the 24-hour window", K::RateLimited),
        event("1000", "balance too low", K::InsufficientBalance),
        event("1001", "WhatsApp is not enabled for the account", K::PermissionDenied),
        event("1002", "the sender is not registered for WhatsApp", K::SenderNotFound),
        event("1003", "no business account is connected", K::SenderUnavailable),
        event("2000", "template not found", K::TemplateRejected),
        event("2001", "template not approved", K::TemplateRejected),
        event("2002", "template paused", K::TemplateRejected),
        event("2003", "template disabled", K::TemplateRejected),
        event("2004", "template parameters do not fit", K::TemplateRejected),
        event("2005", "template language", K::TemplateRejected),
        event("2006", "template category", K::TemplateRejected),
        event("130429", "throughput", K::RateLimited),
        event("130472", "experiment rate limit: wait and retry", K::RateLimited),
        event("130497", "scheduling failed: retry", K::ProviderUnavailable),
        event("131000", "unknown error of WhatsApp", K::ProviderUnavailable),
        event("131005", "no permission for this type of message", K::PermissionDenied),
        event("131008", "a parameter is missing", K::InvalidRequest),
        event("131009", "a parameter's value", K::InvalidRequest),
        event("131016", "WhatsApp is not available", K::ProviderUnavailable),
        event("131021", "the recipient is not on WhatsApp", K::RecipientInvalid),
        event(UNDELIVERABLE, "undeliverable; the closed window, if the text beside it says so", K::RecipientInvalid),
        event("131042", "the business is not eligible", K::InsufficientBalance),
        event("131045", "certificate", K::SenderUnavailable),
        event("131047", "more than 24 hours since the customer last wrote", K::SessionExpired),
        event("131048", "spam rate limit", K::RateLimited),
        event("131051", "type of message", K::InvalidRequest),
        event("131052", "the medium cannot be fetched", K::InvalidRequest),
        event("131053", "the medium cannot be uploaded", K::InvalidRequest),
    ]
};

const UNDELIVERABLE: &str = "131026";

/// The row of [`CALLBACKS`] with this name.
pub(crate) fn by_name(name: &str) -> Option<&'static ErrorCode> {
    CALLBACKS.iter().find(|fact| fact.name.split(':').next() == Some(name))
}

/// The row of [`CALLBACKS`] with this number.
pub(crate) fn by_number(number: &str) -> Option<&'static ErrorCode> {
    ErrorCode::find(CALLBACKS, number)
}

/// WhatsApp's codes to which [`EVENTS`] gives no meaning.
pub(crate) const META: &[ErrorCode] =
    &beside::<{ count_beside(platform_codes::META, EVENTS) }>(platform_codes::META, EVENTS);

/// The row about a code that stands in an answer and is none of the answers' own. The short numbers of events are left out:
/// an answer has other meanings for them, or none that is documented.
pub(crate) fn passed_on(code: &str) -> Option<&'static ErrorCode> {
    let long = || by_number(code).or_else(|| ErrorCode::find(EVENTS, code));
    let is_status = matches!(code.parse(), Ok(200..=299));
    let by_platform = || ErrorCode::find(META, code).filter(|_| !is_status);
    // An event is final, an answer about a fault of WhatsApp's is not.
    let in_doubt = platform_codes::find(code).filter(|fact| fact.sent == Sent::Maybe && code.len() >= 5);
    in_doubt.or_else(|| (code.len() >= 5).then(long).flatten()).or_else(by_platform)
}

/// The kind of an event's code beside this text. On one page, an undeliverable message has the text that 24 hours are
/// over (docs, Receive Messages). Another page knows the code as undeliverable alone.
pub(crate) fn of_event(code: &str, text: &str) -> Option<ErrorKind> {
    let fact = ErrorCode::find(EVENTS, code)?;
    Some(if fact.code == UNDELIVERABLE && is_about_24_hours(text) { ErrorKind::SessionExpired } else { fact.kind })
}

/// Whether `24` is followed by a word for hours: `24 hours`, `24-hour`, `24h`.
fn is_about_24_hours(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.match_indices("24").any(|(at, number)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + number.len()..).unwrap_or_default();
        let unit = after.trim_start_matches([' ', '-']);
        let unit: String = unit.chars().take_while(char::is_ascii_alphanumeric).collect();
        !before.ends_with(|c: char| c.is_ascii_digit())
            && matches!(unit.as_str(), "h" | "hr" | "hrs" | "hour" | "hours")
    })
}

const fn named(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    row(code, name, None, kind, STATUS_CODES, Certainty::Docs)
}

const fn older(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    row(
        code,
        name,
        None,
        kind,
        "developer.exotel.com/docs/references/error-codes and an older revision of the status codes",
        Certainty::Docs,
    )
}

const fn event(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    row(code, name, None, kind, SUPPORT_CODES, Certainty::Docs)
}

/// A callback that leaves the outcome unknown.
const fn in_doubt(fact: ErrorCode) -> ErrorCode {
    ErrorCode { sent: Sent::Maybe, ..fact }
}

#[cfg(test)]
mod tests {
    use transom::webhook::{DeliveryStatus, Event};

    use super::*;

    #[test]
    fn undeliverable_with_24_hours_text_is_a_window_rejection() {
        for text in [
            "More than 24 hours have passed since the recipient last replied",
            "Message failed: outside the 24-hour window",
            "24h window closed",
            "window of 24 HOURS",
        ] {
            assert_eq!(of_event("131026", text), Some(ErrorKind::SessionExpired), "{text}");
        }
        for text in ["", "Message undeliverable", "24 recipients", "124 hours", "24hundred", "2 4 hours"] {
            assert_eq!(of_event("131026", text), Some(ErrorKind::RecipientInvalid), "{text}");
        }
        assert_eq!(of_event("131021", "24 hours"), Some(ErrorKind::RecipientInvalid));
    }

    /// Every documented failure: number, name and kind.
    const FAILURES: &[(&str, &str, ErrorKind)] = {
        use ErrorKind as K;
        &[
            ("30004", "EX_SYSTEM_ERROR", K::ProviderUnavailable),
            ("30005", "EX_NUMBER_ERROR", K::RecipientInvalid),
            ("30006", "EX_SETUP_ERROR", K::SenderUnavailable),
            ("30007", "EX_RATE_LIMIT_HIT", K::RateLimited),
            ("30008", "EX_SPAM_RATE_LIMIT_HIT", K::RateLimited),
            ("30009", "EX_TOO_MANY_REQUEST", K::RateLimited),
            ("30010", "EX_INVALID_REQUEST", K::InvalidRequest),
            ("30011", "EX_UNKNOWN_ERROR", K::ProviderUnavailable),
            ("30012", "EX_INVALID_RECIPIENT", K::RecipientInvalid),
            ("30013", "EX_INCAPABLE_RECIPIENT", K::RecipientInvalid),
            ("30014", "EX_RECIPIENT_BLOCKED", K::RecipientInvalid),
            ("30015", "EX_UNSUPPORTED_MESSAGE", K::Unsupported),
            ("30016", "EX_MEDIA_DOWNLOAD_ERROR", K::InvalidRequest),
            ("30017", "EX_MEDIA_UPLOAD_ERROR", K::InvalidRequest),
            ("30018", "EX_REENGAGEMENT_ERROR", K::SessionExpired),
            ("30019", "EX_INVALID_PARAM", K::InvalidRequest),
            ("30020", "EX_MISSING_PARAM", K::InvalidRequest),
            ("30021", "EX_INVALID_PARAM_VALUE", K::InvalidRequest),
            ("30022", "EX_TEMPLATE_ERROR", K::TemplateRejected),
            ("30023", "EX_TEMPLATE_PARAM_ERROR", K::TemplateRejected),
            ("30024", "EX_TEMPLATE_NOT_FOUND", K::TemplateRejected),
            ("30025", "EX_TEMPLATE_TEXT_TOO_LONG", K::TemplateRejected),
            ("30026", "EX_INVALID_TEMPLATE_NAMESPACE", K::TemplateRejected),
            ("30027", "EX_MESSAGE_PENDING_TOO_LONG", K::ProviderUnavailable),
            ("30028", "EX_MESSAGE_EXPIRED", K::ProviderUnavailable),
            ("30029", "EX_MESSAGE_TOO_LONG", K::InvalidRequest),
            ("30030", "EX_WEBHOOK_ERROR", K::SenderUnavailable),
            ("30031", "EX_SECTION_COUNT_ERROR", K::InvalidRequest),
            ("30032", "EX_ROWS_COUNT_ERROR", K::InvalidRequest),
            ("30033", "EX_PRODUCT_COUNT_ERROR", K::InvalidRequest),
            ("30034", "EX_CATALOGUE_NOT_FOUND", K::InvalidRequest),
            ("30035", "EX_CATALOGUE_NOT_LINKED", K::InvalidRequest),
            ("30036", "EX_MISSING_PRODUCT", K::InvalidRequest),
            ("30037", "EX_PRODUCT_NOT_FOUND", K::InvalidRequest),
            ("30038", "EX_PRODUCT_COMPLIANCE_ERROR", K::InvalidRequest),
            ("30039", "EX_INVALID_HEADER", K::InvalidRequest),
            ("30040", "EX_MISSING_COMPLIANCE", K::InvalidRequest),
            ("30041", "EX_CHAR_POLICY_VIOLATION", K::InvalidRequest),
        ]
    };

    /// The kinds of `errors[].code`.
    const EVENT_KINDS: &[(ErrorKind, &[&str])] = {
        use ErrorKind as K;
        &[
            (K::Unauthenticated, &["0", "1"]),
            (K::PermissionDenied, &["2", "1001", "131005"]),
            (K::InvalidRequest, &["100", "101", "103", "105", "131008", "131009", "131051", "131052", "131053"]),
            (K::RecipientInvalid, &["102", "131021", "131026"]),
            (K::Unsupported, &["104"]),
            (K::RateLimited, &["400", "401", "470", "130429", "130472", "131048"]),
            (K::InsufficientBalance, &["1000", "131042"]),
            (K::SenderNotFound, &["1002"]),
            (K::SenderUnavailable, &["1003", "131045"]),
            (K::TemplateRejected, &["2000", "2001", "2002", "2003", "2004", "2005", "2006"]),
            (K::ProviderUnavailable, &["130497", "131000", "131016"]),
            (K::SessionExpired, &["131047"]),
        ]
    };

    fn failure_of(body: &str) -> (ErrorKind, String) {
        let events = {
            let config = crate::config::Config::new(
                transom::Secret::new("k"),
                transom::Secret::new("t"),
                "acme",
                "+914440001111".parse().unwrap(),
            );
            let call = http::Request::new(body.to_owned().into());
            crate::webhook::read(&config, &call, std::time::SystemTime::UNIX_EPOCH).unwrap().events
        };
        let [Event::Status(update)] = events.as_slice() else { panic!("{body}: {events:?}") };
        assert_eq!(update.status, DeliveryStatus::Failed, "{body}");
        let failure = update.error.clone().unwrap();
        (failure.kind, failure.code)
    }

    #[test]
    fn documented_failure_has_its_kind_with_or_without_name() {
        for &(number, name, kind) in FAILURES {
            for members in [
                format!(r#""exo_status_code":{number},"exo_detailed_status":"{name}""#),
                format!(r#""exo_status_code":"{number}""#),
                // The name decides before the word.
                format!(r#""exo_status_code":{number},"exo_detailed_status":"{name}","status":"delivered""#),
            ] {
                let body = format!(r#"{{"whatsapp":{{"messages":[{{"callback_type":"dlr","sid":"a",{members}}}]}}}}"#);
                assert_eq!(failure_of(&body), (kind, number.to_owned()), "{members}");
            }
            let flat = format!(r#"{{"sid":"a","status":"failed","exo_status_code":{number}}}"#);
            assert_eq!(failure_of(&flat), (kind, number.to_owned()), "{name}");
            let sent = if number == "30011" { Sent::Maybe } else { Sent::No };
            assert_eq!(by_number(number).map(|fact| (fact.sent, fact.kind)), Some((sent, kind)), "{number}");
        }
        assert_eq!(FAILURES.len() + 1, CALLBACKS.len(), "the one without a number has a test beside the webhooks");
    }

    #[test]
    fn every_documented_event_code_has_its_kind_in_both_dialects() {
        for (kind, codes) in EVENT_KINDS {
            for code in *codes {
                let errors = format!(r#""status":"failed","errors":[{{"code":{code},"title":"x"}}]"#);
                for body in [
                    format!(r#"{{"event":"message_status","message":{{"id":"a",{errors}}}}}"#),
                    format!(r#"{{"type":"message_status","data":{{"message_sid":"a",{errors}}}}}"#),
                ] {
                    assert_eq!(failure_of(&body), (*kind, (*code).to_owned()));
                }
            }
        }
        assert_eq!(EVENT_KINDS.iter().map(|(_, codes)| codes.len()).sum::<usize>(), EVENTS.len());
    }

    #[test]
    fn ambiguous_number_has_two_rows_and_the_name_decides() {
        for older in OLDER_CALLBACKS {
            let named = by_number(older.code).unwrap();
            assert_ne!((named.name, named.source), (older.name, older.source));
        }
        assert_eq!(by_number("30004").map(|fact| fact.kind), Some(ErrorKind::ProviderUnavailable));
    }
}
