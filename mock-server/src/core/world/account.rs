//! A provider's account: senders, templates, balance, limit and switches.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::core::behavior_switch::Switches;
use crate::core::limiter::Limiter;
use crate::core::phone::Phone;

/// Accounts by provider. Worlds that begin alike share the accounts that nothing has changed, so a namespace costs little.
pub(crate) type Accounts = BTreeMap<&'static str, Arc<Account>>;

/// The account of a business at one provider.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its numbers, the default one first, and those of others that requests may name by mistake.
    pub senders: Vec<Sender>,
    /// Its templates.
    pub templates: Vec<Template>,
    /// The balance, a message costing 1; `None` if the provider does not report or check it.
    pub balance: Option<f64>,
    /// How many requests the provider takes.
    pub limiter: Limiter,
    /// Whether a conversation ends after a quiet day, so that the next message starts a new one.
    pub conversations_end: bool,
    /// Its switches, filled in by the world from [`ProviderSimulator::switches`](crate::ProviderSimulator::switches).
    pub switches: Switches,
    /// Small things that calls of the provider set, by names of the simulator's choice. They are part of the state.
    pub notes: BTreeMap<String, Value>,
}

impl Default for Account {
    /// An empty account with a limit that no test reaches.
    fn default() -> Self {
        Self {
            senders: Vec::new(),
            templates: Vec::new(),
            balance: None,
            limiter: Limiter::new(u32::MAX, Duration::from_secs(1)),
            conversations_end: false,
            switches: Switches::default(),
            notes: BTreeMap::new(),
        }
    }
}

impl Account {
    /// A sender of the account by id.
    pub fn sender(&self, id: &str) -> Option<&Sender> {
        self.senders.iter().find(|sender| sender.id == id && sender.owned)
    }

    /// A sender of the account by number.
    pub fn sender_by_phone(&self, phone: &Phone) -> Option<&Sender> {
        self.senders.iter().find(|sender| sender.phone == *phone && sender.owned)
    }

    /// A template by name and language.
    pub fn template(&self, name: &str, language: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.name == name && template.language == language)
    }

    /// Whether a message can be paid for.
    pub fn can_pay(&self) -> bool {
        self.balance.is_none_or(|balance| balance >= 1.0)
    }

    /// Pays for one message.
    pub fn charge(&mut self) {
        if let Some(balance) = &mut self.balance {
            *balance -= 1.0;
        }
    }
}

/// A number that messages are sent from. `Debug` hides the number, and with it the id, which often is the number.
#[derive(Clone)]
pub struct Sender {
    /// The provider's id of it; where the provider has none, the number's digits.
    pub id: String,
    /// The number.
    pub phone: Phone,
    /// The name contacts see.
    pub name: String,
    /// Whether it can send at the moment.
    pub online: bool,
    /// False for a number of another account.
    pub owned: bool,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("phone", &self.phone).field("online", &self.online).finish_non_exhaustive()
    }
}

impl Sender {
    /// An online sender of this account.
    pub fn new(id: &str, phone: Phone, name: &str) -> Self {
        Self { id: id.to_owned(), phone, name: name.to_owned(), online: true, owned: true }
    }
}

/// A message template.
#[derive(Debug, Clone)]
pub struct Template {
    /// Its number at the provider.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its language, `en` or `pt_BR`.
    pub language: String,
    /// Whether it may be sent.
    pub status: TemplateStatus,
    /// `utility`, `marketing` or `authentication`.
    pub category: String,
    /// The text, with its placeholders in double braces.
    pub body: String,
    /// The names of the placeholders in order: `1`, `2`, … where the provider numbers them.
    pub parameters: Vec<String>,
    /// The definition's components as Meta writes them (`{"type":"HEADER","format":"IMAGE",…}`), the body among them. Empty
    /// if only the body is known.
    pub components: Vec<Value>,
}

impl Template {
    /// The templates that every provider has in a fresh world, and that the conformance suite sends: `visit_reminder` (310)
    /// with two placeholders of these names, `follow_up` (311) with one, `re_engagement_v1` (312) with none, and
    /// `pending_one` (313), which is not approved. All are in `en`. A provider that numbers placeholders has `["1", "2"]`.
    pub fn seeded(placeholders: [&str; 2]) -> Vec<Self> {
        let [first, second] = placeholders;
        let reminder = format!("Hello {{{{{first}}}}}, see you on {{{{{second}}}}}.");
        let pending = Self::new(313, "pending_one", "en", "Not yet reviewed.");
        vec![
            Self::new(310, "visit_reminder", "en", &reminder),
            Self::new(311, "follow_up", "en", "A word on your request: {{1}}"),
            Self::new(312, "re_engagement_v1", "en", "We would like to hear from you again."),
            Self { status: TemplateStatus::Pending, ..pending },
        ]
    }

    /// An approved utility template; its parameters are the placeholders of the body, each once, in order.
    pub fn new(id: u64, name: &str, language: &str, body: &str) -> Self {
        let mut parameters: Vec<String> = Vec::new();
        for rest in body.split("{{").skip(1) {
            if let Some((name, _)) = rest.split_once("}}")
                && !parameters.iter().any(|known| known == name)
            {
                parameters.push(name.to_owned());
            }
        }
        Self {
            id,
            name: name.to_owned(),
            language: language.to_owned(),
            status: TemplateStatus::Approved,
            category: "utility".to_owned(),
            body: body.to_owned(),
            parameters,
            components: Vec::new(),
        }
    }

    /// An approved utility template with these components. `None` without a `BODY` that has a text.
    pub fn of_components(id: u64, name: &str, language: &str, components: Vec<Value>) -> Option<Self> {
        let is_body =
            |component: &&Value| component["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("body"));
        let template = Self::new(id, name, language, components.iter().find(is_body)?["text"].as_str()?);
        Some(Self { components, ..template })
    }

    /// The components as a provider lists them: the definition's, or the body alone.
    pub fn listed_components(&self) -> Value {
        if self.components.is_empty() {
            json!([{"type": "BODY", "text": self.body}])
        } else {
            Value::from(self.components.clone())
        }
    }
}

/// Where a template stands in its review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TemplateStatus {
    /// It may be sent.
    Approved,
    /// It waits for its review.
    Pending,
    /// It was refused.
    Rejected,
    /// Contacts complained.
    Paused,
    /// It is disabled permanently.
    Disabled,
}

impl TemplateStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Approved, Self::Pending, Self::Rejected, Self::Paused, Self::Disabled];

    /// The status in lower case; providers that shout turn it upper.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    /// Reads a status in any case.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(text))
    }
}

impl AsRef<str> for TemplateStatus {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}
