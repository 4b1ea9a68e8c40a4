//! One span for each call, without message texts, full numbers or credentials.

use async_trait::async_trait;
use tokio::time::Instant;
use tracing::{Instrument as _, Span, field, info_span, warn};

use crate::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use crate::adapter::error_code::ErrorCode;
use crate::error::{Error, Result};
use crate::layers::layer::{Layer, Next};
use crate::message::receipt::Receipt;
use crate::message::{Message, MessageId};
use crate::phone::PhoneNumber;
use crate::session::Session;

/// Wraps each call into a [`tracing`] span: provider, operation, kind of content, the last four digits of the number, how
/// it ended, the provider's code, how long it took. Never a body, never a full number, never a credential. A call whose caller
/// stopped waiting ends as `cancelled`; [`Client::on_outcome`](crate::Client::on_outcome) then gets the message's outcome.
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

    async fn watch<T>(&self, span: Span, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let mut end = End { span: &span, begun: Instant::now(), outcome: "cancelled" };
        let answer = call.instrument(span.clone()).await;
        end.outcome = match &answer {
            Ok(_) => "ok",
            Err(error) => {
                self.record(&span, error);
                error.kind().as_str()
            }
        };
        answer
    }

    fn record(&self, span: &Span, error: &Error) {
        span.record("sent", error.sent().as_str());
        let Some(code) = error.code() else { return };
        span.record("code", code);
        let known = self.codes.iter().any(|table| ErrorCode::find(table, code).is_some());
        if !known && !self.codes.is_empty() {
            let _inside = span.enter();
            warn!(code, kind = error.kind().as_str(), "unknown provider code");
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

/// A span whose result fields are still empty.
fn span(operation: &'static str, next: Next<'_>, content: Option<&'static str>, to: Option<&PhoneNumber>) -> Span {
    info_span!(
        "transom",
        provider = next.provider(),
        operation,
        content,
        to = to.map(PhoneNumber::masked),
        outcome = field::Empty,
        sent = field::Empty,
        code = field::Empty,
        elapsed_ms = field::Empty,
    )
}

#[async_trait]
impl Layer for Tracing {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        let content = message.content.capability().as_str();
        self.watch(span("send", next, Some(content), Some(&message.to)), next.send(message)).await
    }

    async fn session(&self, contact: &PhoneNumber, next: Next<'_>) -> Result<Session> {
        self.watch(span("session", next, None, Some(contact)), next.session(contact)).await
    }

    async fn senders(&self, next: Next<'_>) -> Result<Vec<Sender>> {
        self.watch(span("senders", next, None, None), next.senders()).await
    }

    async fn templates(&self, next: Next<'_>) -> Result<Vec<TemplateInfo>> {
        self.watch(span("templates", next, None, None), next.templates()).await
    }

    async fn conversations(&self, filter: &ConversationFilter, next: Next<'_>) -> Result<Vec<Conversation>> {
        self.watch(span("conversations", next, None, filter.contact.as_ref()), next.conversations(filter)).await
    }

    async fn acknowledge(
        &self,
        message_id: &MessageId,
        acknowledgement: Acknowledgement,
        next: Next<'_>,
    ) -> Result<()> {
        let span = span(acknowledgement.capability().as_str(), next, None, None);
        self.watch(span, next.acknowledge(message_id, acknowledgement)).await
    }

    async fn identify(&self, next: Next<'_>) -> Result<Option<Identity>> {
        self.watch(span("identify", next, None, None), next.identify()).await
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
