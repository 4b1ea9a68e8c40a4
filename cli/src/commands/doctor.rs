//! `transom doctor`: checks the configuration and, with `--live`, the credentials.

use std::process::ExitCode;

use serde::Serialize;
use transom::account::ConversationFilter;
use transom::{Capability, Client, Error, ErrorKind};

use crate::args::{Common, DoctorArgs};
use crate::channel::registry;
use crate::output::{Failure, Output, bad, good};
use crate::target;

pub(crate) async fn run(common: &Common, args: &DoctorArgs, output: &Output) -> Result<ExitCode, Failure> {
    let mut findings = Vec::new();
    for config in target::all(common, output)? {
        let connected = registry().connect(&config);
        let warning = connected.as_ref().ok().and_then(Client::warning);
        let mut finding = match connected {
            Err(error) => Finding::wrong(config.name(), config.provider(), &error),
            Ok(client) if args.live => match probe(&client).await {
                None => Finding::right(
                    config.name(),
                    config.provider(),
                    "configured; this provider has no request without a send",
                ),
                Some(Ok(())) => Finding::right(config.name(), config.provider(), "configured, credentials accepted"),
                Some(Err(error)) => Finding::wrong(config.name(), config.provider(), &error),
            },
            Ok(_) => Finding::right(config.name(), config.provider(), "configured"),
        };
        finding.lines.extend(warning.map(|warning| format!("warning: {warning}")));
        findings.push(finding);
    }
    for (name, members) in target::failovers(common)? {
        findings.push(Finding {
            channel: name,
            provider: None,
            ok: true,
            lines: vec![format!("failover to {}", members.join(", "))],
        });
    }
    if findings.is_empty() {
        return Err(Failure::usage("no channel is configured; `transom init` writes an example"));
    }
    let well = findings.iter().all(|finding| finding.ok);
    if output.is_json() {
        output.json(&findings);
    } else {
        for finding in &findings {
            let mark = if finding.ok { good("ok") } else { bad("error") };
            let provider = finding.provider.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            for line in &finding.lines {
                output.line(mark.clone().text(format!("  {}{provider}: {line}", finding.channel)));
            }
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(if args.live { 1 } else { 2 }) })
}

/// Sends the provider a free request. Returns `None` if the channel has none.
async fn probe(client: &Client) -> Option<Result<(), Error>> {
    let can = client.capabilities();
    let answer = if can.contains(Capability::Senders) {
        Some(client.senders().await.map(drop))
    } else if can.contains(Capability::Templates) {
        Some(client.templates().await.map(drop))
    } else if can.contains(Capability::Conversations) {
        Some(client.conversations(&ConversationFilter::default()).await.map(drop))
    } else {
        None
    };
    // A list may need a setting that a send does not need.
    answer.filter(|answer| !answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Config))
}

#[derive(Serialize)]
struct Finding {
    channel: String,
    /// None for a failover channel.
    provider: Option<String>,
    ok: bool,
    lines: Vec<String>,
}

impl Finding {
    fn right(channel: &str, provider: &str, line: &str) -> Self {
        Self {
            channel: channel.to_owned(),
            provider: Some(provider.to_owned()),
            ok: true,
            lines: vec![line.to_owned()],
        }
    }

    fn wrong(channel: &str, provider: &str, error: &Error) -> Self {
        let problems = error.problems();
        let lines = if problems.is_empty() { vec![error.to_string()] } else { problems.to_vec() };
        Self { channel: channel.to_owned(), provider: Some(provider.to_owned()), ok: false, lines }
    }
}
