//! What Messangi's refusals mean. Its pages document one, the 429 [seed]; the others are told from the status, from the
//! words in which message states are documented, and, last, from the text.

mod text;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Response, StatusCode};
use transom::rate_limit::RateLimit;
use transom::{Certainty, CodeFact, Content, Error, ErrorKind, Message, Purpose, Sent, json, transport};

pub(crate) use text::reason;

use crate::wire::Answer;

/// Every table.
pub(crate) const CODES: &[&[CodeFact]] = &[STATUSES, STATES, ANSWERS, CALLBACKS, META];

const SEED: &str = "docs.messangi.com/docs/sending-whatsapp-session-message";
const STATUS_PAGE: &str = "docs.messangi.com/docs/whatsapp-status";

/// HTTP statuses.
const STATUSES: &[CodeFact] = {
    use ErrorKind as K;
    use Sent::{Maybe, No};
    &[
        CodeFact {
            source: SEED,
            certainty: Certainty::Seed,
            ..status("429", 429, "more requests than the limit allows in its window", K::RateLimited, No)
        },
        status("400", 400, "the request is wrong; the text may tell more", K::InvalidRequest, No),
        status("401", 401, "the key is missing, expired or revoked", K::Unauthenticated, No),
        status("402", 402, "the balance is used up", K::InsufficientBalance, No),
        status("403", 403, "not allowed, or the sender is not in the key's workspace", K::PermissionDenied, No),
        status("404", 404, "no such path: check base_url and notification_path", K::NotFound, No),
        status("408", 408, "the server gave up waiting", K::ProviderUnavailable, Maybe),
        status("409", 409, "something is already there", K::Conflict, Maybe),
        CodeFact {
            source: "a public client takes it for this",
            certainty: Certainty::Field,
            ..status("410", 410, "the 24-hour window is closed", K::SessionExpired, No)
        },
        status("422", 422, "the request is wrong; the text may tell more", K::InvalidRequest, No),
        status("500", 500, "the provider failed", K::ProviderUnavailable, Maybe),
        status("502", 502, "a gateway got no good answer", K::ProviderUnavailable, Maybe),
        status("503", 503, "out of service", K::ProviderUnavailable, Maybe),
        status("504", 504, "a gateway got no answer in time", K::ProviderUnavailable, Maybe),
    ]
};

/// The documented states of a message that will not arrive. They stand in callbacks, and may stand in an answer, a
/// successful one included.
const STATES: &[CodeFact] = {
    use ErrorKind as K;
    &[
        state("CODE_NOT_ALLOWED", "the sender is inactive or may not write to this recipient", K::SenderUnavailable),
        state("INCOMPLETE", "data for the template's placeholders is missing", K::TemplateRejected),
        state("BLACKLISTED", "the recipient is blocked", K::RecipientInvalid),
        state("QUOTA_EXCEEDED", "the WhatsApp account's own sending limit is reached", K::RateLimited),
    ]
};

/// Words with which an answer refuses, other than [`STATES`]. Seen at the SMS service of the same provider, with status
/// 200. What they mean is told by the text beside them, where there is one.
const ANSWERS: &[CodeFact] =
    &[answer("REJECTED", ErrorKind::InvalidRequest), answer("FAILED", ErrorKind::InvalidRequest)];

/// Final words of callbacks, other than [`STATES`]. The page of the states is known only up to the final ones, and the
/// SMS callbacks of the same provider shorten theirs. What they mean is told by the text beside them, where there is
/// one; without it nothing says whose fault it is.
const CALLBACKS: &[CodeFact] = {
    use ErrorKind as K;
    &[
        callback("FAILED", K::ProviderUnavailable),
        callback("UNDELIVERED", K::ProviderUnavailable),
        callback("UNDELIV", K::ProviderUnavailable),
        callback("EXPIRED", K::ProviderUnavailable),
        callback("REJECTED", K::InvalidRequest),
        callback("REJECTD", K::InvalidRequest),
    ]
};

/// Codes of WhatsApp itself that a text may quote.
const META: &[CodeFact] = &[row(
    "131047",
    "more than 24 hours since the recipient last wrote",
    None,
    ErrorKind::SessionExpired,
    Sent::No,
    "WhatsApp's own code; that Messangi quotes it is assumed",
    Certainty::Inferred,
)];

