//! Events of conversations and templates.

use std::time::SystemTime;

use super::inactivity::Stage;
use super::{AccountEvent, ConversationEvent, Subject};
use crate::core::simulator::Simulator;
use crate::core::webhook::AcceptedMessage;
use crate::core::world::WINDOW;
use crate::core::world::{Conversation, ConversationState, Inbound, Template, TemplateStatus};

impl Simulator {
    /// Whether a webhook is registered for account events of this provider.
    fn has_account_events(&self, provider: &str) -> bool {
        self.webhooks.announces(provider, &self.world) || self.webhooks.subscriptions.receive_account_events(provider)
    }

    fn announce(&mut self, provider: &str, at: SystemTime, about: Subject<'_>) {
        let Some(simulator) = self.simulators.iter().find(|simulator| simulator.name() == provider) else { return };
        let world = &self.world;
        let business = match about {
            Subject::Conversation(_, row) => Some(&row.business),
            Subject::Template(_) => None,
        };
        let payload = |number| simulator.account_event(world, &AccountEvent { number, at, about });
        self.webhooks.announce(simulator.as_ref(), world, business, at, payload);
    }

    /// Whether a contact's next message is the contact's first in its conversation.
    pub(crate) fn begins_conversation(&self, message: &Inbound<'_>, now: SystemTime) -> bool {
        let before = self.world.latest_conversation(message.provider, message.to, message.from);
        self.has_account_events(message.provider)
            && before.is_none_or(|row| row.state(now) == ConversationState::Ended || row.last_inbound_at.is_none())
    }

    /// Records a contact's message.
    pub(crate) fn announce_received(&mut self, message: &Inbound<'_>, now: SystemTime, begins: bool) {
        if !self.has_account_events(message.provider) {
            return;
        }
        let row = self.world.latest_conversation(message.provider, message.to, message.from);
        let Some(row) = row else { return };
        self.webhooks.watched.written(row.id, now + self.world.quiet_after(row.provider));
        if begins {
            self.announce(message.provider, now, Subject::Conversation(ConversationEvent::Created, &row));
        }
    }

    /// Records an accepted message of the business.
    pub(crate) fn announce_accepted(&mut self, report: &AcceptedMessage, now: SystemTime) {
        if self.has_account_events(report.provider)
            && let Some(row) = self.world.latest_conversation(report.provider, &report.from, &report.to)
        {
            self.webhooks.watched.written(row.id, now + self.world.quiet_after(row.provider));
        }
    }

    /// Announces conversations that were closed by hand.
    pub(crate) fn announce_closed(&mut self, closed: Vec<Conversation>, now: SystemTime) {
        for row in closed {
            self.webhooks.watched.forget(row.id);
            if self.has_account_events(row.provider) {
                self.announce(row.provider, now, Subject::Conversation(ConversationEvent::Ended, &row));
            }
        }
    }

    /// Reports a template that was approved or rejected.
    pub(crate) fn announce_template(&mut self, provider: &str, template: &Template, now: SystemTime) {
        let is_reviewed = matches!(template.status, TemplateStatus::Approved | TemplateStatus::Rejected);
        if is_reviewed && self.has_account_events(provider) {
            self.announce(provider, now, Subject::Template(template));
        }
    }

    /// Sets the timers of a provider's active conversations anew, after the time without a message was changed.
    pub(crate) fn watch_again(&mut self, provider: &str) {
        let quiet = self.world.quiet_after(provider);
        for id in self.webhooks.watched.active() {
            if let Some(row) = self.world.conversation_of_any(id).filter(|row| row.provider == provider) {
                self.webhooks.watched.forget(id);
                self.webhooks.watched.put(id, row.last_activity() + quiet, Stage::Inactive);
            }
        }
    }

    /// Reports the next conversation that becomes idle or ends by `until`; false if there is none.
    pub(super) fn announce_due(&mut self, until: SystemTime) -> bool {
        let Some((due, id, stage)) = self.webhooks.watched.take_due(until) else { return false };
        let Some(row) = self.world.conversation_of_any(id) else { return true };
        // Reported when it was closed by hand.
        if row.is_closed() {
            return true;
        }
        let quiet_at = row.last_activity() + self.world.quiet_after(row.provider);
        match stage {
            _ if quiet_at > due => self.webhooks.watched.put(id, quiet_at, Stage::Inactive),
            Stage::Inactive => {
                self.webhooks.watched.put(id, row.last_activity() + WINDOW, Stage::Ended);
                self.announce_turn(due, ConversationEvent::Inactive, &row);
            }
            Stage::Ended => self.announce_turn(due, ConversationEvent::Ended, &row),
        }
        true
    }

    fn announce_turn(&mut self, at: SystemTime, turn: ConversationEvent, row: &Conversation) {
        self.announce(row.provider, at, Subject::Conversation(turn, row));
    }
}
