//! Results and errors: short lines or JSON, and the exit code.

mod escape;
mod line;

use std::io::{self, Write as _, stderr, stdout};
use std::process::ExitCode;
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::{Value, json};
use transom::config::ChannelConfig;
use transom::error::FailedAttempt;
use transom::{Error, ErrorKind, Registry, Sent};

use crate::redact::{masked, masked_argument};

pub(crate) use escape::{json as json_line, pretty_json};
pub(crate) use line::{Line, bad, doubt, good};

/// The form of results.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    /// The first failed write to the standard output.
    lost: OnceLock<io::Error>,
}

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// The channel, if it is known; for a failover channel, the member.
    pub(crate) channel: Option<String>,
    /// The failover channel, if `channel` is one of its members.
    pub(crate) failover: Option<String>,
    pub(crate) provider: Option<&'static str>,
    /// Bad flags or unreadable input (2), or a signal, whatever the error kind.
    exit_code: Option<u8>,
}

impl Failure {
    /// A bad command line, or an unreadable file named by it.
    pub(crate) fn usage(problem: impl Into<String>) -> Self {
        let error = Error::invalid(ErrorKind::InvalidRequest, vec![problem.into()]);
        Self { exit_code: Some(2), ..Self::from(error) }
    }

    /// A failure on this channel.
    pub(crate) fn on(error: Error, channel: &str, provider: &'static str) -> Self {
        let member = error.channel().map(str::to_owned);
        let failover = member.is_some().then(|| channel.to_owned());
        let channel = member.unwrap_or_else(|| channel.to_owned());
        Self { channel: Some(channel), failover, provider: Some(provider), ..Self::from(error) }
    }

    /// The same failure, on a failover channel.
    pub(crate) fn named(self, channel: &str) -> Self {
        Self { channel: Some(channel.to_owned()), ..self }
    }

    /// The same failure, of this provider.
    pub(crate) fn by(self, provider: &'static str) -> Self {
        Self { provider: Some(provider), ..self }
    }

    /// The same failure, with this exit code if nothing was sent.
    pub(crate) fn with_exit_code(self, code: u8) -> Self {
        Self { exit_code: Some(code), ..self }
    }

    /// A failure in the configuration of this channel.
    pub(crate) fn in_channel(error: Error, config: &ChannelConfig, registry: &Registry) -> Self {
        let provider = registry.providers().iter().find(|provider| provider.name == config.provider());
        Self {
            channel: Some(config.name().to_owned()),
            provider: provider.map(|known| known.name),
            ..Self::from(error)
        }
    }

    /// The standard output does not take what a command prints.
    fn of_output(error: &io::Error) -> Self {
        Error::invalid(ErrorKind::Config, vec![format!("the standard output cannot be written: {error}")]).into()
    }

    fn exit_code(&self) -> u8 {
        match (self.error.sent(), self.error.kind()) {
            (Sent::No, ErrorKind::Config) => 2,
            (Sent::No, _) => self.exit_code.unwrap_or(1),
            _ => 3,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let provider = error.provider();
        Self { error, channel: None, failover: None, provider, exit_code: None }
    }
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json, lost: OnceLock::new() }
    }

    /// Whether `--json` was given.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result: `value` with `--json`, else the lines.
    pub(crate) fn result<L: IntoIterator<Item = Line>>(&self, value: &impl Serialize, lines: impl FnOnce() -> L) {
        if self.json {
            self.json(value);
        } else {
            lines().into_iter().for_each(|line| self.line(line));
        }
    }

    /// Prints a JSON value on one line.
    pub(crate) fn json(&self, value: &impl Serialize) {
        // Only a map with other keys than texts fails, and no result has one.
        if let Ok(text) = json_line(value) {
            self.line(text);
        }
    }

    /// Prints a line, without its colours if the output does not support them.
    pub(crate) fn line(&self, line: impl Into<Line>) {
        let line = line.into();
        let mut out = anstream::AutoStream::auto(stdout());
        if let Err(error) = writeln!(out, "{}", line.as_str()).and_then(|()| out.flush()) {
            self.lost.get_or_init(|| error);
        }
    }

    /// Prints our own text as it is.
    pub(crate) fn raw(&self, text: &[u8]) {
        let mut out = stdout();
        if let Err(error) = out.write_all(text).and_then(|()| out.flush()) {
            self.lost.get_or_init(|| error);
        }
    }

    /// Prints a note on the standard error.
    #[allow(clippy::unused_self, reason = "callers that print need an `Output`")]
    pub(crate) fn note(&self, line: impl Into<Line>) {
        let _ = writeln!(anstream::AutoStream::auto(stderr()), "{}", line.into().as_str());
    }

    /// The failure if a line could not be printed. A closed pipe is none: its reader has read enough.
    pub(crate) fn lost(&self) -> Option<Failure> {
        let error = self.lost.get().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)?;
        Some(Failure::of_output(error))
    }

    /// As [`lost`](Self::lost), for output that may not be lost: a closed pipe is a failure, too.
    pub(crate) fn must_have_arrived(&self) -> Result<(), Failure> {
        self.lost.get().map_or(Ok(()), |error| Err(Failure::of_output(error)))
    }

    /// Prints a failure and returns its exit code.
    pub(crate) fn failure(&self, failure: &Failure) -> ExitCode {
        if self.json {
            self.json(&failure_json(failure));
        }
        for line in failure_lines(failure) {
            let mark = if failure.error.may_have_been_sent() { doubt("unknown") } else { bad("error") };
            self.note(mark.text(": ").text(line));
        }
        ExitCode::from(failure.exit_code())
    }
}

