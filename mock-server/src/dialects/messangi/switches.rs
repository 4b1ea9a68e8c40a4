//! What the vendor's pages leave open.

use crate::webhook::last_status;
use crate::{Mark, Source, Switch};

const SESSION_PAGE: &str = "Messangi, Sending WhatsApp Session Message";

/// Every switch of this dialect.
pub(super) const ALL: &[Switch] = &[
    Switch {
        name: "window_error",
        default: "sync",
        allowed: &["sync", "callback"],
        about: "How free text outside the window fails: refused at once, or accepted and failed by callback.",
        source: Source::new(SESSION_PAGE, Mark::Inferred),
    },
    Switch {
        name: "error_body",
        default: "repaired",
        allowed: &["verbatim", "repaired", "empty", "html"],
        about: "The body of a refusal: as the page prints it, which is no JSON, the same with its missing quote, none, or \
                the page of a gateway.",
        source: Source::new(SESSION_PAGE, Mark::Seed),
    },
    Switch {
        name: "ratelimit_style",
        default: "vendor",
        allowed: &["vendor", "ietf06", "ietf07", "ietf10", "none", "garbage"],
        about: "How the rate-limit headers are written: as the page has them, as drafts 06, 07 or 10 of the IETF have \
                them, not at all, or without sense.",
        source: Source::new(SESSION_PAGE, Mark::Seed),
    },
    last_status(Source::new("Messangi, WhatsApp Status", Mark::Docs)),
];
