//! Reasons that several differences share.

pub(super) const OWN_PAGES: &str = "the scenario plays the provider's own rows, samples or responses";
pub(super) const OWN_CAPABILITIES: &str = "the scenario plays each kind of content that the provider accepts";
pub(super) const NEVER_OR_LONG_AGO: &str =
    "Messangi does not distinguish a contact who never wrote from one whose window expired";
pub(super) const CANNOT_BE_ASKED: &str =
    "Exotel and Messangi have no session query, so the adapter tries the text and the provider rejects it";
pub(super) const NO_TEMPLATE_LIST: &str =
    "Messangi lists no templates, so the provider rejects a template that the other adapters refuse locally";
pub(super) const BY_NUMBER: &str =
    "Autocalls addresses templates by number; an adapter that fails to look the number up makes no attempt";
pub(super) const DEDUPES: &str = "GoSendAPI de-duplicates by key, so a repeated send reaches the contact once";
pub(super) const SAME_REFERENCE: &str =
    "at GoSendAPI the same reference is the same key, so the contact gets one message";
pub(super) const BARE_403: &str = "at GoSendAPI a 403 without a code is the closed window [seed]";
pub(super) const UNSIGNED: &str = "Messangi signs no webhook call, so no event of it is verified";
pub(super) const RATE_WINDOW: &str =
    "at Messangi a 429 without a readable wait asks for its rate window of minutes [seed]";
