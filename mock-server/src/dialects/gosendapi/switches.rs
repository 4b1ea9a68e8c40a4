//! What the vendor's pages leave open.

use crate::webhook::last_status;
use crate::{Mark, Source, Switch};

const CONVERSATIONS: &str = "GoSendAPI, Conversations";
const ERRORS: &str = "GoSendAPI, Error handling";
const MESSAGES: &str = "GoSendAPI, Messages";

/// Every switch of this dialect.
pub(super) const ALL: &[Switch] = &[
    Switch {
        name: "window_error",
        default: "message",
        allowed: &["message", "bare", "meta_400", "callback"],
        about: "How free text outside the window fails: 403 with a text, 403 that says Forbidden only, 400 with Meta's \
                131047, or accepted and failed by callback.",
        source: Source::new(CONVERSATIONS, Mark::Seed),
    },
    Switch {
        name: "specific_code",
        default: "on",
        allowed: &["on", "off"],
        about: "Whether error bodies carry a specific code such as INVALID_API_KEY, in the member `code`.",
        source: Source::new(ERRORS, Mark::Inferred),
    },
    Switch {
        name: "response_shape",
        default: "meta",
        allowed: &["meta", "record"],
        about: "Whether a send is answered in Meta's shape or with the vendor's own record.",
        source: Source::new(MESSAGES, Mark::Inferred),
    },
    Switch {
        name: "message_as_array",
        default: "off",
        allowed: &["off", "on"],
        about: "Whether `message` of a validation error is an array of texts.",
        source: Source::new(ERRORS, Mark::Inferred),
    },
    last_status(Source::new("GoSendAPI, Webhooks", Mark::Docs)),
];
