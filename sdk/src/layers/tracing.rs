//! One span for each call, without message texts, full numbers or credentials.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;
use tracing::{Instrument as _, Level, Span, enabled, field, info_span, warn};

use crate::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use crate::adapter::error_code::ErrorCode;
use crate::client::trace::SendTrace;
use crate::error::{Error, Result};
use crate::layers::layer::{Layer, Next};
use crate::message::receipt::Receipt;
use crate::message::{Message, MessageId};
use crate::phone::PhoneNumber;
use crate::session::Session;

/// Wraps each call into a [`tracing`] span, `transom`, and logs the outcome of each send as an event in it.
///
/// The span names channel, provider, operation, kind of content, reference, message id, the last four digits of the number, how
/// the call ended, the provider's code, and how long it took. A call whose caller stopped waiting ends as `cancelled`.
///
/// The event comes once for each send, when its outcome is final: `message accepted` (info), `message not sent` or `outcome of
/// the message unknown` (warn). It has channel, reference and message id itself, and `member` for the channel that a failover
/// chose. If the caller stopped waiting, it comes when the attempt has ended.
///
/// Neither shows a body, a full number or a credential. A reference or an id in which the contact's number stands is redacted.
///
/// A code that is in no table of the provider's is also an event, `unknown provider code`. Count these events to notice the
/// provider's new codes.
#[derive(Clone, Debug, Default)]
pub struct Tracing {
    codes: &'static [&'static [ErrorCode]],
}

impl Tracing {
    /// A layer that knows the codes in `tables`; see [`Provider::codes`](crate::adapter::Provider::codes).
    pub const fn new(codes: &'static [&'static [ErrorCode]]) -> Self {
        Self { codes }
    }

    async fn watch<T>(&self, call: Call<'_>, answer: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let mut end = End { span: &call.span, begun: Instant::now(), outcome: "cancelled" };
        let answer = answer.instrument(call.span.clone()).await;
        end.outcome = match &answer {
            Ok(_) => "ok",
            Err(error) => {
                self.record(&call, error);
                error.kind().as_str()
            }
        };
        answer
    }

    fn record(&self, call: &Call<'_>, error: &Error) {
        let span = &call.span;
        span.record("sent", error.sent().as_str());
        let Some(code) = error.code() else { return };
        let shown = call.shown(code);
        span.record("code", shown.as_str());
        let known = self.codes.iter().any(|table| ErrorCode::find(table, code).is_some());
        if !known && !self.codes.is_empty() {
            let _inside = span.enter();
            warn!(code = shown, kind = error.kind().as_str(), "unknown provider code");
        }
    }
}

/// Records how a call ended, also when its caller stopped waiting.
struct End<'a> {
    span: &'a Span,
    begun: Instant,
    outcome: &'static str,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.span.record("outcome", self.outcome);
        self.span.record("elapsed_ms", u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
}

/// A call and its span.
struct Call<'a> {
    span: Span,
    contact: Option<&'a PhoneNumber>,
    next: Next<'a>,
}

impl<'a> Call<'a> {
    /// A call whose result fields are still empty.
    fn new(operation: &'static str, next: Next<'a>, contact: Option<&'a PhoneNumber>) -> Self {
        let span = info_span!(
            "transom",
            channel = next.channel(),
            provider = next.provider(),
            operation,
            content = field::Empty,
            to = contact.map(PhoneNumber::masked),
            reference = field::Empty,
            message_id = field::Empty,
            outcome = field::Empty,
            sent = field::Empty,
            code = field::Empty,
            elapsed_ms = field::Empty,
        );
        Self { span, contact, next }
    }

    /// A send, whose outcome is logged once it is final.
    fn of_send(message: &'a Message, next: Next<'a>) -> Self {
        let call = Self::new("send", next, Some(&message.to));
        if call.span.is_disabled() && !enabled!(target: SendTrace::TARGET, Level::WARN) {
            return call;
        }
        let reference = message.reference.as_deref().map(|reference| call.shown(reference));
        call.span.record("content", message.content.capability().as_str()).record("reference", reference.as_deref());
        if let Some(tracker) = next.tracker {
            let (span, provider) = (call.span.clone(), next.provider());
            tracker.log_to(SendTrace { span, channel: next.channel.map(Arc::clone), provider, reference });
        }
        call
    }

    fn shown(&self, text: &str) -> String {
        let text = self.next.secrets.redact(text);
        match self.contact {
            Some(contact) => contact.redact_in(&text),
            None => text,
        }
    }
}

