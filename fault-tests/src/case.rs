//! One execution as data: what is called, what the other side does, and what the caller may be told.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use transom::ErrorKind;

use crate::canary::Canaries;
use crate::clock::Clockwork;
use crate::listener::Pace;
use crate::names::Names;
use crate::script::Step;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::tls::Server;

/// How many times in all the client's retry layer usually may try.
pub(crate) const TRIES: u32 = 2;
/// How long a client waits for a peer that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_millis(250);
/// What a machine with other things to do may add to any wait.
const NOISE: Duration = Duration::from_secs(4);

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The provider took it; for a read, it was answered.
    Sent,
    /// It is proved that the provider did not.
    NotSent,
    /// Neither is proved.
    Unknown,
}

/// What is called.
#[derive(Clone)]
pub(crate) enum Call {
    /// A free text to the recipient.
    Send,
    /// The subject's call that sends nothing.
    Read,
    /// What the row does itself; it says what is wrong.
    Own(Own),
}

pub(crate) type Own = Arc<dyn Fn(Arc<Stage>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A listener that speaks HTTP, or not, as its script says.
    Plain,
    /// The same under TLS.
    Tls(Server),
    /// The same without TLS, where the client expects it.
    NotTls,
    /// Nobody: the port is closed.
    Nobody,
    /// A port that takes no more connections.
    Full,
    /// An address, with a scheme, that is not ours.
    Elsewhere(&'static str),
}

/// What a caller may be told, and what must be true.
#[derive(Clone, Debug)]
pub(crate) struct Expect {
    pub(crate) verdicts: Vec<Verdict>,
    /// Of an error.
    pub(crate) kinds: Vec<ErrorKind>,
    /// As reported, for a send.
    pub(crate) attempts: RangeInclusive<u32>,
    /// Messages that reached a person.
    pub(crate) ledger: RangeInclusive<usize>,
    pub(crate) within: Duration,
    /// The message's id, if it must be this one.
    pub(crate) id: Option<String>,
    /// The HTTP status that an error must have.
    pub(crate) status: Option<u16>,
    /// How long the provider asked to wait after each refusal, in order; after those that are missing, not at all.
    pub(crate) hints: Vec<Duration>,
    /// How many connections the listener must have seen.
    pub(crate) connections: Option<RangeInclusive<usize>>,
}

/// One execution.
#[derive(Clone)]
pub(crate) struct Case {
    /// Which of the row's variants it is.
    pub(crate) name: String,
    pub(crate) subject: &'static Subject,
    pub(crate) canaries: Canaries,
    pub(crate) call: Call,
    /// Whether the channel is the subject's for calls that send nothing.
    pub(crate) is_reading: bool,
    pub(crate) peer: Peer,
    pub(crate) scripts: Vec<Vec<Step>>,
    pub(crate) pace: Pace,
    /// Settings of the channel. `{listener}` in a text stands for the listener's address.
    pub(crate) keys: Vec<(&'static str, Value)>,
    /// A resolver, and a host name in the place of an address.
    pub(crate) names: Option<Arc<Names>>,
    pub(crate) clockwork: Clockwork,
    /// How many times in all the client's retry layer may try.
    pub(crate) tries: u32,
    pub(crate) small_buffer: bool,
    pub(crate) is_window_open: bool,
    /// Whether no other case may run beside it, since it keeps its thread busy.
    pub(crate) is_alone: bool,
    pub(crate) expect: Expect,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut case = f.debug_struct("Case");
        case.field("name", &self.name).field("peer", &self.peer).field("scripts", &self.scripts);
        case.field("expect", &self.expect).finish_non_exhaustive()
    }
}

impl Case {
    fn new(subject: &'static Subject, name: impl Into<String>, call: Call) -> Self {
        let expect = Expect {
            verdicts: vec![Verdict::Sent],
            kinds: Vec::new(),
            attempts: 1..=1,
            ledger: 0..=0,
            within: NOISE,
            id: None,
            status: None,
            hints: Vec::new(),
            connections: None,
        };
        Self {
            name: name.into(),
            subject,
            canaries: Canaries::plant(),
            is_reading: matches!(call, Call::Read),
            call,
            peer: Peer::Plain,
            scripts: Vec::new(),
            pace: Pace::AtOnce,
            keys: Vec::new(),
            names: None,
            clockwork: Clockwork::Right,
            tries: TRIES,
            small_buffer: false,
            is_window_open: true,
            is_alone: false,
            expect,
        }
    }

    /// A free text is sent, and taken.
    pub(crate) fn send(subject: &'static Subject, name: impl Into<String>) -> Self {
        Self::new(subject, name, Call::Send).with(|case| case.expect.ledger = 1..=1)
    }

    /// The call that sends nothing is made, and answered.
    pub(crate) fn read(subject: &'static Subject, name: impl Into<String>) -> Self {
        Self::new(subject, name, Call::Read)
    }

    /// The row itself says what is called, and what must come of it.
    pub(crate) fn own<F>(
        subject: &'static Subject,
        name: impl Into<String>,
        act: impl Fn(Arc<Stage>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self::new(subject, name, Call::Own(Arc::new(move |stage| Box::pin(act(stage)))))
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The script of the next connection; the last one is played to every further one.
    pub(crate) fn plays(mut self, script: impl IntoIterator<Item = Step>) -> Self {
        self.scripts.push(script.into_iter().collect());
        self
    }

    pub(crate) fn at(self, peer: Peer) -> Self {
        self.with(|case| case.peer = peer)
    }

    /// The provider is at a host name.
    pub(crate) fn named(self, names: Names) -> Self {
        self.with(|case| case.names = Some(Arc::new(names)))
    }

    pub(crate) fn key(self, key: &'static str, value: impl Into<Value>) -> Self {
        self.with(|case| case.keys.push((key, value.into())))
    }

    pub(crate) fn by_twos(self) -> Self {
        self.with(|case| {
            case.pace = Pace::ByTwos;
            case.name.push_str(", two bytes at a time");
        })
    }

    /// The client gives up after [`PATIENCE`].
    pub(crate) fn impatient(self) -> Self {
        let patience = format!("{}ms", PATIENCE.as_millis());
        self.key("timeout", patience).with(|case| case.expect.within = PATIENCE * TRIES + NOISE)
    }

    const fn is_send(&self) -> bool {
        matches!(self.call, Call::Send)
    }

    /// Whether the provider acts on the first request that comes.
    fn is_taken(&self) -> bool {
        self.is_send() && self.scripts.first().is_some_and(|script| script.iter().any(|s| matches!(s, Step::Take)))
    }

    /// An error of one of these kinds, and one of these verdicts.
    fn fails(mut self, kinds: &[ErrorKind], verdict: Verdict, attempts: RangeInclusive<u32>) -> Self {
        let lines = usize::from(self.is_taken() && verdict == Verdict::Unknown);
        self.expect.kinds = kinds.to_vec();
        self.expect.verdicts = vec![verdict];
        self.expect.ledger = lines..=lines;
        self.expect.attempts = attempts;
        self
    }

    /// It never reached anybody, and is tried again.
    pub(crate) fn unreached(self, kinds: &[ErrorKind]) -> Self {
        self.fails(kinds, Verdict::NotSent, TRIES..=TRIES)
    }

    /// It was refused, or reached nobody in a way that will not change: proved unsent, and not tried again.
    pub(crate) fn refused(self, kinds: &[ErrorKind]) -> Self {
        self.fails(kinds, Verdict::NotSent, 1..=1)
    }

    /// Nobody was reached who can be talked to, and a repetition will not change that. Where it does no harm it is made all
    /// the same.
    pub(crate) fn unacceptable(self, kinds: &[ErrorKind]) -> Self {
        let tries = if self.subject.is_keyed { TRIES } else { 1 };
        self.fails(kinds, Verdict::NotSent, 1..=tries)
    }

    /// Nobody can know. A send without a key is not tried again, one with a key may be; a read has nothing to lose.
    pub(crate) fn in_doubt(self, kinds: &[ErrorKind]) -> Self {
        let tries = if self.subject.is_keyed { TRIES } else { 1 };
        if self.is_send() {
            self.fails(kinds, Verdict::Unknown, tries..=tries).connects(tries as usize..=tries as usize)
        } else {
            self.fails(kinds, Verdict::NotSent, 0..=0).connects(1..=TRIES as usize)
        }
    }

    pub(crate) fn connects(self, connections: RangeInclusive<usize>) -> Self {
        self.with(|case| case.expect.connections = Some(connections))
    }

    /// As [`in_doubt`](Self::in_doubt), and not even a key lets it be tried again.
    pub(crate) fn in_doubt_for_good(self, kinds: &[ErrorKind]) -> Self {
        self.fails(kinds, Verdict::Unknown, 1..=1).connects(1..=1)
    }

    /// It may, besides, be read as something that no repetition helps against.
    pub(crate) fn or_final(self) -> Self {
        self.with(|case| {
            case.expect.attempts = 1..=TRIES;
            case.expect.connections = Some(1..=TRIES as usize);
        })
    }

    /// It is taken at last, after this many send requests.
    pub(crate) fn sent_after(self, attempts: u32) -> Self {
        self.with(|case| case.expect.attempts = attempts..=attempts)
    }

    /// It may have been noticed in time that nobody was reached, and then it is tried again.
    pub(crate) fn or_unreached(self) -> Self {
        self.with(|case| {
            case.expect.verdicts.push(Verdict::NotSent);
            case.expect.attempts = 0..=TRIES;
            case.expect.connections = Some(1..=TRIES as usize);
        })
    }

    /// A refusal that may, besides, be read as one that contradicts itself.
    pub(crate) fn or_in_doubt(self, is_possible: bool) -> Self {
        if is_possible { self.with(|case| case.expect.verdicts.push(Verdict::Unknown)) } else { self }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        self.with(|case| case.expect.status = Some(status))
    }
}

/// The address at which the listeners are.
pub(crate) const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
