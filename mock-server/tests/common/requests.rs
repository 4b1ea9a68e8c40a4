//! Sends to each provider, and what the webhooks are told of them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use transom_mock_server::DeliveryOutcome;

use crate::common::{CONTACT, Mock};

fn post(path: &str, header: (&str, &str), body: &Value) -> Request<Bytes> {
    let request = Request::post(path).header("content-type", "application/json").header("accept", "application/json");
    request.header(header.0, header.1).body(Bytes::from(body.to_string())).unwrap()
}

pub(crate) fn autocalls() -> Request<Bytes> {
    let body = json!({"sender_id": 12, "recipient_phone": CONTACT, "message": "Hi"});
    post("/api/user/whatsapp/send-freeform", ("authorization", "Bearer demo-key"), &body)
}

pub(crate) fn exotel(account: &str) -> Request<Bytes> {
    exotel_with(account, &json!({}))
}

/// A text with more members.
pub(crate) fn exotel_with(account: &str, more: &Value) -> Request<Bytes> {
    let mut body = json!({"from": "+919876500001", "to": CONTACT, "content": {"type": "text", "text": {"body": "Hi"}}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let basic = ("authorization", "Basic ZGVtby1rZXk6ZGVtby10b2tlbg==");
    post(&format!("/v2/accounts/{account}/messages"), basic, &body)
}

pub(crate) fn gosendapi(key: &str) -> Request<Bytes> {
    let body = json!({"phone_number_id": "555123456789", "to": "919876543210", "type": "text", "text": {"body": "Hi"}});
    post("/v1/messages", ("x-api-key", key), &body)
}

pub(crate) fn messangi(key: &str) -> Request<Bytes> {
    let request = json!({"from": "5215500001111", "to": CONTACT, "type": "text", "message": "Hi"});
    let bearer = format!("Bearer {key}");
    post("/notification", ("authorization", &bearer), &json!({"channel": "WHATSAPP", "request": request}))
}

/// What falls due is told and answered 200: the bodies.
pub(crate) fn told(mock: &mut Mock) -> Vec<Value> {
    let mut told = Vec::new();
    while let Some(delivery) = mock.simulator.due(mock.real_now) {
        told.push(serde_json::from_slice(delivery.request.body()).unwrap());
        mock.simulator.delivered(delivery.id, DeliveryOutcome::Answered(StatusCode::OK));
    }
    told
}

/// A mock whose clock stands still, to which a customer has written at this provider, and whose webhook is heard from now on.
pub(crate) fn listening(provider: &str) -> Mock {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    mock.post("inbound", &json!({"provider": provider, "from": CONTACT, "text": "hi"}));
    mock.post("webhooks", &json!({"provider": provider, "url": "http://127.0.0.1:9000/hook", "secret": "k"}));
    mock
}

/// A question to the interface of `GoSendAPI`.
pub(crate) fn get_gosendapi(call: &str) -> Request<Bytes> {
    get_gosendapi_as(call, "k")
}

pub(crate) fn get_gosendapi_as(call: &str, key: &str) -> Request<Bytes> {
    Request::get(format!("/v1/{call}")).header("x-api-key", key).body(Bytes::new()).unwrap()
}
