//! What a scenario comes to, in words that are the same for every provider.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use transom::{Client, Verdict};

/// What the caller was told of each send, and what reached people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// Each send, in the order in which they ended.
    pub sends: Vec<Told>,
    /// What reached people, oldest first.
    pub reached: Vec<Arrived>,
}

/// What the caller was told of one send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// `accepted`, or the kind of the error.
    pub outcome: String,
    /// Whether it is out: `yes`, `no`, `maybe`.
    pub sent: &'static str,
    /// How many send requests were made.
    pub attempts: u32,
    /// Whether the fallback went in its place.
    pub fallback: bool,
}

/// A message that reached a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrived {
    /// The type of its content: `text`.
    pub content: String,
    /// What the text said, or the template's name; empty for the others.
    pub says: String,
}

impl fmt::Display for Arrived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.content, self.says)
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcome, sent, attempts, fallback } = self;
        let fallback = if *fallback { ", as its fallback" } else { "" };
        write!(f, "{outcome}{fallback} (sent: {sent}, attempts: {attempts})")
    }
}

/// Listens to every client of a stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ear(Arc<Mutex<Vec<Told>>>);

impl Ear {
    /// `client`, listened to.
    pub(crate) fn on(&self, client: Client) -> Client {
        let told = Arc::clone(&self.0);
        client.on_verdict(move |_, verdict| {
            told.lock().unwrap_or_else(PoisonError::into_inner).push(Told::of(verdict));
        })
    }

    /// All that was heard, and what reached people.
    pub(crate) fn take(&self, delivered: &[Value]) -> Trace {
        let sends = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Trace { sends, reached: delivered.iter().map(Arrived::of).collect() }
    }
}

impl Told {
    fn of(verdict: Verdict<'_>) -> Self {
        let (outcome, sent, attempts, fallback) = match verdict {
            Verdict::Taken(receipt) => ("accepted", "yes", receipt.attempts, receipt.template_fallback),
            Verdict::NotSent(Some(error)) => (error.kind().as_str(), "no", error.attempts(), false),
            Verdict::NotSent(None) => ("given up", "no", 0, false),
            Verdict::Unknown(error) => (error.kind().as_str(), "maybe", error.attempts(), false),
        };
        Self { outcome: outcome.to_owned(), sent, attempts, fallback }
    }
}

impl Arrived {
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