const fn status(code: &'static str, status: u16, name: &'static str, kind: ErrorKind, sent: Sent) -> CodeFact {
    row(code, name, Some(status), kind, sent, "on no page", Certainty::Inferred)
}

const fn state(code: &'static str, name: &'static str, kind: ErrorKind) -> CodeFact {
    row(code, name, None, kind, Sent::No, STATUS_PAGE, Certainty::Docs)
}

const fn answer(code: &'static str, kind: ErrorKind) -> CodeFact {
    row(code, "not taken", None, kind, Sent::No, "a public client of the SMS service", Certainty::Field)
}

const fn callback(code: &'static str, kind: ErrorKind) -> CodeFact {
    row(code, "will not arrive", None, kind, Sent::No, "on no page; final states exist", Certainty::Inferred)
}

const fn row(
    code: &'static str,
    name: &'static str,
    status: Option<u16>,
    kind: ErrorKind,
    sent: Sent,
    source: &'static str,
    certainty: Certainty,
) -> CodeFact {
    CodeFact { code, name, status, kind, sent, source, certainty, date: "2026-11-21" }
}

/// The error for an answer that is no 2xx. The status decides, and the text may refine it; no body hides it.
pub(crate) fn refusal(response: &Response<Bytes>, now: SystemTime, message: &Message) -> Error {
    let status = response.status();
    let excerpt = json::excerpt(response.body());
    // A gateway's page is no text of the provider's: its markup is full of words that mean something else.
    let is_page = excerpt.starts_with('<');
    let said = reason(response.body()).unwrap_or(excerpt);
    let shown = if said.is_empty() { status.canonical_reason().unwrap_or("no reason given") } else { &said };
    let error = transport::refusal(status, Purpose::Send, shown);
    if status == StatusCode::TOO_MANY_REQUESTS {
        return throttled(error, response, now);
    }
    let by_status = CodeFact::find(STATUSES, status.as_str()).map_or(error.kind(), |fact| fact.kind);
    if is_page {
        return error.with_kind(by_status);
    }
    let by_text = text::kind(status.as_u16(), &said, Some(is_template(message)));
    error.with_kind(by_text.unwrap_or(by_status)).with_code(code_in(&said))
}

/// A 429 is a 429 whatever its body, which the page itself prints as broken JSON [seed].
fn throttled(error: Error, response: &Response<Bytes>, now: SystemTime) -> Error {
    let error = match RateLimit::of(response.headers(), now).wait() {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    };
    // A refusal that names a message contradicts itself, and then it may have been sent.
    if json::decode_lenient::<Answer>(response).names_a_message() { error.maybe_sent() } else { error }
}

/// The error for a 2xx whose word for the message's state is a refusal; `None` for every other word.
pub(crate) fn of_state(word: &str, response: &Response<Bytes>, message: &Message) -> Option<Error> {
    let fact = fact(word, ANSWERS)?;
    let reason = reason(response.body()).unwrap_or_default();
    let kind = refined(fact, &reason, Some(message));
    let text = if reason.is_empty() { fact.name.to_owned() } else { reason };
    Some(Error::new(kind, text).with_status(response.status()).with_code(fact.code))
}

/// Why a message failed of which a callback says `word` and `reason`: the kind, and the code that says most. `None` if
/// the word is no failure.
pub(crate) fn of_callback(word: &str, reason: &str) -> Option<(ErrorKind, String)> {
    let fact = fact(word, CALLBACKS)?;
    let code = code_in(reason);
    Some((refined(fact, reason, None), if code.is_empty() { fact.code } else { code }.to_owned()))
}

