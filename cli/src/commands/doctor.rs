//! `transom doctor`: checks the configuration and, with `--live`, the credentials.

use std::process::ExitCode;

use serde::Serialize;
use transom::account::Identity;
use transom::{Client, Error};

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
            Ok(client) if args.live => match client.identify().await {
                Ok(identity) => Finding::right(config.name(), config.provider(), &proved(identity.as_ref())),
                Err(error) => Finding::wrong(config.name(), config.provider(), &error),
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

/// What the provider's answer proves.
fn proved(identity: Option<&Identity>) -> String {
    match identity.map(|identity| identity.sender.as_ref()) {
        None => "configured; this provider has no request without a send".to_owned(),
        Some(None) => "configured, credentials accepted".to_owned(),
        Some(Some(sender)) => format!("configured, credentials accepted, sender {} is {}", sender.id, sender.status),
    }
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
