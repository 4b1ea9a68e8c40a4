//! Why a request has no credential that its provider reads.

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;

use crate::core::finding::{FindingCollector, Source};
use crate::core::request::{API_KEY, IDEMPOTENCY_KEY, header};

/// Remarks that `expected`, a header such as `X-API-Key`, is not there, and names one of another kind that is: clients that
/// speak to several providers mix them up. What stands in it is not repeated.
pub(super) fn review_missing(request: &Request<Bytes>, expected: &str, page: Source, review: &mut FindingCollector) {
    let scheme = header(request, AUTHORIZATION).and_then(|value| value.trim().split(' ').next());
    let instead = match scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case("bearer") => Some("Authorization: Bearer"),
        Some(scheme) if scheme.eq_ignore_ascii_case("basic") => Some("Authorization: Basic"),
        Some(_) => Some("Authorization"),
        None => request.headers().contains_key(API_KEY).then_some("X-API-Key"),
    };
    let text = match instead.filter(|instead| *instead != expected) {
        Some(instead) => format!("`{expected}` is missing; `{instead}` is not read here"),
        None => format!("`{expected}` is missing or cannot be read"),
    };
    review.refused(text, page);
}

/// Remarks on a key that would make a repeated request harmless elsewhere, and does nothing here.
pub(super) fn review_idempotency(request: &Request<Bytes>, page: Source, review: &mut FindingCollector) {
    if request.headers().contains_key(IDEMPOTENCY_KEY) {
        review.tolerated("`Idempotency-Key` is not read: the same request again is another message", page);
    }
}
