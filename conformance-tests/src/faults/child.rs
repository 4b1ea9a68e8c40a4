//! Cases that need their own process: a limit on descriptors, an environment, a panic.

use std::fs::File;
use std::process::{Command, ExitCode, Output};
use std::sync::Arc;

use serde_json::{Value, json};
use transom::config::{ChannelConfig, process_env};
use transom::{Message, PhoneNumber, Registry};

use super::canary;
use super::case::FaultCase;
use super::harness::FaultHarness;
use super::profile::{self, FaultProfile};
use super::script::{Step, answer};
use crate::assertions::{Check, Failure, ensure, unexpected};

/// Tells a process that it is a child, and its task.
const ACT: &str = "TRANSOM_FAULTS_ACT";
const URI: &str = "TRANSOM_FAULTS_URI";
const TO: &str = "TRANSOM_FAULTS_TO";

/// The task of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Sends when no file descriptor is left.
    Starved,
    /// Sends when the environment names a proxy.
    Proxied,
    /// Panics with all its values in the message.
    Panics,
}

/// The case of a child.
pub(crate) fn case(s: &'static FaultProfile, act: Act) -> Vec<FaultCase> {
    let case = FaultCase::own(s, format!("{act:?}"), move |harness| async move {
        let run = Arc::clone(&harness);
        // The listener keeps running meanwhile.
        let output = tokio::task::spawn_blocking(move || start(&run, act)).await;
        let output = output.map_err(unexpected)?.map_err(|error| format!("no child: {error}"))?;
        check(&harness, act, &output)
    });
    vec![case.plays([Step::Take, answer()])]
}

fn start(harness: &FaultHarness, act: Act) -> std::io::Result<Output> {
    let program = std::env::current_exe()?;
    let mut command = if act == Act::Starved {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -n 64; exec \"$0\""]).arg(program);
        shell
    } else {
        Command::new(program)
    };
    let host = harness.base_url.trim_start_matches("http://");
    let uri = (harness.profile.uri)(&harness.canaries).replace("{host}", host);
    command.env(ACT, format!("{act:?}")).env(URI, uri).env(TO, &harness.canaries.to).env("RUST_BACKTRACE", "full");
    if act == Act::Proxied {
        let proxy = format!("http://{}", harness.decoy.address());
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(name, &proxy);
        }
        command.env_remove("NO_PROXY").env_remove("no_proxy");
    }
    command.output()
}

fn check(harness: &FaultHarness, act: Act, output: &Output) -> Check {
    let (said, cried) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for text in [&said, &cried] {
        if let Some(found) = canary::found_in(text) {
            return Err(format!("the child shows {found}: {text}").into());
        }
    }
    if act == Act::Panics {
        return ensure(
            !output.status.success() && cried.contains("panicked"),
            format_args!("it did not panic: {cried}"),
        );
    }
    let reported: Value = serde_json::from_str(&said).map_err(|error| format!("{error}: {said} {cried}"))?;
    let expected = match act {
        Act::Starved => json!({ "kind": "provider_unavailable", "sent": "no" }),
        _ => json!({ "kind": null, "sent": "yes" }),
    };
    ensure(reported == expected, format_args!("expected {expected}, got {reported}"))?;
    let lines = harness.provider.ledger().len();
    let expected = usize::from(act == Act::Proxied);
    ensure(lines == expected, format_args!("expected {expected} lines in the ledger, got {lines}"))
}

/// Runs the child's task, if this process is a child.
pub(crate) fn live() -> Option<ExitCode> {
    let act = std::env::var(ACT).ok()?;
    Some(match act_out(&act) {
        Ok(reported) => {
            println!("{reported}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            println!("{}", json!({ "problem": problem.to_string() }));
            ExitCode::FAILURE
        }
    })
}

fn act_out(act: &str) -> Result<Value, Failure> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let uri = std::env::var(URI).map_err(|error| text(&error))?;
    let registry = profile::ALL
        .iter()
        .fold(Registry::default(), |registry, profile| registry.with_provider(profile.adapter.provider));
    let config = ChannelConfig::from_uri("child", &uri, registry.providers(), process_env());
    let client = registry.connect(&config.map_err(|error| text(&error))?).map_err(|error| text(&error))?;
    let to = PhoneNumber::from_e164(&std::env::var(TO).unwrap_or_default()).map_err(|error| text(&error))?;
    let message = Message::text(to, "Your parcel leaves today.");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| text(&error))?;
    if act == "Panics" {
        panics(&format!("{client:?} {message:?} {runtime:?}"));
    }
    let mut held = Vec::new();
    if act == "Starved" {
        held.extend(std::iter::from_fn(|| File::open("/dev/null").ok()));
    }
    let reported = match runtime.block_on(client.send(&message)) {
        Ok(_) => json!({ "kind": null, "sent": "yes" }),
        Err(error) => json!({ "kind": error.kind().as_str(), "sent": error.sent().as_str() }),
    };
    drop(held);
    Ok(reported)
}

#[allow(clippy::panic, reason = "what a panic prints is what is looked at")]
fn panics(words: &str) {
    panic!("{words}");
}
