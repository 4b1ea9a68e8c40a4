//! `transom demo`: sends messages through each provider, against a mock server in this process.

use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use transom::config::{ChannelConfig, process_env};
use transom::{Client, Error, ErrorKind, Message, PhoneNumber, Template};
use transom_mock_server::{ControlError, InboundMessage, MockServer, Simulator};

use crate::channel::registry;
use crate::output::{Failure, Line, Output, bad, good};

pub(crate) async fn run(output: &Output) -> Result<ExitCode, Failure> {
    let mock = MockServer::start().await.map_err(|error| {
        Error::new(ErrorKind::ProviderUnavailable, "the mock cannot listen on 127.0.0.1").with_source(error)
    })?;
    let mut rows = Vec::new();
    for subject in SUBJECTS {
        let client = subject.client(&mock.url())?;
        rows.extend(steps(subject, &client, &mock).await?);
        mock.with(Simulator::reset);
    }
    let all_well = rows.iter().all(|row| row.ok);
    if output.is_json() {
        output.json(&rows);
    } else {
        print(&rows, output);
    }
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A provider in the demo.
struct Subject {
    provider: &'static str,
    /// The channel of the seeded account, for this host.
    uri: fn(&str) -> String,
    /// The error kind for a contact who never wrote.
    never: ErrorKind,
}

const SUBJECTS: &[Subject] = &[
    Subject {
        provider: "autocalls",
        uri: |host| format!("autocalls://demo-key@{host}?sender_id=12"),
        never: ErrorKind::NoActiveSession,
    },
    Subject {
        provider: "exotel",
        uri: |host| format!("exotel://demo-key:demo-token@{host}/acme?from=919876500001"),
        never: ErrorKind::NoActiveSession,
    },
    Subject {
        provider: "gosendapi",
        uri: |host| format!("gosendapi://gsk_test_demo@{host}?phone_number_id=555123456789"),
        never: ErrorKind::NoActiveSession,
    },
    Subject {
        provider: "messangi",
        uri: |host| format!("messangi://demo-key@{host}?from=5215500001111"),
        // Messangi does not tell a contact who never wrote from one who wrote long ago.
        never: ErrorKind::SessionExpired,
    },
];

impl Subject {
    fn client(&self, url: &str) -> Result<Client, Failure> {
        let host = url.trim_start_matches("http://");
        let registry = registry();
        let config = ChannelConfig::from_uri(self.provider, &(self.uri)(host), registry.providers(), process_env())?;
        Ok(registry.connect(&config)?)
    }
}

/// A step with its expected and its actual outcome.
#[derive(Serialize)]
struct Row {
    provider: &'static str,
    step: &'static str,
    expected: String,
    got: String,
    ok: bool,
}

fn refused(error: ControlError) -> Failure {
    Error::new(ErrorKind::MalformedResponse, "the mock refused a step of the demo").with_source(error).into()
}

async fn steps(subject: &Subject, client: &Client, mock: &MockServer) -> Result<Vec<Row>, Failure> {
    let contact: PhoneNumber = "+5491155550123".parse().map_err(Error::from)?;
    let text = || Message::text(contact.clone(), "Your parcel leaves today.");
    let with_fallback = || text().with_fallback(Template::new("re_engagement_v1"));
    let provider = subject.provider;
    let row = |step, expected: &str, got: String| Row {
        provider,
        step,
        ok: got == expected,
        expected: expected.to_owned(),
        got,
    };

    let mut rows = Vec::new();
    rows.push(row("a text to a contact who never wrote", subject.never.as_str(), outcome(client, &text()).await));
    let inbound = InboundMessage::text(provider, &contact.to_string(), "Where is it?");
    mock.with(|simulator, now| simulator.receive(now, &inbound)).map_err(refused)?;
    rows.push(row("a text after the contact wrote", "accepted", outcome(client, &text()).await));
    mock.advance(Duration::from_secs(25 * 3_600)).await.map_err(refused)?;
    rows.push(row("the same text 25 hours later", "session_expired", outcome(client, &text()).await));
    rows.push(row("the same text with a fallback", "accepted as a template", outcome(client, &with_fallback()).await));
    Ok(rows)
}

async fn outcome(client: &Client, message: &Message) -> String {
    match client.send(message).await {
        Ok(receipt) if receipt.template_fallback => "accepted as a template".to_owned(),
        Ok(_) => "accepted".to_owned(),
        Err(error) if error.may_have_been_sent() => format!("unknown: {error}"),
        Err(error) => error.kind().as_str().to_owned(),
    }
}

fn print(rows: &[Row], output: &Output) {
    const TITLES: [&str; 3] = ["PROVIDER", "STEP", "GOT"];
    let width = |title: &str, of: fn(&Row) -> &str| {
        rows.iter().map(|row| of(row).chars().count()).chain([title.len()]).max().unwrap_or_default()
    };
    let [a, b, c] = TITLES;
    let (provider, step, got) = (width(a, |row| row.provider), width(b, |row| row.step), width(c, |row| &row.got));
    output.line(format!("{a:provider$}  {b:step$}  {c}"));
    let mut last = "";
    for row in rows {
        // Only the first line of a provider names it.
        let name = if row.provider == last { "" } else { row.provider };
        last = row.provider;
        let mark = if row.ok { good("as stated") } else { bad(&format!("expected {}", row.expected)) };
        output.line(Line::from(format!("{name:provider$}  {:step$}  {:got$}  ", row.step, row.got)).then(&mark));
    }
}
