//! The rate-limit headers, in the vendor's style and in those of the IETF drafts.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use itoa::Buffer;

use crate::core::limiter::Quota;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const ALL: HeaderName = HeaderName::from_static("ratelimit");

/// Puts the headers of an answer, in the style `style` of the switch `ratelimit_style`.
///
/// - `vendor`: as printed on the page on session messages (seed): a space in the policy, a Go duration as reset.
/// - `ietf06`: draft-ietf-httpapi-ratelimit-headers-06: three headers and a policy, seconds.
/// - `ietf07`: one dictionary.
/// - `ietf10`: named policies.
/// - `none`: no header at all. `garbage`: the vendor's names with values that mean nothing.
pub(super) fn put_rate_headers(headers: &mut HeaderMap, style: &str, quota: Quota) {
    let Quota { limit, remaining, .. } = quota;
    let window = quota.window.as_secs();
    // Rounded up: a client that waits this long is not early.
    let reset = quota.reset_after_seconds();
    match style {
        "none" => {}
        "garbage" => put_legacy(headers, ["many", ";w=", "-1", "soon"].map(HeaderValue::from_static)),
        "ietf06" => {
            put_legacy(headers, [limit.into(), policy(limit, ";w=", window), remaining.into(), reset.into()]);
        }
        "ietf07" => {
            headers.insert(ALL, text(format!("limit={limit}, remaining={remaining}, reset={reset}")));
            headers.insert(POLICY, policy(limit, ";w=", window));
        }
        "ietf10" => {
            headers.insert(POLICY, text(format!("\"default\";q={limit};w={window}")));
            headers.insert(ALL, text(format!("\"default\";r={remaining};t={reset}")));
        }
        _ => {
            let values = [limit.into(), policy(limit, ";w= ", window), remaining.into(), text(go_duration(reset))];
            put_legacy(headers, values);
        }
    }
}

fn put_legacy(headers: &mut HeaderMap, values: [HeaderValue; 4]) {
    for (name, value) in [LIMIT, POLICY, REMAINING, RESET].into_iter().zip(values) {
        headers.insert(name, value);
    }
}

/// In pieces, as the duration below: nearly every answer has both, and a format string costs several times as much.
fn policy(limit: u32, between: &str, window: u64) -> HeaderValue {
    text([Buffer::new().format(limit), between, Buffer::new().format(window)].concat())
}

/// The texts are numbers and signs, so that the fallback is out of reach.
fn text(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Seconds as Go prints a duration: `5m0s`, `1h0m0s`, `41s`.
fn go_duration(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let [mut first, mut second, mut third] = [Buffer::new(); 3];
    let parts = [first.format(hours), "h", second.format(minutes), "m", third.format(seconds), "s"];
    let skipped = match (hours, minutes) {
        (0, 0) => 4,
        (0, _) => 2,
        _ => 0,
    };
    parts.get(skipped..).unwrap_or_default().concat()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const FIRST: Quota = Quota {
        allowed: true,
        limit: 2,
        remaining: 1,
        window: Duration::from_secs(300),
        reset_after: Duration::from_millis(299_001),
    };

    fn lines(style: &str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        put_rate_headers(&mut headers, style, FIRST);
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn the_vendor_prints_a_space_in_the_policy_and_a_go_duration() {
        assert_eq!(
            lines("vendor"),
            ["ratelimit-limit: 2", "ratelimit-policy: 2;w= 300", "ratelimit-remaining: 1", "ratelimit-reset: 5m0s"]
        );
    }

    #[test]
    fn each_draft_has_its_own_form() {
        assert_eq!(
            lines("ietf06")[1..],
            ["ratelimit-policy: 2;w=300", "ratelimit-remaining: 1", "ratelimit-reset: 300"]
        );
        assert_eq!(lines("ietf07"), ["ratelimit: limit=2, remaining=1, reset=300", "ratelimit-policy: 2;w=300"]);
        assert_eq!(lines("ietf10"), ["ratelimit-policy: \"default\";q=2;w=300", "ratelimit: \"default\";r=1;t=300"]);
    }

    #[test]
    fn headers_can_be_missing_or_mean_nothing() {
        assert!(lines("none").is_empty());
        assert_eq!(lines("garbage")[3], "ratelimit-reset: soon");
    }

    #[test]
    fn durations_are_printed_as_go_prints_them() {
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (60, "1m0s"), (200, "3m20s"), (3600, "1h0m0s"), (3661, "1h1m1s")]
        {
            assert_eq!(go_duration(seconds), text);
        }
    }
}
