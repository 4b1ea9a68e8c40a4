//! Every call of the provider's pages, method by method.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::BASIC;
use crate::testing::{Mock, Seen};

fn call(mock: &mut Mock, method: &str, path: &str, body: &Value) -> Seen {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder().method(method).uri(path).header("authorization", BASIC);
    mock.step(&request.header("content-type", "application/json").body(body).unwrap())
}

fn template() -> Value {
    let definition = json!({"category": "UTILITY", "name": "parcel", "language": "en",
        "components": [{"type": "BODY", "text": "On its way."}]});
    json!({"whatsapp": {"templates": [{"template": definition}]}})
}

#[test]
fn every_call_is_simulated_or_says_that_it_is_not() {
    let message =
        json!({"from": "+919876500001", "to": "+919876543210", "content": {"type": "text", "text": {"body": "Hi"}}});
    let url = json!({"whatsapp": {"webhook": {"incoming_message_url": "http://127.0.0.1:9000/in"}}});
    let edit = json!({"whatsapp": {"templates": [{"template": {"id": "310"}}]}});
    let name = json!({"whatsapp": {"templates": [{"template": {"name": "visit_reminder"}}]}});
    let sample = "/v2/accounts/acme/templates/sample?file_length=4&file_type=image/png";
    for (method, path, body, status) in [
        ("POST", "/v2/accounts/acme/messages", message.clone(), 202),
        ("GET", "/v2/accounts/acme/templates?waba_id=8", Value::Null, 200),
        ("POST", "/v2/accounts/acme/templates?waba_id=8", template(), 200),
        ("PUT", "/v2/accounts/acme/templates", edit, 200),
        ("DELETE", "/v2/accounts/acme/templates?waba_id=8", name, 200),
        ("POST", sample, json!(1234), 200),
        ("GET", "/v2/accounts/acme/media/m1", Value::Null, 200),
        ("PUT", "/v2/accounts/acme/whatsapp/webhook", url, 200),
        ("POST", "/v2/accounts/acme/isv", Value::Null, 200),
        ("GET", "/v2/accounts/acme/isv?access_token=1-2", Value::Null, 400),
    ] {
        let mut mock = Mock::new();
        mock.inbound("exotel", "+919876543210");
        let seen = call(&mut mock, method, path, &body);
        assert_eq!(seen.status, status, "{method} {path}: {}", seen.json);
        assert!(!seen.json.to_string().contains("not simulated"), "{method} {path}");
    }
    for (method, path) in [
        ("GET", "/v2/accounts/acme/messages/7c1e"),
        ("GET", "/v2/accounts/acme/messages/7c1e/media"),
        ("GET", "/v2/accounts/acme/messages"),
        ("POST", "/v2/accounts/acme/messages/clevertap/whatsapp"),
        ("GET", "/v2/accounts/acme/wabas"),
        ("GET", "/v2/accounts/acme/templates/sample"),
        ("GET", "/v2/accounts/acme/whatsapp/webhook"),
        ("DELETE", "/v2/accounts/acme/media/m1"),
        ("POST", "/v2/accounts/acme/calls"),
    ] {
        let mut mock = Mock::new();
        let seen = call(&mut mock, method, path, &Value::Null);
        let error = &seen.json["response"]["error_data"];
        assert_eq!((seen.status, &error["code"]), (404, &json!(1000)), "{method} {path}");
        let words = format!("`{method} {path}` is not simulated by this mock");
        assert!(error["description"].as_str().unwrap().starts_with(&words), "{}", seen.json);
        assert!(mock.findings()[0].starts_with(&format!("refused: {words}")), "{:?}", mock.findings());
    }
}

#[test]
fn older_interface_is_exotels_and_not_simulated() {
    for path in ["/v1/Accounts/acme/templates", "/v1/Accounts/acme/Sms/send.json"] {
        let mut mock = Mock::new();
        let seen = call(&mut mock, "POST", path, &Value::Null);
        let error = json!({"Status": 404, "Message": format!("`POST {path}` is not simulated by this mock")});
        assert_eq!((seen.status, &seen.json["RestException"]["Status"]), (404, &error["Status"]));
        let message = seen.json["RestException"]["Message"].as_str().unwrap();
        assert!(message.starts_with(error["Message"].as_str().unwrap()), "{message}");
        assert_eq!(mock.control("requests", &Value::Null)[0]["provider"], "exotel");
    }
}

