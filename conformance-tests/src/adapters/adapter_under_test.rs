//! What the suite must be told of an adapter: the facts in which providers differ.

use serde_json::Value;
use transom::adapter::{ErrorCode, Provider};
use transom::{Capabilities, ErrorKind, Sent};
use transom_mock_server::ProviderSimulator;

/// An adapter under test.
///
/// One of another repository sets what it has over [`AdapterUnderTest::new`], so that a fact asked for later breaks nothing there.
#[derive(Debug)]
pub struct AdapterUnderTest {
    /// The adapter.
    pub provider: Provider,
    /// The simulators to run in this process; the provider's own among them.
    pub simulators: fn() -> Vec<Box<dyn ProviderSimulator>>,
    /// The channel, as a URI in which `{host}` stands for the mock's. Its credentials hold the word `canary`, which must
    /// turn up nowhere.
    pub uri: &'static str,
    /// The same channel with a credential that the mock refuses.
    pub uri_with_bad_credential: &'static str,
    /// The same channel with a sender that the account does not have.
    pub uri_with_unknown_sender: &'static str,
    /// The same channel as the lines of a TOML table, without `provider` and `base_url`. Its `api_key` is `canary-key`.
    pub table: &'static str,
    /// The number that the channel sends from, in E.164.
    pub sender: &'static str,
    /// What the adapter must declare, no more and no less.
    pub capabilities: Capabilities,
    /// The kind for a contact who never wrote: not every provider can tell.
    pub never_wrote: ErrorKind,
    /// Whether the caller's reference travels with a message.
    pub carries_reference: bool,
    /// The longest text, in characters.
    pub text_max: usize,
    /// Whether the provider's pages limit what buttons and rows say.
    pub limits_titles: bool,
    /// The HTTP method and path of a send, as the journal shows it, without the query.
    pub send_paths: &'static [&'static str],
    /// The kind for a template name that the provider does not have: a refusal, or, where the adapter looks names up, a
    /// matter of configuration.
    pub unknown_template: ErrorKind,
    /// What the provider calls the two placeholders of the seeded template `visit_reminder`; any two words where it goes
    /// by position alone.
    pub placeholders: [&'static str; 2],
    /// Documented refusals that no state of the mock brings about.
    pub refusals: &'static [Refusal],
    /// How the provider says the codes of each of its tables: a place for each of [`Provider::codes`], in the same order.
    pub code_tables: &'static [CodeTable],
    /// What every code of every table means, written from the provider's pages and not from the adapter's tables, against
    /// which it is held. A line is `TABLE KIND no|maybe CODE[/STATUS] …`: the table's place, the kind, whether the message
    /// may have been sent, and the codes of which all that holds, with the status that their rows name. `#` begins a remark.
    pub expected_codes: &'static str,
    /// The documented exchanges of a provider that is not built in: each with a name, and with its text, of which
    /// `mock-server/fixtures/README.md` says what it holds.
    pub samples: &'static [(&'static str, &'static str)],
    /// Its documented webhook calls, each with a name, and with its text in the form of [`WebhookFixture`].
    ///
    /// [`WebhookFixture`]: crate::evidence::webhook_fixture::WebhookFixture
    pub webhook_calls: &'static [(&'static str, &'static str)],
    /// What its webhook calls hold.
    pub webhook_features: WebhookFeatures,
}

/// What a provider's webhook calls hold, of what not every provider's do.
#[derive(Clone, Copy, Debug)]
pub struct WebhookFeatures {
    /// Whether a report on a message carries our reference.
    pub reference: bool,
    /// Whether a contact's message carries our number.
    pub our_number: bool,
    /// Whether a call is made again that was answered with an error.
    pub repeats_calls: bool,
    /// The types of a contact's messages, other than texts, that are handed on: `image`, `video`, `audio`, `document`,
    /// `sticker`, `button_reply`, `list_reply`.
    pub kinds: &'static [&'static str],
}

impl WebhookFeatures {
    /// Every kind of content.
    pub const ALL_KINDS: &'static [&'static str] =
        &["image", "video", "audio", "document", "sticker", "button_reply", "list_reply"];
}

