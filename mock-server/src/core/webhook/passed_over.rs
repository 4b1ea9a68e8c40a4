//! Notes on callback addresses of messages that the mock does not call.

use super::{AcceptedMessage, Target, WebhookQueue};
use crate::core::finding::Level;
use crate::core::finding::{Certainty, Finding, Source};

/// The document that states which addresses the mock calls.
const OWN_RULE: Source = Source::new("Transom's mock, README, Webhooks", Certainty::Inferred);

impl WebhookQueue {
    /// A note for each address of a message that is not called, with the reason. It does not repeat the address.
    pub(crate) fn passed_over(&self, report: &AcceptedMessage) -> Vec<Finding> {
        let reasons = report.callbacks.iter().filter_map(|text| Target::parse(text.trim(), self.nets()).err());
        let notes = reasons.map(|reason| Finding {
            level: Level::Note,
            text: format!("a callback address of the message is passed over, as it {reason}").into(),
            source: OWN_RULE,
        });
        notes.collect()
    }
}
