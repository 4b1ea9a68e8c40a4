//! What the provider's pages leave open, or state in two ways.

use super::common::SESSION_PAGE;
use super::webhook::CALLBACK_RETRIES;
use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, Source};
use crate::core::webhook::last_status;

const REPORTS: Source = Source::new("Third-party reports of the live API", Certainty::Field);

/// Every switch of this simulator.
pub(super) const ALL: &[Switch] = &[
    Switch {
        name: "window_error",
        default: "sync",
        allowed: &["sync", "callback"],
        about: "Whether a message outside the window is refused at once, or accepted and reported as failed by callback (30018).",
        source: SESSION_PAGE,
    },
    Switch {
        name: "request_shape",
        default: "any",
        allowed: &["any", "wrapped"],
        about: "Whether the flat request of the page is taken, or only the one wrapped in a channel, as live reports say.",
        source: REPORTS,
    },
    Switch {
        name: "text_too_long",
        default: "sync",
        allowed: &["sync", "callback"],
        about: "Whether a text over 4096 characters is refused at once, or accepted and reported as failed by callback (30029).",
        source: Source::new("WhatsApp Status Codes", Certainty::Docs),
    },
    Switch {
        name: "template_error",
        default: "sync",
        allowed: &["sync", "callback"],
        about: "Whether a template that cannot be sent is refused at once, or reported as failed by callback (30022 to 30024).",
        source: Source::new("Template Messages, WhatsApp Status Codes", Certainty::Docs),
    },
    Switch {
        name: "template_mismatch",
        default: "callback",
        allowed: &["callback", "sync"],
        about: "Whether a header or button that does not fit the template is reported as failed by callback (30023), as was seen, or refused at once.",
        source: REPORTS,
    },
    Switch {
        name: "auth_error",
        default: "v2",
        allowed: &["v2", "rest_exception"],
        about: "Which of the two documented error bodies a 401 has.",
        source: Source::new("Authentication; Error codes", Certainty::Docs),
    },
    Switch {
        name: "accepted_status",
        default: "202",
        allowed: &["202", "200"],
        about: "The HTTP status of an accepted send; integrations report 200 around a body that says 202.",
        source: REPORTS,
    },
    Switch {
        name: "template_policy",
        default: "optional",
        allowed: &["optional", "mandatory"],
        about: "Whether `template.language.policy` may be left out, as in some samples, or is mandatory, as the table says.",
        source: Source::new("Template Messages; Template + Flows", Certainty::Docs),
    },
    Switch {
        name: "symbol_place",
        default: "error_data.code",
        allowed: &[
            "error_data.code",
            "error_data.message",
            "error_data.description",
            "code",
            "error.code",
            "RestException.Code",
        ],
        about: "Where a refusal has SESSION_EXPIRED and the other symbols, which no page shows in an answer. One of several \
                messages has it in `error_data` whatever this says.",
        source: SESSION_PAGE,
    },
    Switch {
        name: "success_shape",
        default: "channel",
        allowed: &["channel", "single", "array"],
        about: "How the answer to one message has its result: in `response.whatsapp.messages`, as `response` itself with \
                `message_id`, or as `response` that is an array.",
        source: Source::new("Send WhatsApp Message; Flows; Payment Messages; Trunk API", Certainty::Docs),
    },
    Switch {
        name: "partial_status",
        default: "207",
        allowed: &["207", "202", "200", "400"],
        about: "The HTTP status of an answer in which some of the messages failed. A client saw 400 where its only message did.",
        source: Source::new("Bulk WhatsApp Messages, which states none; third-party reports", Certainty::Inferred),
    },
    Switch {
        name: "custom_data_wins",
        default: "nearest",
        allowed: &["nearest", "outermost"],
        about: "Which `custom_data` counts where it stands on several levels of a request: the one nearest to the message or \
                the outermost.",
        source: Source::new("Template + Flows", Certainty::Docs),
    },
    Switch {
        name: "callback_form",
        default: "wrapped",
        allowed: &["wrapped", "flat", "event", "typed"],
        about: "Which of the four documented dialects callbacks have. The flat one has reports alone, so what customers write \
                stays wrapped.",
        source: Source::new("Receive Messages (two revisions); Webhooks; WhatsApp Webhooks", Certainty::Docs),
    },
    Switch {
        name: "callback_type",
        default: "incoming_message",
        allowed: &["incoming_message", "icm"],
        about: "What the wrapped form calls a contact's message: the word in all captures of live callbacks, or that of the page.",
        source: Source::new("Third-party captures of live callbacks", Certainty::Field),
    },
    Switch {
        name: "callback_time",
        default: "present",
        allowed: &["present", "absent"],
        about: "Whether a contact's message has its time. Some samples of the pages have none.",
        source: Source::new("Receive Messages; WhatsApp Webhooks", Certainty::Docs),
    },
    Switch {
        name: "media_error",
        default: "by_link",
        allowed: &["by_link", "download_failed", "type_not_supported", "size_exceeded", "processing_error"],
        about: "Which files are refused: those whose link names a wrong format or a host under `.invalid`, or all of them with \
                this MEDIA_* symbol. No page shows where an answer has the symbol.",
        source: Source::new("Media Messages", Certainty::Docs),
    },
    Switch {
        name: "callback_to",
        default: "digits",
        allowed: &["digits", "e164"],
        about: "Whether the customer's number in a report has its `+`; it appears with and without.",
        source: Source::new("Receive Messages; WhatsApp Status Codes", Certainty::Docs),
    },
    Switch {
        name: "signature_form",
        default: "prefixed",
        allowed: &["prefixed", "bare"],
        about: "Whether `X-Exotel-Signature` starts with `sha256=`, as the page shows it, or not, as the provider's sample \
                application reads it.",
        source: Source::new("Receive Messages", Certainty::Docs),
    },
    last_status(Source::new("WhatsApp Status Codes", Certainty::Docs)),
    CALLBACK_RETRIES,
];
