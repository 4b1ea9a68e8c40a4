//! GoSendAPI's own codes, and the search in all tables.

use transom::adapter::{Certainty, ErrorCode, beside, count_beside, platform_codes};
use transom::{ErrorKind, Sent};

/// HTTP statuses with a meaning of their own. No code: they decide nothing where a code does.
pub(crate) const STATUSES: &[ErrorCode] = &[window(
    "403",
    "a free-form message outside the 24-hour window; with a code, on a template or on another call, a missing permission",
)];

/// The vendor's own codes. The page lists the names and the statuses; which goes with which is read from its headings
/// [docs, Error handling; the pairing inferred]. The status of WhatsApp's code for the window is that of the page about it.
pub(crate) const ANSWERS: &[ErrorCode] = {
    use ErrorKind as K;
    &[
        row("INVALID_PHONE_NUMBER", "the recipient", 400, K::RecipientInvalid),
        row(INVALID_E164, "the recipient has a `+`, or is no number", 400, K::RecipientInvalid),
        row("INVALID_PHONE_NUMBER_ID", "no such sender in this project", 400, K::SenderNotFound),
        row("INVALID_MESSAGE_TYPE", "not one of the ten types", 400, K::Unsupported),
        row("MISSING_REQUIRED_FIELD", "see `details.field`", 400, K::InvalidRequest),
        row("INVALID_API_KEY", "", 401, K::Unauthenticated),
        row("EXPIRED_API_KEY", "the key was revoked", 401, K::Unauthenticated),
        row("MALFORMED_API_KEY", "neither gsk_live_ nor gsk_test_", 401, K::Unauthenticated),
        row("PHONE_NUMBER_NOT_IN_TENANT", "another project's sender", 403, K::SenderNotFound),
        row("WABA_NOT_IN_TENANT", "another project's business account", 403, K::PermissionDenied),
        row("TEMPLATE_NOT_IN_WABA", "another business account's template", 403, K::TemplateRejected),
        window("131047", "more than 24 hours since the contact's last message"),
    ]
};

pub(super) const INVALID_E164: &str = "INVALID_E164";

const fn row(code: &'static str, name: &'static str, status: u16, kind: ErrorKind) -> ErrorCode {
    ErrorCode {
        code,
        name,
        status: Some(status),
        kind,
        sent: Sent::No,
        source: "docs.gosendapi.com/guides/error-handling",
        certainty: Certainty::Docs,
        date: "2026-11-21",
    }
}

const fn window(code: &'static str, name: &'static str) -> ErrorCode {
    ErrorCode {
        source: "docs.gosendapi.com/concepts/conversations",
        certainty: Certainty::Authoritative,
        ..row(code, name, 403, ErrorKind::SessionExpired)
    }
}

/// Meta's codes that are not among the vendor's own rows.
pub(crate) const META: &[ErrorCode] =
    &beside::<{ count_beside(platform_codes::META, ANSWERS) }>(platform_codes::META, ANSWERS);

/// The row about `code`, the vendor's before Meta's.
pub(crate) fn fact(code: &str) -> Option<&'static ErrorCode> {
    ErrorCode::find(ANSWERS, code).or_else(|| ErrorCode::find(META, code))
}
