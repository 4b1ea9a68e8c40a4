//! Differences in webhooks.

use super::reasons::UNSIGNED;
use crate::differential::known_difference::KnownDifference;

pub(super) const ALL: &[KnownDifference] = &[
    KnownDifference { scenario: "window_rows::status_makes_no_row", reason: UNSIGNED, outcomes: THREE_STATUSES },
    KnownDifference {
        scenario: "webhooks::status_events_have_receipt_id_and_order",
        reason: UNSIGNED,
        outcomes: THREE_STATUSES,
    },
    KnownDifference {
        scenario: "webhooks::status_event_has_reference_if_supported",
        reason: UNSIGNED,
        outcomes: THREE_STATUSES,
    },
    KnownDifference {
        scenario: "webhooks::statuses_merge_to_same_end_in_any_order",
        reason: UNSIGNED,
        outcomes: THREE_STATUSES,
    },
    KnownDifference {
        scenario: "webhooks::repeated_call_gives_same_events",
        reason: "Messangi signs nothing, and makes each call once",
        outcomes: &[
            ("autocalls exotel gosendapi", "sends accepted yes/1; delivered text; events 3 × verified status sent"),
            ("messangi", "sends accepted yes/1; delivered text; events 2 × status sent"),
        ],
    },
    KnownDifference {
        scenario: "webhooks::only_verified_status_settles_unknown_send",
        reason: UNSIGNED,
        outcomes: &[
            (
                "autocalls exotel gosendapi",
                "sends provider_unavailable maybe/1; delivered text; events verified status sent, verified status \
                delivered",
            ),
            ("messangi", "sends provider_unavailable maybe/1; delivered text; events status sent, status delivered"),
        ],
    },
    KnownDifference {
        scenario: "webhooks::inbound_text_has_sender_time_and_body",
        reason: UNSIGNED,
        outcomes: &[("exotel gosendapi", "events verified message text"), ("messangi", "events message text")],
    },
    KnownDifference {
        scenario: "webhooks::inbound_content_of_each_kind_is_read",
        reason: UNSIGNED,
        outcomes: &[
            (
                "exotel gosendapi",
                "events verified message text, verified message image, verified message video, verified \
                message audio, verified message document, verified message sticker, verified message \
                button_reply, verified message list_reply",
            ),
            (
                "messangi",
                "events message text, message image, message video, message audio, message document, message \
                sticker, message button_reply, message list_reply",
            ),
        ],
    },
    KnownDifference {
        scenario: "webhooks::verified_inbound_opens_window_for_24_hours",
        reason: UNSIGNED,
        outcomes: &[("exotel gosendapi", "events verified message text"), ("messangi", "events message text")],
    },
];

/// One text, and its three statuses. Messangi signs nothing.
const THREE_STATUSES: &[(&str, &str)] = &[
    (
        "autocalls exotel gosendapi",
        "sends accepted yes/1; delivered text; events verified status sent, verified status delivered, \
        verified status read",
    ),
    ("messangi", "sends accepted yes/1; delivered text; events status sent, status delivered, status read"),
];
