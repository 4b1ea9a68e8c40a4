//! Exotel's codes. One number means different things in different places, so each place has its table.

mod answers;
mod callbacks;
mod message;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Response, StatusCode};
use transom::adapter::{Certainty, ErrorCode, Operation, RateLimitInfo, Scope, SendAnswer, json, platform_codes};
use transom::transport::{kind_of, sent_of};
use transom::{Content, Error, ErrorKind, Message, Sent, transport};

use answers::{ANSWERS, TIER_LIMIT};
pub(crate) use callbacks::{by_name, by_number, of_event};

use crate::types::{Answer, Claim, IDS, Item};
use message::ErrorMessage;

/// Every table.
pub(crate) const CODES: &[&[ErrorCode]] =
    &[ANSWERS, callbacks::CALLBACKS, callbacks::OLDER_CALLBACKS, callbacks::EVENTS, callbacks::META];

/// The kind of a request. It decides how the words of a rejection are read, and whether a failure leaves the outcome
/// unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestKind {
    operation: Operation,
    is_one_message: bool,
    has_template: bool,
}

impl RequestKind {
    /// For a list, which sends nothing.
    pub(crate) const LIST: Self = Self { operation: Operation::Read, is_one_message: false, has_template: false };

    /// To send these.
    pub(crate) fn to_send(messages: &[Message]) -> Self {
        let is_template = |message: &Message| matches!(message.content, Content::Template(_));
        Self {
            operation: Operation::Send,
            is_one_message: messages.len() == 1,
            has_template: messages.iter().any(is_template),
        }
    }

    fn verdict(self, response: &Response<Bytes>) -> SendAnswer {
        SendAnswer::of(response, self.operation, IDS)
    }
}

/// The error for an answer that is no 2xx.
pub(crate) fn refusal(response: &Response<Bytes>, now: SystemTime, asked: RequestKind) -> Error {
    let status = response.status();
    let said = ErrorMessage::of_answer(&json::decode_lenient(response));
    let error = transport::refusal(status, asked.operation, said.text(&json::excerpt(response.body())));
    asked.verdict(response).refused(waiting(by_table(error, &said, status, asked), &said, response, now))
}

/// The error for a failure inside a 2xx. A known code decides; otherwise the item's status is read like an HTTP status.
/// Without both, the outcome is unknown.
pub(crate) fn of_item(item: &Item, response: &Response<Bytes>, now: SystemTime, asked: RequestKind) -> Error {
    of_message(&ErrorMessage::of_item(item), item.http_status(), response, now, asked)
}

/// The refusal that a 2xx holds beside its results: in `response` itself, a `RestException`, an `error`, or another
/// status in `http_code`.
pub(crate) fn beside_the_results(
    answer: &Answer,
    response: &Response<Bytes>,
    now: SystemTime,
    asked: RequestKind,
) -> Option<Error> {
    if let Some(around) = answer.around_the_results().filter(|around| around.claim() != Claim::Accepted) {
        return Some(of_item(&around, response, now, asked));
    }
    let said = ErrorMessage::beside_the_results(answer);
    let status = answer.http_status();
    let refuses = said.is_some() || status.is_some_and(|status| !status.is_success());
    refuses.then(|| of_message(&said.unwrap_or_default(), status, response, now, asked))
}

fn of_message(
    said: &ErrorMessage,
    status: Option<StatusCode>,
    response: &Response<Bytes>,
    now: SystemTime,
    asked: RequestKind,
) -> Error {
    let text = said.text("it was not taken");
    let error = match status.filter(|status| !status.is_success()) {
        Some(status) if sent_of(status) == Sent::No => Error::new(kind_of(status), text),
        Some(status) => asked.operation.mark_unknown(Error::new(kind_of(status), text)),
        None => asked.operation.mark_unknown(Error::new(ErrorKind::InvalidRequest, text)),
    };
    let status = status.unwrap_or(response.status());
    waiting(by_table(error.with_status(response.status()), said, status, asked), said, response, now)
}

/// The error for a 2xx with a documented code in place of the results; `None` without such a code.
pub(crate) fn refused_outright(
    answer: &Answer,
    response: &Response<Bytes>,
    now: SystemTime,
    asked: RequestKind,
) -> Option<Error> {
    let said = ErrorMessage::of_answer(answer);
    let fact = said.fact(response.status())?;
    let error = Error::new(fact.kind, said.text(fact.name)).with_status(response.status());
    let error = waiting(by_table(error, &said, response.status(), asked), &said, response, now);
    Some(asked.verdict(response).refused(error))
}

/// Corrects the kind of the status by the table, and that of the table by the words.
fn by_table(error: Error, said: &ErrorMessage, status: StatusCode, asked: RequestKind) -> Error {
    let Some(fact) = said.fact(status) else {
        return by_words(error.with_code(said.code().unwrap_or_default()), said, asked);
    };
    // The code as it came, also where a row stands for a range or the words quote another one.
    let is_symbol = fact.certainty == Certainty::Authoritative;
    let code = said.code().filter(|_| !is_symbol).or_else(|| said.quoted_code().filter(|_| !is_symbol));
    let error = error.with_code(code.unwrap_or(fact.code));
    if !(status.is_success() || status.is_client_error()) {
        // A gateway's 5xx is no refusal, and a redirect none of Exotel's, whatever words they carry.
        return by_words(error, said, asked);
    }
    let error = error.with_kind(fact.kind);
    // A documented code is a documented refusal: nothing was sent.
    let error = if fact.sent == Sent::No { error.mark_unsent() } else { asked.operation.mark_unknown(error) };
    by_words(error, said, asked)
}

fn by_words(error: Error, said: &ErrorMessage, asked: RequestKind) -> Error {
    match refined(error.kind(), said, asked) {
        Some(kind) => error.with_kind(kind),
        None => error,
    }
}

/// An invalid parameter is the recipient's fault if the words begin with `to`, the sender's if with `from` (inferred);
/// a refused template is answered with a plain 400 (docs, Template Messages).
fn refined(kind: ErrorKind, said: &ErrorMessage, asked: RequestKind) -> Option<ErrorKind> {
    if kind != ErrorKind::InvalidRequest || asked.operation == Operation::Read {
        return None;
    }
    let is_parameter = said.code() == Some("1002");
    // Of a batch that is refused as a whole, nothing says which recipient it is, and the others are innocent.
    if is_parameter && said.blames("to") {
        asked.is_one_message.then_some(ErrorKind::RecipientInvalid)
    } else if is_parameter && said.blames("from") {
        Some(ErrorKind::SenderNotFound)
    } else if asked.has_template && said.names_a_template() {
        Some(ErrorKind::TemplateRejected)
    } else {
        // WhatsApp's own code says more than "invalid parameter".
        said.quoted().filter(|quoted| is_parameter && quoted.sent == Sent::No).map(|quoted| quoted.kind)
    }
}

/// With the wait that the answer asks for or its limit implies, and with the sends that the limit is about.
fn waiting(error: Error, said: &ErrorMessage, response: &Response<Bytes>, now: SystemTime) -> Error {
    let error = error.with_limits(RateLimitInfo::from_headers(response.headers(), now));
    let (tier_limit, window) = TIER_LIMIT;
    match said.fact(response.status()) {
        Some(fact) if fact.code == tier_limit && error.kind() == ErrorKind::RateLimited => {
            let wait = error.retry_after().unwrap_or_default().max(window);
            error.with_retry_after(wait).with_limit_scope(Scope::Pair)
        }
        Some(fact) => platform_codes::paced(error, fact.code),
        None => error,
    }
}

#[cfg(test)]
pub(crate) mod tests;
