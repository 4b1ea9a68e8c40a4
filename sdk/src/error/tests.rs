use super::*;

#[test]
fn an_error_is_one_pointer_wide() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn the_line_names_provider_kind_code_status_and_doubt() {
    let error = Error::new(ErrorKind::ProviderUnavailable, "request timed out")
        .with_provider("exotel")
        .with_status(http::StatusCode::BAD_GATEWAY)
        .maybe_sent();
    assert_eq!(error.to_string(), "exotel: provider unavailable (http 502) (may have been sent): request timed out");
}

#[test]
fn only_a_transient_and_unsent_error_is_safe_to_retry() {
    let limited = || Error::new(ErrorKind::RateLimited, "slow down");
    assert!(limited().is_safe_to_retry());
    assert!(!limited().maybe_sent().is_safe_to_retry());
    assert!(!Error::new(ErrorKind::InvalidRequest, "no").is_safe_to_retry());
}

#[test]
fn a_providers_text_cannot_take_over_the_terminal_or_the_log() {
    let error = Error::new(ErrorKind::InvalidRequest, format!("l1\nl2\u{1b}]0;pwned\u{7}\t{}", "x".repeat(5_000)));
    assert!(error.message().starts_with("l1 l2 ]0;pwned xxx") && error.message().ends_with("x…"), "{error}");
    assert_eq!(error.message().chars().count(), 401);
    assert_eq!(error.with_code("A\nB").code(), Some("A B"));
}

#[test]
fn a_secret_that_is_echoed_is_removed() {
    let error = Error::new(ErrorKind::Unauthenticated, "bad key SECRETKEY1")
        .with_code("SECRETKEY1")
        .without_secret("SECRETKEY1");
    assert_eq!((error.message(), error.code()), ("bad key ***", Some("***")));
}

#[test]
fn neither_a_number_nor_a_secret_stays_in_a_list_of_problems() {
    let problems = vec!["to: 9876543210 is no number".to_owned(), "key: SECRETKEY1 is wrong".to_owned()];
    let error = Error::invalid(ErrorKind::InvalidRequest, problems).without_secret("SECRETKEY1");
    let error = error.without_number(&"+919876543210".parse().unwrap());
    assert_eq!(error.problems(), ["to: •••3210 is no number", "key: *** is wrong"]);
}

#[test]
fn a_secret_that_is_cut_in_two_is_removed_as_far_as_it_goes() {
    let long = format!("{} SECRETKEY1SECRETKEY2", "x".repeat(85));
    let error = Error::new(ErrorKind::Unauthenticated, "it ends with SECRETKEY1SEC").with_code(long);
    let error = error.without_secret("SECRETKEY1SECRETKEY2");
    assert_eq!(error.message(), "it ends with ***");
    assert!(error.code().unwrap().ends_with("x ***…"), "{error}");
}

#[test]
fn the_recipient_is_masked_in_whatever_form_it_was_echoed() {
    let to: PhoneNumber = "+34600111222".parse().unwrap();
    let error = Error::new(ErrorKind::RecipientInvalid, "34600111222 or +34 600 111 222 is no number")
        .with_code("BAD_34600111222")
        .without_number(&to);
    assert_eq!(error.message(), "•••1222 or •••1222 is no number");
    assert_eq!(error.code(), Some("BAD_•••1222"));
    for cut in ["to +34 600 11", "to 34600111…"] {
        let error = Error::new(ErrorKind::RecipientInvalid, cut).without_number(&to);
        assert!(error.message().starts_with("to •••1222"), "{error}");
    }
}

/// An error that shows the text of its cause in its own.
#[derive(Debug, thiserror::Error)]
#[error("it said {text}")]
struct Quoting {
    text: String,
    source: std::io::Error,
}

#[test]
fn a_cause_shows_no_credential_and_no_number() {
    let to: PhoneNumber = "+919876543210".parse().unwrap();
    let cause = Quoting { text: "SECRET%2FKEY-1".into(), source: std::io::Error::other("no 98765_43210") };
    let error = Error::new(ErrorKind::ProviderUnavailable, "it broke").with_source(cause);
    let error = error.without_secret("SECRET/KEY-1").without_number(&to);
    let first = error.source().unwrap();
    assert_eq!(first.to_string(), "it said ***");
    assert_eq!(first.source().unwrap().to_string(), "no •••3210");
    assert!(first.source().unwrap().source().is_none());
    assert!(
        format!("{error:?}").ends_with(r#"source: Some(Cause("it said ***", Cause("no •••3210"))) }"#),
        "{error:?}"
    );
}

#[test]
fn an_error_of_serde_shows_where_it_is_and_no_value() {
    for (json, what) in [
        (r#"{"done":"KEY-98765"}"#, "a value is not of the documented type, at line 1 column 19"),
        ("{\n\"done\":KEY", "it is not JSON, at line 2 column 8"),
        (r#"{"done":"KEY"#, "it ends too early, at line 1 column 12"),
    ] {
        let unread = serde_json::from_str::<std::collections::BTreeMap<String, bool>>(json).unwrap_err();
        let error = Error::new(ErrorKind::MalformedResponse, "it cannot be read").with_source(unread);
        assert_eq!(error.source().unwrap().to_string(), what);
        assert!(!format!("{error:?}").contains("KEY"), "{error:?}");
    }
}

#[test]
fn the_name_of_a_rate_limit_policy_is_not_shown() {
    let mut headers = http::HeaderMap::new();
    headers.insert("ratelimit-policy", "\"KEY-98765\";q=2;w=300".parse().unwrap());
    let limits = RateLimitInfo::from_headers(&headers, SystemTime::UNIX_EPOCH);
    assert_eq!(limits.policies[0].name.as_deref(), Some("KEY-98765"));
    let error = Error::new(ErrorKind::RateLimited, "slow down").with_limits(limits);
    assert!(!format!("{error:?}").contains("KEY"), "{error:?}");
}
