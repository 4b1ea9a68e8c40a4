//! `transom explain`: the meaning of a provider's error code, with its source.

use std::process::ExitCode;

use serde::Serialize;
use transom::adapter::ErrorCode;
use transom::config::hint;
use transom::{Error, ErrorKind};

use crate::args::ExplainArgs;
use crate::channel::registry;
use crate::output::{Failure, Line, Output, good};

pub(crate) fn run(args: &ExplainArgs, output: &Output) -> Result<ExitCode, Failure> {
    let registry = registry();
    let provider = registry.provider(&args.provider)?;
    let Some(code) = args.code.as_deref().map(str::trim) else {
        let rows = provider.codes.iter().flat_map(|table| table.iter());
        return Ok(print(&rows.map(|fact| Row::new(provider.name, fact.code, fact)).collect::<Vec<_>>(), output));
    };
    if code.is_empty() {
        return Err(Failure::usage("CODE: expected an error code, got an empty text"));
    }
    let tables = provider.codes;
    // The deciding row of each table, because a code can have another meaning in each.
    let facts: Vec<&ErrorCode> = tables.iter().flat_map(|table| rows(table, code)).collect();
    // A family's own number has a row of its own in another table: `TWILIO_ERROR_63016`.
    let number = facts.iter().find_map(|fact| code.strip_prefix(fact.code.strip_suffix('*')?));
    // Short numbers are WhatsApp's and no family's.
    let number = number.filter(|number| number.len() >= 5);
    let by_number = |number| tables.iter().flat_map(|table| rows(table, number)).collect::<Vec<_>>();
    let facts = number.map(by_number).filter(|rows| !rows.is_empty()).unwrap_or(facts);
    let is_status = |fact: &&ErrorCode| fact.status.is_some_and(|status| status.to_string() == code);
    let with_status = tables.iter().flat_map(|table| table.iter()).filter(is_status);
    // Or an HTTP status: the codes that come with it.
    let with_status =
        with_status.filter(|fact| !facts.contains(fact)).map(|fact| Row::new(provider.name, fact.code, fact));
    let rows: Vec<Row<'_>> = facts.iter().map(|fact| Row::new(provider.name, code, fact)).chain(with_status).collect();
    if rows.is_empty() {
        let known = tables.iter().flat_map(|table| table.iter().map(|fact| fact.code));
        let hint = hint(code, known);
        let error = Error::new(
            ErrorKind::NotFound,
            format!("code `{code}` is not documented{hint}; the HTTP status decides the error kind"),
        );
        return Err(Failure::from(error.with_provider(provider.name)));
    }
    Ok(print(&rows, output))
}

fn print(rows: &[Row<'_>], output: &Output) -> ExitCode {
    if output.is_json() {
        output.json(&rows);
    } else {
        for row in rows {
            row.lines().into_iter().for_each(|line| output.line(line));
        }
    }
    ExitCode::SUCCESS
}

/// The rows with this code, or else the rows whose code family or name matches.
fn rows<'t>(table: &'t [ErrorCode], code: &str) -> Vec<&'t ErrorCode> {
    let exact: Vec<_> = table.iter().filter(|fact| fact.code == code).collect();
    if !exact.is_empty() {
        return exact;
    }
    // A name may have a text after a colon.
    table.iter().filter(|fact| fact.matches(code) || fact.name.split(':').next() == Some(code)).collect()
}

#[derive(Serialize)]
struct Row<'a> {
    provider: &'static str,
    code: &'a str,
    name: &'static str,
    kind: &'static str,
    sent: &'static str,
    advice: &'static str,
    source: &'static str,
    certainty: &'static str,
    date: &'static str,
    /// The documented HTTP status.
    status: Option<u16>,
}

impl<'a> Row<'a> {
    fn new(provider: &'static str, code: &'a str, fact: &ErrorCode) -> Self {
        Self {
            provider,
            code,
            name: fact.name,
            kind: fact.kind.as_str(),
            sent: fact.sent.as_str(),
            advice: fact.kind.advice(),
            source: fact.source,
            certainty: fact.certainty.as_str(),
            date: fact.date,
            status: fact.status,
        }
    }

    fn lines(&self) -> [Line; 3] {
        let name = if self.name.is_empty() { String::new() } else { format!(" ({})", self.name) };
        let status = self.status.map(|status| format!(" with HTTP {status}")).unwrap_or_default();
        let sent = if self.sent == "no" { "nothing was sent" } else { "it may have been sent" };
        [
            Line::from(format!("{} {}{name}{status}: ", self.provider, self.code))
                .then(&good(self.kind))
                .text(format!("; {sent}")),
            Line::from(format!("  advice: {}", self.advice)),
            Line::from(format!("  source: {} ({}, read {})", self.source, self.certainty, self.date)),
        ]
    }
}
