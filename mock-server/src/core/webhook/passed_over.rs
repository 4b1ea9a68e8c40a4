//! Notes on callback addresses of messages that the mock does not call.

use super::{AcceptedMessage, Target, WebhookQueue};
use crate::core::finding::Level;
use crate::core::finding::{Certainty, Finding, Source};

/// The document that states which addresses the mock calls.
const OWN_RULE: Source = Source::new("Transom's mock, README, Webhooks", Certainty::Inferred);
const NEEDS_TOKEN: &str =
    "is neither a registered webhook nor in an allowed network, and the request has no `X-Mock-Token`";

fn note(text: String) -> Finding {
    Finding { level: Level::Note, text: text.into(), source: OWN_RULE }
}

impl WebhookQueue {
    /// Notes each address of a message that is not called, with the reason. It does not repeat the address.
    ///
    /// A request without the token of a mock that has one names only targets that the token's holder chose. The message
    /// forgets the others, so that no later event calls them either.
    pub(crate) fn pass_over(&self, report: &mut AcceptedMessage, holds_token: bool) -> Vec<Finding> {
        let mut notes = Vec::new();
        report.callbacks.retain(|text| match self.callable(text, holds_token) {
            Ok(_) => true,
            Err(reason) => {
                notes.push(note(format!("a callback address of the message is passed over, as it {reason}")));
                false
            }
        });
        notes
    }

    /// The target of an address that an account names for its webhook, or a note on why it is not called.
    pub(super) fn target_or_note(&self, url: &str, holds_token: bool) -> Result<Target, Finding> {
        let text = |reason| note(format!("the address of the webhook is not called, as it {reason}"));
        self.callable(url, holds_token).map_err(text)
    }

    fn callable(&self, url: &str, holds_token: bool) -> Result<Target, String> {
        match Target::parse(url.trim(), self.nets()) {
            Ok(target) if holds_token || self.is_chosen(&target) => Ok(target),
            Ok(_) => Err(NEEDS_TOKEN.to_owned()),
            Err(reason) => Err(reason),
        }
    }

    /// Whether a target is a registered webhook or in a network that was allowed at the start.
    fn is_chosen(&self, target: &Target) -> bool {
        self.registrations().any(|(_, registered)| registered.target.as_ref() == Some(target))
            || target.addresses().iter().any(|address| self.nets().allows(address.ip()))
    }
}
