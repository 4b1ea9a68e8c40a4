//! The `X-RateLimit-*` headers, which more than one provider has.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use http::header::{HeaderName, HeaderValue};

use crate::core::limiter::Quota;
use crate::core::response::set_number;

pub(super) const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Limit, what is left of it, and when it is full again, as a Unix time in seconds, rounded up. Sources: Exotel, Rate Limiting
/// (docs); `GoSendAPI`, Rate limits (docs).
pub(super) fn set_rate_headers(response: &mut Response<Bytes>, quota: &Quota, now: SystemTime) {
    set_number(response, LIMIT, quota.limit);
    set_number(response, REMAINING, quota.remaining);
    // As many bits as it needs for the next eighty years: more cost twice as much to print.
    let reset = quota.reset_epoch_seconds(now);
    set_number(response, RESET, u32::try_from(reset).map_or_else(|_| reset.into(), HeaderValue::from));
}
