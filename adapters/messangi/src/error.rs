//! Messangi's rejections. The provider documentation has one, the 429 [seed]. Others are read by the status, by the
//! documented states of messages, and at last by the text.

mod text;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode};
use transom::adapter::{Certainty, ErrorCode, Operation, RateLimitInfo, first_code, json, platform_codes, reasons};
use transom::webhook::DeliveryFailure;
use transom::{Content, Error, ErrorKind, Message, Sent, transport};

pub(crate) use text::reason;

/// Every table.
pub(crate) const CODES: &[&[ErrorCode]] = &[STATUSES, STATES, ANSWERS, CALLBACKS, platform_codes::META];

const SEED: &str = "docs.messangi.com/docs/sending-whatsapp-session-message";
const STATUS_PAGE: &str = "docs.messangi.com/docs/whatsapp-status";

/// HTTP statuses.
const STATUSES: &[ErrorCode] = {
    use ErrorKind as K;
    use Sent::{Maybe, No};
    &[
        ErrorCode {
            source: SEED,
            certainty: Certainty::Authoritative,
            ..status("429", 429, "more requests than the limit allows in its window", K::RateLimited, No)
        },
        status("400", 400, "the request is wrong; the text may tell more", K::InvalidRequest, No),
        status("401", 401, "the key is missing, expired or revoked", K::Unauthenticated, No),
        status("402", 402, "the balance is used up", K::InsufficientBalance, No),
        status("403", 403, "not allowed, or the sender is not in the key's workspace", K::PermissionDenied, No),
        status("404", 404, "no such path: check base_url and notification_path", K::NotFound, No),
        status("408", 408, "the server gave up waiting", K::ProviderUnavailable, Maybe),
        status("409", 409, "something is already there", K::Conflict, Maybe),
        ErrorCode {
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
const STATES: &[ErrorCode] = {
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
const ANSWERS: &[ErrorCode] =
    &[answer("REJECTED", ErrorKind::InvalidRequest), answer("FAILED", ErrorKind::InvalidRequest)];

/// Final words of callbacks, other than [`STATES`]. The page of the states is known only up to the final ones, and the
/// SMS callbacks of the same provider shorten theirs. What they mean is told by the text beside them, where there is
/// one; without it nothing says whose fault it is.
const CALLBACKS: &[ErrorCode] = {
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

const fn status(code: &'static str, status: u16, name: &'static str, kind: ErrorKind, sent: Sent) -> ErrorCode {
    row(code, name, Some(status), kind, sent, "on no page", Certainty::Inferred)
}

const fn state(code: &'static str, name: &'static str, kind: ErrorKind) -> ErrorCode {
    row(code, name, None, kind, Sent::No, STATUS_PAGE, Certainty::Docs)
}

const fn answer(code: &'static str, kind: ErrorKind) -> ErrorCode {
    row(code, "not taken", None, kind, Sent::No, "a public client of the SMS service", Certainty::Field)
}

const fn callback(code: &'static str, kind: ErrorKind) -> ErrorCode {
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
) -> ErrorCode {
    ErrorCode { code, name, status, kind, sent, source, certainty, date: "2026-11-21" }
}

/// The wait after `QUOTA_EXCEEDED`. The page says to wait, and not for how long (inferred).
const QUOTA_WAIT: Duration = Duration::from_secs(60 * 60);

/// The error for an answer that is no 2xx. The status decides, and the text may refine it; no body hides it. A 429 without a
/// wait asks for `rate_window`.
pub(crate) fn refusal(response: &Response<Bytes>, now: SystemTime, message: &Message, rate_window: Duration) -> Error {
    let status = response.status();
    let excerpt = json::excerpt(response.body());
    // A gateway's page is no text of the provider's: its markup is full of words that mean something else.
    let is_page = excerpt.starts_with('<');
    let said = reason(response.body()).unwrap_or(excerpt);
    let error = transport::refusal(status, Operation::Send, all_reasons(response, &said));
    let error = error.with_limits(RateLimitInfo::from_headers(response.headers(), now));
    // A 429 is a 429 whatever its body, which the page itself prints as broken JSON [seed].
    if status == StatusCode::TOO_MANY_REQUESTS {
        let quoted = passed_on(response, &said).filter(|(_, fact)| fact.kind == ErrorKind::RateLimited && !is_page);
        let error = match quoted {
            Some((code, fact)) => platform_codes::paced(error, fact.code).with_code(code),
            None => error,
        };
        let wait = error.retry_after().unwrap_or(rate_window);
        return error.with_retry_after(wait);
    }
    let by_status = ErrorCode::find(STATUSES, status.as_str()).map_or(error.kind(), |fact| fact.kind);
    if is_page {
        return error.with_kind(by_status);
    }
    let quoted = passed_on(response, &said).filter(|_| text::is_read(status.as_u16()));
    let error = error.with_code(quoted.as_ref().map_or("", |(code, _)| code));
    let is_template = is_template(message);
    if let Some((_, fact)) = quoted.filter(|(_, fact)| text::allows(status.as_u16(), fact.kind, Some(is_template))) {
        let error = platform_codes::paced(error.with_kind(fact.kind), fact.code);
        return if fact.sent == Sent::Maybe { error.maybe_sent() } else { error };
    }
    let by_text = text::kind(status.as_u16(), &said, Some(is_template));
    error.with_kind(by_text.unwrap_or(by_status))
}

/// Every reason in the answer, or `said` where its body gives none.
fn all_reasons(response: &Response<Bytes>, said: &str) -> String {
    Some(reasons(response.body()).join("; ")).filter(|text| !text.is_empty()).unwrap_or_else(|| said.to_owned())
}

/// The first code of WhatsApp's, with its row: of an error of a list, or in a text.
fn passed_on(response: &Response<Bytes>, said: &str) -> Option<(String, &'static ErrorCode)> {
    let known = |code: &String| ErrorCode::find(platform_codes::META, code).is_some();
    let quoted = || {
        let all = reasons(response.body()).join("; ");
        let code = platform_codes::quoted_code(said).or_else(|| platform_codes::quoted_code(&all))?;
        Some(code.to_owned()).filter(known)
    };
    let listed = first_code(response.body()).filter(|code| code.len() >= 5 && known(code));
    let code = listed.or_else(quoted)?;
    let fact = ErrorCode::find(platform_codes::META, &code)?;
    Some((code, fact))
}

/// Whether the page says of this state that the message was not sent: an id beside it is the id of a message that nobody
/// got [docs, WhatsApp Status]. Of `QUOTA_EXCEEDED` it says to wait, which is no such statement.
pub(crate) fn is_stated_unsent(word: &str) -> bool {
    const STATED: &[&str] = &["BLACKLISTED", "CODE_NOT_ALLOWED", "INCOMPLETE"];
    STATED.iter().any(|stated| word.trim().eq_ignore_ascii_case(stated))
}

/// The error for a 2xx whose word for the message's state is a refusal; `None` for every other word.
pub(crate) fn of_state(word: &str, response: &Response<Bytes>, message: &Message) -> Option<Error> {
    let fact = fact(word, ANSWERS)?;
    let reason = reason(response.body()).unwrap_or_default();
    let text = all_reasons(response, if reason.is_empty() { fact.name } else { &reason });
    let error = Error::new(refined(fact, &reason, Some(message)), text).with_status(response.status());
    let quoted = passed_on(response, &reason).map(|(_, quoted)| quoted).filter(|quoted| {
        fact.certainty != Certainty::Docs && text::allows(400, quoted.kind, Some(is_template(message)))
    });
    let error = match quoted {
        Some(quoted) => platform_codes::paced(error.with_kind(quoted.kind), quoted.code),
        None if fact.kind == ErrorKind::RateLimited => error.with_retry_after(QUOTA_WAIT),
        None => error,
    };
    let error = if quoted.is_some_and(|quoted| quoted.sent == Sent::Maybe) { error.maybe_sent() } else { error };
    Some(error.with_code(fact.code))
}

/// Why a message failed of which a callback says `word` and `reason`: the kind, and the code that says most. A code of
/// WhatsApp's in the reason says more than the word. `None` if the word is no failure.
pub(crate) fn of_callback(word: &str, reason: Option<String>) -> Option<DeliveryFailure> {
    let fact = fact(word, CALLBACKS)?;
    let words = reason.as_deref().unwrap_or_default();
    let quoted = platform_codes::quoted_code(words).filter(|_| fact.certainty != Certainty::Docs);
    let failure = match quoted.and_then(|code| Some((code, platform_codes::find(code)?.kind))) {
        Some((code, kind)) => DeliveryFailure::new(kind, code),
        None => DeliveryFailure::new(refined(fact, words, None), fact.code),
    };
    Some(failure.with_reason(reason))
}

fn fact(word: &str, table: &'static [ErrorCode]) -> Option<&'static ErrorCode> {
    let word = word.trim().to_ascii_uppercase();
    ErrorCode::find(STATES, &word).or_else(|| ErrorCode::find(table, &word))
}

/// The kind of `fact`, unless the text beside it tells more. A documented state needs no interpretation, but for the
/// sender: inactive, or none at all.
fn refined(fact: &ErrorCode, reason: &str, message: Option<&Message>) -> ErrorKind {
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
pub(crate) fn code_in(text: &str) -> &str {
    platform_codes::quoted_code(text).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests;
