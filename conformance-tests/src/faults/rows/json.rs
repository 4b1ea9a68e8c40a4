//! The shape of the JSON in an answer: under 200, where most of it decides, and under 400, where none of it may.

use serde_json::{Value, json};
use transom::ErrorKind;

use super::common::{MALFORMED, both_paces};
use super::status::{JSON, refusing};
use crate::faults::canary::encoded;
use crate::faults::case::{Claim, FaultCase, TRIES};
use crate::faults::profile::FaultProfile;
use crate::faults::row::{Row, each};
use crate::faults::script::{Step, says};

pub(super) const ROWS: &[Row] = &[
    each("J1", "an id of more than 53 bits", |s| yes(s, "9007199254740993")),
    each("J2", "an id of more than 64 bits", |s| yes(s, "18446744073709551616")),
    each("J3", "an id that is a text, negative, zero, empty, null, missing", |s| {
        let ids = ["\"00417\"", "-7", "\"a b/ü\""].map(|id| yes(s, id));
        let none =
            ["\"\"", "0", "\"   \"", "\"null\"", "null", "{}", "[]", "true"].map(|id| unreadable(s, id, (s.yes)(id)));
        let key = key_of_id(s);
        let missing = unreadable(s, "missing", (s.yes)("1").replace(&format!("\"{key}\":"), "\"x\":"));
        ids.into_iter().chain(none).flatten().chain(missing).collect()
    }),
    each("J4", "an undocumented status word", |s| beside(s, &[("status", json!("TELEPORTED"))])),
    each("J5", "unknown members, and nulls", |s| {
        beside(
            s,
            &[("x", json!({ "y": [1, null, { "z": "\u{1f44d}" }] })), ("none", Value::Null), ("error", Value::Null)],
        )
    }),
    each("J6", "a success flag that is a word, a number, or neither", |s| {
        if s.name() != "autocalls" {
            return Vec::new();
        }
        let with = |word: &str| (s.yes)("\"m1\"").replace("true", word);
        let yes = ["\"true\"", "1"].map(|word| accepted(s, word, &with(word), "m1"));
        let neither = ["null", "\"perhaps\"", "2", "{}"].map(|word| unreadable(s, word, with(word)));
        yes.into_iter().chain(neither).flatten().collect()
    }),
    each("J7", "a duplicate member", |s| {
        let key = key_of_id(s);
        let twice = (s.yes)("\"a\"").replace(&format!("\"{key}\":\"a\""), &format!("\"{key}\":\"a\",\"{key}\":\"b\""));
        let mut cases = unreadable(s, "the id", twice);
        if s.name() == "autocalls" {
            cases.extend(unreadable(s, "the yes", (s.yes)("\"a\"").replace("true", "true,\"success\":false")));
        }
        cases
    }),
    each("J8", "two hundred levels deep", |s| {
        let deep = "{\"a\":".repeat(200) + "1" + &"}".repeat(200);
        let beside = (s.yes)(&format!("\"m1\",\"deep\":{deep}"));
        let list = "[".repeat(200) + &"]".repeat(200);
        [unreadable(s, "objects", deep), unreadable(s, "lists", list), either(s, "beside the id", beside)].concat()
    }),
    each("J9", "a lone surrogate, invalid UTF-8, NaN, a huge number", |s| {
        let no_text =
            (s.yes)("\"?\"").into_bytes().into_iter().map(|b| if b == b'?' { 0xff } else { b }).collect::<Vec<_>>();
        let mut cases = unreadable(s, "a surrogate", (s.yes)("\"\\ud800\""));
        cases.extend(unreadable(s, "no UTF-8", no_text));
        cases.extend(unreadable(s, "NaN", (s.yes)("NaN")));
        cases.extend(either(s, "1e400", (s.yes)("1e400")));
        cases
    }),
    each("J10", "a list, a text, null or nothing at the top", |s| {
        let list = format!("[{}]", (s.yes)("\"m1\""));
        let mut cases = unreadable(s, "a list with a yes", list);
        for top in ["[]", "\"ok\"", "null", "true", "7", " ", "{"] {
            cases.extend(unreadable(s, top, top));
        }
        cases
    }),
    each("J11", "a body whose status differs from the response's", |s| {
        let problem =
            |status: u16| format!(r#"{{"type":"about:blank","title":"Bad","status":{status},"detail":"no"}}"#);
        let header: &[(&str, &str)] = &[("content-type", "application/problem+json")];
        let case = |inner| move || refusing(s, &format!("says {inner}"), 400, header, &problem(inner)).refused(NO);
        [200, 202, 503].into_iter().flat_map(|inner| both_paces(case(inner))).collect()
    }),
    each("J12", "a text that echoes our credentials and the number", echoes),
];

const NO: &[ErrorKind] = &[ErrorKind::InvalidRequest];

fn key_of_id(s: &FaultProfile) -> &'static str {
    s.id_at.rsplit('/').next().unwrap_or_default()
}

