use super::*;

/// Tue, 11 Nov 2025 10:00:00 GMT.
const NOW: u64 = 1_762_855_200;

fn of(lines: &[(&'static str, &str)]) -> RateLimitInfo {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    RateLimitInfo::from_headers(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn limit(quota: u64, window: Option<Duration>) -> RateLimitPolicy {
    RateLimitPolicy { name: None, quota, window }
}

#[test]
fn messangis_sample_is_one_left_of_two_in_five_minutes() {
    let limits = of(&[
        ("ratelimit-limit", "2"),
        ("ratelimit-policy", "2;w= 300"),
        ("ratelimit-remaining", "1"),
        ("ratelimit-reset", "5m0s"),
    ]);
    let expected = RateLimitInfo {
        limit: Some(2),
        remaining: Some(1),
        reset: Some(secs(300)),
        retry_after: None,
        policies: vec![limit(2, Some(secs(300)))],
    };
    assert_eq!(limits, expected);
}

#[test]
fn a_response_without_these_headers_says_nothing() {
    assert_eq!(of(&[("content-type", "text/html")]), RateLimitInfo::default());
    assert_eq!(RateLimitInfo::default().wait(), None);
}

#[test]
fn policies_may_have_blanks_names_and_company() {
    let read = |text| of(&[("ratelimit-policy", text)]).policies;
    for one in ["2;w= 300", "2;w=300", "2 ; w = 300", "2;W=300", "2;note=x;w=300;w=7", "2;w=5m0s"] {
        assert_eq!(read(one), [limit(2, Some(secs(300)))], "{one}");
    }
    assert_eq!(read("10;w=1, 50;w=60"), [limit(10, Some(secs(1))), limit(50, Some(secs(60)))]);
    assert_eq!(read("2"), [limit(2, None)]);
    let named = |name: &str, quota, window| RateLimitPolicy { name: Some(name.to_owned()), quota, window };
    assert_eq!(read("\"default\";q=2;w=300"), [named("default", 2, Some(secs(300)))]);
    assert_eq!(
        read(r#""short";q=20;pk=:c2Vj=:;w=10, long;qu="requests";q=700"#),
        [named("short", 20, Some(secs(10))), named("long", 700, None)]
    );
}

#[test]
fn a_policy_list_with_one_bad_member_is_no_policy_list() {
    for bad in [";w=3", "2;w=x", "2;w=-3", "2;w=", "-2;w=3", "\"default\";w=300", "limit=2", "2;w=3, ;", "\"open"] {
        assert_eq!(of(&[("ratelimit-policy", bad)]).policies, [], "{bad}");
    }
}

#[test]
fn early_drafts_put_their_policies_into_the_limit() {
    for text in ["2, 2;w=300", "2;w=300"] {
        let limits = of(&[("ratelimit-limit", text)]);
        assert_eq!((limits.limit, limits.policies), (Some(2), vec![limit(2, Some(secs(300)))]), "{text}");
    }
    let limits = of(&[("ratelimit-limit", "2, 9;w=9"), ("ratelimit-policy", "2;w=300")]);
    assert_eq!(limits.policies, [limit(2, Some(secs(300)))]);
    assert_eq!(of(&[("ratelimit-limit", "2 ; anything = at \" all")]).limit, Some(2));
}

#[test]
fn draft_07_is_a_dictionary() {
    let limits = of(&[("ratelimit", "limit=2, remaining=0, reset=41")]);
    assert_eq!((limits.limit, limits.remaining, limits.reset), (Some(2), Some(0), Some(secs(41))));
    let spaced = of(&[("ratelimit", "Remaining = 0 ;x=1 ,unknown=z, Reset = 5m0s")]);
    assert_eq!((spaced.limit, spaced.remaining, spaced.reset), (None, Some(0), Some(secs(300))));
}

#[test]
fn of_several_limits_the_one_with_fewest_left_binds() {
    let limits = of(&[("ratelimit", "\"default\";r=0;t=41")]);
    assert_eq!((limits.limit, limits.remaining, limits.reset), (None, Some(0), Some(secs(41))));
    let limits = of(&[
        ("ratelimit-policy", "\"short\";q=20;w=10,\"long\";q=700;w=86400"),
        ("ratelimit", "\"short\";r=3;t=6, \"long\";r=1"),
    ]);
    assert_eq!((limits.limit, limits.remaining, limits.reset), (Some(700), Some(1), None));
    assert_eq!(limits.wait(), Some(secs(86_400)));
    assert_eq!(of(&[("ratelimit", "a;r=0;t=5"), ("ratelimit", "b;r=0;t=50")]).reset, Some(secs(50)));
    assert_eq!(of(&[("ratelimit", "a;t=5")]), RateLimitInfo::default());
}

#[test]
fn x_reset_is_a_unix_time_or_seconds() {
    let limits = of(&[
        ("x-ratelimit-limit", "10"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", &(NOW + 7).to_string()),
    ]);
    assert_eq!((limits.limit, limits.remaining, limits.reset), (Some(10), Some(0), Some(secs(7))));
    let ms = (NOW * 1_000 + 1_500).to_string();
    assert_eq!(of(&[("x-ratelimit-reset", &ms)]).reset, Some(Duration::from_millis(1_500)));
    assert_eq!(of(&[("x-ratelimit-reset", "7")]).reset, Some(secs(7)));
}

#[test]
fn retry_after_takes_seconds_and_the_three_dates() {
    let read = |text| of(&[("retry-after", text)]).retry_after;
    for (text, seconds) in [
        ("2", 2),
        (" 2 ", 2),
        ("0", 0),
        ("1.2", 2),
        ("2000000000", 2_000_000_000),
        ("Tue, 11 Nov 2025 10:00:41 GMT", 41),
        ("Tuesday, 11-Nov-25 10:00:41 GMT", 41),
        ("Tue Nov 11 10:00:41 2025", 41),
        ("9999999999999999999999999999999999999999", u64::MAX),
        // Two lines that were joined on the way.
        ("1, 3", 3),
        ("3,1", 3),
        ("-5, 3, soon", 3),
        ("2, Tue, 11 Nov 2025 10:00:41 GMT", 41),
        ("Tuesday, 11-Nov-25 10:00:41 GMT, 2", 41),
        ("Tue, 11 Nov 2025 09:00:41 GMT, 2", 2),
    ] {
        assert_eq!(read(text), Some(secs(seconds)), "{text}");
    }
}

#[test]
fn a_negative_past_or_malformed_hint_is_no_hint() {
    for text in ["", "-5", "+5", "1e9", "2h", "5 5", "soon", ".", ",", "-1, x", "Tue, 11 Nov 2025 10:00:00 GMT"] {
        assert_eq!(of(&[("retry-after", text)]).wait(), None, "{text}");
    }
    let past = (NOW - 1).to_string();
    let present = NOW.to_string();
    for text in ["", "abc", "5 m", "-3", "5x", &past, &present, "Tue, 11 Nov 2025 09:59:59 GMT"] {
        assert_eq!(of(&[("ratelimit-reset", text), ("x-ratelimit-reset", text)]).wait(), None, "{text}");
    }
    for text in ["-1", "1.5", "", "x", "1, 1"] {
        assert_eq!(of(&[("ratelimit-remaining", text)]).remaining, None, "{text}");
    }
}

#[test]
fn of_hints_that_disagree_the_latest_wins() {
    let lines = [("retry-after", "2"), ("ratelimit-reset", "41"), ("x-ratelimit-reset", "7"), ("ratelimit", "a=1")];
    assert_eq!(of(&lines).wait(), Some(secs(41)));
    assert_eq!(of(&[("retry-after", "90"), ("ratelimit-reset", "41")]).wait(), Some(secs(90)));
    assert_eq!(of(&[("retry-after", "2"), ("retry-after", "5")]).wait(), Some(secs(5)));
    assert_eq!(of(&[("retry-after", "-2"), ("ratelimit-reset", "5")]).wait(), Some(secs(5)));
}

#[test]
fn only_an_instant_may_be_a_second_late() {
    let waits = |name, reset: &str| of(&[("retry-after", "2"), (name, reset)]).wait();
    for (name, reset) in [("ratelimit-reset", "3"), ("x-ratelimit-reset", "2.4"), ("ratelimit", "\"d\";r=0;t=3")] {
        assert!(waits(name, reset) > Some(secs(2)), "a number of seconds is what it says: {name}: {reset}");
    }
    let date = "Tue, 11 Nov 2025 10:00:03 GMT";
    for reset in [(NOW + 3).to_string(), ((NOW + 3) * 1_000).to_string(), date.to_owned()] {
        assert_eq!(waits("x-ratelimit-reset", &reset), Some(secs(2)), "{reset}");
    }
    assert_eq!(waits("x-ratelimit-reset", &(NOW + 4).to_string()), Some(secs(4)));
    let both = [("retry-after", "2"), ("ratelimit-reset", "3"), ("x-ratelimit-reset", "1762855203")];
    assert_eq!(of(&both).wait(), Some(secs(3)), "the seconds and the instant agree: it is no rounding");
}

#[test]
fn without_a_hint_the_binding_window_is_the_wait() {
    let with = |limit, policy| of(&[("ratelimit-limit", limit), ("ratelimit-policy", policy)]).wait();
    assert_eq!(with("10", "10;w=1, 50;w=60"), Some(secs(1)));
    assert_eq!(with("7", "10;w=1, 50;w=60"), Some(secs(60)));
    assert_eq!(with("7", "10"), None);
    assert_eq!(with("10", "10;w=0"), None);
}

#[test]
fn absurd_numbers_are_kept_and_overflow_nothing() {
    let huge = "9".repeat(400);
    let limits = of(&[
        ("ratelimit-limit", &huge),
        ("ratelimit-remaining", &huge),
        ("ratelimit-reset", &format!("{huge}h{huge}h")),
        ("ratelimit-policy", &format!("{huge};w={huge}")),
    ]);
    assert_eq!((limits.limit, limits.remaining), (Some(u64::MAX), Some(u64::MAX)));
    assert!(limits.wait() >= Some(secs(u64::MAX)));
    assert_eq!(limits.policies, [limit(u64::MAX, limits.policies[0].window)]);
    assert!(of(&[("ratelimit-reset", &huge)]).wait() > Some(secs(86_400)));
}

#[test]
fn durations_are_read_with_or_without_units() {
    for (text, millis) in [
        ("5m0s", 300_000),
        ("300", 300_000),
        ("1h0m0s", 3_600_000),
        ("59.5s", 59_500),
        ("750ms", 750),
        ("0s", 0),
        ("0", 0),
        ("5m", 300_000),
        ("4m59.5s", 299_500),
        ("500ms", 500),
        (" 1.5 ", 1_500),
        ("1.", 1_000),
        (".5s", 500),
        ("1s1m", 61_000),
        ("1500us", 2),
        ("1ns", 1),
        ("0.0000000000000000000001", 1),
        // Never rounded down.
        ("0.0005", 1),
        ("1.0001s", 1_001),
    ] {
        assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
    }
}

#[test]
fn text_that_is_no_duration_is_none() {
    for text in ["", "abc", "5 m", "-3", "+3", "5x", ".", "1.2.3s", "s", ".5", "5M", "1s2", "1e3", "5m-1s", "٣s"] {
        assert_eq!(duration(text), None, "{text}");
    }
}
