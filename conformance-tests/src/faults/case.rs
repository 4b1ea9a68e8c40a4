//! One execution as data: the call, the setup, and the allowed results.

use std::fmt;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use transom::ErrorKind;

use super::canary::Canaries;
use super::clock::ClockMode;
use super::dns::ScriptedDns;
use super::harness::FaultHarness;
use super::listener::Pace;
use super::profile::FaultProfile;
use super::script::Step;
use super::setup::{Peer, Setup};
use crate::assertions::Check;

/// The usual number of attempts of the client's retry layer.
pub(crate) const TRIES: u32 = 2;
/// The timeout of a client whose peer hangs.
pub(crate) const PATIENCE: Duration = Duration::from_millis(250);
/// The delay that a busy machine may add to a wait.
const NOISE: Duration = Duration::from_secs(4);

/// The claim about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The provider accepted it; a read was answered.
    Sent,
    /// The provider certainly did not accept it.
    NotSent,
    /// Neither is certain.
    Unknown,
}

/// The call of an execution.
#[derive(Clone)]
pub(crate) enum Call {
    /// A free text to the recipient.
    Send,
    /// The adapter's call that sends nothing.
    Read,
    /// The row makes the call and checks the result itself.
    Own(Own),
}

pub(crate) type Own = Arc<dyn Fn(Arc<FaultHarness>) -> Pin<Box<dyn Future<Output = Check> + Send>> + Send + Sync>;

/// The allowed results of a call, and the facts that must hold.
#[derive(Clone, Debug)]
pub(crate) struct Expect {
    pub(crate) claims: Vec<Claim>,
    /// The allowed kinds of an error.
    pub(crate) kinds: Vec<ErrorKind>,
    /// The reported number of attempts of a send.
    pub(crate) attempts: RangeInclusive<u32>,
    /// The number of delivered messages.
    pub(crate) ledger: RangeInclusive<usize>,
    pub(crate) within: Duration,
    /// The expected message id, if there is one.
    pub(crate) id: Option<String>,
    /// The expected HTTP status of an error.
    pub(crate) status: Option<u16>,
    /// The waits that the provider asked for after each rejection, in order; no wait after the others.
    pub(crate) hints: Vec<Duration>,
    /// The number of connections that the listener must see.
    pub(crate) connections: Option<RangeInclusive<usize>>,
}

/// One execution.
#[derive(Clone)]
pub(crate) struct FaultCase {
    /// The variant of the row.
    pub(crate) name: String,
    pub(crate) call: Call,
    pub(crate) setup: Setup,
    pub(crate) expect: Expect,
}

impl fmt::Debug for FaultCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut case = f.debug_struct("FaultCase");
        case.field("name", &self.name).field("peer", &self.setup.peer).field("scripts", &self.setup.scripts);
        case.field("expect", &self.expect).finish_non_exhaustive()
    }
}

impl FaultCase {
    fn new(profile: &'static FaultProfile, name: impl Into<String>, call: Call) -> Self {
        let expect = Expect {
            claims: vec![Claim::Sent],
            kinds: Vec::new(),
            attempts: 1..=1,
            ledger: 0..=0,
            within: NOISE,
            id: None,
            status: None,
            hints: Vec::new(),
            connections: None,
        };
        let setup = Setup {
            profile,
            canaries: Canaries::plant(),
            is_reading: matches!(call, Call::Read),
            peer: Peer::Plain,
            scripts: Vec::new(),
            pace: Pace::AtOnce,
            keys: Vec::new(),
            dns: None,
            clock_mode: ClockMode::Right,
            tries: TRIES,
            small_buffer: false,
            is_window_open: true,
            repeats_text: false,
            is_alone: false,
        };
        Self { name: name.into(), call, setup, expect }
    }

    /// A free text is sent and accepted.
    pub(crate) fn send(profile: &'static FaultProfile, name: impl Into<String>) -> Self {
        Self::new(profile, name, Call::Send).with(|case| case.expect.ledger = 1..=1)
    }

    /// The call that sends nothing is made and answered.
    pub(crate) fn read(profile: &'static FaultProfile, name: impl Into<String>) -> Self {
        Self::new(profile, name, Call::Read)
    }

