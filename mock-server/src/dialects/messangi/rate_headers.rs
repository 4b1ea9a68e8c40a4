//! The rate-limit headers, in the vendor's style and in those of the IETF drafts.

use http::header::HeaderName;

use crate::Quota;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const ALL: HeaderName = HeaderName::from_static("ratelimit");

/// The headers of an answer, in the style `style` of the switch `ratelimit_style`.
///
/// - `vendor`: as printed on the page on session messages (seed): a space in the policy, a Go duration as reset.
/// - `ietf06`: draft-ietf-httpapi-ratelimit-headers-06: three headers and a policy, seconds.
/// - `ietf07`: one dictionary.
/// - `ietf10`: named policies.
/// - `none`: no header at all. `garbage`: the vendor's names with values that mean nothing.
pub(super) fn rate_headers(style: &str, quota: Quota) -> Vec<(HeaderName, String)> {
    let Quota { limit, remaining, .. } = quota;
    let window = quota.window.as_secs();
    // Rounded up, so that nobody who waits as long comes too early.
    let reset = quota.reset_after_seconds();
    match style {
        "none" => Vec::new(),
        "garbage" => legacy("many".to_owned(), ";w=".to_owned(), "-1".to_owned(), "soon".to_owned()),
        "ietf06" => legacy(limit.to_string(), format!("{limit};w={window}"), remaining.to_string(), reset.to_string()),
        "ietf07" => vec![
            (ALL, format!("limit={limit}, remaining={remaining}, reset={reset}")),
            (POLICY, format!("{limit};w={window}")),
        ],
        "ietf10" => vec![
            (POLICY, format!("\"default\";q={limit};w={window}")),
            (ALL, format!("\"default\";r={remaining};t={reset}")),
        ],
        _ => legacy(limit.to_string(), format!("{limit};w= {window}"), remaining.to_string(), go_duration(reset)),
    }
}

fn legacy(limit: String, policy: String, remaining: String, reset: String) -> Vec<(HeaderName, String)> {
    vec![(LIMIT, limit), (POLICY, policy), (REMAINING, remaining), (RESET, reset)]
}

/// Seconds as Go prints a duration: `5m0s`, `1h0m0s`, `41s`.
fn go_duration(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
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
        rate_headers(style, FIRST).into_iter().map(|(name, value)| format!("{name}: {value}")).collect()
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
