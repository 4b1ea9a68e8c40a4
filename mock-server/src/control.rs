//! Typed control: what tests and scripts steer a simulator with, and read of it. HTTP is a thin shell over these methods.

mod account;
mod clock;
mod conversations;
mod faults;
mod inbound;
mod journal;
mod limits;
pub(crate) mod read;
mod senders;
mod state;
mod templates;
mod timers;
mod wait;
mod webhooks;

use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::simulator::Simulator;
use crate::core::world::Account;

pub use account::{AccountState, Config, ConfigChange, SwitchState};
pub use clock::{Advance, ClockChange, ClockState, ClockTurn};
pub use conversations::ConversationState as ConversationLog;
pub use faults::{FaultDetails, FaultKind, FaultRule, FaultSchedule, FaultScope, NewFault, NewFaults};
pub use inbound::{InboundMessage, Received, Referral, WindowState};
pub use journal::{MessageFilter, RequestFilter};
pub use limits::{RateBucket, RateLimit, RateLimitChange, RateLimitUse};
pub use read::{Span, Time, from_json};
pub use senders::{NewSender, SenderId, SenderState};
pub use templates::{NewTemplate, TemplateName, TemplateState};
pub use timers::DueEvent;
pub use wait::{Matches, NotYet, Wait, WaitFor};
pub use webhooks::{DeliveryFilter, NewWebhook, Webhook, WebhookSignature};

/// A send looks through an account's senders and templates, so it has at most this many of each.
const MAX_ROWS: usize = 500;

impl Simulator {
    /// A provider by name.
    pub(crate) fn provider(&self, name: &str) -> Result<&'static str, ControlError> {
        let names = || self.simulators.iter().map(|dialect| dialect.name());
        let found = names().find(|known| *known == name);
        found.ok_or_else(|| ControlError::invalid("provider", format!("`{name}`"), format!("one of {}", list(names()))))
    }

    /// The accounts of one provider, or of all.
    fn accounts_of(
        &self,
        provider: Option<&str>,
    ) -> Result<impl Iterator<Item = (&'static str, &Account)>, ControlError> {
        let only = provider.map(|name| self.provider(name)).transpose()?;
        Ok(self.world.accounts().filter(move |(provider, _)| only.is_none_or(|only| only == *provider)))
    }
}

fn check_length(member: &str, text: &str, most: usize) -> Result<(), ControlError> {
    if (1..=most).contains(&text.chars().count()) {
        return Ok(());
    }
    let shown: String = text.chars().take(40).collect();
    Err(ControlError::invalid_text(member, &shown, format!("1 to {most} characters")))
}
