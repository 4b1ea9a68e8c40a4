//! How a provider delivers, and how far the status of a message gets.

use std::time::Duration;

use crate::core::behavior_switch::Switch;
use crate::core::finding::Source;

use super::message_event::{DeliveryStatus, Failure};

/// The switch that says how far a message gets.
pub(crate) const LAST_STATUS: &str = "last_status";

const FAILED: &str = "failed";
const UNDELIVERED: &str = "undelivered";

const DELIVERED_AFTER: Duration = Duration::from_secs(1);
const READ_AFTER: Duration = Duration::from_secs(2);

/// How a provider signs its webhook calls and how often it makes them. The default is unsigned and once.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebhookRules {
    /// The header with `sha256=` and the lower-case hexadecimal HMAC-SHA256 of the raw body; `None` if the provider
    /// does not sign.
    pub signature_header: Option<&'static str>,
    /// Whether the signature comes without its `sha256=`.
    pub signature_is_bare: bool,
    /// The pauses before the second try, the third, and so on, each counted from the try before it.
    pub pauses: &'static [Duration],
    /// Whether a status from 400 to 499 other than 429 is final. Every other answer outside 200 to 299, and none at all, is
    /// followed by the next try.
    pub client_errors_are_final: bool,
    /// Whether a contact's reply to a message goes to the address that the message named for itself.
    pub replies_go_to_callback: bool,
}

impl WebhookRules {
    /// The pause after a failed attempt, `attempt` being 1 for the first; `None` if that was the last. `status` is
    /// `None` without a response.
    pub(super) fn pause_after(&self, attempt: u32, status: Option<u16>) -> Option<Duration> {
        let succeeded = status.is_some_and(|status| (200..300).contains(&status));
        let client_error = status.is_some_and(|status| (400..500).contains(&status) && status != 429);
        if succeeded || (client_error && self.client_errors_are_final) {
            return None;
        }
        let index = usize::try_from(attempt).ok()?.checked_sub(1)?;
        self.pauses.get(index).copied()
    }
}

/// The switch for the last status of a message, for [`ProviderSimulator::switches`](crate::ProviderSimulator::switches)
/// of a provider with status webhooks. The source is the page that lists the statuses.
pub const fn last_status(source: Source) -> Switch {
    Switch {
        name: LAST_STATUS,
        default: "delivered",
        allowed: &["sent", "delivered", "read", FAILED],
        about: "How far an accepted message gets, and so the last status that the webhook reports: sent at once, delivered after \
                1 s, read after 2 s; or it fails, and the contact does not get it.",
        source,
    }
}

/// As [`last_status`], for a provider with a separate status for a sent message that does not arrive.
pub(crate) const fn last_status_or_undelivered(source: Source) -> Switch {
    Switch {
        allowed: &["sent", "delivered", "read", FAILED, UNDELIVERED],
        about: "How far an accepted message gets, and so the last status that the webhook reports: sent at once, delivered after \
                1 s, read after 2 s; or it fails, at once or undelivered after 1 s, and the contact does not get it.",
        ..last_status(source)
    }
}

/// Whether messages fail under this value of the switch.
pub(crate) fn ends_in_failure(last_status: &str) -> bool {
    matches!(last_status, FAILED | UNDELIVERED)
}

/// The statuses of a message, each with its delay after acceptance.
pub(crate) fn ladder(failure: Option<Failure>, last_status: &str) -> Vec<(DeliveryStatus, Duration)> {
    if let Some(failure) = failure
        && last_status == UNDELIVERED
    {
        return vec![(DeliveryStatus::Sent, Duration::ZERO), (DeliveryStatus::Failed(failure), DELIVERED_AFTER)];
    }
    if let Some(failure) = failure {
        return vec![(DeliveryStatus::Failed(failure), Duration::ZERO)];
    }
    let steps = [
        (DeliveryStatus::Sent, Duration::ZERO),
        (DeliveryStatus::Delivered, DELIVERED_AFTER),
        (DeliveryStatus::Read, READ_AFTER),
    ];
    let most = match last_status {
        "sent" => 1,
        "read" => 3,
        _ => 2,
    };
    steps.into_iter().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSES: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(120)];

    fn pauses(rules: WebhookRules, status: Option<u16>) -> Vec<Option<Duration>> {
        (1..=3).map(|attempt| rules.pause_after(attempt, status)).collect()
    }

    #[test]
    fn whatever_is_not_2xx_is_tried_again_until_the_schedule_ends() {
        let rules = WebhookRules { pauses: &PAUSES, ..WebhookRules::default() };
        for status in [None, Some(101), Some(199), Some(300), Some(302), Some(404), Some(429), Some(500), Some(599)] {
            assert_eq!(pauses(rules, status), [Some(PAUSES[0]), Some(PAUSES[1]), None], "{status:?}");
        }
        for status in [200, 204, 299] {
            assert_eq!(pauses(rules, Some(status)), [None; 3], "{status}");
        }
    }

    #[test]
    fn if_client_errors_are_final_only_429_is_repeated() {
        let rules = WebhookRules { pauses: &PAUSES, client_errors_are_final: true, ..WebhookRules::default() };
        for status in [400, 401, 404, 410, 499] {
            assert_eq!(rules.pause_after(1, Some(status)), None, "{status}");
        }
        for status in [None, Some(302), Some(429), Some(500)] {
            assert_eq!(rules.pause_after(1, status), Some(PAUSES[0]), "{status:?}");
        }
    }

    #[test]
    fn without_a_schedule_there_is_one_try() {
        assert_eq!(WebhookRules::default().pause_after(1, None), None);
    }
}