impl AdapterUnderTest {
    /// A adapter that still needs its URIs, its table, its sender, its capabilities and its paths. The rest is what most
    /// providers have: a contact who never wrote is `no_active_session`, references are not carried, texts have 4096
    /// characters at the most, titles are limited, a template that nobody knows is `template_rejected`, the placeholders
    /// are `customer` and `day`, reports carry no reference and a contact's message carries our number, calls are made once,
    /// and texts alone are handed on. What the pages say is still to be listed: refusals, places, meanings, samples, calls.
    pub const fn new(provider: Provider, simulators: fn() -> Vec<Box<dyn ProviderSimulator>>) -> Self {
        Self {
            provider,
            simulators,
            uri: "",
            uri_with_bad_credential: "",
            uri_with_unknown_sender: "",
            table: "",
            sender: "",
            capabilities: Capabilities::new(&[]),
            never_wrote: ErrorKind::NoActiveSession,
            carries_reference: false,
            text_max: transom::adapter::MAX_TEXT_CHARS,
            limits_titles: true,
            send_paths: &[],
            unknown_template: ErrorKind::TemplateRejected,
            placeholders: ["customer", "day"],
            refusals: &[],
            code_tables: &[],
            expected_codes: "",
            samples: &[],
            webhook_calls: &[],
            webhook_features: WebhookFeatures { reference: false, our_number: true, repeats_calls: false, kinds: &[] },
        }
    }
}

/// An answer of the provider, word for word, and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The body, as JSON.
    pub body: &'static str,
    /// The kind that it means for a text.
    pub kind: ErrorKind,
    /// The provider's code in it, if the body holds one.
    pub code: Option<&'static str>,
}

impl Refusal {
    /// An answer with this status and body, the kind that it means, and its code.
    pub const fn new(status: u16, body: &'static str, kind: ErrorKind, code: Option<&'static str>) -> Self {
        Self { status, body, kind, code }
    }
}

/// Where the codes of one table stand.
#[derive(Clone, Copy, Debug)]
pub struct CodeTable {
    /// What reports call the table: `answers`.
    pub name: &'static str,
    /// Every way in which the provider may say a code of it.
    pub samples: fn(&ErrorCode) -> Vec<CodeSample>,
}

/// A code in the provider's own dialect, and what has to be made of it.
#[derive(Clone, Debug)]
pub struct CodeSample {
    /// How it comes.
    pub by: CodeChannel,
    /// The kind that it has to be read as.
    pub kind: ErrorKind,
    /// The code that has to be kept, none if the provider's words hold none.
    pub code: Option<String>,
}

/// How a code comes.
#[derive(Clone, Debug)]
pub enum CodeChannel {
    /// As the answer to a text.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: Value,
        /// Whether the message may have been sent all the same.
        sent: Sent,
    },
    /// In a webhook call about a message that was accepted.
    Callback {
        /// The body.
        body: Value,
    },
}

impl CodeSample {
    /// The code of `fact` in an answer, to be read as the row says.
    pub fn answer(fact: &ErrorCode, status: u16, body: Value) -> Self {
        Self {
            by: CodeChannel::Answer { status, body, sent: fact.sent },
            kind: fact.kind,
            code: Some(Self::code(fact)),
        }
    }

    /// The code of `fact` in a webhook call, to be read as the row says.
    pub fn callback(fact: &ErrorCode, body: Value) -> Self {
        Self { by: CodeChannel::Callback { body }, kind: fact.kind, code: Some(Self::code(fact)) }
    }

    /// To be read as another kind than the row says.
    #[must_use]
    pub fn read_as(self, kind: ErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// With nothing in it that could be kept as a code.
    #[must_use]
    pub fn without_code(self) -> Self {
        Self { code: None, ..self }
    }

    /// The code that stands for a row: one of the family or the range where it is about several.
    pub fn code(fact: &ErrorCode) -> String {
        if let Some(family) = fact.code.strip_suffix('*') {
            return format!("{family}99999");
        }
        // The middle of a range: both ends could be rows of their own.
        let ends = fact.code.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
        ends.map_or_else(|| fact.code.to_owned(), |(first, last): (u32, u32)| first.midpoint(last).to_string())
    }

    /// The same as a JSON number if it is one, else as a text.
    pub fn number(fact: &ErrorCode) -> Value {
        let code = Self::code(fact);
        code.parse::<u64>().map_or_else(|_| code.into(), Value::from)
    }
}
