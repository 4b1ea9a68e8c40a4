//! What the suite must be told of an adapter: the facts in which providers differ.

use transom::{Capabilities, ErrorKind, Provider};
use transom_mock_server::Dialect;

/// An adapter under test.
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