/// One line per problem.
fn failure_lines(failure: &Failure) -> Vec<String> {
    let error = &failure.error;
    let place = match (&failure.channel, failure.provider) {
        (Some(channel), Some(provider)) if channel != provider => format!("{channel} ({provider}): "),
        (Some(channel), _) => format!("{channel}: "),
        (None, Some(provider)) => format!("{provider}: "),
        (None, None) => String::new(),
    };
    if !error.problems().is_empty() {
        // A configuration problem already names its channel.
        let place = if error.kind() == ErrorKind::Config { "" } else { place.as_str() };
        return error.problems().iter().map(|problem| masked_argument(&format!("{place}{problem}"))).collect();
    }
    // `place` already names the provider.
    let text = error.to_string();
    let text = error.provider().and_then(|provider| text.strip_prefix(&format!("{provider}: "))).unwrap_or(&text);
    vec![format!("{place}{text}")]
}

/// The JSON of a failed attempt on an earlier member of a failover channel.
pub(crate) fn earlier_json(attempt: &FailedAttempt) -> Value {
    json!({
        "channel": attempt.channel,
        "kind": attempt.kind.as_str(),
        "code": attempt.code,
        "status": attempt.status,
        "attempts": attempt.requests,
        "message": masked(&attempt.message),
    })
}

fn failure_json(failure: &Failure) -> Value {
    let error = &failure.error;
    let outcome = if error.may_have_been_sent() { "unknown" } else { "rejected" };
    let mut value = json!({
        "outcome": outcome,
        "channel": failure.channel,
        "provider": failure.provider,
        "attempts": error.attempts(),
        "error": {
            "kind": error.kind().as_str(),
            "sent": error.sent().as_str(),
            "code": error.code(),
            "status": error.status(),
            "retry_after_ms": error.retry_after().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            "message": if error.problems().is_empty() { masked(error.message()) } else { masked_argument(error.message()) },
            "problems": error.problems().iter().map(|problem| masked_argument(problem)).collect::<Vec<_>>(),
        },
    });
    if let (Some(members), Some(failover)) = (value.as_object_mut(), &failure.failover) {
        members.insert("failover".to_owned(), failover.as_str().into());
        members.insert("earlier".to_owned(), error.earlier().iter().map(earlier_json).collect());
    }
    value
}

/// Prints a command line error on one line and returns the exit code.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // `--help` or `--version`.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(2);
    }
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let problem = words(paragraphs.next().unwrap_or(&text).trim_start_matches("error: "));
    // Such as: tip: a similar subcommand exists: 'send'
    let tips = paragraphs.flat_map(str::lines).filter_map(|line| line.trim().strip_prefix("tip: ")).map(words);
    let problem = tips.fold(problem, |problem, tip| format!("{problem}; {tip}"));
    // The command line could not be parsed, so that `--json` is searched by hand.
    let output = Output::new(std::env::args_os().any(|arg| arg == "--json"));
    output.failure(&Failure::usage(format!("{problem} (try --help)")))
}
