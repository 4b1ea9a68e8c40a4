//! What the vendor's pages leave open.

use crate::core::behavior_switch::Switch;
use crate::core::finding::{Certainty, Source};
use crate::core::webhook::{ANNOUNCEMENTS, last_status};
use crate::core::world::INACTIVE_AFTER;

const CONVERSATIONS: &str = "GoSendAPI, Conversations";
const ERRORS: &str = "GoSendAPI, Error handling";
const REFERENCE: &str = "GoSendAPI, API Reference";
const MESSAGES: &str = "GoSendAPI, Messages";

/// Every switch of this simulator.
pub(super) const ALL: &[Switch] = &[
    Switch {
        name: "window_error",
        default: "message",
        allowed: &["message", "bare", "meta_400", "callback"],
        about: "How free text outside the window fails: 403 with a text, 403 that says Forbidden only, 400 with Meta's \
                131047, or accepted and failed by callback.",
        source: Source::new(CONVERSATIONS, Certainty::Seed),
    },
    Switch {
        name: "specific_code",
        default: "on",
        allowed: &["on", "off"],
        about: "Whether error bodies carry a specific code such as INVALID_API_KEY, at `code_place`.",
        source: Source::new(ERRORS, Certainty::Inferred),
    },
    Switch {
        name: "response_shape",
        default: "meta",
        allowed: &["meta", "record", "record_without_wamid", "no_id"],
        about: "Whether a send is answered in Meta's shape, with the vendor's own record, with that of a message that Meta has \
                not numbered yet, or without any id. Statuses of the webhook are records with both ids where sends are.",
        source: Source::new(MESSAGES, Certainty::Inferred),
    },
    Switch {
        name: "message_as_array",
        default: "off",
        allowed: &["off", "on"],
        about: "Whether `message` of a validation error is an array of texts.",
        source: Source::new(ERRORS, Certainty::Inferred),
    },
    Switch {
        name: "template_opens_window",
        default: "off",
        allowed: &["off", "on"],
        about: "Whether a template opens the window for free text, as the page says first, or only the answer to it, as its \
                walk-through has it.",
        source: Source::new(CONVERSATIONS, Certainty::Seed),
    },
    Switch {
        name: INACTIVE_AFTER,
        default: "30",
        allowed: &["1", "5", "10", "15", "30", "60", "120"],
        about: "After how many minutes without a message a conversation is inactive; the page calls it configurable, \
                typically 30.",
        source: Source::new(CONVERSATIONS, Certainty::Seed),
    },
    Switch {
        name: "conversation_line",
        default: "meta",
        allowed: &["meta", "internal"],
        about: "Whether `phone_number_id` of a conversation is Meta's id of the line, by which the sample filters, or the \
                vendor's own, which the table's type suggests.",
        source: Source::new(CONVERSATIONS, Certainty::Seed),
    },
    Switch {
        name: "inbound_processing",
        default: "on",
        allowed: &["on", "off"],
        about: "`inbound_processing_enabled` of the line: off, what customers write opens WhatsApp's window and no \
                conversation, and no webhook tells of it.",
        source: Source::new("GoSendAPI, Phone numbers", Certainty::Docs),
    },
    Switch {
        name: "ids",
        default: "string",
        allowed: &["string", "integer"],
        about: "Whether the vendor's own ids are texts, as in samples, or numbers, as in tables.",
        source: Source::new(REFERENCE, Certainty::Docs),
    },
    Switch {
        name: "code_place",
        default: "code",
        allowed: &["code", "errorCode", "error_code", "details.code", "error", "message"],
        about: "Where an error body has its specific code, which no page shows in one.",
        source: Source::new(ERRORS, Certainty::Inferred),
    },
    Switch {
        name: "accepted_status",
        default: "201",
        allowed: &["201", "200", "202"],
        about: "The HTTP status of an accepted send; 201 is the default of such a framework.",
        source: Source::new(REFERENCE, Certainty::Inferred),
    },
    Switch {
        name: "retry_after",
        default: "on",
        allowed: &["on", "off"],
        about: "Whether a 429 has the header `Retry-After` beside `retry_after_seconds` in its body.",
        source: Source::new("GoSendAPI, Rate limits", Certainty::Docs),
    },
    Switch {
        name: "signature_header",
        default: "x-gosendapi-signature",
        allowed: &["x-gosendapi-signature", "x-signature"],
        about: "The header with a webhook's signature; one page calls it both.",
        source: Source::new("GoSendAPI, Webhooks; Migration guide", Certainty::Docs),
    },
    Switch {
        name: "event_name_member",
        default: "event",
        allowed: &["event", "type", "event_type"],
        about: "The member of a webhook's envelope that holds the name of the event.",
        source: Source::new("GoSendAPI, Webhooks", Certainty::Inferred),
    },
    Switch {
        name: "key_form",
        default: "any",
        allowed: &["any", "held"],
        about: "Whether a key that starts with neither `gsk_live_` nor `gsk_test_` is a good one here, or refused as \
                MALFORMED_API_KEY. A strict mock refuses it anyway.",
        source: Source::new("GoSendAPI, Authentication", Certainty::Docs),
    },
    Switch {
        name: "key_limits",
        default: "off",
        allowed: &["off", "on"],
        about: "Whether a key has the limits of its kind: 10 requests a second and 1,000 a day for `gsk_test_`, 100,000 a \
                day for others. Off, every key has the limit of `/_mock/limits` alone.",
        source: Source::new("GoSendAPI, Rate limits", Certainty::Docs),
    },
    Switch {
        name: ANNOUNCEMENTS,
        default: "off",
        allowed: &["off", "on"],
        about: "Whether a webhook of the control plane that does not say `announcements` receives the events of \
                conversations and templates, too. The page has the events; that each webhook names its events is the \
                provider's own call.",
        source: Source::new(CONVERSATIONS, Certainty::Inferred),
    },
    Switch {
        name: "close_event",
        default: "on",
        allowed: &["on", "off"],
        about: "Whether closing a conversation by hand sends `whatsapp.conversation.ended`, which the page explains as the \
                end of the 24-hour window.",
        source: Source::new(CONVERSATIONS, Certainty::Inferred),
    },
    last_status(Source::new("GoSendAPI, Webhooks", Certainty::Docs)),
];
