//! Differences in contents, templates, windows and failover.

use super::reasons::{BY_NUMBER, CANNOT_BE_ASKED, NEVER_OR_LONG_AGO, NO_TEMPLATE_LIST, OWN_CAPABILITIES};
use crate::differential::known_difference::KnownDifference;

pub(super) const ALL: &[KnownDifference] = &[
    KnownDifference {
        scenario: "content::full_contact_card_is_sent_whole_or_refused",
        reason: "Exotel documents no addresses, company, links or birthday on a card",
        outcomes: &[
            ("gosendapi messangi", "sends accepted yes/1; delivered contacts"),
            ("exotel", "sends unsupported no/0"),
        ],
    },
    KnownDifference {
        scenario: "content::free_form_content_needs_open_window",
        reason: OWN_CAPABILITIES,
        outcomes: &[
            ("autocalls", "sends no_active_session no/1"),
            ("exotel", "sends 11 × no_active_session no/1"),
            ("gosendapi", "sends 10 × no_active_session no/1"),
            ("messangi", "sends 9 × session_expired no/1"),
        ],
    },
    KnownDifference {
        scenario: "window::text_to_contact_who_never_wrote_is_rejected",
        reason: NEVER_OR_LONG_AGO,
        outcomes: &[
            ("autocalls exotel gosendapi", "sends no_active_session no/1"),
            ("messangi", "sends session_expired no/1"),
        ],
    },
    KnownDifference {
        scenario: "window::template_does_not_open_window",
        reason: NEVER_OR_LONG_AGO,
        outcomes: &[
            ("autocalls exotel gosendapi", "sends accepted yes/1, no_active_session no/1; delivered template"),
            ("messangi", "sends accepted yes/1, session_expired no/1; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "window::window_belongs_to_one_contact",
        reason: NEVER_OR_LONG_AGO,
        outcomes: &[
            ("autocalls exotel gosendapi", "sends no_active_session no/1"),
            ("messangi", "sends session_expired no/1"),
        ],
    },
    KnownDifference {
        scenario: "window::closed_window_sends_fallback_once",
        reason: CANNOT_BE_ASKED,
        outcomes: &[
            ("autocalls gosendapi", "sends fallback accepted yes/1; delivered template"),
            ("exotel messangi", "sends fallback accepted yes/2; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "window::fallback_is_sent_once_if_contact_never_wrote",
        reason: CANNOT_BE_ASKED,
        outcomes: &[
            ("autocalls gosendapi", "sends fallback accepted yes/1; delivered template"),
            ("exotel messangi", "sends fallback accepted yes/2; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "window::rejected_fallback_is_not_retried",
        reason: CANNOT_BE_ASKED,
        outcomes: &[
            ("autocalls gosendapi", "sends template_rejected no/0"),
            ("exotel", "sends template_rejected no/1"),
            ("messangi", "sends template_rejected no/2"),
        ],
    },
    KnownDifference {
        scenario: "window::strict_policy_sends_no_fallback",
        reason: CANNOT_BE_ASKED,
        outcomes: &[
            ("autocalls gosendapi", "sends no_active_session no/0"),
            ("exotel", "sends no_active_session no/1"),
            ("messangi", "sends session_expired no/1"),
        ],
    },
    KnownDifference {
        scenario: "templates::unapproved_template_is_rejected",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("autocalls exotel gosendapi", "sends template_rejected no/0"),
            ("messangi", "sends template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "templates::paused_template_is_rejected",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("autocalls exotel gosendapi", "sends template_rejected no/0"),
            ("messangi", "sends template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "templates::unknown_template_is_rejected",
        reason: BY_NUMBER,
        outcomes: &[("exotel gosendapi messangi", "sends template_rejected no/1"), ("autocalls", "sends config no/0")],
    },
    KnownDifference {
        scenario: "templates::too_few_parameters_are_rejected",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("autocalls exotel gosendapi", "sends invalid_request no/0"),
            ("messangi", "sends template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "templates::too_many_parameters_are_rejected",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("autocalls exotel gosendapi", "sends invalid_request no/0"),
            ("messangi", "sends template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "failover::unreachable_channel_fails_over",
        reason: BY_NUMBER,
        outcomes: &[
            ("exotel gosendapi messangi", "sends provider_unavailable no/1, accepted yes/1; delivered template"),
            ("autocalls", "sends provider_unavailable no/0, accepted yes/1; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "failover::rejected_message_does_not_fail_over",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("autocalls exotel gosendapi", "sends template_rejected no/0"),
            ("messangi", "sends template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "failover::unauthenticated_channel_fails_over",
        reason: BY_NUMBER,
        outcomes: &[
            ("exotel gosendapi messangi", "sends unauthenticated no/1, accepted yes/1; delivered template"),
            ("autocalls", "sends unauthenticated no/0, accepted yes/1; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "content::link_to_unsupported_format_is_refused_locally",
        reason: OWN_CAPABILITIES,
        outcomes: &[
            ("exotel gosendapi", "sends 6 × invalid_request no/0"),
            ("messangi", "sends 5 × invalid_request no/0"),
        ],
    },
    KnownDifference {
        scenario: "content::long_title_is_refused_if_provider_limits_it",
        reason: "Messangi's pages limit no title, so the provider is asked",
        outcomes: &[
            ("exotel gosendapi", "sends invalid_request no/0"),
            ("messangi", "sends accepted yes/1; delivered buttons"),
        ],
    },
];
