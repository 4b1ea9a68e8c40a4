//! The ways of a message to an answer, with all that could send a second one behind it.

use std::sync::Arc;

use transom::adapter::Context;
use transom::config::{ChannelConfig, process_env};
use transom::layers::Retry;
use transom::time::Clock;
use transom::{Client, Error, ErrorKind, Failover, Message, PhoneNumber, Registry, Template};

use super::answer::Answer;
use super::scripted_transport::ScriptedTransport;
use crate::assertions::{Failure, unexpected};
use crate::faults::canary::Canaries;
use crate::faults::case::Claim;
use crate::faults::clock::{ClockMode, RecordingClock};
use crate::faults::profile::FaultProfile;

/// How a message comes to its answer. Every channel has a retry layer; its session window is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A text without a fallback, on one channel.
    Alone,
    /// A text with a fallback template, on one channel.
    Fallback,
    /// A text with a fallback template, and a second channel.
    Failover,
    /// A template, and a second channel.
    Template,
    /// A text with a fallback template and a second channel. The answer is that to the second attempt, after a 429.
    AfterThrottle,
    /// The same. The answer is that to the template, after the text was rejected for the window.
    AfterWindow,
}

/// Every way.
pub(crate) const WAYS: [Way; 6] =
    [Way::Alone, Way::Fallback, Way::Failover, Way::Template, Way::AfterThrottle, Way::AfterWindow];

const ATTEMPTS: u32 = 4;

impl Way {
    /// The answers before the one under test.
    fn earlier(self, profile: &FaultProfile) -> Option<Answer> {
        match self {
            Self::AfterThrottle => Some(Answer::json(429, "{}").with_header("retry-after", "1")),
            Self::AfterWindow => Some(Answer::json(profile.closed.status, profile.closed.body)),
            Self::Alone | Self::Fallback | Self::Failover | Self::Template => None,
        }
    }

    /// The number of send requests before the answer under test.
    pub(crate) const fn earlier_sends(self) -> usize {
        if matches!(self, Self::AfterThrottle | Self::AfterWindow) { 1 } else { 0 }
    }

    const fn has_second_channel(self) -> bool {
        !matches!(self, Self::Alone | Self::Fallback)
    }

    fn message(self, canaries: &Canaries) -> Result<Message, Failure> {
        let to = PhoneNumber::from_e164(&canaries.to).map_err(unexpected)?;
        let template = Template::new("visit_reminder").body(["Asha", "Friday"]);
        let message = match self {
            Self::Template => Message::template(to, template),
            Self::Alone => Message::text(to, "Your parcel leaves today."),
            _ => Message::text(to, "Your parcel leaves today.").with_fallback(template),
        };
        Ok(message.with_reference(format!("order-{}", canaries.execution)))
    }

    /// Sends a message whose send is answered with `answer`, and whose further sends would all be accepted.
    pub(crate) async fn play(
        self,
        profile: &'static FaultProfile,
        probe: bool,
        answer: &Answer,
    ) -> Result<SendResult, Failure> {
        let canaries = Canaries::plant();
        let answers = self.earlier(profile).into_iter().chain([answer.clone()]);
        let first = Arc::new(ScriptedTransport::new(profile, answers));
        let second = Arc::new(ScriptedTransport::new(profile, []));
        let client = connect(profile, probe, &canaries, &first)?;
        let client = if self.has_second_channel() {
            let second = connect(profile, probe, &canaries, &second)?;
            retrying(Client::new(Failover::new("first", client).with_channel("second", second)))
        } else {
            client
        };
        let outcome = client.send(&self.message(&canaries)?).await.map(|receipt| receipt.attempts);
        let sends = [first.sends(), second.sends()].concat();
        let is_template = |body: &&bytes::Bytes| body.windows(8).any(|eight| eight == b"template");
        let templates = sends.iter().filter(is_template).count();
        Ok(SendResult { outcome, sends: sends.len(), templates })
    }
}

/// What became of a send.
#[derive(Debug)]
pub(crate) struct SendResult {
    /// The error, or the reported attempts of an accepted message.
    pub(crate) outcome: Result<u32, Error>,
    /// The send requests over all channels.
    pub(crate) sends: usize,
    /// Those of them with a template.
    pub(crate) templates: usize,
}

impl SendResult {
    pub(crate) fn claim(&self) -> Claim {
        match &self.outcome {
            Ok(_) => Claim::Sent,
            Err(error) if error.may_have_been_sent() => Claim::Unknown,
            Err(_) => Claim::NotSent,
        }
    }

    pub(crate) fn error(&self) -> Option<&Error> {
        self.outcome.as_ref().err()
    }

    /// All that a caller sees, for comparisons.
    pub(crate) fn seen(&self) -> (Claim, Option<ErrorKind>, Option<&str>, usize, usize) {
        let error = self.error();
        (self.claim(), error.map(Error::kind), error.and_then(Error::code), self.sends, self.templates)
    }
}

/// A client of the adapter with a retry layer. It asks for no window before a send, so a free text goes first.
fn connect(
    profile: &'static FaultProfile,
    probe: bool,
    canaries: &Canaries,
    transport: &Arc<ScriptedTransport>,
) -> Result<Client, Failure> {
    let registry = Registry::default().with_provider(profile.adapter.provider);
    // The canary of a key has no provider's form, which only a provider's own host demands.
    let uri = (profile.reading_uri)(canaries).replace("{host}", "provider.example");
    let config = ChannelConfig::from_uri("channel", &uri, registry.providers(), process_env()).map_err(unexpected)?;
    let config = config.with_value("window_policy", "provider_decides").with_value("probe", probe);
    let context =
        Context { transport: Arc::clone(transport) as _, clock: Arc::new(RecordingClock::new(ClockMode::Right)) };
    Ok(retrying(registry.connect_with(&config, context).map_err(unexpected)?))
}

fn retrying(client: Client) -> Client {
    let clock: Arc<dyn Clock> = Arc::new(RecordingClock::new(ClockMode::Right));
    client.layer(Retry::attempts(ATTEMPTS).with_time(clock, || 0.5))
}