#[async_trait]
impl Layer for Tracing {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        self.watch(Call::of_send(message, next), next.send(message)).await
    }

    async fn session(&self, contact: &PhoneNumber, next: Next<'_>) -> Result<Session> {
        self.watch(Call::new("session", next, Some(contact)), next.session(contact)).await
    }

    async fn senders(&self, next: Next<'_>) -> Result<Vec<Sender>> {
        self.watch(Call::new("senders", next, None), next.senders()).await
    }

    async fn templates(&self, next: Next<'_>) -> Result<Vec<TemplateInfo>> {
        self.watch(Call::new("templates", next, None), next.templates()).await
    }

    async fn conversations(&self, filter: &ConversationFilter, next: Next<'_>) -> Result<Vec<Conversation>> {
        self.watch(Call::new("conversations", next, filter.contact.as_ref()), next.conversations(filter)).await
    }

    async fn acknowledge(
        &self,
        message_id: &MessageId,
        acknowledgement: Acknowledgement,
        next: Next<'_>,
    ) -> Result<()> {
        let call = Call::new(acknowledgement.capability().as_str(), next, None);
        self.watch(call, next.acknowledge(message_id, acknowledgement)).await
    }

    async fn identify(&self, next: Next<'_>) -> Result<Option<Identity>> {
        self.watch(Call::new("identify", next, None), next.identify()).await
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;
    use crate::adapter::Certainty;
    use crate::testing::Stub;
    use crate::{Client, ErrorKind, Sent};

    /// Collects every field of every span and event.
    #[derive(Clone, Default)]
    struct Notes(Arc<Mutex<String>>);

    impl Visit for Notes {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            writeln!(self.0.lock().unwrap(), "{field}={value:?}").unwrap();
        }
    }

    impl Subscriber for Notes {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, attributes: &Attributes<'_>) -> Id {
            attributes.record(&mut self.clone());
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, values: &Record<'_>) {
            values.record(&mut self.clone());
        }
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    const CODES: &[&[ErrorCode]] = &[&[ErrorCode {
        code: "1001",
        name: "",
        status: None,
        kind: ErrorKind::InvalidRequest,
        sent: Sent::No,
        source: "",
        certainty: Certainty::Docs,
        date: "2026-11-21",
    }]];

    /// The log lines of a text that is rejected with `code`.
    fn notes(code: &str) -> String {
        let refusal = Error::new(ErrorKind::InvalidRequest, "no").with_code(code);
        let client = Client::new(Stub::script([Err(refusal)])).layer(Tracing::new(CODES));
        noted(async move |message| assert!(client.send(message).await.is_err()))
    }

    fn noted(call: impl AsyncFnOnce(&Message)) -> String {
        let notes = Notes::default();
        let message = Message::text("+34600111222".parse().unwrap(), "a secret text");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        tracing::subscriber::with_default(notes.clone(), || runtime.block_on(call(&message)));
        Arc::try_unwrap(notes.0).unwrap().into_inner().unwrap()
    }

    #[test]
    fn id_beside_a_refusal_is_named_and_redacted() {
        for (id, shown) in [("m-9", "message_id=\"m-9\""), ("34600111222", "message_id=\"•••1222\"")] {
            let refusal = Error::new(ErrorKind::InvalidRequest, "no").naming(id.into());
            let client = Client::new(Stub::script([Err(refusal)])).layer(Tracing::new(CODES));
            let notes = noted(async move |message| assert!(client.send(message).await.is_err()));
            // Of the span and of the event.
            assert_eq!(notes.matches(shown).count(), 2, "{notes}");
        }
    }

    /// A response that never arrives.
    #[derive(Debug)]
    struct Endless;

    #[async_trait]
    impl Layer for Endless {
        async fn send(&self, _: &Message, _: Next<'_>) -> Result<Receipt> {
            std::future::pending().await
        }
    }

    #[test]
    fn a_call_whose_caller_stopped_waiting_is_cancelled() {
        let client = Client::new(Stub::accepting()).layer(Tracing::new(CODES)).layer(Endless);
        let notes = noted(async move |message| {
            tokio::select! {
                biased;
                _ = client.send(message) => unreachable!(),
                () = std::future::ready(()) => (),
            }
        });
        assert!(notes.contains("outcome=\"cancelled\"") && notes.contains("elapsed_ms="), "{notes}");
    }

    #[test]
    fn a_span_tells_who_what_and_how_it_ended_and_no_more() {
        let notes = notes("1001");
        for part in [
            "provider=\"stub\"",
            "operation=\"send\"",
            "content=\"text\"",
            "outcome=\"invalid_request\"",
            "sent=\"no\"",
            "code=\"1001\"",
            "elapsed_ms=",
        ] {
            assert!(notes.contains(part), "{part} in {notes}");
        }
        assert!(notes.contains("•••1222") && !notes.contains("34600111222"), "{notes}");
        assert!(!notes.contains("a secret text"), "{notes}");
        assert!(!notes.contains("unknown provider code"), "{notes}");
    }

    #[test]
    fn a_code_that_no_table_has_is_an_event_that_can_be_counted() {
        assert!(notes("4711").contains("unknown provider code"));
    }
}
