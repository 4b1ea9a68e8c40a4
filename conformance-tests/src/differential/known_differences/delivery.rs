//! Differences in errors, delivery, pacing and configuration.

use super::reasons::{BARE_403, DEDUPES, OWN_PAGES, RATE_WINDOW, SAME_REFERENCE};
use crate::differential::known_difference::KnownDifference;

pub(super) const ALL: &[KnownDifference] = &[
    KnownDifference {
        scenario: "errors::documented_rejection_has_kind_and_code",
        reason: OWN_PAGES,
        outcomes: &[
            (
                "autocalls",
                "sends insufficient_balance no/1, 2 × session_expired no/1, permission_denied no/1, \
                sender_not_found no/1, template_rejected no/1, recipient_invalid no/1, invalid_request no/1, \
                2 × sender_unavailable no/1",
            ),
            (
                "exotel",
                "sends session_expired no/1, no_active_session no/1, unsupported no/1, 2 × recipient_invalid \
                no/1, invalid_request no/1, permission_denied no/1, sender_unavailable no/1, \
                insufficient_balance no/1, rate_limited no/1",
            ),
            (
                "gosendapi",
                "sends 4 × session_expired no/1, 2 × sender_not_found no/1, permission_denied no/1, \
                recipient_invalid no/1, unsupported no/1, invalid_request no/1, unauthenticated no/1, \
                insufficient_balance no/1, sender_unavailable no/1",
            ),
            (
                "messangi",
                "sends 2 × rate_limited no/1, 2 × session_expired no/1, 2 × recipient_invalid no/1, \
                sender_not_found no/1, unsupported no/1, invalid_request no/1, insufficient_balance no/1, \
                permission_denied no/1, sender_unavailable no/1, template_rejected no/1",
            ),
        ],
    },
    KnownDifference {
        scenario: "errors::conflict_is_unknown_without_idempotency",
        reason: DEDUPES,
        outcomes: &[("autocalls exotel messangi", "sends conflict maybe/1"), ("gosendapi", "sends conflict no/1")],
    },
    KnownDifference {
        scenario: "delivery::gateway_error_with_rejection_body_is_unknown",
        reason: OWN_PAGES,
        outcomes: &[
            ("gosendapi messangi", "sends 26 × provider_unavailable maybe/1"),
            ("autocalls exotel", "sends 20 × provider_unavailable maybe/1"),
        ],
    },
    KnownDifference {
        scenario: "delivery::retry_repeats_unknown_only_with_key",
        reason: DEDUPES,
        outcomes: &[
            (
                "autocalls exotel messangi",
                "sends 3 × provider_unavailable maybe/1, malformed_response maybe/1; delivered 2 × text",
            ),
            ("gosendapi", "sends 4 × accepted yes/2; delivered 4 × text"),
        ],
    },
    KnownDifference {
        scenario: "pacing::limiter_keeps_every_documented_limit",
        reason: OWN_PAGES,
        outcomes: &[
            ("autocalls", "sends 6 × accepted yes/1; delivered 6 × text"),
            ("exotel", "sends 201 × accepted yes/1; delivered 201 × text"),
            ("gosendapi", "sends 112 × accepted yes/1; delivered 11 × text"),
            ("messangi", "sends 6 × accepted yes/1; delivered 3 × text"),
        ],
    },
    KnownDifference {
        scenario: "pacing::limiter_learns_lower_limit_from_responses",
        reason: "Autocalls states its limit in refusals only, so that it takes one to learn it; the others state it in every answer",
        outcomes: &[
            ("exotel gosendapi messangi", "sends 12 × accepted yes/1; delivered 12 × text"),
            ("autocalls", "sends 10 × accepted yes/1, 2 × accepted yes/2; delivered 12 × text"),
        ],
    },
    KnownDifference {
        scenario: "configuration::table_and_uri_configure_same_channel",
        reason: SAME_REFERENCE,
        outcomes: &[
            ("autocalls exotel messangi", "sends 3 × accepted yes/1; delivered 3 × text"),
            ("gosendapi", "sends 3 × accepted yes/1; delivered text"),
        ],
    },
    KnownDifference {
        scenario: "configuration::secret_is_read_from_environment_or_file",
        reason: SAME_REFERENCE,
        outcomes: &[
            ("autocalls exotel messangi", "sends accepted yes/1; delivered 2 × text"),
            ("gosendapi", "sends accepted yes/1; delivered text"),
        ],
    },
    KnownDifference {
        scenario: "configuration::base_url_spellings_mean_the_same",
        reason: SAME_REFERENCE,
        outcomes: &[
            ("autocalls exotel messangi", "sends 3 × accepted yes/1; delivered 3 × text"),
            ("gosendapi", "sends 3 × accepted yes/1; delivered text"),
        ],
    },
    KnownDifference {
        scenario: "secrets::errors_show_no_credential_or_full_number",
        reason: BARE_403,
        outcomes: &[
            (
                "autocalls exotel messangi",
                "sends 3 × malformed_response maybe/1, 2 × invalid_request no/1, unauthenticated no/1, \
                insufficient_balance no/1, permission_denied no/1, not_found no/1, conflict maybe/1, \
                rate_limited no/1, 3 × provider_unavailable maybe/1, \
                provider_unavailable no/1, invalid_request no/0; delivered 3 × text",
            ),
            (
                "gosendapi",
                "sends 3 × malformed_response maybe/1, 2 × invalid_request no/1, unauthenticated no/1, \
                insufficient_balance no/1, no_active_session no/1, not_found no/1, conflict no/1, \
                rate_limited no/1, 3 × provider_unavailable maybe/1, \
                provider_unavailable no/1, invalid_request no/0; delivered 3 × text",
            ),
        ],
    },
    KnownDifference {
        scenario: "secrets::echoed_number_is_redacted",
        reason: "Messangi has no codes, and its texts are read: one that names the recipient is about the recipient",
        outcomes: &[
            ("autocalls exotel gosendapi", "sends 3 × invalid_request no/1"),
            ("messangi", "sends invalid_request no/1, 2 × recipient_invalid no/1"),
        ],
    },
    KnownDifference {
        scenario: "hostile::random_body_is_error_without_panic",
        reason: BARE_403,
        outcomes: &[
            (
                "autocalls exotel messangi",
                "sends 60 × malformed_response maybe/1, 40 × invalid_request no/1, 20 × permission_denied \
                no/1, 20 × not_found no/1, 20 × rate_limited no/1, 40 × provider_unavailable maybe/1",
            ),
            (
                "gosendapi",
                "sends 60 × malformed_response maybe/1, 40 × invalid_request no/1, 20 × no_active_session \
                no/1, 20 × not_found no/1, 20 × rate_limited no/1, 40 × provider_unavailable maybe/1",
            ),
        ],
    },
    KnownDifference {
        scenario: "hostile::damaged_success_has_id_or_is_unknown",
        reason: OWN_PAGES,
        outcomes: &[
            ("autocalls", "sends 73 × accepted yes/1, 12 × malformed_response maybe/1; delivered text"),
            (
                "exotel",
                "sends 61 × accepted yes/1, 51 × malformed_response maybe/1, invalid_request maybe/1; \
                delivered text",
            ),
            ("gosendapi", "sends 37 × accepted yes/1, 20 × malformed_response maybe/1; delivered text"),
            ("messangi", "sends 58 × accepted yes/1, 13 × malformed_response maybe/1; delivered text"),
        ],
    },
    KnownDifference {
        scenario: "hostile::unreadable_wait_is_returned_to_caller",
        reason: RATE_WINDOW,
        outcomes: &[
            ("autocalls exotel gosendapi", "sends 7 × rate_limited no/3, 3 × rate_limited no/1"),
            ("messangi", "sends 21 × rate_limited no/1, rate_limited no/3"),
        ],
    },
];