/// A yes with this id, which is read to the last digit.
fn yes(s: &'static FaultProfile, id: &str) -> Vec<FaultCase> {
    let text = id.trim_matches('"').to_owned();
    accepted(s, id, &(s.yes)(id), &text)
}

/// A body that names a message: taken under 200, in doubt under 400.
fn accepted(s: &'static FaultProfile, name: &str, body: &str, id: &str) -> Vec<FaultCase> {
    let sent = || send(s, name, body).with(|case| case.expect.id = Some(id.to_owned()));
    [both_paces(sent), both_paces(|| under_400(s, name, body.as_bytes()).unknown_and_final(NO).with_status(400))]
        .concat()
}

/// A body without an id.
fn unreadable(s: &'static FaultProfile, name: &str, body: impl AsRef<[u8]>) -> Vec<FaultCase> {
    let body = body.as_ref();
    let doubt = || send(s, name, body).outcome_unknown(MALFORMED);
    [both_paces(doubt), both_paces(|| under_400(s, name, body).refused(NO).with_status(400).or_unknown())].concat()
}

/// A body of which an id may be read or not.
fn either(s: &'static FaultProfile, name: &str, body: impl AsRef<[u8]>) -> Vec<FaultCase> {
    let body = body.as_ref();
    let either = || {
        send(s, name, body).outcome_unknown(MALFORMED).with(|case| {
            case.expect.claims.push(Claim::Sent);
            case.expect.attempts = 1..=TRIES;
            case.expect.connections = None;
        })
    };
    [both_paces(either), both_paces(|| under_400(s, name, body).refused(NO).with_status(400).or_unknown())].concat()
}

/// A yes with more members beside its id.
fn beside(s: &'static FaultProfile, members: &[(&str, Value)]) -> Vec<FaultCase> {
    let mut body: Value = serde_json::from_str(&(s.yes)("\"m1\"")).unwrap_or_default();
    let parent = s.id_at.rsplit_once('/').map_or("", |(parent, _)| parent);
    if let Some(Value::Object(object)) = body.pointer_mut(parent) {
        for (name, value) in members {
            object.insert((*name).to_owned(), value.clone());
        }
    }
    accepted(s, "beside the id", &body.to_string(), "m1")
}

fn send(s: &'static FaultProfile, name: &str, body: impl AsRef<[u8]>) -> FaultCase {
    FaultCase::send(s, format!("200 {name}")).plays([Step::Take, says(200, JSON, body)])
}

fn under_400(s: &'static FaultProfile, name: &str, body: &[u8]) -> FaultCase {
    FaultCase::send(s, format!("400 {name}")).plays([Step::ReadRequest, says(400, JSON, body)])
}

/// Under every status, in every member in which words stand.
fn echoes(s: &'static FaultProfile) -> Vec<FaultCase> {
    let mut cases = Vec::new();
    let cut =
        |c: &crate::faults::canary::Canaries, width: usize| format!("{}{}", "x".repeat(width), (s.secrets)(c).concat());
    for status in [200_u16, 302, 400, 401, 403, 404, 409, 429, 500, 503] {
        for shape in ["message", "error", "errors", "rewritten", "bare", "cut"] {
            let case = FaultCase::send(s, format!("{status}, {shape}"));
            let c = case.setup.canaries.clone();
            let secrets = (s.secrets)(&c).join(" and ");
            let words = format!("{secrets} for +{} {} of", c.to, grouped(&c.to));
            let encoded: Vec<_> = (s.secrets)(&c).iter().map(|secret| encoded(secret)).collect();
            let rewritten = || [c.rewritten().join(" or "), encoded.join(" or ")].join("; ");
            let body = match shape {
                "bare" => words,
                "rewritten" => {
                    let words = rewritten();
                    json!({ "message": words, "error": words, "detail": words, "code": words }).to_string()
                }
                // Where our own limits cut it in two.
                "cut" => json!({ "message": cut(&c, 390), "code": cut(&c, 90), "error_code": cut(&c, 90) }).to_string(),
                "errors" => json!({ "errors": { "reason": words } }).to_string(),
                "error" => json!({ "response": { "error_data": { "code": words, "message": words } }, "error": words })
                    .to_string(),
                member => json!({ member: words, "code": words, "error_code": words }).to_string(),
            };
            let case = case.plays([Step::ReadRequest, says(status, JSON, body)]);
            // What it means is the other rows' matter; here it is what it shows.
            cases.push(case.with(|case| {
                case.expect.kinds = ErrorKind::ALL.to_vec();
                case.expect.claims = vec![Claim::NotSent, Claim::Unknown];
                case.expect.ledger = 0..=0;
                case.expect.attempts = 1..=TRIES;
            }));
        }
    }
    cases
}

/// `54 911 55-12 34 56`.
fn grouped(digits: &str) -> String {
    let (country, rest) = digits.split_at(2);
    let (area, rest) = rest.split_at(3);
    format!("+{country} {area} {rest}")
}
