//! The failures that callbacks report.

use crate::core::webhook::Failure;

/// Free text outside the window.
pub(super) const REENGAGEMENT: Failure =
    of(30018, "EX_REENGAGEMENT_ERROR", "More than 24 hours have passed since the customer last wrote");
/// A sender that is not set up.
pub(super) const SETUP: Failure = of(30006, "EX_SETUP_ERROR", "The sender is not set up to send");
pub(super) const MESSAGE_TOO_LONG: Failure =
    of(30029, "EX_MESSAGE_TOO_LONG", "The text is longer than 4096 characters");
/// A value of a template with characters or blanks that WhatsApp forbids.
pub(super) const TEMPLATE_CHARACTERS: Failure =
    of(30022, "EX_TEMPLATE_ERROR", "The format character policy is violated");
pub(super) const TEMPLATE_PARAMETERS: Failure =
    of(30023, "EX_TEMPLATE_PARAM_ERROR", "The parameters are not those of the template");
pub(super) const TEMPLATE_NOT_FOUND: Failure =
    of(30024, "EX_TEMPLATE_NOT_FOUND", "The template does not exist in this language");
/// A template that is there and not approved. The page of these codes names no code for it; Meta has one code for both.
pub(super) const TEMPLATE_NOT_APPROVED: Failure = of(30024, "EX_TEMPLATE_NOT_FOUND", "The template is not approved");
pub(super) const TEMPLATE_TOO_LONG: Failure =
    of(30025, "EX_TEMPLATE_TEXT_TOO_LONG", "The text of the template is too long");

/// Every failure, the usual one first. Source: WhatsApp Status Codes (docs) for codes and names, and for the texts of 30014
/// and 30022; the other sentences are ours.
pub(super) const ALL: [Failure; 38] = [
    REENGAGEMENT,
    of(30004, "EX_SYSTEM_ERROR", "The service failed"),
    of(30005, "EX_NUMBER_ERROR", "The phone number cannot be used"),
    SETUP,
    of(30007, "EX_RATE_LIMIT_HIT", "Too many messages"),
    of(30008, "EX_SPAM_RATE_LIMIT_HIT", "Too many messages that were reported as spam"),
    of(30009, "EX_TOO_MANY_REQUEST", "Too many requests"),
    of(30010, "EX_INVALID_REQUEST", "The request is not valid"),
    of(30011, "EX_UNKNOWN_ERROR", "An unknown error"),
    of(30012, "EX_INVALID_RECIPIENT", "The recipient is not valid"),
    of(30013, "EX_INCAPABLE_RECIPIENT", "The recipient cannot receive this message"),
    of(30014, "EX_RECIPIENT_BLOCKED", "The recipient is not in the allowed list"),
    of(30015, "EX_UNSUPPORTED_MESSAGE", "The type of the message is not supported"),
    of(30016, "EX_MEDIA_DOWNLOAD_ERROR", "The file could not be fetched"),
    of(30017, "EX_MEDIA_UPLOAD_ERROR", "The file could not be handed on"),
    of(30019, "EX_INVALID_PARAM", "A parameter is not valid"),
    of(30020, "EX_MISSING_PARAM", "A parameter is missing"),
    of(30021, "EX_INVALID_PARAM_VALUE", "The value of a parameter is not valid"),
    TEMPLATE_CHARACTERS,
    TEMPLATE_PARAMETERS,
    TEMPLATE_NOT_FOUND,
    TEMPLATE_TOO_LONG,
    of(30026, "EX_INVALID_TEMPLATE_NAMESPACE", "The namespace of the template is not valid"),
    of(30027, "EX_MESSAGE_PENDING_TOO_LONG", "The message waited too long"),
    of(30028, "EX_MESSAGE_EXPIRED", "The message expired"),
    MESSAGE_TOO_LONG,
    of(30030, "EX_WEBHOOK_ERROR", "The webhook of the sender failed"),
    of(30031, "EX_SECTION_COUNT_ERROR", "The list has too few or too many sections"),
    of(30032, "EX_ROWS_COUNT_ERROR", "The list has too few or too many rows"),
    of(30033, "EX_PRODUCT_COUNT_ERROR", "The list has too few or too many products"),
    of(30034, "EX_CATALOGUE_NOT_FOUND", "The catalog does not exist"),
    of(30035, "EX_CATALOGUE_NOT_LINKED", "The catalog is not linked to the sender"),
    of(30036, "EX_MISSING_PRODUCT", "The product is missing"),
    of(30037, "EX_PRODUCT_NOT_FOUND", "The product does not exist"),
    of(30038, "EX_PRODUCT_COMPLIANCE_ERROR", "The product breaks a policy"),
    of(30039, "EX_INVALID_HEADER", "The header is not valid"),
    of(30040, "EX_MISSING_COMPLIANCE", "Compliance information is missing"),
    of(30041, "EX_CHAR_POLICY_VIOLATION", "The character policy is violated"),
];

const fn of(code: u32, name: &'static str, text: &'static str) -> Failure {
    Failure { code, name, text }
}
