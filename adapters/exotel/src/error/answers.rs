//! The codes of answers: `error_data.code`, `RestException.Code`, and the symbols of the session-messages page.

use std::time::Duration;

use transom::adapter::{Certainty, ErrorCode};
use transom::{ErrorKind, Sent};

/// The code for the cap on new customers, and how long it lasts (docs, Messaging Limits). Customers who wrote are free of it.
pub(super) const TIER_LIMIT: (&str, Duration) = ("MESSAGING_LIMIT_REACHED", Duration::from_secs(24 * 60 * 60));

/// The meaning of each code in an answer. A documented code is a documented rejection: nothing was sent.
pub(crate) const ANSWERS: &[ErrorCode] = {
    use Certainty::{Authoritative, Docs, Field, Inferred};
    use ErrorKind as K;
    const SESSIONS: &str = "developer.exotel.com/docs/whatsapp-support/session-messages";
    const MEDIA: &str = "developer.exotel.com/docs/whatsapp-support/media-messages";
    const LIMITS: &str = "developer.exotel.com/docs/whatsapp-support/messaging-limits";
    const SISTER: &str = "github.com/exotel/exotel-vsip-trunk-Configuration-API (a sister v2 API)";
    const RATES: &str = "developer.exotel.com/docs/advanced-config/rate-limiting";
    &[
        row("SESSION_EXPIRED", "the 24-hour window has closed", None, K::SessionExpired, SESSIONS, Authoritative),
        row(
            "NO_ACTIVE_SESSION",
            "the customer has never messaged this number",
            None,
            K::NoActiveSession,
            SESSIONS,
            Authoritative,
        ),
        row("MESSAGE_TYPE_NOT_SUPPORTED", "not allowed in a session", None, K::Unsupported, SESSIONS, Authoritative),
        row("1000", "wrong account sid, path or region", Some(404), K::NotFound, SISTER, Inferred),
        row("1001", "mandatory parameter missing", Some(400), K::InvalidRequest, SISTER, Field),
        row("1002", "invalid parameter", Some(400), K::InvalidRequest, SISTER, Inferred),
        row("1003", "no access", Some(403), K::PermissionDenied, SISTER, Inferred),
        row("1007", "the body cannot be parsed", Some(400), K::InvalidRequest, SISTER, Inferred),
        row("1008", "conflict or duplicate", Some(409), K::Conflict, SISTER, Inferred),
        row("1010", "bad key or token, or the wrong region", Some(401), K::Unauthenticated, SISTER, Inferred),
        row("1011", "content type", Some(415), K::InvalidRequest, SISTER, Inferred),
        row("RATE_LIMIT_EXCEEDED", "throttled", Some(429), K::RateLimited, RATES, Docs),
        row("MEDIA_DOWNLOAD_FAILED", "", None, K::InvalidRequest, MEDIA, Docs),
        row("MEDIA_TYPE_NOT_SUPPORTED", "", None, K::InvalidRequest, MEDIA, Docs),
        row("MEDIA_SIZE_EXCEEDED", "", None, K::InvalidRequest, MEDIA, Docs),
        row("INVALID_MEDIA_URL", "", None, K::InvalidRequest, MEDIA, Docs),
        row("MEDIA_PROCESSING_ERROR", "", None, K::InvalidRequest, MEDIA, Docs),
        row(TIER_LIMIT.0, "the tier's cap on new customers a day", None, K::RateLimited, LIMITS, Docs),
        row("BUSINESS_NOT_VERIFIED", "", None, K::PermissionDenied, LIMITS, Docs),
        row(
            "QUALITY_TOO_LOW",
            "the number's quality stands in the way of a higher tier",
            None,
            K::SenderUnavailable,
            LIMITS,
            Docs,
        ),
    ]
};

/// A row of any of the tables.
pub(super) const fn row(
    code: &'static str,
    name: &'static str,
    status: Option<u16>,
    kind: ErrorKind,
    source: &'static str,
    certainty: Certainty,
) -> ErrorCode {
    ErrorCode { code, name, status, kind, sent: Sent::No, source, certainty, date: "2026-11-21" }
}
