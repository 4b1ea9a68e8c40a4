//! Every difference between the adapters that is known.

use super::Difference;

/// Each with its reason. One that no longer is one fails the tests, as one that is missing does.
pub const DECLARED: &[Difference] = &[
    by("content::every_free_form_content_needs_an_open_window", &[], OWN_CAPABILITIES),
    by("content::a_link_to_an_excluded_format_is_refused_before_a_byte_leaves", &["messangi"], OWN_CAPABILITIES),
    by(
        "content::a_title_over_its_limit_is_refused_unless_the_provider_gives_none",
        &["messangi"],
        "Messangi's pages limit no title, so the provider is asked",
    ),
    by("window::a_contact_who_never_wrote_gets_no_text", &["messangi"], NEVER_OR_LONG_AGO),
    by("window::a_template_does_not_open_the_window", &["messangi"], NEVER_OR_LONG_AGO),
    by("window::the_window_is_the_contacts_own", &["messangi"], NEVER_OR_LONG_AGO),
    by("window::strict_refuses_and_sends_no_template", &["exotel", "messangi"], CANNOT_BE_ASKED),
    by("window::a_closed_window_sends_the_fallback_once", &["exotel", "messangi"], CANNOT_BE_ASKED),
    by("window::a_contact_who_never_wrote_gets_the_fallback_once", &["exotel", "messangi"], CANNOT_BE_ASKED),
    by("window::a_refused_fallback_is_reported_and_not_repeated", &["exotel", "messangi"], CANNOT_BE_ASKED),
    by("templates::a_template_that_is_not_approved_is_refused", &["messangi"], NO_TEMPLATE_LIST),
    by("templates::a_paused_template_is_refused", &["messangi"], NO_TEMPLATE_LIST),
    by("templates::too_few_parameters_are_refused", &["messangi"], NO_TEMPLATE_LIST),
    by("templates::too_many_parameters_are_refused", &["messangi"], NO_TEMPLATE_LIST),
    by("failover::a_refusal_of_the_message_itself_ends_the_search", &["messangi"], NO_TEMPLATE_LIST),
    by("templates::a_template_that_nobody_knows_is_refused", &["autocalls"], BY_NUMBER),
    by("templates::a_template_in_a_language_that_it_does_not_have_is_refused", &["autocalls"], BY_NUMBER),
    by("failover::a_channel_that_cannot_be_reached_hands_on_to_the_next", &["autocalls"], BY_NUMBER),
    by("failover::a_channel_whose_credential_is_refused_hands_on_to_the_next", &["autocalls"], BY_NUMBER),
    by("errors::every_documented_refusal_has_its_kind_and_keeps_its_code", &[], OWN_PAGES),
    by("errors::an_error_names_provider_kind_code_and_status_on_one_line", &[], OWN_PAGES),
    by("errors::a_conflict_is_in_doubt_unless_the_provider_dedupes", &["gosendapi"], DEDUPES),
    by("delivery::a_retry_layer_repeats_an_unknown_outcome_only_under_a_key", &["gosendapi"], DEDUPES),
    by("configuration::a_table_and_a_uri_are_the_same_channel", &["gosendapi"], SAME_REFERENCE),
    by("configuration::a_secret_may_come_from_the_environment_or_a_file", &["gosendapi"], SAME_REFERENCE),
    by("configuration::a_base_url_means_the_same_however_it_is_written", &["gosendapi"], SAME_REFERENCE),
    by("pacing::every_documented_limit_is_kept_to_the_send", &[], OWN_PAGES),
    by(
        "pacing::a_limiter_learns_from_what_the_provider_answers",
        &["autocalls"],
        "Autocalls states its limit in refusals only, so that it takes one to learn it; the others state it in every answer",
    ),
    by("secrets::no_error_shows_a_credential_or_a_full_number", &["gosendapi"], BARE_403),
    by("hostile::random_bytes_are_no_success_and_no_panic", &["gosendapi"], BARE_403),
    by(
        "secrets::an_answer_that_echoes_the_number_is_masked",
        &["messangi"],
        "Messangi has no codes, and its texts are read: one that names the recipient is about the recipient",
    ),
    by("hostile::a_spoilt_success_is_accepted_with_an_id_or_in_doubt", &[], OWN_PAGES),
    by("evidence::every_code_of_an_answer_has_its_kind_and_says_whether_the_message_is_out", &[], OWN_PAGES),
    by("evidence::every_documented_message_goes_out_as_its_page_has_it", &[], OWN_PAGES),
    by("evidence::every_documented_answer_to_a_send_is_read_for_what_it_is", &[], OWN_PAGES),
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

const fn by(scenario: &'static str, providers: &'static [&'static str], reason: &'static str) -> Difference {
    Difference { scenario, providers, reason }
}
