//! `transom send` under each fault of the mock: the exit code, the JSON and the delivered messages agree.

use serde_json::{Value, json};

use super::support::{Folder, Mock};

const CONTACT: &str = "+447700900123";

/// The URIs of the channels, with HOST in place of the host.
const CHANNELS: [(&str, &str); 4] = [
    ("autocalls", "autocalls://demo-key@HOST?sender_id=12"),
    ("exotel", "exotel://demo-key:demo-token@HOST/acme?from=919876500001"),
    ("gosendapi", "gosendapi://gsk_test_demo@HOST?phone_number_id=555123456789"),
    ("messangi", "messangi://demo-key@HOST?from=5215500001111"),
];

/// A fault, the exit codes without and with an idempotency key, and how often the contact is reached.
struct Case {
    fault: Value,
    unkeyed: i32,
    keyed: i32,
    reached: [usize; 2],
}

fn case(fault: Value, unkeyed: i32, keyed: i32, reached: [usize; 2]) -> Case {
    Case { fault, unkeyed, keyed, reached }
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case(json!({ "fault": "delay", "ms": 20, "next": 1 }), 0, 0, [1, 1]),
        case(json!({ "fault": "delay", "ms": 5_000, "next": 1 }), 3, 0, [1, 1]),
        case(json!({ "fault": "redirect", "next": 1 }), 3, 3, [0, 0]),
        case(json!({ "fault": "redirect", "status": 303, "next": 1 }), 3, 3, [0, 0]),
        case(json!({ "fault": "status", "status": 400, "next": 1 }), 1, 1, [0, 0]),
        case(json!({ "fault": "status", "status": 401, "next": 1 }), 1, 1, [0, 0]),
        case(json!({ "fault": "status", "status": 408, "next": 1 }), 3, 0, [0, 1]),
        case(json!({ "fault": "status", "status": 421, "next": 1 }), 0, 0, [1, 1]),
        case(json!({ "fault": "status", "status": 500, "next": 1 }), 3, 0, [0, 1]),
        case(json!({ "fault": "status", "status": 501, "next": 1 }), 3, 3, [0, 0]),
        case(json!({ "fault": "status", "status": 503, "always": true }), 3, 3, [0, 0]),
        case(json!({ "fault": "status", "status": 429, "headers": { "retry-after": "1" }, "next": 1 }), 0, 0, [1, 1]),
        case(
            json!({ "fault": "status", "status": 429, "headers": { "retry-after": "3600" }, "next": 1 }),
            1,
            1,
            [0, 0],
        ),
    ];
    for kind in ["lose_reply", "truncate", "hang", "reset", "garbage", "html"] {
        cases.push(case(json!({ "fault": kind, "next": 1 }), 3, 0, [1, 1]));
        cases.push(case(json!({ "fault": kind, "always": true }), 3, 3, [1, 1]));
        cases.push(case(json!({ "fault": kind, "after_accept": false, "next": 1 }), 3, 0, [0, 1]));
    }
    cases
}

/// The reference of the `n`th case.
fn reference(n: usize) -> String {
    format!("case-{n}")
}

fn run(provider: &str, uri: &str) {
    let mock = Mock::start();
    let folder = Folder::new();
    let uri = uri.replace("HOST", &mock.host);
    let is_keyed = provider == "gosendapi";
    for (n, Case { fault, unkeyed, keyed, reached }) in cases().into_iter().enumerate() {
        mock.control("reset", "{}");
        mock.inbound(provider, CONTACT);
        let mut on = fault.clone();
        on["provider"] = provider.into();
        mock.control("faults", &json!([on]).to_string());
        let reference = reference(n);
        let arguments =
            ["send", "--to", CONTACT, "--text", "Hi", "--reference", &reference, "--timeout", "250ms", "--json"];
        let run = folder.run(&arguments, &[("TRANSOM_URL", &uri)]);
        let json = run.json();
        let case = format!("{provider}, {fault}: {json}");
        assert_eq!(run.code, if is_keyed { keyed } else { unkeyed }, "{case}");
        let says = match run.code {
            0 => ("accepted", Value::Null),
            1 => ("rejected", "no".into()),
            _ => ("unknown", "maybe".into()),
        };
        assert_eq!((json["outcome"].as_str(), &json["error"]["sent"]), (Some(says.0), &says.1), "{case}");
        let delivered = mock.delivered(provider).len();
        assert_eq!(delivered, reached[usize::from(is_keyed)], "{case}");
        // For each fault: the contact is never reached twice, and never after an outcome that says nothing was sent.
        assert!(delivered <= 1 && (delivered == 0 || run.code != 1) && (delivered == 1 || run.code != 0), "{case}");
    }
}

#[test]
fn autocalls_outcome_is_right_for_every_fault() {
    run(CHANNELS[0].0, CHANNELS[0].1);
}

#[test]
fn exotel_outcome_is_right_for_every_fault() {
    run(CHANNELS[1].0, CHANNELS[1].1);
}

#[test]
fn gosendapi_outcome_is_right_for_every_fault() {
    run(CHANNELS[2].0, CHANNELS[2].1);
}

#[test]
fn messangi_outcome_is_right_for_every_fault() {
    run(CHANNELS[3].0, CHANNELS[3].1);
}