#[test]
fn header_sample_gives_a_handle_and_names_what_is_wrong() {
    let path = |query: &str| format!("/v2/accounts/acme/templates/sample?{query}");
    let mut mock = Mock::new();
    let seen = call(&mut mock, "POST", &path("file_length=4&file_type=video/mp4"), &json!(1234));
    let item = &seen.json["response"]["whatsapp"]["templates"][0];
    assert!(item["data"]["file_handle"].as_str().unwrap().starts_with("4::"), "{}", seen.json);
    assert!(mock.findings()[0].starts_with("note: the page of this call does not show"), "{:?}", mock.findings());
    for (query, description) in [
        ("file_length=4", "file_type is mandatory"),
        ("file_type=image/png", "file_length is mandatory"),
        ("file_length=4&file_type=image/gif", "file_type is not valid, expected one of application/pdf"),
    ] {
        let seen = call(&mut Mock::new(), "POST", &path(query), &json!(1234));
        let said = seen.json["response"]["error_data"]["description"].as_str().unwrap();
        assert!(seen.status == 400 && said.starts_with(description), "{query}: {said}");
    }
    call(&mut mock, "POST", &path("file_length=9&file_type=image/png"), &json!(1234));
    assert_eq!(mock.findings()[0], "tolerated: `file_length` is 9, and the body has 4 bytes");
}

#[test]
fn onboarding_link_is_valid_for_a_day_and_50_are_made() {
    let mut mock = Mock::new();
    let links = "/v2/accounts/acme/isv";
    let made = call(&mut mock, "POST", links, &Value::Null);
    let url = made.json["response"]["whatsapp"]["isv"]["data"]["url"].as_str().unwrap().to_owned();
    let token = url.split_once("access_token=").unwrap().1.to_owned();
    for (wait, status) in [("0s", "VALID"), ("23h59m", "VALID"), ("1m", "EXPIRED")] {
        mock.advance(wait);
        let seen = call(&mut mock, "GET", &format!("{links}?access_token={token}"), &Value::Null);
        assert_eq!(seen.json["response"]["whatsapp"]["isv"]["data"]["onboarding_token_status"], status, "{wait}");
    }
    let other = token.replace(|last: char| last == token.chars().next_back().unwrap(), "0");
    assert_eq!(call(&mut mock, "GET", &format!("{links}?access_token={other}x"), &Value::Null).status, 400);
    let made: Vec<u16> = (0..50).map(|_| call(&mut mock, "POST", links, &Value::Null).status).collect();
    assert_eq!((made[48], made[49]), (200, 400));
}

#[test]
fn refused_template_has_the_error_in_its_item_too() {
    let mut mock = Mock::new();
    let path = "/v2/accounts/acme/templates?waba_id=8";
    assert_eq!(call(&mut mock, "POST", path, &template()).status, 200);
    let seen = call(&mut mock, "POST", path, &template());
    let response = &seen.json["response"];
    let item = &response["whatsapp"]["templates"][0];
    assert_eq!((seen.status, &item["status"], &item["code"]), (409, &json!("failure"), &json!(409)));
    assert_eq!(item["error_data"], response["error_data"]);
    let words = item["error_data"]["description"].as_str().unwrap();
    assert!(words.starts_with("There is already English content for this template"), "{words}");
}

#[test]
fn webhook_call_sets_where_messages_and_statuses_go() {
    let mut mock = Mock::new();
    let path = "/v2/accounts/acme/whatsapp/webhook";
    let set = |mock: &mut Mock, webhook: Value| {
        let seen = call(mock, "PUT", path, &json!({"whatsapp": {"webhook": webhook}}));
        (seen.status, seen.json["response"]["error_data"]["description"].as_str().unwrap_or_default().to_owned())
    };
    let (incoming, statuses) = ("http://127.0.0.1:9001/in", "http://127.0.0.1:9001/status");
    let both = json!({"incoming_message_url": incoming, "status_callback_url": statuses, "verify_token": "x"});
    assert_eq!(set(&mut mock, both).0, 200);
    let told = |mock: &mut Mock| {
        mock.inbound("exotel", "+919876543210");
        let text = json!({"type": "text", "text": {"body": "Hi"}});
        let message = json!({"from": "+919876500001", "to": "+919876543210", "content": text});
        assert_eq!(call(mock, "POST", "/v2/accounts/acme/messages", &message).status, 202);
        let due = std::iter::from_fn(|| mock.answer_webhook(200));
        due.map(|delivery| delivery.request.uri().path().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut mock), ["/in", "/status"]);
    mock.listen("exotel");
    assert_eq!(set(&mut mock, json!({"incoming_message_url": incoming})).0, 200);
    assert_eq!(told(&mut mock), ["/in", "/hook"]);
    let elsewhere = json!({"incoming_message_url": "https://hooks.example.net/in"});
    assert_eq!(set(&mut mock, elsewhere).0, 200);
    assert!(mock.findings()[0].starts_with("note: "), "{:?}", mock.findings());
    for (webhook, description) in [
        (json!({}), "whatsapp.webhook.incoming_message_url is mandatory"),
        (json!({"incoming_message_url": "ftp://x"}), "whatsapp.webhook.incoming_message_url is not valid"),
        (
            json!({"incoming_message_url": incoming, "status_callback_url": 5}),
            "whatsapp.webhook.status_callback_url is not",
        ),
    ] {
        let (status, said) = set(&mut mock, webhook);
        assert!(status == 400 && said.starts_with(description), "{said}");
    }
}
