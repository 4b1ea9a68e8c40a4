//! One wrong detail at a time: each member, type, status and header, in each response of each provider.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use transom::adapter::Provider;
use transom_conformance::drift::DriftKind;
use transom_conformance::drift::live::{self, Step};

use crate::stand_in::{Account, Distortion, PROVIDERS, StandIn, permission};

/// The places that may be missing or null.
const OPTIONAL: &[(&str, &str)] = &[
    ("autocalls", "/last_customer_message_at"),
    ("autocalls", "/message_sid"),
    ("autocalls", "/data/0/customer/name"),
    ("autocalls", "/data/0/quality_rating"),
    ("autocalls", "/data/0/messaging_limit"),
    ("gosendapi", "/data/0/contact_name"),
    ("gosendapi", "/data/0/contact_bsuid"),
    ("messangi", "/data/externalId"),
];

/// The places that a page shows as null.
const NULLABLE: &[(&str, &str)] = &[("gosendapi", "/data/0/last_inbound_at")];

/// The one response whose body no page shows.
const NOT_SHOWN: (&str, &str) = ("exotel", "GET /v2/accounts/*/templates");

/// Every place in a value, outer ones first.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut visit = |name: &str, member: &Value| {
        let place = format!("{at}/{name}");
        found.push(place.clone());
        places(member, &place, found);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| visit(name, member)),
        // The items of a list have the same shape, so one of them is enough.
        Value::Array(items) => items.iter().take(1).for_each(|item| visit("0", item)),
        _ => {}
    }
}

/// A wrong detail, and its expected report.
struct Detail {
    what: String,
    body: Value,
    expected: Vec<(DriftKind, String)>,
}

/// `body` with each of its details wrong in turn.
fn details(provider: &str, body: &Value) -> Vec<Detail> {
    let mut all = Vec::new();
    places(body, "", &mut all);
    let mut details = Vec::new();
    for place in all {
        let (object, name) = place.rsplit_once('/').unwrap();
        let value = body.pointer(&place).unwrap().clone();
        let is_optional = OPTIONAL.contains(&(provider, &place));
        let is_nullable = is_optional || NULLABLE.contains(&(provider, &place));
        let mut with = |what: &str, expected: Vec<(DriftKind, String)>, change: &dyn Fn(&mut Value)| {
            let mut body = body.clone();
            change(&mut body);
            details.push(Detail { what: format!("{place} {what}"), body, expected });
        };
        let changed = || vec![(DriftKind::ChangedType, place.clone())];
        if let Some(Value::Object(_)) = body.pointer(object) {
            let renamed = format!("{name}_renamed");
            let mut expected = vec![(DriftKind::NewMember, format!("{object}/{renamed}"))];
            if !is_optional {
                expected.insert(0, (DriftKind::MissingMember, place.clone()));
            }
            with("renamed", expected, &|body| {
                let members = body.pointer_mut(object).unwrap().as_object_mut().unwrap();
                let value = members.remove(name).unwrap();
                members.insert(renamed.clone(), value);
            });
        }
        if value.is_null() {
            continue;
        }
        if value.is_number() || value.is_string() {
            let other = value.as_str().map_or_else(|| value.to_string().into(), |text| json!(text.len()));
            with("as another type", changed(), &|body| *body.pointer_mut(&place).unwrap() = other.clone());
        }
        let expected = if is_nullable { Vec::new() } else { changed() };
        with("as null", expected, &|body| *body.pointer_mut(&place).unwrap() = Value::Null);
    }
    details
}

