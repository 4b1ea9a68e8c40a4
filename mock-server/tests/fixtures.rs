//! Every documented exchange in `fixtures/` is what the mock does: the documented request, in the state in which the
//! page's answer holds, gets the documented answer, member for member.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test; the lints' own exception covers test functions only"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use serde_json::{Map, Value};
use transom_mock_server::{Simulator, control_response};

/// At least so many exchanges are known of each provider, so that a lost folder is noticed.
const AT_LEAST: [(&str, usize); 4] = [("autocalls", 30), ("exotel", 40), ("gosendapi", 60), ("messangi", 40)];

const MEMBERS: [&str; 9] =
    ["title", "source", "given", "request", "adapter_request", "response", "channel", "message", "session_of"];

const RESPONSE_MEMBERS: [&str; 9] =
    ["status", "certainty", "headers", "body", "raw_body", "exact", "optional", "may_be_empty", "words"];

#[test]
fn the_autocalls_dialect_answers_as_its_fixtures_say() {
    check("autocalls");
}

#[test]
fn the_exotel_dialect_answers_as_its_fixtures_say() {
    check("exotel");
}

#[test]
fn the_gosendapi_dialect_answers_as_its_fixtures_say() {
    check("gosendapi");
}

#[test]
fn the_messangi_dialect_answers_as_its_fixtures_say() {
    check("messangi");
}

#[test]
fn every_provider_has_its_fixtures_and_no_folder_is_left_over() {
    let folders: BTreeSet<String> = fs::read_dir(root())
        .unwrap()
        .filter_map(|entry| {
            let entry = entry.unwrap();
            entry.file_type().unwrap().is_dir().then(|| entry.file_name().into_string().unwrap())
        })
        .collect();
    assert_eq!(folders, AT_LEAST.iter().map(|(provider, _)| (*provider).to_owned()).collect());
    for (provider, least) in AT_LEAST {
        let found = fixtures(provider).len();
        assert!(found >= least, "{provider} has {found} fixtures, expected {least} at the least");
    }
}

#[test]
fn every_fixture_has_title_and_complete_source() {
    for fixture in all() {
        let name = &fixture.name;
        let title = fixture.text("/title");
        assert!(title.ends_with('.') && title.len() > 20, "{name}: /title is no sentence");
        assert!(!fixture.text("/source/page").is_empty(), "{name}: /source/page");
        assert!(fixture.text("/source/url").starts_with("https://"), "{name}: /source/url");
        let certainty = fixture.text("/source/certainty");
        assert!(matches!(certainty, "seed" | "docs" | "inferred"), "{name}: /source/certainty is {certainty}");
        let date: Vec<&str> = fixture.text("/source/date").split('-').collect();
        assert_eq!(date.iter().map(|part| part.len()).collect::<Vec<_>>(), [4, 2, 2], "{name}: /source/date");
        for member in fixture.json.as_object().unwrap().keys() {
            assert!(MEMBERS.contains(&member.as_str()), "{name}: /{member} is no member of a fixture");
        }
    }
}

#[test]
fn an_answer_that_is_less_sure_than_its_page_says_so() {
    let rank = |certainty: &str| ["seed", "docs", "inferred"].iter().position(|known| *known == certainty);
    for fixture in all() {
        if let Some(certainty) = fixture.json.pointer("/response/certainty") {
            let answer = rank(certainty.as_str().unwrap());
            assert!(answer > rank(fixture.text("/source/certainty")), "{}: /response/certainty", fixture.name);
        }
    }
    // No page of these two shows what a send is answered with, so none of their accepted sends may pass for documented.
    for fixture in fixtures("gosendapi").into_iter().chain(fixtures("messangi")) {
        let sends = ["/v1/messages", "notification"].iter().any(|path| fixture.text("/request/path").ends_with(path));
        let accepted = fixture.json.pointer("/response/status").and_then(Value::as_u64).is_some_and(|code| code < 300);
        if sends && accepted && fixture.text("/request/method") == "POST" {
            let sure = fixture.json.pointer("/response/certainty").unwrap_or(&fixture.json["source"]["certainty"]);
            assert_eq!(sure, "inferred", "{}: no page shows this answer", fixture.name);
        }
    }
}

#[test]
fn adapter_fixture_has_channel_and_one_message_or_contact() {
    for fixture in all() {
        let has = |member: &str| fixture.json.get(member).is_some();
        let subjects = usize::from(has("message")) + usize::from(has("session_of"));
        assert_eq!(subjects, usize::from(has("channel")), "{}: channel without subject or the reverse", fixture.name);
        assert!(!has("adapter_request") || has("channel"), "{}: /adapter_request without /channel", fixture.name);
        if has("channel") {
            assert_eq!(fixture.text("/channel/provider"), fixture.provider(), "{}: /channel/provider", fixture.name);
        }
    }
}

