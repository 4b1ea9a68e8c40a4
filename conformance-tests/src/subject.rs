//! What the suite must be told of an adapter: the facts in which providers differ.

use transom::{Capabilities, ErrorKind, Provider};
use transom_mock_server::Dialect;

/// An adapter under test.
///
/// One of another repository sets what it has over [`Subject::new`], so that a fact asked for later breaks nothing there.
#[derive(Debug)]
pub struct Subject {
    /// The adapter.
    pub provider: Provider,
    /// The simulators to run in this process; the provider's own among them.
    pub dialects: fn() -> Vec<Box<dyn Dialect>>,
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
}

impl Subject {
    /// A subject that still needs its URIs, its table, its sender, its capabilities and its paths. The rest is what most
    /// providers have: a contact who never wrote is `no_active_session`, references are not carried, texts have 4096
    /// characters at the most, titles are limited, a template that nobody knows is `template_rejected`, the placeholders
    /// are `customer` and `day`, and no refusal is documented.
    pub const fn new(provider: Provider, dialects: fn() -> Vec<Box<dyn Dialect>>) -> Self {
        Self {
            provider,
            dialects,
            uri: "",
            uri_with_bad_credential: "",
            uri_with_unknown_sender: "",
            table: "",
            sender: "",
            capabilities: Capabilities::of(&[]),
            never_wrote: ErrorKind::NoActiveSession,
            carries_reference: false,
            text_max: transom::TEXT_MAX,
            limits_titles: true,
            send_paths: &[],
            unknown_template: ErrorKind::TemplateRejected,
            placeholders: ["customer", "day"],
            refusals: &[],
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
