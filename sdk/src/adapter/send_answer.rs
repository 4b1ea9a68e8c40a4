//! The verdict on an answer to a send.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::json;
use crate::error::{Error, Result, Unsent};
use crate::message::id::MessageId;
use crate::transport::{Operation, kind_of, unreadable};

/// Where a provider puts the ids of an accepted message, as [paths](json::ids).
#[derive(Clone, Copy, Debug)]
pub struct IdPlaces {
    /// The id that its webhook events carry, which stands on the receipt. An earlier place counts before a later one.
    pub receipt: &'static [&'static str],
    /// Other ids that only the answer to an accepted message has.
    pub others: &'static [&'static str],
}

/// An answer to a send: whether it names a message, and what follows from a refusal beside it.
///
/// An adapter reads the refusal in the provider's own terms. This type decides what both prove. An answer that names a
/// message has not proved that the message was refused, whatever its status, code or words say.
///
/// ```
/// use transom::adapter::{IdPlaces, Operation, SendAnswer};
/// use transom::{Error, ErrorKind};
///
/// const IDS: IdPlaces = IdPlaces { receipt: &["data.id"], others: &[] };
/// let answer = |body: &'static str| SendAnswer::of(&http::Response::new(body.into()), Operation::Send, IDS);
/// let refusal = || Error::new(ErrorKind::RateLimited, "too fast");
///
/// assert_eq!(answer(r#"{"data":{"id":"m1"}}"#).accepted()?.as_str(), "m1");
/// assert!(!answer(r#"{"data":{"id":null}}"#).refused(refusal()).may_have_been_sent());
/// let contradiction = answer(r#"{"data":{"id":"m1"}}"#).refused(refusal());
/// assert!(contradiction.may_have_been_sent());
/// assert_eq!(contradiction.message_id().map(|id| id.as_str()), Some("m1"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct SendAnswer {
    status: StatusCode,
    operation: Operation,
    receipt_id: Option<MessageId>,
    /// Any id of a message.
    named: Option<MessageId>,
    names_several: bool,
}

impl SendAnswer {
    /// The answer in `response`.
    pub fn of(response: &Response<Bytes>, operation: Operation, places: IdPlaces) -> Self {
        Self::within(response.body(), response.status(), operation, places)
    }

    /// The part `body` of an answer with this status: the result of one message of several.
    pub fn within(body: &[u8], status: StatusCode, operation: Operation, places: IdPlaces) -> Self {
        let all = [places.receipt, places.others].concat();
        let found = json::ids_at(body, &all);
        let first = found.first();
        let is_other = |(_, id): &(usize, String)| first.is_some_and(|(_, first)| first != id);
        let names_several = found.iter().any(is_other);
        let id = first.filter(|(place, _)| *place < places.receipt.len());
        let is_clear = !found.iter().any(|other| id.is_some_and(|id| id.0 == other.0) && is_other(other));
        let [named, receipt_id] =
            [first, id.filter(|_| is_clear)].map(|id| id.map(|(_, id)| MessageId::from(id.as_str())));
        Self { status, operation, receipt_id, named, names_several }
    }

    /// Whether it names a message.
    pub const fn names_a_message(&self) -> bool {
        self.named.is_some()
    }

    /// The word with which the answer says that the message is held back: `message_status`, where it is `paused` or another
    /// word than acceptance. WhatsApp's page has it beside the id; a provider may pass it on in any place (inferred).
    pub fn held(body: &[u8]) -> Option<String> {
        const NAMES: [&str; 2] = ["message_status", "messageStatus"];
        // Most answers do not have it.
        let body = std::str::from_utf8(body).ok().filter(|body| NAMES.iter().any(|name| body.contains(name)))?;
        let word = first_text(&serde_json::from_str(body).ok()?, &NAMES)?;
        let is_word = word.len() <= 64 && word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        let is_accepted = ["accepted", "queued", "sent"].iter().any(|usual| word.eq_ignore_ascii_case(usual));
        (is_word && !is_accepted).then_some(word)
    }

    /// The verdict on an answer that holds no refusal: the id for the receipt.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedResponse`](crate::ErrorKind::MalformedResponse), with an unknown outcome, if there is no id.
    pub fn accepted(self) -> Result<MessageId> {
        self.receipt_id.ok_or_else(|| unreadable(self.status, self.operation, "there is no message id in the answer"))
    }

    /// The verdict on an answer that holds `refusal`, by its status or in its body. The refusal says what the provider's
    /// tables know: [`mark_unsent`](Error::mark_unsent) for a documented one.
    ///
    /// Beside the id of a message it proves nothing: the outcome is unknown, and the kind and the code are kept. A refusal
    /// for the session window counts only under a status that can mean it. Under a 401 it has the kind of the status.
    pub fn refused(&self, refusal: Error) -> Error {
        let refusal = self.by_status(refusal);
        match &self.named {
            Some(id) if self.operation != Operation::Read => refusal.naming(id.clone()),
            _ => refusal,
        }
    }

    /// As [`refused`](Self::refused), for a message status of which the provider's page says that such a message was not
    /// sent. Then its id is the id of a message that nobody got. An answer with several ids is about more than that.
    pub fn refused_despite_its_id(&self, refusal: Error) -> Error {
        if self.names_several { self.refused(refusal) } else { self.by_status(refusal) }
    }

