//! The log line of a send's outcome.

use std::sync::Arc;

use tracing::{Span, info, warn};

use crate::client::outcome::SendOutcome;
use crate::error::Error;

/// Where the outcome of a send is logged: in the span that the layer `Tracing` made for it.
#[derive(Debug)]
pub(crate) struct SendTrace {
    pub(crate) span: Span,
    pub(crate) channel: Option<Arc<str>>,
    pub(crate) provider: &'static str,
    /// The message's reference, redacted.
    pub(crate) reference: Option<String>,
}

impl SendTrace {
    /// The target of the log lines.
    pub(crate) const TARGET: &str = module_path!();

    /// Logs the outcome, once for each send. `shown` redacts a text of the provider's.
    pub(super) fn report(&self, outcome: SendOutcome<'_>, shown: impl Fn(&str) -> String) {
        let (span, provider) = (&self.span, self.provider);
        let (channel, reference) = (self.channel.as_deref(), self.reference.as_deref());
        let id = match outcome {
            SendOutcome::Accepted(receipt) => Some(&receipt.message_id),
            SendOutcome::Rejected(error) => error.and_then(Error::message_id),
            SendOutcome::Unknown(error) => error.message_id(),
        };
        let message_id = id.map(|id| shown(id.as_str()));
        let message_id = message_id.as_deref();
        span.record("message_id", message_id);
        match outcome {
            SendOutcome::Accepted(receipt) => info!(
                parent: span,
                channel,
                member = receipt.channel.as_deref(),
                provider,
                reference,
                message_id,
                template_fallback = receipt.template_fallback,
                attempts = receipt.attempts,
                "message accepted"
            ),
            SendOutcome::Rejected(None) => {
                warn!(parent: span, channel, provider, reference, "message not sent: its caller stopped waiting");
            }
            SendOutcome::Rejected(Some(error)) | SendOutcome::Unknown(error) => {
                let what =
                    if error.may_have_been_sent() { "outcome of the message unknown" } else { "message not sent" };
                warn!(
                    parent: span,
                    channel,
                    member = error.channel(),
                    provider,
                    reference,
                    message_id,
                    kind = error.kind().as_str(),
                    sent = error.sent().as_str(),
                    code = error.code().map(shown),
                    status = error.status(),
                    attempts = error.attempts(),
                    "{what}"
                );
            }
        }
    }
}
