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

/// Sends to `provider`, which answers with this status and body.
fn answered(provider: &str, uri: &str, status: u16, body: &Value) -> (i32, Value) {
    let mock = Mock::start();
    mock.inbound(provider, CONTACT);
    let fault = json!([{ "provider": provider, "fault": "status", "status": status, "body": body, "always": true }]);
    mock.control("faults", &fault.to_string());
    let uri = uri.replace("HOST", &mock.host);
    let run = Folder::new().run(&["send", "--to", CONTACT, "--text", "Hi", "--json"], &[("TRANSOM_URL", &uri)]);
    (run.code, run.json())
}

#[test]
fn limit_of_hours_is_returned_at_once_with_its_wait() {
    let exotel =
        |code: Value| json!({ "response": { "code": 400, "error_data": { "code": code }, "status": "failure" } });
    for (channel, status, body, wait_ms) in [
        (0, 422, json!({ "success": false, "error": "x", "error_code": "TWILIO_ERROR_63049" }), 86_400_000_u64),
        (1, 400, exotel("MESSAGING_LIMIT_REACHED".into()), 86_400_000),
        (1, 400, exotel(130_429.into()), 60_000),
        (2, 400, json!({ "error": { "message": "(#131048) Spam rate limit hit", "code": 131_048 } }), 3_600_000),
        (3, 429, json!({}), 300_000),
        (3, 200, json!({ "data": { "status": "QUOTA_EXCEEDED" } }), 3_600_000),
    ] {
        let (provider, uri) = CHANNELS[channel];
        let (code, json) = answered(provider, uri, status, &body);
        let error = &json["error"];
        let got = (code, &json["attempts"], &error["kind"], &error["sent"], &error["retry_after_ms"]);
        assert_eq!(got, (1, &json!(1), &json!("rate_limited"), &json!("no"), &json!(wait_ms)), "{provider}: {json}");
    }
    let named = json!({ "data": { "id": "6c1e", "status": "QUOTA_EXCEEDED" } });
    let (code, json) = answered(CHANNELS[3].0, CHANNELS[3].1, 200, &named);
    assert_eq!((code, &json["error"]["sent"], &json["attempts"]), (3, &json!("maybe"), &json!(1)), "{json}");
}

#[test]
fn held_message_is_accepted_with_the_providers_word() {
    for (channel, body) in [
        json!({ "success": true, "whatsapp_message_id": 640_077, "message_status": "paused" }),
        json!({ "response": { "whatsapp": { "messages": [{ "code": 202, "data": { "sid": "a", "message_status": "paused" } }] } } }),
        json!({ "messages": [{ "id": "wamid.A", "message_status": "paused" }], "id": "90017" }),
        json!({ "data": { "id": "a", "message_status": "paused" } }),
    ]
    .into_iter()
    .enumerate()
    {
        let (provider, uri) = CHANNELS[channel];
        let (code, json) = answered(provider, uri, 200, &body);
        assert_eq!((code, &json["outcome"], &json["status"]), (0, &json!("accepted"), &json!("paused")), "{json}");
        assert_eq!(json["provider_message_id"].as_str(), (provider == "gosendapi").then_some("90017"), "{json}");
    }
}
