//! Notes on callback addresses of messages that the mock does not call.

use super::{AcceptedMessage, Target, WebhookQueue};
use crate::core::finding::Level;
use crate::core::finding::{Certainty, Finding, Source};

/// The document that states which addresses the mock calls.
const OWN_RULE: Source = Source::new("Transom's mock, README, Webhooks", Certainty::Inferred);
const NEEDS_TOKEN: &str =
    "is neither a registered webhook nor in an allowed network, and the request has no `X-Mock-Token`";

impl WebhookQueue {
    /// Notes each address of a message that is not called, with the reason. It does not repeat the address.
    ///
    /// A request without the token of a mock that has one names only targets that the token's holder chose. The message
    /// forgets the others, so that no later event calls them either.
    pub(crate) fn pass_over(&self, report: &mut AcceptedMessage, holds_token: bool) -> Vec<Finding> {
        let mut notes = Vec::new();
        report.callbacks.retain(|text| {
            let reason = match Target::parse(text.trim(), self.nets()) {
                Ok(target) if holds_token || self.is_chosen(&target) => return true,
                Ok(_) => NEEDS_TOKEN.to_owned(),
                Err(reason) => reason,
            };
            notes.push(Finding {
                level: Level::Note,
                text: format!("a callback address of the message is passed over, as it {reason}").into(),
                source: OWN_RULE,
            });
            false
        });
        notes
    }

    /// Whether a target is a registered webhook or in a network that was allowed at the start.
    fn is_chosen(&self, target: &Target) -> bool {
        self.registrations().any(|(_, registered)| registered.target.as_ref() == Some(target))
            || target.addresses().iter().any(|address| self.nets().allows(address.ip()))
    }
}
