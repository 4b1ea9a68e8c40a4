//! What the vendor's pages leave open.

use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, Source};
use crate::core::webhook::last_status;

const SESSION_PAGE: &str = "Messangi, Sending WhatsApp Session Message";

const CLIENTS: Source = Source::new("Public client code of the SMS service", Certainty::Field);

/// Every switch of this simulator.
pub(super) const ALL: &[Switch] = &[
    Switch {
        name: "window_error",
        default: "sync",
        allowed: &["sync", "gone", "callback"],
        about: "How free text outside the window fails: refused at once, with a text (400) or as one public client reads a \
                410, or accepted and failed by callback.",
        source: Source::new(SESSION_PAGE, Certainty::Inferred),
    },
    Switch {
        name: "error_body",
        default: "repaired",
        allowed: &["verbatim", "repaired", "empty", "html"],
        about: "The body of a refusal: as the page prints it, which is no JSON, the same with its missing quote, none, or \
                the page of a gateway.",
        source: Source::new(SESSION_PAGE, Certainty::Seed),
    },
    Switch {
        name: "ratelimit_style",
        default: "vendor",
        allowed: &["vendor", "ietf06", "ietf07", "ietf10", "none", "garbage"],
        about: "How the rate-limit headers are written: as the page has them, as drafts 06, 07 or 10 of the IETF have \
                them, not at all, or without sense.",
        source: Source::new(SESSION_PAGE, Certainty::Seed),
    },
    Switch {
        name: "response_shape",
        default: "notification",
        allowed: &["notification", "sms", "flat"],
        about: "What a send is answered with, which no page shows: our convention, or one of the two bodies that clients of \
                the SMS service have (`data` with `text` and ACCEPTED, or flat with `messageId`).",
        source: CLIENTS,
    },
    Switch {
        name: "refusals",
        default: "status",
        allowed: &["status", "ok"],
        about: "Whether a message that is refused has an HTTP status of its own, or 200 around REJECTED and an empty \
                `messageId`.",
        source: CLIENTS,
    },
    Switch {
        name: "missing_placeholder",
        default: "sync",
        allowed: &["sync", "status", "callback"],
        about: "How a template without a value for a placeholder fails: refused at once, answered with the status INCOMPLETE, \
                or accepted and INCOMPLETE by callback.",
        source: Source::new("Messangi, WhatsApp Status", Certainty::Docs),
    },
    Switch {
        name: "retry_after",
        default: "off",
        allowed: &["off", "on"],
        about: "Whether a 429 has the header `Retry-After`, too.",
        source: Source::new(SESSION_PAGE, Certainty::Inferred),
    },
    Switch {
        name: "ratelimit_on",
        default: "every_answer",
        allowed: &["every_answer", "429"],
        about: "Which answers have the rate-limit headers.",
        source: Source::new(SESSION_PAGE, Certainty::Inferred),
    },
    Switch {
        name: "login_error",
        default: "403",
        allowed: &["403", "401"],
        about: "The HTTP status of a login with wrong credentials.",
        source: Source::new("Third-party client of the login", Certainty::Field),
    },
    Switch {
        name: "final_statuses",
        default: "words",
        allowed: &["words", "smpp", "undelivered", "rejected", "expired"],
        about: "How callbacks spell final statuses, which the page leaves off: DELIVERED, READ and FAILED; DELIVRD, SEEN and \
                UNDELIV as the SMS callbacks do; or the first with UNDELIVERED, REJECTED or EXPIRED for a failure.",
        source: Source::new("Messangi, WhatsApp Status; Callback URL (MT)", Certainty::Docs),
    },
    Switch {
        name: "callback_date",
        default: "iso",
        allowed: &["iso", "dashed"],
        about: "Whether `date` of a callback is ISO 8601, or as the page's own pattern has it, with a dash before the T.",
        source: Source::new("Messangi, Callback URL WhatsApp Business", Certainty::Docs),
    },
    Switch {
        name: "callback_retries",
        default: "0",
        allowed: &["0", "1", "2", "3"],
        about: "How often a callback that failed is tried again, after 1 min each time; no page speaks of it.",
        source: Source::new("Messangi, Callback URL WhatsApp Business", Certainty::Inferred),
    },
    last_status(Source::new("Messangi, WhatsApp Status", Certainty::Docs)),
];
