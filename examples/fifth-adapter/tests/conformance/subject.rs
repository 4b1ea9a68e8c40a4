//! What the suite must be told of Larkwire: the facts in which providers differ.

use serde_json::{Value, json};
use transom::adapter::ErrorCode;
use transom::{Capabilities, Capability, ErrorKind};
use transom_conformance::{
    AdapterUnderTest, CodeSample, CodeTable, ErrorSample, FailureSample, InboundSample, Refusal, WebhookFeatures,
    WebhookForms,
};

use crate::dialect::Larkwire;
use crate::pages::{CALLS, MEANINGS, SAMPLES};

/// The adapter under test, with the simulator of its provider. What is not said here is as most providers have it.
pub static SUBJECT: AdapterUnderTest = AdapterUnderTest {
    uri: "larkwire://canary-key@{host}?line=7001",
    uri_with_bad_credential: "larkwire://invalid@{host}?line=7001",
    uri_with_unknown_sender: "larkwire://canary-key@{host}?line=7999",
    table: "api_key = \"canary-key\"\nline = 7001",
    sender: "+442079460001",
    // Pinned here apart from the adapter, so that losing one is seen.
    capabilities: Capabilities::new(&[
        Capability::Text,
        Capability::Template,
        Capability::DeliveryStatus,
        Capability::Inbound,
        Capability::WebhookSignature,
    ]),
    carries_reference: true,
    send_paths: &["/wa/send"],
    // The provider's words as its page prints them, not as the simulator does.
    refusals: &[
        refused(r#"{"code":1001,"msg":"invalid key","data":null}"#, ErrorKind::Unauthenticated, "1001"),
        refused(r#"{"code":1003,"msg":"not your line","data":null}"#, ErrorKind::PermissionDenied, "1003"),
        refused(r#"{"code":2001,"msg":"unknown line","data":null}"#, ErrorKind::SenderNotFound, "2001"),
        refused(r#"{"code":2002,"msg":"line is offline","data":null}"#, ErrorKind::SenderUnavailable, "2002"),
        refused(r#"{"code":3001,"msg":"to: not a number","data":null}"#, ErrorKind::RecipientInvalid, "3001"),
        refused(r#"{"code":3002,"msg":"body: required","data":null}"#, ErrorKind::InvalidRequest, "3002"),
        refused(r#"{"code":4103,"msg":"session closed","data":null}"#, ErrorKind::SessionExpired, "4103"),
        refused(r#"{"code":4104,"msg":"no session","data":null}"#, ErrorKind::NoActiveSession, "4104"),
        refused(r#"{"code":5001,"msg":"insufficient credit","data":null}"#, ErrorKind::InsufficientBalance, "5001"),
    ],
    code_tables: &[CodeTable { name: "answers", samples: |fact| vec![answer(fact), event(fact)] }],
    expected_codes: MEANINGS,
    samples: SAMPLES,
    webhook_calls: CALLS,
    // Events carry our reference and our number, come once, and tell of texts alone.
    webhook_features: WebhookFeatures { reference: true, our_number: true, repeats_calls: false, kinds: &[] },
    webhook_forms: WebhookForms { inbound, failure, has_error_list: true, own_codes: &[] },
    ..AdapterUnderTest::new(transom_larkwire::PROVIDER, || vec![Box::new(Larkwire)])
};

/// Messages as events, one in each: a plain text in members of its own, anything else as WhatsApp's own object.
fn inbound(sample: &InboundSample) -> Vec<Value> {
    const PLAIN: &[&str] = &["from", "id", "timestamp", "type", "text"];
    let (line, to) = if sample.is_to_other_sender { (7002, "00442079460002") } else { (7001, "00442079460001") };
    let event = |message: &Value| {
        let (own, more) = InboundSample::split(message, PLAIN);
        let is_theirs = |contact: &&Value| {
            ["wa_id", "user_id"]
                .iter()
                .zip(["from", "from_user_id"])
                .any(|(theirs, ours)| contact[theirs].is_string() && contact[theirs] == message[ours])
        };
        let profile = sample.contacts.iter().find(is_theirs).map(|contact| &contact["profile"]);
        let name = profile.and_then(|profile| profile.get("name").or_else(|| profile.get("username")));
        let mut event = json!({
            "event": "message", "id": own["id"], "to": to, "line": line, "name": name, "ts": own["timestamp"],
        });
        match (own["from"].as_str(), own["text"]["body"].as_str()) {
            (Some(from), Some(text)) if own["type"] == "text" && more == json!({}) && !from.is_empty() => {
                event["from"] = format!("00{from}").into();
                event["text"] = text.into();
            }
            _ => event["wa"] = message.clone(),
        }
        if message.is_object() { event } else { message.clone() }
    };
    sample.messages.iter().map(event).collect()
}

fn failure(sample: &FailureSample) -> Value {
    let errors: Vec<Value> = sample.errors.iter().map(ErrorSample::to_json).collect();
    json!({
        "event": "status", "id": 9_200_000_000_000_100_001_u64, "state": "failed", "to": "00447700900123",
        "errors": errors, "ts": 1_770_110_100,
    })
}

const fn refused(body: &'static str, kind: ErrorKind, code: &'static str) -> Refusal {
    Refusal { status: 200, body, kind, code: Some(code) }
}

/// How an answer says a code.
fn answer(fact: &ErrorCode) -> CodeSample {
    CodeSample::answer(fact, 200, json!({ "code": CodeSample::number(fact), "msg": "refused", "data": null }))
}

/// How an event says it.
fn event(fact: &ErrorCode) -> CodeSample {
    let body = json!({
        "event": "status", "id": 9_200_000_000_000_100_001_u64, "state": "failed", "to": "00447700900123",
        "code": CodeSample::number(fact), "ts": 1_770_110_100,
    });
    CodeSample::callback(fact, body)
}