#[test]
fn every_value_to_compare_is_in_the_documented_answer() {
    for fixture in all() {
        if let Some(response) = fixture.json.get("response").and_then(Value::as_object) {
            for member in response.keys() {
                assert!(RESPONSE_MEMBERS.contains(&member.as_str()), "{}: /response/{member}", fixture.name);
            }
        }
        for pointer in fixture.exact() {
            let documented = fixture.json.pointer("/response/body").and_then(|body| body.pointer(pointer));
            assert!(documented.is_some(), "{}: /response/exact names {pointer}, which the body lacks", fixture.name);
        }
    }
}

#[test]
fn a_difference_in_member_type_length_or_value_is_seen() {
    let documented = serde_json::json!({"a": 1, "b": [{"c": "x"}], "d": null});
    let seen = |actual: Value| {
        let mut differences = Vec::new();
        compare_shape(&documented, &actual, "", &mut differences);
        differences
    };
    assert!(seen(serde_json::json!({"a": 2.5, "b": [{"c": "y"}, {"c": "z"}], "d": [1]})).is_empty());
    for actual in [
        serde_json::json!({"a": "1", "b": [{"c": "x"}], "d": null}),
        serde_json::json!({"a": 1, "b": [], "d": null}),
        serde_json::json!({"a": 1, "b": [{"c": "x"}, {}], "d": null}),
        serde_json::json!({"a": 1, "b": [{"c": "x"}]}),
        serde_json::json!({"a": 1, "b": [{"c": "x"}], "d": null, "e": 1}),
        serde_json::json!({"a": null, "b": [{"c": "x"}], "d": null}),
    ] {
        assert_eq!(seen(actual.clone()).len(), 1, "{actual}");
    }
}

/// One documented exchange.
struct Fixture {
    /// `provider/file.json`.
    name: String,
    json: Value,
}

impl Fixture {
    fn provider(&self) -> &str {
        self.name.split('/').next().unwrap()
    }

    fn text(&self, pointer: &str) -> &str {
        let text = self.json.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("{}: {pointer} is no text", self.name))
    }

    fn exact(&self) -> Vec<&str> {
        let exact = self.json.pointer("/response/exact").and_then(Value::as_array);
        exact.into_iter().flatten().map(|pointer| pointer.as_str().unwrap()).collect()
    }
}

/// Runs every fixture of `provider`, in the form of the page and in that of an adapter, each on a fresh mock.
fn check(provider: &str) {
    let mut failures = Vec::new();
    for fixture in fixtures(provider) {
        for form in ["request", "adapter_request"] {
            if let Some(call) = fixture.json.get(form) {
                let differences = run(&fixture, call);
                failures.extend(differences.into_iter().map(|text| format!("{} ({form}): {text}", fixture.name)));
            }
        }
    }
    assert!(failures.is_empty(), "{} differences\n{}", failures.len(), failures.join("\n"));
}

fn answer(simulator: &mut Simulator, real_now: SystemTime, request: &Request<Bytes>) -> Response<Bytes> {
    match control_response(simulator, real_now, request) {
        Some(response) => response,
        None => simulator.step(real_now, request).response,
    }
}

/// Every difference between what is documented and what the mock does, each naming the place.
fn run(fixture: &Fixture, call: &Value) -> Vec<String> {
    // Some day after everything the fixtures speak of; those that need a time set it.
    let real_now: SystemTime = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    let mut simulator = Simulator::new(real_now);
    for (index, given) in fixture.json["given"].as_array().unwrap().iter().enumerate() {
        let response = answer(&mut simulator, real_now, &request(given));
        if !response.status().is_success() {
            let body = String::from_utf8_lossy(response.body());
            return vec![format!("/given/{index} was answered with {}: {body}", response.status())];
        }
    }
    let response = answer(&mut simulator, real_now, &request(call));
    match fixture.json.get("response") {
        Some(documented) => compare(documented, &response, call == &fixture.json["request"]),
        None if response.status().is_success() => Vec::new(),
        None => {
            let body = String::from_utf8_lossy(response.body());
            vec![format!("a documented request was refused with {}: {body}", response.status())]
        }
    }
}

