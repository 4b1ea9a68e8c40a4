//! The facts about an adapter in which providers differ.

use serde_json::Value;
use transom::adapter::{ErrorCode, Provider};
use transom::{Capabilities, ErrorKind, Sent};
use transom_mock_server::ProviderSimulator;

use super::webhook_forms::WebhookForms;

/// An adapter under test.
///
/// An adapter outside this repository overrides [`AdapterUnderTest::new`], so that a new field does not break it.
#[derive(Clone, Copy, Debug)]
pub struct AdapterUnderTest {
    /// The adapter.
    pub provider: Provider,
    /// The simulators to run in this process; one of them is the provider's own.
    pub simulators: fn() -> Vec<Box<dyn ProviderSimulator>>,
    /// The channel as a URI, with `{host}` in place of the mock's host. Its credentials contain the word `canary`, and the
    /// suite checks that no output does.
    pub uri: &'static str,
    /// The same channel with a credential that the mock rejects.
    pub uri_with_bad_credential: &'static str,
    /// The same channel with a sender that the account does not have.
    pub uri_with_unknown_sender: &'static str,
    /// The same channel as the lines of a TOML table, without `provider` and `base_url`. Its `api_key` is `canary-key`.
    pub table: &'static str,
    /// The number that the channel sends from, in E.164.
    pub sender: &'static str,
    /// The capabilities that the adapter must declare: these and no others.
    pub capabilities: Capabilities,
    /// The kind of a rejection if the contact never wrote. Some providers do not distinguish it from an expired window.
    pub never_wrote: ErrorKind,
    /// Whether the provider carries the caller's reference.
    pub carries_reference: bool,
    /// The maximum length of a text, in characters.
    pub text_max: usize,
    /// Whether the provider documents limits for titles of buttons and rows.
    pub limits_titles: bool,
    /// The HTTP method and path of a send, as the journal shows it, without the query.
    pub send_paths: &'static [&'static str],
    /// The kind for an unknown template name: a rejection, or `config` if the adapter looks names up.
    pub unknown_template: ErrorKind,
    /// The provider's names of the two placeholders of the seeded template `visit_reminder`; any two words if the provider
    /// uses positions.
    pub placeholders: [&'static str; 2],
    /// Documented rejections that no state of the mock brings about.
    pub refusals: &'static [Refusal],
    /// How the provider writes the codes of each table: one entry for each of [`Provider::codes`], in the same order.
    pub code_tables: &'static [CodeTable],
    /// The expected meaning of every code, written from the provider's documentation and not from the adapter's tables. A
    /// line is `TABLE KIND no|maybe CODE[/STATUS] …`: the table's name, the error kind, whether the message may have been
    /// sent, and the codes with the status of their rows. `#` begins a remark.
    pub expected_codes: &'static str,
    /// The documented exchanges of a provider that is not built in: name and text. `mock-server/fixtures/README.md`
    /// describes the format.
    pub samples: &'static [(&'static str, &'static str)],
    /// Its documented webhook calls: name, and text in the form of [`WebhookFixture`].
    ///
    /// [`WebhookFixture`]: crate::evidence::WebhookFixture
    pub webhook_calls: &'static [(&'static str, &'static str)],
    /// The features of the provider's webhook calls.
    pub webhook_features: WebhookFeatures,
    /// The provider's rules for contents and templates.
    pub content_rules: ContentRules,
    /// How the provider passes on what WhatsApp tells.
    pub webhook_forms: WebhookForms,
}

/// Rules for contents and templates in which providers differ. They are pinned, as the capabilities are.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct ContentRules {
    /// Whether a send carries values for a template's header, buttons, offer and cards, and their definition can be read.
    pub template_components: bool,
    /// Whether a send carries a value for a template's header.
    pub template_header: bool,
    /// Whether values go by name without `params` if the template names its placeholders.
    pub named_values: bool,
    /// Whether the body of a template has a documented limit of 1,024 characters.
    pub limits_template_body: bool,
    /// Whether a message has at most five contact cards.
    pub limits_contacts: bool,
    /// Whether links to media must be `https`.
    pub https_links: bool,
    /// Whether the channel is configured by its own phone number.
    pub knows_own_number: bool,
}

