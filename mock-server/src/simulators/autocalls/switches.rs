//! What the provider's pages leave open.

use super::common::{FRAMEWORK, SESSION_PAGE, TEMPLATE_PAGE};
use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, Source};
use crate::core::webhook::last_status_or_undelivered;

/// Every switch of this simulator.
pub(super) const ALL: &[Switch] = &[
    Switch {
        name: "message_sid",
        default: "sid",
        allowed: &["sid", "null"],
        about: "Whether a send answers with a carrier SID or with null, as it may for senders on Meta's own API.",
        source: Source::new("Read Receipts Webhook", Certainty::Docs),
    },
    Switch {
        name: "unanswered_expires_at",
        default: "null",
        allowed: &["null", "absent"],
        about: "How the session of a customer who got a template and never wrote shows `expires_at`.",
        source: SESSION_PAGE,
    },
    Switch {
        name: "unanswered_message",
        default: "no_message",
        allowed: &["no_message", "expired", "no_conversation"],
        about: "The `message` of the session of a customer who got a template and never wrote, which no page shows: words of \
                ours, or those of one of the other two closed sessions.",
        source: FRAMEWORK,
    },
    Switch {
        name: "templates_by_query",
        default: "on",
        allowed: &["on", "off"],
        about: "Whether `GET /api/user/whatsapp/templates?sender_id=` is there. It is on no page, and a client in production \
                calls it.",
        source: Source::new("A client in production", Certainty::Field),
    },
    Switch {
        name: "form_body",
        default: "read",
        allowed: &["read", "refused"],
        about: "Whether a body that is a form is read like one of JSON, or taken for an empty one.",
        source: FRAMEWORK,
    },
    Switch {
        name: "conversation_ended_edition",
        default: "first",
        allowed: &["first", "later"],
        about: "Which edition of the page the conversation-ended webhook follows; the later one has the number, the \
                attachments and the times of the messages.",
        source: Source::new("Conversation Ended Webhook, as a twin of the API has it", Certainty::Inferred),
    },
    Switch {
        name: "template_opens_window",
        default: "off",
        allowed: &["off", "on"],
        about: "Whether a template opens the window, as one page says against the two that say only the customer does.",
        source: TEMPLATE_PAGE,
    },
    Switch {
        name: "refusals",
        default: "status",
        allowed: &["status", "ok"],
        about: "Whether a refusal with an `error_code` comes with its HTTP status, or as 200 with `success` false.",
        source: Source::new("Public clients check `success` on a 200", Certainty::Field),
    },
    Switch {
        name: "rate_limit_headers",
        default: "on",
        allowed: &["on", "off"],
        about: "Whether a 429 carries `Retry-After` and `X-RateLimit-*`.",
        source: FRAMEWORK,
    },
    Switch {
        name: "bare_plus",
        default: "repaired",
        allowed: &["repaired", "refused"],
        about: "Whether a `+` that is not encoded in a query is taken for what was meant, as in the page's own sample, or \
                for a space, which is no phone number (422).",
        source: SESSION_PAGE,
    },
    Switch {
        name: "without_accept",
        default: "json",
        allowed: &["json", "page", "redirect"],
        about: "How errors answer a request without `Accept: application/json`: as JSON all the same, as a page, or by a \
                redirect to the login.",
        source: FRAMEWORK,
    },
    Switch {
        name: "unauthenticated_body",
        default: "message",
        allowed: &["message", "error"],
        about: "The body of a 401: `message` with Unauthenticated, or `error` with Unauthorized, as another group of the \
                same interface has it.",
        source: FRAMEWORK,
    },
    Switch {
        name: "template_status",
        default: "queued",
        allowed: &["queued", "sent"],
        about: "The first status that the answer to a template tells.",
        source: TEMPLATE_PAGE,
    },
    Switch {
        name: "never_messaged_expires_at",
        default: "absent",
        allowed: &["absent", "null"],
        about: "Whether the session of somebody who was never written to has `expires_at`: the sample has none, the field's \
                text speaks of one.",
        source: SESSION_PAGE,
    },
    Switch {
        name: "minutes_remaining",
        default: "floor",
        allowed: &["floor", "ceil"],
        about: "How a part of a minute counts in `minutes_remaining`.",
        source: SESSION_PAGE,
    },
    last_status_or_undelivered(Source::new("Read Receipts Webhook", Certainty::Docs)),
];