/// Headers and values are those of the page's own request; an adapter may ask the same in another way.
fn compare(documented: &Value, response: &Response<Bytes>, same_request: bool) -> Vec<String> {
    let mut differences = Vec::new();
    let text = String::from_utf8_lossy(response.body());
    if documented["status"] != response.status().as_u16() {
        let status = response.status();
        differences.push(format!("/response/status is {}, the mock says {status}: {text}", documented["status"]));
        return differences;
    }
    for (name, value) in members(&documented["headers"]).iter().filter(|_| same_request) {
        let actual = response.headers().get(name).map(|value| value.to_str().unwrap());
        // A header without a documented value has to be there and may say anything.
        if actual.is_none() || value.as_str().is_some_and(|value| Some(value) != actual) {
            differences.push(format!("/response/headers/{name} is {value}, the mock says {actual:?}"));
        }
    }
    if let Some(raw) = documented.get("raw_body").and_then(Value::as_str).filter(|raw| *raw != text) {
        differences.push(format!("/response/raw_body is {raw:?}, the mock says {text:?}"));
    }
    if let Some(body) = documented.get("body") {
        match serde_json::from_str::<Value>(&text) {
            Ok(actual) => {
                compare_shape(body, &actual, "", &mut differences);
                if same_request {
                    compare_values(documented, &actual, &mut differences);
                }
            }
            Err(error) => differences.push(format!("/response/body is JSON, the mock says {text:?}: {error}")),
        }
    }
    differences
}

/// The values that the fixture names one by one.
fn compare_values(documented: &Value, actual: &Value, differences: &mut Vec<String>) {
    for pointer in documented["exact"].as_array().into_iter().flatten() {
        let pointer = pointer.as_str().unwrap();
        let (expected, found) = (documented["body"].pointer(pointer), actual.pointer(pointer));
        if expected != found {
            differences.push(format!("/response/body{pointer} is {expected:?}, the mock says {found:?}"));
        }
    }
}

/// The same members of the same JSON types all the way down. A documented `null` stands for a value that the page does
/// not show; of a documented array the last item stands for all that follow.
fn compare_shape(documented: &Value, actual: &Value, at: &str, differences: &mut Vec<String>) {
    match (documented, actual) {
        (Value::Null, _)
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_)) => {}
        (Value::Object(documented), Value::Object(actual)) => {
            let names: BTreeSet<&String> = documented.keys().chain(actual.keys()).collect();
            for name in names {
                let at = format!("{at}/{name}");
                match (documented.get(name), actual.get(name)) {
                    (Some(documented), Some(actual)) => compare_shape(documented, actual, &at, differences),
                    (Some(_), None) => {
                        differences.push(format!("/response/body{at} is missing from the mock's answer"));
                    }
                    _ => differences.push(format!("/response/body{at} is in the mock's answer only")),
                }
            }
        }
        (Value::Array(documented), Value::Array(actual)) => {
            let Some(last) = documented.last() else { return };
            if actual.len() < documented.len() {
                let (shown, found) = (documented.len(), actual.len());
                differences.push(format!("/response/body{at} has {shown} items, the mock's answer {found}"));
                return;
            }
            for (index, actual) in actual.iter().enumerate() {
                compare_shape(documented.get(index).unwrap_or(last), actual, &format!("{at}/{index}"), differences);
            }
        }
        _ => differences.push(format!("/response/body{at} is {documented}, the mock says {actual}")),
    }
}

/// A call as it goes over the wire.
fn request(call: &Value) -> Request<Bytes> {
    let body = match (call.get("body"), call.get("raw_body")) {
        (Some(body), _) => body.to_string(),
        (None, Some(raw)) => raw.as_str().unwrap().to_owned(),
        (None, None) => String::new(),
    };
    let mut request = Request::builder()
        .method(call["method"].as_str().unwrap())
        .uri(call["path"].as_str().unwrap())
        .body(Bytes::from(body))
        .unwrap();
    // HTTP clients turn credentials in an address into this header; they never travel in the address.
    if let Some(userinfo) = call.get("userinfo").and_then(Value::as_str) {
        set(&mut request, "authorization", &format!("Basic {}", STANDARD.encode(userinfo)));
    }
    for (name, value) in call.get("headers").into_iter().flat_map(members) {
        set(&mut request, name, value.as_str().unwrap());
    }
    request
}

fn set(request: &mut Request<Bytes>, name: &str, value: &str) {
    request.headers_mut().insert(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
}

fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn all() -> Vec<Fixture> {
    AT_LEAST.iter().flat_map(|(provider, _)| fixtures(provider)).collect()
}

fn fixtures(provider: &str) -> Vec<Fixture> {
    // The folder beside them holds webhook calls, which are read elsewhere.
    let paths = fs::read_dir(root().join(provider)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = format!("{provider}/{}", path.file_name().unwrap().to_str().unwrap());
            let json = serde_json::from_slice(&fs::read(path).unwrap());
            Fixture { json: json.unwrap_or_else(|error| panic!("{name}: {error}")), name }
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}
