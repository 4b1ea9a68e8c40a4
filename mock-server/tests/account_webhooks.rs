//! Webhooks that an account makes by calls of its provider.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "common/requests.rs"]
mod requests;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::{Request, StatusCode};
use requests::told;
use serde_json::{Value, json};
use transom_mock_server::DeliveryOutcome;

const HOOK: &str = "http://127.0.0.1:9000/wa";

fn call(mock: &mut Mock, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder().method(method).uri(path).header("x-api-key", "gsk_test_demo");
    mock.raw(&request.header("content-type", "application/json").body(body).unwrap())
}

/// Makes a webhook and returns its id and secret.
fn create(mock: &mut Mock, body: &Value) -> (String, String) {
    let (status, made) = call(mock, "POST", "/v1/webhooks", body);
    assert_eq!(status, 201, "{made}");
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

fn write(mock: &mut Mock) {
    mock.post("inbound", &json!({"provider": "gosendapi", "from": CONTACT, "text": "hi"}));
}

fn frozen() -> Mock {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    mock
}

fn names(told: &[Value]) -> Vec<&str> {
    told.iter().map(|told| told["event"].as_str().unwrap().trim_start_matches("whatsapp.")).collect()
}

#[test]
fn gosendapi_webhook_is_made_listed_changed_and_deleted() {
    let mut mock = frozen();
    let body = json!({"url": HOOK, "events": ["whatsapp.message.received"], "phone_number_id": "31",
        "type": "gosendapi_events"});
    let (id, secret) = create(&mut mock, &body);
    assert!(secret.starts_with("whsec_") && secret.len() > 20);
    let path = format!("/v1/webhooks/{id}");
    let row = |events: Value, enabled: bool| {
        json!({"id": id, "url": HOOK, "events": events, "enabled": enabled, "phone_number_id": "31",
            "type": "gosendapi_events"})
    };
    let received = json!(["whatsapp.message.received"]);
    assert_eq!(call(&mut mock, "GET", "/v1/webhooks", &Value::Null).1, json!({"data": [row(received, true)]}));
    let changed = call(&mut mock, "PATCH", &path, &json!({"events": [], "enabled": false}));
    assert_eq!(changed, (200, row(json!([]), false)));
    write(&mut mock);
    assert!(told(&mut mock).is_empty(), "a webhook that is off receives nothing");
    assert_eq!(call(&mut mock, "DELETE", &path, &Value::Null).0, 200);
    for (method, path) in [("DELETE", path.clone()), ("PATCH", path.clone()), ("GET", format!("{path}/deliveries"))] {
        assert_eq!(call(&mut mock, method, &path, &Value::Null).0, 404, "{method} {path}");
    }
    for (member, value) in [("url", json!("ftp://x")), ("events", json!("all")), ("phone_number_id", json!("77"))] {
        let mut wrong = body.clone();
        wrong[member] = value;
        let (status, refused) = call(&mut mock, "POST", "/v1/webhooks", &wrong);
        assert_eq!((status, &refused["details"]["field"]), (400, &json!(member)), "{refused}");
    }
}

#[test]
fn each_webhook_receives_its_events_under_its_secret() {
    let mut mock = frozen();
    create(&mut mock, &json!({"url": format!("{HOOK}/a"), "events": ["whatsapp.message.received"]}));
    create(&mut mock, &json!({"url": format!("{HOOK}/b"), "events": ["whatsapp.conversation.created"]}));
    create(&mut mock, &json!({"url": format!("{HOOK}/c")}));
    write(&mut mock);
    let mut seen: Vec<(String, String, bool)> = Vec::new();
    while let Some(delivery) = mock.simulator.due(mock.real_now) {
        let body: Value = serde_json::from_slice(delivery.request.body()).unwrap();
        let is_signed = delivery.request.headers().contains_key("x-gosendapi-signature");
        seen.push((delivery.request.uri().path().to_owned(), body["event"].as_str().unwrap().to_owned(), is_signed));
        mock.simulator.delivered(delivery.id, DeliveryOutcome::Answered(StatusCode::OK));
    }
    seen.sort();
    let expected = [
        ("/wa/a", "whatsapp.message.received"),
        ("/wa/b", "whatsapp.conversation.created"),
        ("/wa/c", "whatsapp.conversation.created"),
        ("/wa/c", "whatsapp.message.received"),
    ];
    assert_eq!(seen, expected.map(|(path, event)| (path.to_owned(), event.to_owned(), true)));
}

#[test]
fn registered_webhook_receives_beside_the_accounts_own() {
    let mut mock = frozen();
    mock.post("webhooks", &json!({"provider": "gosendapi", "url": "http://127.0.0.1:9001/control"}));
    create(&mut mock, &json!({"url": HOOK, "events": ["whatsapp.message.received"]}));
    write(&mut mock);
    assert_eq!(names(&told(&mut mock)), ["message.received", "message.received"]);
    mock.post("reset", &json!({}));
    mock.post("clock", &json!({"freeze": true}));
    write(&mut mock);
    assert!(told(&mut mock).is_empty(), "a reset leaves no webhook");
}

#[test]
fn deliveries_of_a_webhook_show_each_attempt() {
    let mut mock = frozen();
    let (id, _) = create(&mut mock, &json!({"url": HOOK, "events": ["whatsapp.message.received"]}));
    write(&mut mock);
    for status in [500, 200] {
        let delivery = mock.simulator.due(mock.real_now).unwrap();
        mock.simulator.delivered(delivery.id, DeliveryOutcome::Answered(StatusCode::from_u16(status).unwrap()));
        mock.post("clock", &json!({"advance": "1m"}));
    }
    let (_, list) = call(&mut mock, "GET", &format!("/v1/webhooks/{id}/deliveries"), &Value::Null);
    let rows: Vec<(&Value, &Value, &Value)> =
        list["data"].as_array().unwrap().iter().map(|row| (&row["attempt"], &row["status"], &row["event"])).collect();
    let received = json!("whatsapp.message.received");
    assert_eq!(rows, [(&json!(2), &json!("delivered"), &received), (&json!(1), &json!("pending"), &received)]);
}

/// The page's sample names an address of the internet, which the mock never calls.
#[test]
fn webhook_elsewhere_is_kept_and_not_called() {
    let mut mock = frozen();
    let (id, _) = create(&mut mock, &json!({"url": "https://hooks.example.org/wa"}));
    write(&mut mock);
    assert!(mock.simulator.due(mock.real_now).is_none());
    let (_, list) = call(&mut mock, "GET", &format!("/v1/webhooks/{id}/deliveries"), &Value::Null);
    assert_eq!(list["data"][0]["error"], "passed_over", "{list}");
    let findings = mock.ask("requests?provider=gosendapi")[0]["findings"].clone();
    assert_eq!(findings[0]["level"], "note", "{findings}");
}

#[test]
fn without_the_token_no_address_is_called() {
    let token = "0123456789abcdef0123456789abcdef";
    let mut mock = frozen();
    mock.simulator = mock.simulator.sibling(mock.real_now).with_token(token).unwrap();
    create(&mut mock, &json!({"url": HOOK}));
    let headers = [("x-mock-token", token), ("host", "127.0.0.1")];
    let body = json!({"provider": "gosendapi", "from": CONTACT, "text": "hi"});
    let inbound =
        headers.iter().fold(Request::post("/_mock/inbound"), |request, (name, value)| request.header(*name, *value));
    assert_eq!(mock.raw(&inbound.body(Bytes::from(body.to_string())).unwrap()).0, 200);
    assert!(mock.simulator.due(mock.real_now).is_none());
}

#[test]
fn a_contact_may_write_under_a_user_id_alone() {
    let mut mock = requests::listening("gosendapi");
    let referral = json!({"source_type": "ad", "source_id": "120", "source_url": "https://fb.me/1", "ctwa_clid": "c1",
        "headline": "Shoes", "body": "New"});
    let answer = mock
        .post("inbound", &json!({"provider": "gosendapi", "user_id": "ES.9f2c", "referral": referral, "text": "hi"}));
    assert_eq!(answer["window"]["state"], "open");
    let message = told(&mut mock)[0]["data"]["message"].clone();
    assert_eq!((message.get("from"), &message["from_user_id"]), (None, &json!("ES.9f2c")));
    assert_eq!(message["referral"], referral);
    let heard = mock.ask("wait?for=inbound&provider=gosendapi&count=2");
    assert_eq!(heard["matches"][1]["user_id"], "ES.9f2c", "{heard}");
    for (body, error) in [
        (json!({"provider": "gosendapi", "text": "hi"}), "`from` is missing"),
        (json!({"provider": "gosendapi", "user_id": "", "text": "hi"}), "`user_id`"),
        (json!({"provider": "gosendapi", "user_id": "u", "text": "hi", "referral": {"x": 1}}), "unknown member `x`"),
    ] {
        let said = mock.refused("inbound", &body);
        assert!(said.contains(error), "{said}");
    }
}

#[test]
fn every_typed_content_has_the_platforms_form() {
    let mut mock = requests::listening("gosendapi");
    for (content, pointer, expected) in [
        (
            json!({"type": "order", "catalog_id": "c1", "text": "please",
                "product_items": [{"product_retailer_id": "p1", "quantity": 2, "item_price": 4.5, "currency": "INR"}]}),
            "/order/product_items/0/product_retailer_id",
            json!("p1"),
        ),
        (
            json!({"type": "flow_reply", "name": "flow", "body": "Sent", "response": {"day": "Mon"}}),
            "/interactive/nfm_reply/response_json",
            json!("{\"day\":\"Mon\"}"),
        ),
        (
            json!({"type": "list_reply", "id": "m9", "title": "09:00", "description": "Room A"}),
            "/interactive/list_reply/description",
            json!("Room A"),
        ),
        (json!({"type": "audio", "id": "a1", "voice": true, "mime_type": "audio/amr"}), "/audio/voice", json!(true)),
        (
            json!({"type": "audio", "id": "a1", "voice": true, "mime_type": "audio/amr"}),
            "/audio/mime_type",
            json!("audio/amr"),
        ),
        (json!({"type": "sticker", "id": "s1", "animated": true, "sha256": "ab"}), "/sticker/animated", json!(true)),
        (
            json!({"type": "system", "event": "user_changed_number", "new_number": "+34600000001"}),
            "/system/wa_id",
            json!("34600000001"),
        ),
    ] {
        mock.post("inbound", &json!({"provider": "gosendapi", "from": CONTACT, "content": content}));
        let told = told(&mut mock);
        let message = &told[0]["data"]["message"];
        assert_eq!(message.pointer(pointer), Some(&expected), "{content}: {message}");
    }
}
