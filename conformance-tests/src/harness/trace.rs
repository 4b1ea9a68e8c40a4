//! The outcome of a scenario, in words that are the same for every provider.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use transom::webhook::{Event, WebhookEvents};
use transom::{Client, SendOutcome};

/// The results of all sends and webhook calls, and the delivered messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// Each send, in the order of its end.
    pub sends: Vec<SendRecord>,
    /// The delivered messages, oldest first.
    pub reached: Vec<DeliveredMessage>,
    /// The events of the provider's webhook calls, in order.
    pub events: Vec<EventRecord>,
}

/// An event of a webhook call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRecord {
    /// `status read`, `message text`, `unknown`, or `refused unauthenticated` for a call that could not be read.
    pub event: String,
    /// Whether a signature verifies it.
    pub verified: bool,
}

/// The result of one send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SendRecord {
    /// `accepted`, or the kind of the error.
    pub outcome: String,
    /// Whether the message was sent: `yes`, `no`, `maybe`.
    pub sent: &'static str,
    /// How many send requests were made.
    pub attempts: u32,
    /// Whether the fallback template was sent instead.
    pub fallback: bool,
}

/// A delivered message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveredMessage {
    /// The type of its content: `text`.
    pub content: String,
    /// The body of a text, or the name of a template; empty for other content.
    pub says: String,
}

impl fmt::Display for DeliveredMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.content, self.says)
    }
}

impl fmt::Display for SendRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcome, sent, attempts, fallback } = self;
        let fallback = if *fallback { ", as its fallback" } else { "" };
        write!(f, "{outcome}{fallback} (sent: {sent}, attempts: {attempts})")
    }
}

impl fmt::Display for EventRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, verified } = self;
        write!(f, "{}{event}", if *verified { "verified " } else { "" })
    }
}

impl Trace {
    /// The trace on one line, with counts of equal entries. Known differences are declared in this form: `sends
    /// rate_limited no/1` is the outcome, whether the message was sent, and the attempts.
    pub fn summary(&self) -> String {
        let sends = counted(self.sends.iter().map(SendRecord::briefly));
        let reached = counted(self.reached.iter().map(|message| message.content.clone()));
        let events = counted(self.events.iter().map(ToString::to_string));
        let parts = [("sends", sends), ("delivered", reached), ("events", events)];
        let parts = parts.into_iter().filter(|(_, list)| !list.is_empty());
        parts.map(|(part, list)| format!("{part} {}", list.join(", "))).collect::<Vec<_>>().join("; ")
    }
}

/// Each distinct entry with its count, in the order of the first occurrence.
fn counted(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for one in all {
        match counts.iter_mut().find(|(known, _)| *known == one) {
            Some((_, count)) => *count += 1,
            None => counts.push((one, 1)),
        }
    }
    counts.into_iter().map(|(one, count)| if count == 1 { one } else { format!("{count} × {one}") }).collect()
}

/// Records the results of every client of a harness.
#[derive(Clone, Debug, Default)]
pub(crate) struct TraceRecorder {
    sends: Arc<Mutex<Vec<SendRecord>>>,
    events: Arc<Mutex<Vec<EventRecord>>>,
}

impl TraceRecorder {
    /// `client` with this recorder.
    pub(crate) fn on(&self, client: Client) -> Client {
        let sends = Arc::clone(&self.sends);
        client.on_outcome(move |_, verdict| {
            sends.lock().unwrap_or_else(PoisonError::into_inner).push(SendRecord::of(verdict));
        })
    }

    /// Records the events of a webhook call.
    pub(crate) fn record_events(&self, answer: &transom::Result<WebhookEvents>) {
        let mut records = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(events) => records.extend(events.events.iter().map(|event| EventRecord::of(event, events.verified))),
            Err(error) => {
                records.push(EventRecord { event: format!("refused {}", error.kind().as_str()), verified: false });
            }
        }
    }

    /// Returns the trace, and empties the recorder.
    pub(crate) fn take(&self, delivered: &[Value]) -> Trace {
        Trace {
            sends: taken(&self.sends),
            reached: delivered.iter().map(DeliveredMessage::of).collect(),
            events: taken(&self.events),
        }
    }
}

fn taken<T>(list: &Mutex<Vec<T>>) -> Vec<T> {
    std::mem::take(&mut *list.lock().unwrap_or_else(PoisonError::into_inner))
}

impl EventRecord {
    fn of(event: &Event, verified: bool) -> Self {
        let event = match event {
            Event::Inbound(inbound) => {
                format!("message {}", inbound.content.to_json()["type"].as_str().unwrap_or_default())
            }
            Event::Status(update) => match &update.error {
                Some(failure) => format!("status {} {}", update.status.as_str(), failure.kind.as_str()),
                None => format!("status {}", update.status.as_str()),
            },
            Event::Conversation(_) => "conversation".to_owned(),
            Event::Template(_) => "template".to_owned(),
            Event::Challenge(_) => "challenge".to_owned(),
            _ => "unknown".to_owned(),
        };
        Self { event, verified }
    }
}

impl SendRecord {
    fn briefly(&self) -> String {
        let Self { outcome, sent, attempts, fallback } = self;
        format!("{}{outcome} {sent}/{attempts}", if *fallback { "fallback " } else { "" })
    }

    fn of(verdict: SendOutcome<'_>) -> Self {
        let (outcome, sent, attempts, fallback) = match verdict {
            SendOutcome::Accepted(receipt) => ("accepted", "yes", receipt.attempts, receipt.template_fallback),
            SendOutcome::Rejected(Some(error)) => (error.kind().as_str(), "no", error.attempts(), false),
            SendOutcome::Rejected(None) => ("given up", "no", 0, false),
            SendOutcome::Unknown(error) => (error.kind().as_str(), "maybe", error.attempts(), false),
        };
        Self { outcome: outcome.to_owned(), sent, attempts, fallback }
    }
}

impl DeliveredMessage {
    /// Reads an entry of the mock's ledger.
    fn of(message: &Value) -> Self {
        const LONGEST: usize = 60;
        let content = &message["content"];
        let says = content["body"].as_str().or_else(|| content["name"].as_str()).unwrap_or_default();
        let mut shown: String = says.chars().take(LONGEST).collect();
        if shown.len() < says.len() {
            shown.push('…');
        }
        Self { content: content["type"].as_str().unwrap_or_default().to_owned(), says: shown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_counts_equal_entries_in_order() {
        let sends =
            |outcome: &str| SendRecord { outcome: outcome.to_owned(), sent: "no", attempts: 1, fallback: false };
        let events = |verified| EventRecord { event: "status read".to_owned(), verified };
        let text = DeliveredMessage { content: "text".to_owned(), says: "hi".to_owned() };
        let trace = Trace {
            sends: ["not_found", "conflict", "not_found"].map(sends).to_vec(),
            reached: vec![text],
            events: vec![events(true), events(false)],
        };
        let sends = "sends 2 × not_found no/1, conflict no/1";
        assert_eq!(trace.summary(), format!("{sends}; delivered text; events verified status read, status read"));
        assert_eq!(Trace::default().summary(), "");
    }
}
