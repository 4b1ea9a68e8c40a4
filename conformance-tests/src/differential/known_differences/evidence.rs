//! Differences in scenarios that go through a provider's own documentation.

use super::reasons::OWN_PAGES;
use crate::differential::known_difference::KnownDifference;

pub(super) const ALL: &[KnownDifference] = &[
    KnownDifference {
        scenario: "evidence::response_codes_have_kind_and_send_state",
        reason: OWN_PAGES,
        outcomes: &[
            (
                "autocalls",
                "sends insufficient_balance no/1, 2 × session_expired no/1, sender_not_found no/1, 4 × \
                recipient_invalid no/1, 5 × sender_unavailable no/1, 5 × template_rejected no/1, not_found \
                no/1, 2 × provider_unavailable maybe/1, 2 × rate_limited no/1",
            ),
            (
                "exotel",
                "sends 2 × session_expired no/1, 2 × no_active_session no/1, 2 × unsupported no/1, 2 × \
                not_found no/1, 18 × invalid_request no/1, 4 × permission_denied no/1, 2 × conflict no/1, 2 \
                × unauthenticated no/1, 4 × rate_limited no/1",
            ),
            (
                "gosendapi",
                "sends 7 × recipient_invalid no/1, 2 × sender_not_found no/1, unsupported no/1, 9 × \
                invalid_request no/1, 3 × unauthenticated no/1, 6 × permission_denied no/1, 9 × \
                template_rejected no/1, 2 × session_expired no/1, 6 × rate_limited no/1, \
                insufficient_balance no/1, 8 × sender_unavailable no/1, provider_unavailable no/1, 4 × \
                provider_unavailable maybe/1",
            ),
            (
                "messangi",
                "sends 2 × rate_limited no/1, 4 × invalid_request no/1, unauthenticated no/1, \
                insufficient_balance no/1, permission_denied no/1, not_found no/1, 5 × provider_unavailable \
                maybe/1, conflict maybe/1, 2 × session_expired no/1, sender_unavailable no/1, \
                template_rejected no/1, recipient_invalid no/1",
            ),
        ],
    },
    KnownDifference {
        scenario: "evidence::messages_match_documented_requests",
        reason: OWN_PAGES,
        outcomes: &[
            (
                "autocalls",
                "sends 4 × accepted yes/1, 2 × insufficient_balance no/1, 2 × session_expired no/1, \
                rate_limited no/1, 2 × sender_not_found no/1, 2 × sender_unavailable no/1, unauthenticated \
                no/1, 2 × template_rejected no/1",
            ),
            (
                "exotel",
                "sends 21 × accepted yes/1, invalid_request no/1, insufficient_balance no/1, rate_limited \
                no/1, 2 × session_expired no/1, no_active_session no/1, template_rejected no/1, \
                unauthenticated no/1",
            ),
            (
                "gosendapi",
                "sends 18 × accepted yes/1, 2 × unauthenticated no/1, rate_limited no/1, 2 × sender_not_found \
                no/1, 5 × template_rejected no/1, 4 × session_expired no/1",
            ),
            (
                "messangi",
                "sends 19 × accepted yes/1, unauthenticated no/1, 2 × rate_limited no/1, sender_not_found \
                no/1, 2 × template_rejected no/1, 2 × session_expired no/1",
            ),
        ],
    },
    KnownDifference {
        scenario: "evidence::documented_responses_are_read_correctly",
        reason: OWN_PAGES,
        outcomes: &[
            (
                "autocalls",
                "sends 5 × accepted yes/1, 2 × insufficient_balance no/1, 2 × recipient_invalid no/1, 2 × \
                invalid_request no/1, 2 × session_expired no/1, rate_limited no/1, 2 × sender_not_found \
                no/1, 2 × sender_unavailable no/1, unauthenticated no/1, 2 × template_rejected no/1",
            ),
            (
                "exotel",
                "sends 25 × accepted yes/1, 4 × invalid_request no/1, insufficient_balance no/1, \
                recipient_invalid no/1, rate_limited no/1, 2 × session_expired no/1, no_active_session no/1, \
                template_rejected no/1, unsupported no/1, unauthenticated no/1",
            ),
            (
                "gosendapi",
                "sends 23 × accepted yes/1, 4 × invalid_request no/1, conflict no/1, 2 × unauthenticated no/1, \
                rate_limited no/1, 2 × recipient_invalid no/1, 2 × sender_not_found no/1, 5 × \
                template_rejected no/1, unsupported no/1, 4 × session_expired no/1",
            ),
            (
                "messangi",
                "sends 25 × accepted yes/1, 8 × invalid_request no/1, 2 × unauthenticated no/1, 2 × \
                rate_limited no/1, recipient_invalid no/1, sender_not_found no/1, 2 × template_rejected \
                no/1, 2 × session_expired no/1",
            ),
        ],
    },
];