impl ContentRules {
    /// WhatsApp's own limit of a template's body, and no other rule.
    pub const NONE: Self = Self {
        template_components: false,
        template_header: false,
        named_values: false,
        limits_template_body: true,
        limits_contacts: false,
        https_links: false,
        knows_own_number: false,
    };
}

/// The features of webhook calls that some providers lack.
#[derive(Clone, Copy, Debug)]
pub struct WebhookFeatures {
    /// Whether a status event has our reference.
    pub reference: bool,
    /// Whether an inbound message has our number.
    pub our_number: bool,
    /// Whether the provider repeats a call that was answered with an error.
    pub repeats_calls: bool,
    /// The types of inbound content, other than texts, that the provider forwards: `image`, `video`, `audio`, `document`,
    /// `sticker`, `button_reply`, `list_reply`.
    pub kinds: &'static [&'static str],
}

impl WebhookFeatures {
    /// Every kind of content.
    pub const ALL_KINDS: &'static [&'static str] =
        &["image", "video", "audio", "document", "sticker", "button_reply", "list_reply"];
}

impl AdapterUnderTest {
    /// An adapter that still needs its URIs, table, sender, capabilities and send paths. The defaults are what most
    /// providers have: `no_active_session` if the contact never wrote, no reference, texts of at most 4096 characters,
    /// limited titles, `template_rejected` for an unknown template, the placeholders `customer` and `day`, webhook calls
    /// with our number and without reference that are made once, and inbound texts only. The documented facts (refusals,
    /// code tables, expected codes, samples, webhook calls) are empty.
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
            content_rules: ContentRules::NONE,
            webhook_forms: WebhookForms::NONE,
        }
    }
}

/// A response of the provider, word for word, and its meaning.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The body, as JSON.
    pub body: &'static str,
    /// The error kind that it means for a text.
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

/// A table of codes, and how the provider writes its codes.
#[derive(Clone, Copy, Debug)]
pub struct CodeTable {
    /// The table's name in reports: `answers`.
    pub name: &'static str,
    /// Every form in which the provider may write a code.
    pub samples: fn(&ErrorCode) -> Vec<CodeSample>,
}

/// A code as the provider writes it, and the expected result.
#[derive(Clone, Debug)]
pub struct CodeSample {
    /// Where the code is.
    pub by: CodeChannel,
    /// The expected error kind.
    pub kind: ErrorKind,
    /// The expected code; none if the sample has no code.
    pub code: Option<String>,
}

/// Where a code is.
#[derive(Clone, Debug)]
pub enum CodeChannel {
    /// In the response to a text.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: Value,
        /// Whether the message may have been sent.
        sent: Sent,
    },
    /// In a webhook call about a message that was accepted.
    Callback {
        /// The body.
        body: Value,
    },
}

impl CodeSample {
    /// The code of `fact` in a response, with the kind of its row.
    pub fn answer(fact: &ErrorCode, status: u16, body: Value) -> Self {
        Self {
            by: CodeChannel::Answer { status, body, sent: fact.sent },
            kind: fact.kind,
            code: Some(Self::code(fact)),
        }
    }

    /// The code of `fact` in a webhook call, with the kind of its row.
    pub fn callback(fact: &ErrorCode, body: Value) -> Self {
        Self { by: CodeChannel::Callback { body }, kind: fact.kind, code: Some(Self::code(fact)) }
    }

    /// The same with another expected kind.
    #[must_use]
    pub fn read_as(self, kind: ErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// The same without an expected code.
    #[must_use]
    pub fn without_code(self) -> Self {
        Self { code: None, ..self }
    }

    /// A code for the row: for a family or a range, one code of it.
    pub fn code(fact: &ErrorCode) -> String {
        if let Some(family) = fact.code.strip_suffix('*') {
            return format!("{family}99999");
        }
        // Not an end of the range, since the ends could have their own rows.
        let ends = fact.code.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
        ends.map_or_else(|| fact.code.to_owned(), |(first, last): (u32, u32)| first.midpoint(last).to_string())
    }

    /// The same as a JSON number if it is one, else as a text.
    pub fn number(fact: &ErrorCode) -> Value {
        let code = Self::code(fact);
        code.parse::<u64>().map_or_else(|_| code.into(), Value::from)
    }
}