fn fact(word: &str, table: &'static [CodeFact]) -> Option<&'static CodeFact> {
    let word = word.trim().to_ascii_uppercase();
    CodeFact::find(STATES, &word).or_else(|| CodeFact::find(table, &word))
}

/// The kind of `fact`, unless the text beside it tells more. A documented state needs no interpretation, but for the
/// sender: inactive, or none at all.
fn refined(fact: &CodeFact, reason: &str, message: Option<&Message>) -> ErrorKind {
    if fact.certainty != Certainty::Docs {
        return text::kind(400, reason, message.map(is_template)).unwrap_or(fact.kind);
    }
    let no_sender = ["none assigned", "not assigned", "no sender"];
    if fact.kind == ErrorKind::SenderUnavailable && no_sender.iter().any(|phrase| text::has_phrase(reason, phrase)) {
        return ErrorKind::SenderNotFound;
    }
    fact.kind
}

const fn is_template(message: &Message) -> bool {
    matches!(message.content, Content::Template(_))
}

/// The code of WhatsApp's that a text quotes; empty if it quotes none that is known.
fn code_in(text: &str) -> &'static str {
    text::words(text).find_map(|word| CodeFact::find(META, &word)).map_or("", |fact| fact.code)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use transom::Template;

    use super::*;

    pub(crate) fn answer(status: u16, body: &str) -> Response<Bytes> {
        Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    pub(crate) fn text() -> Message {
        Message::text("+5215599992222".parse().unwrap(), "Hi")
    }

    fn template() -> Message {
        Message::template("+5215599992222".parse().unwrap(), Template::new("t", "es"))
    }

    fn refused(status: u16, body: &str, message: &Message) -> Error {
        refusal(&answer(status, body), SystemTime::UNIX_EPOCH, message)
    }

    fn errors(reason: &str) -> String {
        serde_json::json!({ "errors": { "reason": reason } }).to_string()
    }

    #[test]
    fn every_status_of_the_table_has_its_kind_whatever_the_body() {
        for fact in STATUSES {
            for body in ["", "{", "<html>Gateway</html>", r#"{"errors": { "reason": Too Many Requests" }}"#, "[[", "{}"]
            {
                let error = refused(fact.status.unwrap(), body, &text());
                assert_eq!((error.kind(), error.sent()), (fact.kind, fact.sent), "{} {body}", fact.code);
                assert_eq!((error.status(), error.code()), (fact.status, None));
                assert!(!error.message().is_empty());
            }
        }
    }

    #[test]
    fn a_redirect_proves_that_nothing_was_sent_unless_it_is_a_303() {
        assert_eq!(refused(302, "", &text()).sent(), Sent::No);
        assert_eq!(refused(303, "", &text()).sent(), Sent::Maybe);
        assert_eq!(refused(302, "", &text()).kind(), ErrorKind::MalformedResponse);
    }

    #[test]
    fn a_429_tells_how_long_to_wait_even_if_its_body_is_broken() {
        for body in [r#""errors": { "reason": Too Many Requests" }"#, "", "<html>", r#"{"errors":{"reason":"x"}}"#] {
            let mut response = answer(429, body);
            for (name, value) in [
                ("ratelimit-limit", "2"),
                ("ratelimit-policy", "2;w= 300"),
                ("ratelimit-remaining", "0"),
                ("ratelimit-reset", "3m20s"),
            ] {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            let error = refusal(&response, SystemTime::UNIX_EPOCH, &text());
            assert_eq!((error.kind(), error.sent()), (ErrorKind::RateLimited, Sent::No), "{body}");
            assert_eq!(error.retry_after(), Some(Duration::from_secs(200)));
        }
        assert_eq!(refused(429, "", &text()).retry_after(), None);
    }

    #[test]
    fn a_429_that_names_a_message_may_have_sent_it() {
        assert_eq!(refused(429, r#"{"data":{"id":"6c1e"}}"#, &text()).sent(), Sent::Maybe);
    }

    #[test]
    fn a_503_stays_in_doubt_with_or_without_retry_after() {
        let mut response = answer(503, &errors("24-hour session window is closed"));
        response.headers_mut().insert("retry-after", "5".parse().unwrap());
        let error = refusal(&response, SystemTime::UNIX_EPOCH, &text());
        assert_eq!((error.kind(), error.sent()), (ErrorKind::ProviderUnavailable, Sent::Maybe));
    }

    #[test]
    fn the_text_of_a_refusal_tells_what_its_status_does_not() {
        for (status, reason, kind) in [
            (400, "24-hour session window is closed for +5215599992222", ErrorKind::SessionExpired),
            (403, "Re-engagement message", ErrorKind::SessionExpired),
            (400, "More than 24 hours have passed since the recipient last replied", ErrorKind::SessionExpired),
            (400, "Session expired", ErrorKind::SessionExpired),
            (422, "(#131047) not sent", ErrorKind::SessionExpired),
            (404, "outside the session window", ErrorKind::SessionExpired),
            (410, "Gone", ErrorKind::SessionExpired),
            (403, "Insufficient credits", ErrorKind::InsufficientBalance),
            (400, "balance too low for this recipient", ErrorKind::InsufficientBalance),
            (400, "request.to is not a valid E.164 number", ErrorKind::RecipientInvalid),
            (400, "to is required", ErrorKind::RecipientInvalid),
            (400, "invalid 'to'", ErrorKind::RecipientInvalid),
            (400, "Recipient unknown", ErrorKind::RecipientInvalid),
            (400, "not a valid number", ErrorKind::RecipientInvalid),
            (400, "request.from is unknown", ErrorKind::SenderNotFound),
            (403, "sender not in this workspace", ErrorKind::SenderNotFound),
            (400, "from number not found", ErrorKind::SenderNotFound),
            (400, "request.type sticker cannot be sent", ErrorKind::Unsupported),
            (400, "unsupported type", ErrorKind::Unsupported),
            (422, "request.message is too long", ErrorKind::InvalidRequest),
        ] {
            let error = refused(status, &errors(reason), &text());
            assert_eq!((error.kind(), error.sent()), (kind, Sent::No), "{reason}");
            assert_eq!(error.message(), reason);
        }
    }

    #[test]
    fn a_text_says_nothing_where_the_status_is_clear() {
        for (status, kind) in [(401, ErrorKind::Unauthenticated), (429, ErrorKind::RateLimited)] {
            assert_eq!(refused(status, &errors("session expired"), &text()).kind(), kind);
        }
        assert_eq!(refused(403, &errors("to is bad"), &text()).kind(), ErrorKind::PermissionDenied);
    }

    #[test]
    fn the_words_of_a_gateways_page_mean_nothing() {
        for page in ["<html>24 hours", "<input type=\"text\">", "\n<!doctype html><p>131047 credit"] {
            let error = refused(400, page, &template());
            assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, None), "{page}");
        }
        assert_eq!(refused(400, "24 hours are over", &text()).kind(), ErrorKind::SessionExpired);
    }

    #[test]
    fn a_template_is_to_blame_only_where_one_was_sent() {
        for (status, reason) in [(404, "template t not found"), (400, "placeholder customer is missing")] {
            assert_eq!(refused(status, &errors(reason), &template()).kind(), ErrorKind::TemplateRejected, "{reason}");
            assert_ne!(refused(status, &errors(reason), &text()).kind(), ErrorKind::TemplateRejected, "{reason}");
        }
        // The words for a closed window, in a template's name: no window refuses a template.
        let named = errors("template re_engagement_v1 is not approved");
        assert_eq!(refused(400, &named, &template()).kind(), ErrorKind::TemplateRejected);
    }

    #[test]
    fn a_code_of_whatsapps_in_the_text_is_kept() {
        assert_eq!(refused(400, &errors("131047: re-engagement"), &text()).code(), Some("131047"));
        assert_eq!(refused(400, &errors("1310470"), &text()).code(), None);
    }

    #[test]
    fn without_a_reason_the_head_of_the_body_or_the_status_is_the_message() {
        assert_eq!(refused(400, "<h1>why</h1>", &text()).message(), "<h1>why</h1>");
        assert_eq!(refused(400, "", &text()).message(), "Bad Request");
    }

    #[test]
    fn every_state_that_refuses_has_its_kind_under_a_success_too() {
        let response = answer(200, "{}");
        for fact in STATES.iter().chain(ANSWERS) {
            for word in [fact.code.to_owned(), fact.code.to_lowercase()] {
                let error = of_state(&word, &response, &text()).unwrap();
                assert_eq!((error.kind(), error.sent(), error.code()), (fact.kind, Sent::No, Some(fact.code)));
            }
        }
        assert!(of_state("QUEUE", &response, &text()).is_none());
    }

    #[test]
    fn a_rejection_is_told_by_its_reason_and_a_documented_state_is_not() {
        let of = |word, why: &str| of_state(word, &answer(200, &errors(why)), &text()).unwrap().kind();
        assert_eq!(of("REJECTED", "outside the 24 hours"), ErrorKind::SessionExpired);
        assert_eq!(of("REJECTED", "request.to is bad"), ErrorKind::RecipientInvalid);
        assert_eq!(of("BLACKLISTED", "sender has no balance"), ErrorKind::RecipientInvalid);
        assert_eq!(of("CODE_NOT_ALLOWED", "no sender for this workspace"), ErrorKind::SenderNotFound);
    }
}
