//! Every difference between the adapters that is known.

use super::KnownDifference;

/// Each with its reason, and with what it comes to for each provider. One that no longer is one fails the tests, as one that
/// is missing does.
pub const KNOWN_DIFFERENCES: &[KnownDifference] = &[
    KnownDifference {
        scenario: "content::free_form_content_needs_open_window",
        reason: OWN_CAPABILITIES,
        outcomes: &[
            ("autocalls", "told no_active_session no/1"),
            ("exotel", "told 11 × no_active_session no/1"),
            ("gosendapi", "told 10 × no_active_session no/1"),
            ("messangi", "told 9 × session_expired no/1"),
        ],
    },
    KnownDifference {
        scenario: "window::text_to_contact_who_never_wrote_is_rejected",
        reason: NEVER_OR_LONG_AGO,
        outcomes: &[
            ("autocalls exotel gosendapi", "told no_active_session no/1"),
            ("messangi", "told session_expired no/1"),
        ],
    },
    KnownDifference {
        scenario: "window::template_does_not_open_window",
        reason: NEVER_OR_LONG_AGO,
        outcomes: &[
            ("autocalls exotel gosendapi", "told accepted yes/1, no_active_session no/1; reached template"),
            ("messangi", "told accepted yes/1, session_expired no/1; reached template"),
        ],
    },
    KnownDifference {
        scenario: "window::window_belongs_to_one_contact",
        reason: NEVER_OR_LONG_AGO,
        outcomes: &[
            ("autocalls exotel gosendapi", "told no_active_session no/1"),
            ("messangi", "told session_expired no/1"),
        ],
    },
    KnownDifference {
        scenario: "window::closed_window_sends_fallback_once",
        reason: CANNOT_BE_ASKED,
        outcomes: &[
            ("autocalls gosendapi", "told fallback accepted yes/1; reached template"),
            ("exotel messangi", "told fallback accepted yes/2; reached template"),
        ],
    },
    KnownDifference {
        scenario: "window::fallback_is_sent_once_if_contact_never_wrote",
        reason: CANNOT_BE_ASKED,
        outcomes: &[
            ("autocalls gosendapi", "told fallback accepted yes/1; reached template"),
            ("exotel messangi", "told fallback accepted yes/2; reached template"),
        ],
    },
    KnownDifference {
        scenario: "window::rejected_fallback_is_not_retried",
        reason: CANNOT_BE_ASKED,
        outcomes: &[
            ("autocalls gosendapi", "told template_rejected no/0"),
            ("exotel", "told template_rejected no/1"),
            ("messangi", "told template_rejected no/2"),
        ],
    },
    KnownDifference {
        scenario: "window::strict_policy_sends_no_fallback",
        reason: CANNOT_BE_ASKED,
        outcomes: &[
            ("autocalls gosendapi", "told no_active_session no/0"),
            ("exotel", "told no_active_session no/1"),
            ("messangi", "told session_expired no/1"),
        ],
    },
    KnownDifference {
        scenario: "templates::unapproved_template_is_rejected",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("autocalls exotel gosendapi", "told template_rejected no/0"),
            ("messangi", "told template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "templates::paused_template_is_rejected",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("autocalls exotel gosendapi", "told template_rejected no/0"),
            ("messangi", "told template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "templates::unknown_template_is_rejected",
        reason: BY_NUMBER,
        outcomes: &[("exotel gosendapi messangi", "told template_rejected no/1"), ("autocalls", "told config no/0")],
    },
    KnownDifference {
        scenario: "templates::unknown_template_language_is_rejected",
        reason: BY_NUMBER,
        outcomes: &[("exotel gosendapi messangi", "told template_rejected no/1"), ("autocalls", "told config no/0")],
    },
    KnownDifference {
        scenario: "templates::too_few_parameters_are_rejected",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("autocalls exotel gosendapi", "told invalid_request no/0"),
            ("messangi", "told template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "templates::too_many_parameters_are_rejected",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("autocalls exotel gosendapi", "told invalid_request no/0"),
            ("messangi", "told template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "errors::documented_rejection_has_kind_and_code",
        reason: OWN_PAGES,
        outcomes: &[
            (
                "autocalls",
                "told insufficient_balance no/1, 2 × session_expired no/1, permission_denied no/1, \
                sender_not_found no/1, template_rejected no/1, recipient_invalid no/1, invalid_request no/1, \
                2 × sender_unavailable no/1",
            ),
            (
                "exotel",
                "told session_expired no/1, no_active_session no/1, unsupported no/1, 2 × recipient_invalid \
                no/1, invalid_request no/1, permission_denied no/1, insufficient_balance no/1, rate_limited \
                no/1",
            ),
            (
                "gosendapi",
                "told 4 × session_expired no/1, 2 × sender_not_found no/1, permission_denied no/1, \
                recipient_invalid no/1, unsupported no/1, invalid_request no/1, unauthenticated no/1, \
                insufficient_balance no/1, sender_unavailable no/1",
            ),
            (
                "messangi",
                "told 2 × rate_limited no/1, 2 × session_expired no/1, 2 × recipient_invalid no/1, \
                sender_not_found no/1, unsupported no/1, invalid_request no/1, insufficient_balance no/1, \
                permission_denied no/1, sender_unavailable no/1, template_rejected no/1",
            ),
        ],
    },
    KnownDifference {
        scenario: "errors::conflict_is_unknown_without_idempotency",
        reason: DEDUPES,
        outcomes: &[("autocalls exotel messangi", "told conflict maybe/1"), ("gosendapi", "told conflict no/1")],
    },
    KnownDifference {
        scenario: "delivery::gateway_error_with_rejection_body_is_unknown",
        reason: OWN_PAGES,
        outcomes: &[
            ("gosendapi messangi", "told 26 × provider_unavailable maybe/1"),
            ("autocalls", "told 20 × provider_unavailable maybe/1"),
            ("exotel", "told 18 × provider_unavailable maybe/1"),
        ],
    },
    KnownDifference {
        scenario: "delivery::retry_repeats_unknown_only_with_key",
        reason: DEDUPES,
        outcomes: &[
            (
                "autocalls exotel messangi",
                "told 3 × provider_unavailable maybe/1, malformed_response maybe/1; reached 2 × text",
            ),
            ("gosendapi", "told 4 × accepted yes/2; reached 4 × text"),
        ],
    },
    KnownDifference {
        scenario: "pacing::limiter_keeps_every_documented_limit",
        reason: OWN_PAGES,
        outcomes: &[
            ("autocalls", "told 6 × accepted yes/1; reached 6 × text"),
            ("exotel", "told 201 × accepted yes/1; reached 201 × text"),
            ("gosendapi", "told 112 × accepted yes/1; reached 11 × text"),
            ("messangi", "told 6 × accepted yes/1; reached 3 × text"),
        ],
    },
    KnownDifference {
        scenario: "pacing::limiter_learns_lower_limit_from_responses",
        reason: "Autocalls states its limit in refusals only, so that it takes one to learn it; the others state it in every answer",
        outcomes: &[
            ("exotel gosendapi messangi", "told 12 × accepted yes/1; reached 12 × text"),
            ("autocalls", "told 10 × accepted yes/1, 2 × accepted yes/2; reached 12 × text"),
        ],
    },
    KnownDifference {
        scenario: "failover::unreachable_channel_fails_over",
        reason: BY_NUMBER,
        outcomes: &[
            ("exotel gosendapi messangi", "told provider_unavailable no/1, accepted yes/1; reached template"),
            ("autocalls", "told provider_unavailable no/0, accepted yes/1; reached template"),
        ],
    },
    KnownDifference {
        scenario: "failover::rejected_message_does_not_fail_over",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("autocalls exotel gosendapi", "told template_rejected no/0"),
            ("messangi", "told template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "failover::unauthenticated_channel_fails_over",
        reason: BY_NUMBER,
        outcomes: &[
            ("exotel gosendapi messangi", "told unauthenticated no/1, accepted yes/1; reached template"),
            ("autocalls", "told unauthenticated no/0, accepted yes/1; reached template"),
        ],
    },
    KnownDifference {
        scenario: "webhooks::status_events_have_receipt_id_and_order",
        reason: UNSIGNED,
        outcomes: &[
            (
                "autocalls exotel gosendapi",
                "told accepted yes/1; reached text; heard verified status sent, verified status delivered, \
                verified status read",
            ),
            ("messangi", "told accepted yes/1; reached text; heard status sent, status delivered, status read"),
        ],
    },
    KnownDifference {
        scenario: "webhooks::status_event_has_reference_if_supported",
        reason: UNSIGNED,
        outcomes: &[
            (
                "autocalls exotel gosendapi",
                "told accepted yes/1; reached text; heard verified status sent, verified status delivered, \
                verified status read",
            ),
            ("messangi", "told accepted yes/1; reached text; heard status sent, status delivered, status read"),
        ],
    },
    KnownDifference {
        scenario: "webhooks::statuses_merge_to_same_end_in_any_order",
        reason: UNSIGNED,
        outcomes: &[
            (
                "autocalls exotel gosendapi",
                "told accepted yes/1; reached text; heard verified status sent, verified status delivered, \
                verified status read",
            ),
            ("messangi", "told accepted yes/1; reached text; heard status sent, status delivered, status read"),
        ],
    },
    KnownDifference {
        scenario: "webhooks::repeated_call_gives_same_events",
        reason: "Messangi signs nothing, and makes each call once",
        outcomes: &[
            ("autocalls exotel gosendapi", "told accepted yes/1; reached text; heard 3 × verified status sent"),
            ("messangi", "told accepted yes/1; reached text; heard 2 × status sent"),
        ],
    },
    KnownDifference {
        scenario: "webhooks::only_verified_status_settles_unknown_send",
        reason: UNSIGNED,
        outcomes: &[
            (
                "autocalls exotel gosendapi",
                "told provider_unavailable maybe/1; reached text; heard verified status sent, verified status \
                delivered",
            ),
            ("messangi", "told provider_unavailable maybe/1; reached text; heard status sent, status delivered"),
        ],
    },
    KnownDifference {
        scenario: "configuration::table_and_uri_configure_same_channel",
        reason: SAME_REFERENCE,
        outcomes: &[
            ("autocalls exotel messangi", "told 3 × accepted yes/1; reached 3 × text"),
            ("gosendapi", "told 3 × accepted yes/1; reached text"),
        ],
    },
    KnownDifference {
        scenario: "configuration::secret_is_read_from_environment_or_file",
        reason: SAME_REFERENCE,
        outcomes: &[
            ("autocalls exotel messangi", "told accepted yes/1; reached 2 × text"),
            ("gosendapi", "told accepted yes/1; reached text"),
        ],
    },
    KnownDifference {
        scenario: "configuration::base_url_spellings_mean_the_same",
        reason: SAME_REFERENCE,
        outcomes: &[
            ("autocalls exotel messangi", "told 3 × accepted yes/1; reached 3 × text"),
            ("gosendapi", "told 3 × accepted yes/1; reached text"),
        ],
    },
    KnownDifference {
        scenario: "secrets::errors_show_no_credential_or_full_number",
        reason: BARE_403,
        outcomes: &[
            (
                "autocalls exotel messangi",
                "told malformed_response no/1, 2 × invalid_request no/1, unauthenticated no/1, \
                insufficient_balance no/1, permission_denied no/1, not_found no/1, conflict maybe/1, \
                rate_limited no/1, 3 × provider_unavailable maybe/1, 2 × malformed_response maybe/1, \
                provider_unavailable no/1, invalid_request no/0; reached 3 × text",
            ),
            (
                "gosendapi",
                "told malformed_response no/1, 2 × invalid_request no/1, unauthenticated no/1, \
                insufficient_balance no/1, no_active_session no/1, not_found no/1, conflict no/1, \
                rate_limited no/1, 3 × provider_unavailable maybe/1, 2 × malformed_response maybe/1, \
                provider_unavailable no/1, invalid_request no/0; reached 3 × text",
            ),
        ],
    },
    KnownDifference {
        scenario: "secrets::echoed_number_is_redacted",
        reason: "Messangi has no codes, and its texts are read: one that names the recipient is about the recipient",
        outcomes: &[
            ("autocalls exotel gosendapi", "told 3 × invalid_request no/1"),
            ("messangi", "told invalid_request no/1, 2 × recipient_invalid no/1"),
        ],
    },
    KnownDifference {
        scenario: "hostile::random_body_is_error_without_panic",
        reason: BARE_403,
        outcomes: &[
            (
                "autocalls exotel messangi",
                "told 60 × malformed_response maybe/1, 40 × invalid_request no/1, 20 × permission_denied \
                no/1, 20 × not_found no/1, 20 × rate_limited no/1, 40 × provider_unavailable maybe/1",
            ),
            (
                "gosendapi",
                "told 60 × malformed_response maybe/1, 40 × invalid_request no/1, 20 × no_active_session \
                no/1, 20 × not_found no/1, 20 × rate_limited no/1, 40 × provider_unavailable maybe/1",
            ),
        ],
    },
    KnownDifference {
        scenario: "hostile::damaged_success_has_id_or_is_unknown",
        reason: OWN_PAGES,
        outcomes: &[
            ("autocalls", "told 73 × accepted yes/1, 12 × malformed_response maybe/1; reached text"),
            (
                "exotel",
                "told 61 × accepted yes/1, 49 × malformed_response maybe/1, 3 × invalid_request maybe/1; \
                reached text",
            ),
            ("gosendapi", "told 37 × accepted yes/1, 20 × malformed_response maybe/1; reached text"),
            ("messangi", "told 58 × accepted yes/1, 13 × malformed_response maybe/1; reached text"),
        ],
    },
    KnownDifference {
        scenario: "evidence::response_codes_have_kind_and_send_state",
        reason: OWN_PAGES,
        outcomes: &[
            (
                "autocalls",
                "told insufficient_balance no/1, 2 × session_expired no/1, sender_not_found no/1, 4 × \
                recipient_invalid no/1, 5 × sender_unavailable no/1, 5 × template_rejected no/1, not_found \
                no/1, 2 × provider_unavailable maybe/1, 2 × rate_limited no/1",
            ),
            (
                "exotel",
                "told 2 × session_expired no/1, 2 × no_active_session no/1, 2 × unsupported no/1, 2 × \
                not_found no/1, 18 × invalid_request no/1, 4 × permission_denied no/1, 2 × conflict no/1, 2 \
                × unauthenticated no/1, 4 × rate_limited no/1",
            ),
            (
                "gosendapi",
                "told 7 × recipient_invalid no/1, 2 × sender_not_found no/1, 2 × unsupported no/1, 8 × \
                invalid_request no/1, 3 × unauthenticated no/1, 6 × permission_denied no/1, 9 × \
                template_rejected no/1, 2 × session_expired no/1, 6 × rate_limited no/1, \
                insufficient_balance no/1, 9 × sender_unavailable no/1, 4 × provider_unavailable maybe/1",
            ),
            (
                "messangi",
                "told 2 × rate_limited no/1, 4 × invalid_request no/1, unauthenticated no/1, \
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
                "told 4 × accepted yes/1, 2 × insufficient_balance no/1, 2 × session_expired no/1, \
                rate_limited no/1, 2 × sender_not_found no/1, 2 × sender_unavailable no/1, unauthenticated \
                no/1, 2 × template_rejected no/1",
            ),
            (
                "exotel",
                "told 20 × accepted yes/1, invalid_request no/1, insufficient_balance no/1, rate_limited \
                no/1, 2 × session_expired no/1, no_active_session no/1, template_rejected no/1, \
                unauthenticated no/1",
            ),
            (
                "gosendapi",
                "told 18 × accepted yes/1, 2 × unauthenticated no/1, rate_limited no/1, 2 × sender_not_found \
                no/1, 5 × template_rejected no/1, 4 × session_expired no/1",
            ),
            (
                "messangi",
                "told 18 × accepted yes/1, unauthenticated no/1, 2 × rate_limited no/1, sender_not_found \
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
                "told 5 × accepted yes/1, 2 × insufficient_balance no/1, 2 × recipient_invalid no/1, 2 × \
                invalid_request no/1, 2 × session_expired no/1, rate_limited no/1, 2 × sender_not_found \
                no/1, 2 × sender_unavailable no/1, unauthenticated no/1, 2 × template_rejected no/1",
            ),
            (
                "exotel",
                "told 25 × accepted yes/1, 4 × invalid_request no/1, insufficient_balance no/1, \
                recipient_invalid no/1, rate_limited no/1, 2 × session_expired no/1, no_active_session no/1, \
                template_rejected no/1, unsupported no/1, unauthenticated no/1",
            ),
            (
                "gosendapi",
                "told 23 × accepted yes/1, 4 × invalid_request no/1, conflict no/1, 2 × unauthenticated no/1, \
                rate_limited no/1, 2 × recipient_invalid no/1, 2 × sender_not_found no/1, 5 × \
                template_rejected no/1, unsupported no/1, 4 × session_expired no/1",
            ),
            (
                "messangi",
                "told 25 × accepted yes/1, 8 × invalid_request no/1, 2 × unauthenticated no/1, 2 × \
                rate_limited no/1, recipient_invalid no/1, sender_not_found no/1, 2 × template_rejected \
                no/1, 2 × session_expired no/1",
            ),
        ],
    },
    KnownDifference {
        scenario: "content::link_to_unsupported_format_is_refused_locally",
        reason: OWN_CAPABILITIES,
        outcomes: &[
            ("exotel gosendapi", "told 6 × invalid_request no/0"),
            ("messangi", "told 5 × invalid_request no/0"),
        ],
    },
    KnownDifference {
        scenario: "content::long_title_is_refused_if_provider_limits_it",
        reason: "Messangi's pages limit no title, so the provider is asked",
        outcomes: &[
            ("exotel gosendapi", "told invalid_request no/0"),
            ("messangi", "told accepted yes/1; reached buttons"),
        ],
    },
    KnownDifference {
        scenario: "webhooks::inbound_text_has_sender_time_and_body",
        reason: UNSIGNED,
        outcomes: &[("exotel gosendapi", "heard verified message text"), ("messangi", "heard message text")],
    },
    KnownDifference {
        scenario: "webhooks::inbound_content_of_each_kind_is_read",
        reason: UNSIGNED,
        outcomes: &[
            (
                "exotel gosendapi",
                "heard verified message text, verified message image, verified message video, verified \
                message audio, verified message document, verified message sticker, verified message \
                button_reply, verified message list_reply",
            ),
            (
                "messangi",
                "heard message text, message image, message video, message audio, message document, message \
                sticker, message button_reply, message list_reply",
            ),
        ],
    },
    KnownDifference {
        scenario: "webhooks::verified_inbound_opens_window_for_24_hours",
        reason: UNSIGNED,
        outcomes: &[("exotel gosendapi", "heard verified message text"), ("messangi", "heard message text")],
    },
];

const OWN_PAGES: &str = "it goes through the provider's own rows, samples or answers";
const OWN_CAPABILITIES: &str = "it goes through the kinds of content that the provider takes";
const NEVER_OR_LONG_AGO: &str = "Messangi cannot tell one who never wrote from one who wrote long ago";
const CANNOT_BE_ASKED: &str =
    "Exotel and Messangi cannot be asked for the window, so that the text is tried, and the refusal tells";
const NO_TEMPLATE_LIST: &str =
    "Messangi lists no templates, so that the provider judges what the others' lists tell beforehand";
const BY_NUMBER: &str =
    "Autocalls goes by a template's number, which is looked up in its list first: what goes wrong there is no attempt";
const DEDUPES: &str = "GoSendAPI dedupes by a key, so that a repetition reaches the person once";
const SAME_REFERENCE: &str = "the same reference is the same key at GoSendAPI, and the person gets one message";
const BARE_403: &str = "at GoSendAPI a 403 without a code is the closed window [seed]";
const UNSIGNED: &str = "Messangi signs nothing, so that nothing it tells is verified";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_declaration_names_a_scenario_and_every_provider_once_and_what_differs() {
        let scenarios: BTreeSet<String> =
            crate::scenarios::all().map(|scenario| format!("{}::{}", scenario.group, scenario.name)).collect();
        let known: BTreeSet<&str> = crate::adapters::ALL.iter().map(|adapter| adapter.provider.name).collect();
        let mut declared = BTreeSet::new();
        for difference in KNOWN_DIFFERENCES {
            let scenario = difference.scenario;
            assert!(scenarios.contains(scenario), "{scenario}: no scenario has this name");
            assert!(declared.insert(scenario), "{scenario} is declared twice");
            let providers: Vec<&str> = difference.providers().collect();
            let distinct: BTreeSet<&str> = providers.iter().copied().collect();
            assert!(distinct.len() == providers.len() && distinct.is_subset(&known), "{scenario}: {providers:?}");
            let outcomes: BTreeSet<&str> = difference.outcomes.iter().map(|(_, comes_to)| *comes_to).collect();
            assert!(outcomes.len() > 1 && outcomes.len() == difference.outcomes.len(), "{scenario}: {outcomes:?}");
        }
    }
}
