//! Reasons that several differences share.

pub(super) const OWN_PAGES: &str = "it goes through the provider's own rows, samples or answers";
pub(super) const OWN_CAPABILITIES: &str = "it goes through the kinds of content that the provider takes";
pub(super) const NEVER_OR_LONG_AGO: &str = "Messangi cannot tell one who never wrote from one who wrote long ago";
pub(super) const CANNOT_BE_ASKED: &str =
    "Exotel and Messangi cannot be asked for the window, so that the text is tried, and the refusal tells";
pub(super) const NO_TEMPLATE_LIST: &str =
    "Messangi lists no templates, so that the provider judges what the others' lists tell beforehand";
pub(super) const BY_NUMBER: &str =
    "Autocalls goes by a template's number, which is looked up in its list first: what goes wrong there is no attempt";
pub(super) const DEDUPES: &str = "GoSendAPI dedupes by a key, so that a repetition reaches the person once";
pub(super) const SAME_REFERENCE: &str =
    "the same reference is the same key at GoSendAPI, and the person gets one message";
pub(super) const BARE_403: &str = "at GoSendAPI a 403 without a code is the closed window [seed]";
pub(super) const UNSIGNED: &str = "Messangi signs nothing, so that nothing it tells is verified";