#[test]
fn wrong_members_are_reported_exactly() {
    let mut problems = Vec::new();
    let mut tried = 0;
    each_answer(|provider, uri, step, call, answer| {
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        for Detail { what, body, expected } in details(provider.name, &body) {
            let found = distorted(provider, uri, step, call, move |response| {
                *response.body_mut() = Bytes::from(body.to_string());
            });
            tried += 1;
            if found != expected {
                problems.push(format!(
                    "{} {call}: {what}\n    reported {found:?}\n    expected {expected:?}",
                    provider.name
                ));
            }
        }
    });
    assert!(tried > 300, "{tried} details");
    assert!(problems.is_empty(), "{} of {tried}:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn wrong_status_and_headers_are_reported_exactly() {
    let mut problems = Vec::new();
    let mut headers = BTreeMap::<String, usize>::new();
    each_answer(|provider, uri, step, call, answer| {
        let mut expect = |what: &str, expected: Vec<(DriftKind, String)>, change: Distortion| {
            let found = distorted(provider, uri, step, call, change);
            if found != expected {
                problems.push(format!(
                    "{} {call}: {what}\n    reported {found:?}\n    expected {expected:?}",
                    provider.name
                ));
            }
        };
        let status = vec![(DriftKind::OtherStatus, String::new())];
        expect("another status", status, Box::new(|response| *response.status_mut() = StatusCode::PARTIAL_CONTENT));
        let strange = vec![(DriftKind::NewHeader, "x-quota-class".to_owned())];
        expect(
            "a new header",
            strange,
            Box::new(|response| {
                response.headers_mut().insert("x-quota-class", "gold".parse().unwrap());
            }),
        );
        let page = vec![(DriftKind::ChangedHeader, "content-type".to_owned())];
        expect(
            "another media type",
            page,
            Box::new(|response| {
                response.headers_mut().insert("content-type", "text/html".parse().unwrap());
            }),
        );
        let no_json = vec![(DriftKind::NotJson, String::new())];
        expect("no JSON", no_json, Box::new(|response| *response.body_mut() = Bytes::from_static(b"<html>ok</html>")));
        for name in answer.headers().keys().filter(|name| name.as_str() != "date") {
            let name = name.clone();
            *headers.entry(provider.name.to_owned()).or_default() += 1;
            let expected = MAY_LACK.iter().all(|(known, header)| *known != provider.name || *header != name.as_str());
            let expected = if expected { vec![(DriftKind::MissingHeader, name.to_string())] } else { Vec::new() };
            let what = format!("without {name}");
            expect(&what, expected, Box::new(move |response| drop(response.headers_mut().remove(&name))));
        }
    });
    assert_eq!(headers.len(), PROVIDERS.len(), "{headers:?}");
    assert!(problems.is_empty(), "{}:\n{}", problems.len(), problems.join("\n"));
}

/// The optional headers of a response.
const MAY_LACK: &[(&str, &str)] = &[
    ("autocalls", "x-ratelimit-limit"),
    ("autocalls", "x-ratelimit-remaining"),
    ("exotel", "x-ratelimit-limit"),
    ("exotel", "x-ratelimit-remaining"),
    ("exotel", "x-ratelimit-reset"),
];

/// Calls `visit` with every documented response of every step of every provider.
fn each_answer(mut visit: impl FnMut(Provider, &'static str, &Step, &str, &Response<Bytes>)) {
    for (provider, uri) in PROVIDERS {
        let stand_in = StandIn::new(provider.name);
        let account = Account::of(&stand_in, provider, uri);
        for step in live::plan(account.client.capabilities(), &permission(1)) {
            stand_in.answered.lock().unwrap().clear();
            let report = account.take(&step);
            if !report.not_shown.is_empty() {
                assert_eq!((provider.name, report.not_shown[0].as_str()), NOT_SHOWN);
                continue;
            }
            let mut answered = std::mem::take(&mut *stand_in.answered.lock().unwrap());
            answered.dedup_by(|(a, _), (b, _)| a == b);
            for (call, answer) in answered {
                visit(provider, uri, &step, &call, &answer);
            }
        }
    }
}

/// The differences of a step in which the response to `call` is spoilt.
fn distorted(
    provider: Provider,
    uri: &str,
    step: &Step,
    call: &str,
    distortion: impl Fn(&mut Response<Bytes>) + Send + 'static,
) -> Vec<(DriftKind, String)> {
    let stand_in = StandIn::new(provider.name);
    let account = Account::of(&stand_in, provider, uri);
    let asked = Arc::clone(&stand_in);
    let call = call.to_owned();
    stand_in.distort(move |response| {
        if asked.answered.lock().unwrap().last().is_some_and(|(answered, _)| *answered == call) {
            distortion(response);
        }
    });
    let report = account.take(step);
    // Breaks a cycle of references, which would leak the stand-in.
    *stand_in.distortion.lock().unwrap() = None;
    let found = report.drift.into_iter().filter(|drift| drift.kind != DriftKind::UnknownCode || drift.place.is_empty());
    found.map(|drift| (drift.kind, drift.place)).collect()
}
