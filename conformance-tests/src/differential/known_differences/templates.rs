//! Differences in the parts of templates and in the rules of contents.

use super::reasons::{BY_NUMBER, NO_TEMPLATE_LIST};
use crate::differential::known_difference::KnownDifference;

const BODY_ONLY: &str = "the provider documents values for the body, or for body and header, only";
const OWN_RULE: &str = "a limit that only some providers document";

pub(super) const ALL: &[KnownDifference] = &[
    KnownDifference {
        scenario: "template_parts::url_button_needs_its_value",
        reason: BODY_ONLY,
        outcomes: &[
            ("autocalls messangi", "sends unsupported no/0"),
            ("exotel gosendapi", "sends 2 × invalid_request no/0, accepted yes/1; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "template_parts::authentication_needs_its_code_twice",
        reason: BODY_ONLY,
        outcomes: &[
            ("autocalls messangi", "sends unsupported no/0"),
            ("exotel gosendapi", "sends invalid_request no/0, accepted yes/1; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "template_parts::coupon_button_needs_its_code",
        reason: BODY_ONLY,
        outcomes: &[
            ("autocalls messangi", "sends unsupported no/0"),
            ("exotel gosendapi", "sends invalid_request no/0, accepted yes/1; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "template_parts::flow_button_needs_its_value",
        reason: BODY_ONLY,
        outcomes: &[
            ("autocalls messangi", "sends unsupported no/0"),
            ("exotel gosendapi", "sends invalid_request no/0, accepted yes/1; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "template_parts::offer_needs_its_end",
        reason: BODY_ONLY,
        outcomes: &[
            ("autocalls messangi", "sends unsupported no/0"),
            ("exotel gosendapi", "sends invalid_request no/0, accepted yes/1; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "template_parts::carousel_needs_each_card",
        reason: BODY_ONLY,
        outcomes: &[
            ("autocalls messangi", "sends unsupported no/0"),
            ("exotel gosendapi", "sends 2 × invalid_request no/0, accepted yes/1; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "template_parts::image_header_needs_an_image",
        reason: BODY_ONLY,
        outcomes: &[
            ("exotel gosendapi", "sends 2 × invalid_request no/0, accepted yes/1; delivered template"),
            ("autocalls", "sends unsupported no/0"),
            ("messangi", "sends accepted yes/1; delivered template"),
        ],
    },
    KnownDifference {
        scenario: "template_parts::text_header_needs_its_value",
        reason: BODY_ONLY,
        outcomes: &[
            ("exotel gosendapi", "sends invalid_request no/0, accepted yes/1; delivered template"),
            ("autocalls", "sends unsupported no/0"),
            ("messangi", "sends invalid_request no/0"),
        ],
    },
    KnownDifference {
        scenario: "template_parts::other_languages_are_named",
        reason: NO_TEMPLATE_LIST,
        outcomes: &[
            ("exotel gosendapi", "sends template_rejected no/0"),
            ("autocalls", "sends config no/0"),
            ("messangi", "sends template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "templates::unknown_template_language_is_rejected",
        reason: BY_NUMBER,
        outcomes: &[
            ("exotel gosendapi", "sends template_rejected no/0"),
            ("autocalls", "sends config no/0"),
            ("messangi", "sends template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "template_parts::over_long_body_never_arrives",
        reason: OWN_RULE,
        outcomes: &[
            ("exotel gosendapi messangi", "sends invalid_request no/0"),
            ("autocalls", "sends template_rejected no/1"),
        ],
    },
    KnownDifference {
        scenario: "content_rules::sixth_contact_is_refused_if_provider_limits_them",
        reason: OWN_RULE,
        outcomes: &[
            ("exotel messangi", "sends accepted yes/1; delivered contacts"),
            ("gosendapi", "sends invalid_request no/0, accepted yes/1; delivered contacts"),
        ],
    },
    KnownDifference {
        scenario: "content_rules::plain_http_is_refused_if_provider_says_so",
        reason: OWN_RULE,
        outcomes: &[
            ("gosendapi messangi", "sends accepted yes/1; delivered image"),
            ("exotel", "sends invalid_request no/0"),
        ],
    },
    KnownDifference {
        scenario: "content_rules::own_number_is_refused_if_channel_has_it",
        reason: "two channels are configured by an id, so that only the provider knows the number",
        outcomes: &[
            ("exotel messangi", "sends recipient_invalid no/0"),
            ("autocalls gosendapi", "sends recipient_invalid no/1"),
        ],
    },
];
