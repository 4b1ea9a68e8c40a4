//! The settings of a channel that are the HTTP transport's.
#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use transom::config::{ChannelConfig, process_env};

fn channel(values: Value) -> ChannelConfig {
    let values: BTreeMap<String, Value> = serde_json::from_value(values).unwrap();
    ChannelConfig::new("support", "acme", values, process_env())
}

#[test]
fn bad_proxy_and_bad_roots_are_one_line_each() {
    for (proxy, roots) in [(json!("proxy:3128"), json!("no-such.pem")), (json!("socks5://p:1"), json!(7))] {
        let channel = channel(json!({ "proxy": proxy, "extra_roots": roots }));
        let error = channel.reader().finish(|| Some(())).unwrap_err();
        let lines = error.problems();
        assert_eq!(lines.len(), 2, "{error:?}");
        assert!(lines[0].starts_with("channel `support`: proxy: expected the URL of a proxy such as "), "{}", lines[0]);
        assert!(lines[1].starts_with("channel `support`: extra_roots: expected "), "{}", lines[1]);
    }
}

#[test]
fn a_file_that_holds_no_certificate_is_named() {
    let this_file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let channel = channel(json!({ "extra_roots": this_file }));
    let error = channel.reader().finish(|| Some(())).unwrap_err();
    assert!(error.message().contains("Cargo.toml") && error.message().contains("certificate"), "{error}");
}

#[test]
fn a_good_proxy_is_read_and_its_password_is_not_shown() {
    let channel = channel(json!({ "proxy": "http://user:hunter22@proxy.example:3128" }));
    let keys = channel.reader();
    let proxy = keys.common().proxy.clone().unwrap();
    assert_eq!(proxy.expose(), "http://user:hunter22@proxy.example:3128");
    assert!(!format!("{channel:?} {keys:?} {proxy:?}").contains("hunter22"));
}

#[test]
fn a_proxy_reference_needs_no_secret_to_be_checked() {
    let channel = channel(json!({ "proxy": { "env": "NO_SUCH_VARIABLE" } }));
    assert!(channel.clone().assuming_secrets().reader().finish(|| Some(())).is_ok());
    let error = channel.reader().finish(|| Some(())).unwrap_err();
    assert!(error.message().contains("NO_SUCH_VARIABLE"), "{error}");
}