    /// The row makes the call and checks the result itself.
    pub(crate) fn own<F>(
        profile: &'static FaultProfile,
        name: impl Into<String>,
        act: impl Fn(Arc<FaultHarness>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Check> + Send + 'static,
    {
        Self::new(profile, name, Call::Own(Arc::new(move |harness| Box::pin(act(harness)))))
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The script of the next connection; the last script also plays to every further one.
    pub(crate) fn plays(mut self, script: impl IntoIterator<Item = Step>) -> Self {
        self.setup.scripts.push(script.into_iter().collect());
        self
    }

    pub(crate) fn at(self, peer: Peer) -> Self {
        self.with(|case| case.setup.peer = peer)
    }

    /// The provider is at a host name.
    pub(crate) fn named(self, names: ScriptedDns) -> Self {
        self.with(|case| case.setup.dns = Some(Arc::new(names)))
    }

    pub(crate) fn key(self, key: &'static str, value: impl Into<Value>) -> Self {
        self.with(|case| case.setup.keys.push((key, value.into())))
    }

    pub(crate) fn by_twos(self) -> Self {
        self.with(|case| {
            case.setup.pace = Pace::ByTwos;
            case.name.push_str(", two bytes at a time");
        })
    }

    /// The client times out after [`PATIENCE`].
    pub(crate) fn impatient(self) -> Self {
        self.times_out_after(PATIENCE)
    }

    pub(crate) fn times_out_after(self, timeout: Duration) -> Self {
        let key = format!("{}ms", timeout.as_millis());
        self.key("timeout", key).with(|case| case.expect.within = timeout * TRIES + NOISE)
    }

    const fn is_send(&self) -> bool {
        matches!(self.call, Call::Send)
    }

    /// Whether the provider acts on the first request.
    fn is_accepted(&self) -> bool {
        self.is_send()
            && self.setup.scripts.first().is_some_and(|script| script.iter().any(|s| matches!(s, Step::Take)))
    }

    /// An error with one of these kinds and this claim.
    fn fails(mut self, kinds: &[ErrorKind], verdict: Claim, attempts: RangeInclusive<u32>) -> Self {
        let lines = usize::from(self.is_accepted() && verdict == Claim::Unknown);
        self.expect.kinds = kinds.to_vec();
        self.expect.claims = vec![verdict];
        self.expect.ledger = lines..=lines;
        self.expect.attempts = attempts;
        self
    }

    /// The provider was not reached, and the client retries.
    pub(crate) fn not_reached(self, kinds: &[ErrorKind]) -> Self {
        self.fails(kinds, Claim::NotSent, TRIES..=TRIES)
    }

    /// Rejected, or not reached for a lasting reason: certainly not sent, and not retried.
    pub(crate) fn refused(self, kinds: &[ErrorKind]) -> Self {
        self.fails(kinds, Claim::NotSent, 1..=1)
    }

    /// The peer cannot be talked to, and a retry will not change that. A client retries only if it can do no harm.
    pub(crate) fn unacceptable(self, kinds: &[ErrorKind]) -> Self {
        let tries = if self.setup.profile.is_keyed() { TRIES } else { 1 };
        self.fails(kinds, Claim::NotSent, 1..=tries)
    }

    /// The outcome is unknown. A send without an idempotency key is not retried, a send with one may be; a read may always
    /// be.
    pub(crate) fn outcome_unknown(self, kinds: &[ErrorKind]) -> Self {
        let tries = if self.setup.profile.is_keyed() { TRIES } else { 1 };
        if self.is_send() {
            self.fails(kinds, Claim::Unknown, tries..=tries).connects(tries as usize..=tries as usize)
        } else {
            self.fails(kinds, Claim::NotSent, 0..=0).connects(1..=TRIES as usize)
        }
    }

    pub(crate) fn connects(self, connections: RangeInclusive<usize>) -> Self {
        self.with(|case| case.expect.connections = Some(connections))
    }

    /// As [`outcome_unknown`](Self::outcome_unknown), and not retried even with an idempotency key.
    pub(crate) fn unknown_and_final(self, kinds: &[ErrorKind]) -> Self {
        self.fails(kinds, Claim::Unknown, 1..=1).connects(1..=1)
    }

    /// The result may also be a final one, without a retry.
    pub(crate) fn or_final(self) -> Self {
        self.with(|case| {
            case.expect.attempts = 1..=TRIES;
            case.expect.connections = Some(1..=TRIES as usize);
        })
    }

    /// Accepted after this many send requests.
    pub(crate) fn sent_after(self, attempts: u32) -> Self {
        self.with(|case| case.expect.attempts = attempts..=attempts)
    }

    /// The client may also notice that the provider was not reached, and then retries.
    pub(crate) fn or_unreached(self) -> Self {
        self.with(|case| {
            case.expect.claims.push(Claim::NotSent);
            case.expect.attempts = 0..=TRIES;
            case.expect.connections = Some(1..=TRIES as usize);
        })
    }

    /// The rejection may also leave the outcome unknown: a part of the body may be read as an id.
    pub(crate) fn or_unknown(self) -> Self {
        self.with(|case| case.expect.claims.push(Claim::Unknown))
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        self.with(|case| case.expect.status = Some(status))
    }
}
