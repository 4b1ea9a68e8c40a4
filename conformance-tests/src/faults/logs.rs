//! Searches every log line, at every level, for planted secrets.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::canary;
use crate::assertions::{Check, unexpected};

static SEARCHED: Mutex<Searched> = Mutex::new(Searched { lines: BTreeMap::new(), leaks: Vec::new() });

/// The result of the search so far.
#[derive(Clone, Debug)]
pub(crate) struct Searched {
    /// The number of lines of each crate.
    pub(crate) lines: BTreeMap<String, u64>,
    /// The lines with a secret.
    pub(crate) leaks: Vec<String>,
}

/// Starts the search of all lines logged through `tracing` or `log`.
pub(crate) fn search() -> Check {
    tracing::subscriber::set_global_default(Lines).map_err(unexpected)?;
    log::set_logger(&Lines).map_err(unexpected)?;
    log::set_max_level(log::LevelFilter::Trace);
    Ok(())
}

pub(crate) fn searched() -> Searched {
    SEARCHED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn note(target: &str, line: &str) {
    let mut searched = SEARCHED.lock().unwrap_or_else(PoisonError::into_inner);
    let name = target.split("::").next().unwrap_or(target);
    *searched.lines.entry(name.to_owned()).or_default() += 1;
    if let Some(found) = canary::found_in(line) {
        searched.leaks.push(format!("{target} logs {found}: {line}"));
    }
}

/// Receives every line.
struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        note(record.target(), &record.args().to_string());
    }

    fn flush(&self) {}
}

/// The fields of a span or an event as one line.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        note(span.metadata().target(), &fields.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        note("transom", &fields.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        note(event.metadata().target(), &fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
