//! Templates with all their components: kept, listed, and held against each send.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test; the lints' own exception covers test functions only"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "common/requests.rs"]
mod requests;

use common::{CONTACT, Mock};
use http::{Method, Request};
use requests::told;
use serde_json::{Value, json};

/// A template with a part of each kind that a send has to fill.
fn components() -> Value {
    json!([
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1h"]}},
        {"type": "BODY", "text": "Order {{1}} is on its way.", "example": {"body_text": [["17"]]}},
        {"type": "FOOTER", "text": "Acme"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Track", "url": "https://acme.example/{{1}}"}]},
    ])
}

fn call(mock: &mut Mock, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header("x-api-key", "k");
    let request = if path.starts_with("/v2") {
        request.header("authorization", "Basic ZGVtby1rZXk6ZGVtby10b2tlbg==")
    } else {
        request.header("authorization", "Bearer demo-key")
    };
    let request = request.header("content-type", "application/json").header("accept", "application/json");
    mock.raw(&request.body(bytes::Bytes::from(body.to_string())).unwrap())
}

/// Sends a template at `GoSendAPI` or Exotel with these components.
fn send(mock: &mut Mock, provider: &str, name: &str, components: &Value) -> (u16, Value) {
    let template =
        json!({"name": name, "language": {"code": "en", "policy": "deterministic"}, "components": components});
    if provider == "exotel" {
        let content = json!({"type": "template", "template": template});
        let body = json!({"from": "+919876500001", "to": CONTACT, "content": content});
        return call(mock, Method::POST, "/v2/accounts/acme/messages", &body);
    }
    let body =
        json!({"phone_number_id": "555123456789", "to": &CONTACT[1..], "type": "template", "template": template});
    call(mock, Method::POST, "/v1/messages", &body)
}

fn image(link: &str) -> Value {
    json!({"type": "header", "parameters": [{"type": "image", "image": {"link": link}}]})
}

fn body(text: &str) -> Value {
    json!({"type": "body", "parameters": [{"type": "text", "text": text}]})
}

fn url() -> Value {
    json!({"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "17"}]})
}

const LINK: &str = "https://cdn.example.net/h.png";

/// A mock with the template under control calls' name `parcel`.
fn mock(provider: &str) -> Mock {
    let mut mock = Mock::new();
    mock.post("templates", &json!({"provider": provider, "name": "parcel", "components": components()}));
    mock
}

#[test]
fn created_template_is_listed_with_all_components() {
    let definition = json!({"name": "parcel", "language": "en", "category": "UTILITY", "components": components()});
    let mut mock = Mock::new();
    let (status, created) = call(&mut mock, Method::POST, "/v1/wabas/8/templates", &definition);
    assert_eq!((status, &created["components"]), (201, &components()));
    let listed = call(&mut mock, Method::GET, "/v1/wabas/8/templates", &Value::Null).1;
    assert_eq!(listed["data"][4]["components"], components());

    let mut transactional = definition;
    transactional["category"] = json!("TRANSACTIONAL");
    let body = json!({"whatsapp": {"templates": [{"template": transactional}]}});
    assert_eq!(call(&mut mock, Method::POST, "/v2/accounts/acme/templates", &body).0, 200);
    let path = "/v2/accounts/acme/templates?waba_id=8&name=parcel";
    let listed = call(&mut mock, Method::GET, path, &Value::Null).1;
    let row = &listed["response"]["whatsapp"]["templates"][0]["data"];
    assert_eq!((&row["components"], &row["category"]), (&components(), &json!("TRANSACTIONAL")));
    assert_eq!((&row["rejected_reason"], &row["quality_score"]["score"]), (&json!("NONE"), &json!("UNKNOWN")));

    let mut other = Mock::new();
    assert_eq!(other.call(Method::PUT, "state", &mock.ask("state").to_string()).0, 200);
    let kept = other.ask("templates?provider=gosendapi");
    assert!(kept.as_array().unwrap().iter().any(|template| template["components"] == components()), "{kept}");
}

#[test]
fn gosendapi_answers_each_mismatch_with_the_platforms_code() {
    for (sent, code, details) in [
        (json!([body("17"), url()]), 132_012, "header: Format mismatch, expected IMAGE, received UNKNOWN"),
        (json!([image(LINK), body("17")]), 131_008, "Button at index 0 of type URL requires a parameter"),
        (json!([image(LINK), url()]), 132_000, "number of localizable_params (0)"),
        (json!([image(LINK), body("1\n7"), url()]), 132_018, "cannot have new-line/tab characters"),
        (json!([image(LINK), body(&"x".repeat(1024)), url()]), 132_005, "at most 1024"),
    ] {
        let mut mock = mock("gosendapi");
        let (status, answer) = send(&mut mock, "gosendapi", "parcel", &sent);
        assert_eq!((status, &answer["details"]["meta_code"]), (422, &json!(code)), "{answer}");
        assert!(answer["message"].as_str().unwrap().starts_with(&format!("(#{code}) ")), "{answer}");
        assert!(answer["details"]["error_data"]["details"].as_str().unwrap().contains(details), "{answer}");
        assert_eq!(mock.ask("messages"), json!([]));
    }
    let mut mock = mock("gosendapi");
    assert_eq!(send(&mut mock, "gosendapi", "parcel", &json!([image(LINK), body("17"), url()])).0, 201);
    assert_eq!(mock.ask("messages")[0]["content"]["buttons"][0]["text"], "17");
}

#[test]
fn gosendapi_takes_named_parameters_by_their_names() {
    let mut mock = Mock::new();
    mock.post("templates", &json!({"provider": "gosendapi", "name": "hello", "body": "Hi {{customer_name}}"}));
    let (status, answer) = send(&mut mock, "gosendapi", "hello", &json!([body("Ana")]));
    assert_eq!((status, &answer["details"]["meta_code"]), (422, &json!(100)), "{answer}");
    assert_eq!(answer["details"]["error_data"]["details"], "Parameter name is missing or empty");
    let named = json!({"type": "text", "parameter_name": "customer_name", "text": "Ana"});
    let named = json!([{"type": "body", "parameters": [named]}]);
    assert_eq!(send(&mut mock, "gosendapi", "hello", &named).0, 201);
    assert_eq!(mock.ask("messages")[0]["content"]["body"], json!({"customer_name": "Ana"}));
}

#[test]
fn exotel_reports_a_mismatch_as_30023_by_callback() {
    for sent in [json!([body("17"), url()]), json!([image(LINK), body("17")])] {
        let mut mock = mock("exotel");
        mock.post("webhooks", &json!({"provider": "exotel", "url": "http://127.0.0.1:9000/hook"}));
        assert_eq!(send(&mut mock, "exotel", "parcel", &sent).0, 202);
        let told = told(&mut mock);
        assert!(told[0].to_string().contains("EX_TEMPLATE_PARAM_ERROR"), "{told:?}");
        assert_eq!(mock.ask("messages"), json!([]));
        mock.post("config", &json!({"provider": "exotel", "template_mismatch": "sync"}));
        assert_eq!(send(&mut mock, "exotel", "parcel", &sent).0, 400);
    }
    let mut mock = mock("exotel");
    assert_eq!(send(&mut mock, "exotel", "parcel", &json!([image(LINK), body("17"), url()])).0, 202);
    assert_eq!(mock.ask("messages").as_array().unwrap().len(), 1);
}

#[test]
fn exotel_refuses_forbidden_blanks_and_media_without_https() {
    let good = json!([image(LINK), body("17"), url()]);
    for (place, value, error) in [
        (1, body("a\tb"), "cannot have new-line/tab characters"),
        (1, body("a     b"), "more than 4 consecutive spaces"),
        (1, body(&"x".repeat(1024)), "at most 1024"),
        (0, image("http://cdn.example.net/h.png"), "INVALID_MEDIA_URL"),
    ] {
        let mut mock = mock("exotel");
        let mut sent = good.clone();
        sent[place] = value;
        let (status, answer) = send(&mut mock, "exotel", "parcel", &sent);
        assert!(status == 400 && answer.to_string().contains(error), "{status} {answer}");
    }
}

#[test]
fn messangi_wants_header_button_and_plain_values() {
    let send = |mock: &mut Mock, more: Value| {
        let mut request = json!({"from": "5215500001111", "to": CONTACT, "templateName": "parcel", "placeholders": {"1": "17"},
            "templateHeader": {"type": "image", "image": {"link": LINK}},
            "templateButtons": [{"index": 0, "type": "url", "placeholders": {"1": "17"}}]});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call(mock, Method::POST, "/notification", &json!({"channel": "WHATSAPP", "request": request}))
    };
    let mut mock = mock("messangi");
    for incomplete in [json!({"templateHeader": null}), json!({"templateButtons": null})] {
        let (status, answer) = send(&mut mock, incomplete.clone());
        assert!(status == 200 || status == 400, "{answer}");
        assert_eq!(mock.ask("messages"), json!([]), "{incomplete} {answer}");
    }
    for (wrong, error) in [
        (json!({"placeholders": {"1": "a\nb"}}), "new-line"),
        (json!({"placeholders": {"1": ""}}), "empty"),
        (json!({"placeholders": {"1": "x".repeat(1024)}}), "at most 1024"),
        (json!({"templateHeader": {"type": "document", "document": {"link": LINK}}}), "expected IMAGE"),
    ] {
        let (status, answer) = send(&mut mock, wrong);
        assert!(status == 400 && answer.to_string().contains(error), "{status} {answer}");
    }
    assert_eq!(send(&mut mock, json!({})).0, 200);
    assert_eq!(mock.ask("messages").as_array().unwrap().len(), 1);
}

#[test]
fn autocalls_refuses_values_and_templates_that_whatsapp_would() {
    let mut mock = mock("autocalls");
    let send = |mock: &mut Mock, id: u64, value: &str| {
        let body = json!({"sender_id": 12, "template_id": id, "recipient_phone": CONTACT, "variables": {"1": value}});
        call(mock, Method::POST, "/api/user/whatsapp/send", &body)
    };
    for (id, value) in [(311, "a\nb"), (311, "a     b"), (311, " "), (314, "17")] {
        let (status, answer) = send(&mut mock, id, value);
        assert_eq!((status, &answer["error_code"]), (422, &json!("TEMPLATE_MISMATCH")), "{value:?} {answer}");
    }
    assert_eq!(send(&mut mock, 311, "17").0, 200);
}

#[test]
fn own_number_is_no_recipient() {
    let mut mock = Mock::new();
    let text = json!({"type": "text", "text": {"body": "Hi"}});
    let to = json!({"phone_number_id": "555123456789", "to": "34611000000", "type": "text", "text": {"body": "Hi"}});
    let (status, answer) = call(&mut mock, Method::POST, "/v1/messages", &to);
    assert_eq!((status, &answer["details"]["meta_code"]), (400, &json!(131_021)));
    let to = json!({"from": "+919876500001", "to": "+919876500001", "content": text});
    assert_eq!(call(&mut mock, Method::POST, "/v2/accounts/acme/messages", &to).0, 400);
    let to = json!({"from": "5215500001111", "to": "+5215500001111", "type": "text", "message": "Hi"});
    let to = json!({"channel": "WHATSAPP", "request": to});
    assert_eq!(call(&mut mock, Method::POST, "/notification", &to).0, 400);
    let to = json!({"sender_id": 12, "recipient_phone": "+12025550100", "message": "Hi"});
    let (status, answer) = call(&mut mock, Method::POST, "/api/user/whatsapp/send-freeform", &to);
    assert_eq!((status, &answer["error_code"]), (422, &json!("INVALID_PHONE")), "{answer}");
}

#[test]
fn exotel_list_needs_unique_ids_rows_and_section_titles() {
    let row = |id: &str| json!({"id": id, "title": "09:00"});
    for (sections, error) in [
        (json!([{"title": "Friday", "rows": [row("a"), row("a")]}]), "rows[1].id is not unique"),
        (json!([{"title": "Friday", "rows": []}]), "rows is mandatory"),
        (json!([{"rows": [row("a")]}, {"title": "x", "rows": [row("b")]}]), "title is mandatory"),
    ] {
        let mut mock = Mock::new();
        mock.open_window();
        let list = json!({"type": "list", "body": {"text": "?"}, "action": {"button": "Slots", "sections": sections}});
        let content = json!({"type": "interactive", "interactive": list});
        let body = json!({"from": "+919876500001", "to": CONTACT, "content": content});
        let (status, answer) = call(&mut mock, Method::POST, "/v2/accounts/acme/messages", &body);
        assert!(status == 400 && answer.to_string().contains(error), "{status} {answer}");
    }
}

#[test]
fn control_call_names_what_a_definition_lacks() {
    let mut mock = Mock::new();
    for (components, error) in [
        (json!([{"type": "HEADER", "format": "IMAGE"}]), "`components` is missing, expected a `BODY`"),
        (json!([{"type": "SIDE"}]), "`components.0.type` must be one of HEADER"),
        (json!([{"type": "BODY", "text": "Hi"}, {"type": "FOOTER", "text": "x".repeat(61)}]), "`components.1.text`"),
    ] {
        let body = json!({"provider": "exotel", "name": "parcel", "components": components});
        let said = mock.refused("templates", &body);
        assert!(said.contains(error), "{said}");
    }
    let both = json!({"provider": "exotel", "name": "parcel", "body": "Hi", "components": components()});
    assert!(mock.refused("templates", &both).contains("`body` goes with no `components`"));
}