    /// A closed window is no reason for a 401, a 402 or a 429.
    fn by_status(&self, refusal: Error) -> Error {
        let can_mean_window = self.status.is_success() || matches!(self.status.as_u16(), 400 | 403 | 410 | 422);
        if refusal.unsent().is_some_and(Unsent::allows_template) && !can_mean_window {
            refusal.with_kind(kind_of(self.status))
        } else {
            refusal
        }
    }
}

/// The first non-empty text under one of `names`, at any depth.
fn first_text(value: &Value, names: &[&str]) -> Option<String> {
    match value {
        Value::Object(members) => {
            let own = names.iter().find_map(|name| members.get(*name)?.as_str().filter(|text| !text.is_empty()));
            own.map(str::to_owned).or_else(|| members.values().find_map(|inner| first_text(inner, names)))
        }
        Value::Array(items) => items.iter().find_map(|item| first_text(item, names)),
        _ => None,
    }
}

/// Whether `word`, as the status of a message in an answer, says that the message was not taken: `failed`, `rejected` and
/// the like, in any case. Providers document few of their words, and an id beside such a word is no acceptance.
pub fn is_refusing_word(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "fail",
        "failed",
        "failure",
        "error",
        "errored",
        "rejected",
        "rejectd",
        "refused",
        "declined",
        "denied",
        "undelivered",
        "undeliv",
        "undeliverable",
        "not_sent",
        "unsent",
        "invalid",
        "blocked",
        "blacklisted",
        "canceled",
        "cancelled",
        "expired",
    ];
    WORDS.iter().any(|refusing| word.trim().eq_ignore_ascii_case(refusing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorKind, Sent};

    const PLACES: IdPlaces = IdPlaces { receipt: &["wamid"], others: &["id"] };

    fn answer(status: u16, body: &'static str, operation: Operation) -> SendAnswer {
        let response = Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap();
        SendAnswer::of(&response, operation, PLACES)
    }

    #[test]
    fn any_id_beside_a_refusal_leaves_the_outcome_unknown() {
        for (body, sent) in [
            (r#"{"wamid":"w1"}"#, Sent::Maybe),
            (r#"{"id":7}"#, Sent::Maybe),
            (r#"{"wamid":null,"id":" "}"#, Sent::No),
            (r#"{"wamid":"null","id":0}"#, Sent::No),
            ("", Sent::No),
        ] {
            for status in [200, 400, 401, 402, 403, 404, 410, 421, 429, 503] {
                for &kind in ErrorKind::ALL {
                    let refusal = || Error::new(kind, "no").with_code("77").mark_unsent();
                    let error = answer(status, body, Operation::Send).refused(refusal());
                    assert_eq!((error.sent(), error.code()), (sent, Some("77")), "{status} {body}");
                    let read = answer(status, body, Operation::Read).refused(refusal());
                    assert_eq!(read.sent(), Sent::No, "a lookup sends nothing");
                    let stated = answer(status, body, Operation::Send).refused_despite_its_id(refusal());
                    assert_eq!(stated.sent(), Sent::No);
                    let several = answer(status, r#"{"wamid":"w1","id":7}"#, Operation::Send);
                    assert_eq!(several.refused_despite_its_id(refusal()).sent(), Sent::Maybe);
                }
            }
        }
    }

    #[test]
    fn only_the_receipts_own_id_is_acceptance() {
        assert_eq!(answer(200, r#"{"wamid":"w1","id":7}"#, Operation::Send).accepted().unwrap().as_str(), "w1");
        for body in [r#"{"id":7}"#, r#"{"wamid":"0"}"#, r#"{"wamid":"w1","wamid":"w2"}"#, "", "{"] {
            let error = answer(200, body, Operation::Send).accepted().unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
        }
    }

    #[test]
    fn held_message_has_the_providers_word() {
        for (body, word) in [
            (
                r#"{"messages":[{"id":"w1","message_status":"held_for_quality_assessment"}]}"#,
                Some("held_for_quality_assessment"),
            ),
            (r#"{"data":{"id":"w1","messageStatus":"paused"}}"#, Some("paused")),
            (r#"{"id":"w1","message_status":"a_new_word"}"#, Some("a_new_word")),
            (r#"{"messages":[{"id":"w1","message_status":"accepted"}]}"#, None),
            (r#"{"id":"w1","message_status":""}"#, None),
            (r#"{"id":"w1","message_status":"to +34611222333"}"#, None),
            (r#"{"id":"w1","message_status":7}"#, None),
            (r#"{"id":"w1","status":"paused"}"#, None),
            ("message_status", None),
        ] {
            assert_eq!(SendAnswer::held(body.as_bytes()).as_deref(), word, "{body}");
        }
    }

    #[test]
    fn window_counts_only_under_a_status_that_can_mean_it() {
        for (status, kind) in [
            (200, ErrorKind::SessionExpired),
            (400, ErrorKind::SessionExpired),
            (403, ErrorKind::SessionExpired),
            (410, ErrorKind::SessionExpired),
            (422, ErrorKind::SessionExpired),
            (401, ErrorKind::Unauthenticated),
            (402, ErrorKind::InsufficientBalance),
            (404, ErrorKind::NotFound),
            (429, ErrorKind::RateLimited),
        ] {
            let refusal = Error::new(ErrorKind::SessionExpired, "24 hours");
            assert_eq!(answer(status, "", Operation::Send).refused(refusal).kind(), kind, "{status}");
        }
    }
}
