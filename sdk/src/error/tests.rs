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
