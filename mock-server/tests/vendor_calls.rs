//! Calls of the providers' own besides sends: templates that are handed in, edited and deleted, histories, files.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
mod common;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::Request;
use serde_json::{Value, json};

fn call(mock: &mut Mock, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let credential = match path.as_bytes() {
        [b'/', b'v', b'1', ..] => ("x-api-key", "gsk_test_demo"),
        [b'/', b'v', b'2', ..] => ("authorization", "Basic ZGVtby1rZXk6ZGVtby10b2tlbg=="),
        _ => ("authorization", "Bearer demo-key"),
    };
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder().method(method).uri(path).header(credential.0, credential.1);
    let request = request.header("content-type", "application/json").header("accept", "application/json");
    mock.raw(&request.body(body).unwrap())
}

fn definition(name: &str) -> Value {
    json!({"name": name, "language": "es", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hola {{1}}, a las {{2}}."}]})
}

const GOSENDAPI: &str = "/v1/wabas/8/templates";
const EXOTEL: &str = "/v2/accounts/acme/templates?waba_id=8";

#[test]
fn gosendapi_template_is_submitted_approved_sent_and_deleted() {
    let mut mock = Mock::new();
    let (status, created) = call(&mut mock, "POST", GOSENDAPI, &definition("order_ready"));
    assert_eq!((status, &created["status"], &created["name"]), (201, &json!("PENDING"), &json!("order_ready")));
    let send = json!({"phone_number_id": "555123456789", "to": &CONTACT[1..], "type": "template",
        "template": {"name": "order_ready", "language": {"code": "es"}, "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "9"}]}]}});
    assert_eq!(call(&mut mock, "POST", "/v1/messages", &send).0, 422);
    mock.post("config", &json!({"provider": "gosendapi", "template": "order_ready", "status": "approved"}));
    assert_eq!(call(&mut mock, "POST", "/v1/messages", &send).0, 201);
    assert_eq!(call(&mut mock, "POST", GOSENDAPI, &definition("order_ready")).0, 409);

    let listed = |mock: &mut Mock, method: &str, path: &str| {
        let (_, list) = call(mock, method, path, &Value::Null);
        list["data"].as_array().unwrap().iter().any(|template| template["id"] == created["id"])
    };
    assert!(listed(&mut mock, "GET", GOSENDAPI) && listed(&mut mock, "POST", "/v1/wabas/8/templates/sync"));
    let one = format!("{GOSENDAPI}/{}", created["id"].as_str().unwrap());
    assert_eq!(call(&mut mock, "DELETE", &one, &Value::Null).0, 200);
    assert_eq!(call(&mut mock, "DELETE", &one, &Value::Null).0, 404);
    assert!(!listed(&mut mock, "GET", GOSENDAPI));
    assert_eq!(call(&mut mock, "POST", "/v1/wabas/9/templates", &definition("other")).0, 404);
    let (status, refused) = call(&mut mock, "POST", GOSENDAPI, &definition("Order Ready"));
    assert_eq!((status, &refused["details"]["field"]), (400, &json!("name")));
}

#[test]
fn exotel_template_changes_apply_all_or_none() {
    let mut mock = Mock::new();
    let body = |templates: &[Value]| {
        let templates: Vec<Value> = templates.iter().map(|template| json!({"template": template})).collect();
        json!({"whatsapp": {"templates": templates}})
    };
    let names = |mock: &mut Mock| -> Vec<String> {
        let (_, list) = call(mock, "GET", &format!("{EXOTEL}&language=es"), &Value::Null);
        let rows = list["response"]["whatsapp"]["templates"].as_array().unwrap().clone();
        rows.iter().map(|row| format!("{} {}", row["data"]["name"], row["data"]["status"]).replace('"', "")).collect()
    };
    let (status, created) = call(&mut mock, "POST", EXOTEL, &body(&[definition("one"), definition("two")]));
    let id = created["response"]["whatsapp"]["templates"][0]["data"]["id"].clone();
    assert_eq!((status, created["metadata"]["success"].clone(), id.is_string()), (200, json!(2), true));
    assert_eq!(names(&mut mock), ["one PENDING", "two PENDING"]);

    let (status, refused) = call(&mut mock, "POST", EXOTEL, &body(&[definition("three"), definition("one")]));
    assert_eq!((status, &refused["response"]["error_data"]["code"]), (409, &json!(1008)));
    assert_eq!(names(&mut mock), ["one PENDING", "two PENDING"]);

    mock.post("config", &json!({"provider": "exotel", "template": "one", "status": "approved"}));
    let edit = json!({"id": id, "components": [{"type": "BODY", "text": "Adiós"}]});
    assert_eq!(call(&mut mock, "PUT", "/v2/accounts/acme/templates", &body(&[edit])).0, 200);
    assert_eq!(names(&mut mock), ["one PENDING", "two PENDING"]);
    let (_, list) = call(&mut mock, "GET", &format!("{EXOTEL}&name=one"), &Value::Null);
    assert_eq!(list["response"]["whatsapp"]["templates"][0]["data"]["components"][0]["text"], "Adiós");

    let one = body(&[json!({"name": "one"})]);
    assert_eq!(call(&mut mock, "DELETE", EXOTEL, &one).0, 200);
    assert_eq!(call(&mut mock, "DELETE", EXOTEL, &one).0, 404);
    assert_eq!(names(&mut mock), ["two PENDING"]);
    assert_eq!(call(&mut mock, "DELETE", "/v2/accounts/acme/templates", &one).0, 400);
}

#[test]
fn exotel_template_list_has_pages_and_requested_fields() {
    let mut mock = Mock::new();
    let ask = |mock: &mut Mock, query: &str| {
        let (status, list) = call(mock, "GET", &format!("{EXOTEL}&{query}"), &Value::Null);
        assert_eq!(status, 200, "{query}: {list}");
        let channel = list["response"]["whatsapp"].clone();
        let rows = channel["templates"].as_array().unwrap().clone();
        (rows.iter().map(|row| row["data"]["id"].clone()).collect::<Vec<_>>(), channel)
    };
    let (all, whole) = ask(&mut mock, "limit=100");
    assert!(all.len() == 4 && whole.get("paging").is_none(), "{whole}");
    let mut paged = Vec::new();
    let mut query = "limit=1".to_owned();
    loop {
        let (page, channel) = ask(&mut mock, &query);
        assert_eq!(page.len(), 1, "{query}");
        paged.extend(page);
        let Some(after) = channel.pointer("/paging/cursors/after").and_then(Value::as_str) else { break };
        query = format!("limit=1&after={after}");
    }
    assert_eq!(paged, all);
    let (before, _) = ask(&mut mock, &format!("limit=2&before={}", all[3].as_str().unwrap()));
    assert_eq!(before, all[1..3]);
    let (_, channel) = ask(&mut mock, "fields=%5B%22name%22%5D&limit=1");
    let data = channel["templates"][0]["data"].as_object().unwrap();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["id", "name"]);
    for wrong in ["limit=0", "limit=x", "fields=name"] {
        assert_eq!(call(&mut mock, "GET", &format!("{EXOTEL}&{wrong}"), &Value::Null).0, 400, "{wrong}");
    }
}

#[test]
fn autocalls_conversation_lists_both_sides() {
    let mut mock = Mock::new();
    mock.post("inbound", &json!({"provider": "autocalls", "from": CONTACT, "text": "hi"}));
    let text = json!({"sender_id": 12, "recipient_phone": CONTACT, "message": "At the front desk."});
    let template = json!({"sender_id": 12, "template_id": 310, "recipient_phone": CONTACT,
        "variables": {"1": "Mara", "2": "Friday"}});
    assert_eq!(call(&mut mock, "POST", "/api/user/whatsapp/send-freeform", &text).0, 200);
    assert_eq!(call(&mut mock, "POST", "/api/user/whatsapp/send", &template).0, 200);
    let (_, list) = call(&mut mock, "GET", "/api/user/conversations?type=whatsapp", &Value::Null);
    let uuid = list["data"][0]["id"].as_str().unwrap().to_owned();
    let (status, told) = call(&mut mock, "GET", &format!("/api/conversations/{uuid}"), &Value::Null);
    assert_eq!((status, &told["status"]), (200, &json!(true)));
    let said: Vec<&str> =
        told["history"].as_array().unwrap().iter().map(|line| line["content"].as_str().unwrap()).collect();
    assert_eq!(said, ["hi", "At the front desk.", "Hello Mara, see you on Friday."]);
    let (status, refused) = call(&mut mock, "GET", "/api/conversations/nobody", &Value::Null);
    assert_eq!((status, refused), (404, json!({"status": false, "error": "Conversation not found"})));
}

#[test]
fn contact_name_is_kept_until_contact_changes_it() {
    let mut mock = Mock::new();
    let template =
        json!({"sender_id": 12, "template_id": 312, "recipient_phone": CONTACT, "recipient_name": "Mara Voss"});
    assert_eq!(call(&mut mock, "POST", "/api/user/whatsapp/send", &template).0, 200);
    let name = |mock: &mut Mock| {
        let query = "/api/user/whatsapp/session-status?sender_id=12&recipient_phone=%2B919876543210";
        call(mock, "GET", query, &Value::Null).1["customer_name"].clone()
    };
    assert_eq!(name(&mut mock), "Mara Voss");
    mock.post("inbound", &json!({"provider": "autocalls", "from": CONTACT, "text": "hi", "name": "Mara"}));
    assert_eq!(call(&mut mock, "POST", "/api/user/whatsapp/send", &template).0, 200);
    assert_eq!(name(&mut mock), "Mara");
}

#[test]
fn products_and_carousels_reach_the_ledger_with_what_they_show() {
    let mut mock = Mock::new();
    mock.post("inbound", &json!({"provider": "exotel", "from": CONTACT, "text": "hi"}));
    let send = |mock: &mut Mock, content: &Value| {
        let body = json!({"from": "+919876500001", "to": CONTACT, "content": content});
        call(mock, "POST", "/v2/accounts/acme/messages", &body).0
    };
    let product = json!({"type": "interactive", "interactive": {"type": "product", "body": {"text": "This one?"},
        "action": {"catalog_id": "c1", "product_retailer_id": "p1"}}});
    assert_eq!(send(&mut mock, &product), 202);
    let card = |index: &Value| json!({"card_index": index, "components": []});
    let carousel = |cards: Vec<Value>| {
        json!({"type": "template", "template": {"name": "re_engagement_v1", "language": {"code": "en"},
            "components": [{"type": "CAROUSEL", "cards": cards}]}})
    };
    assert_eq!(send(&mut mock, &carousel(vec![card(&json!(0))])), 202);
    let lines = mock.ask("messages?provider=exotel");
    assert_eq!(
        (&lines[0]["content"]["catalog_id"], &lines[0]["content"]["product_retailer_id"]),
        (&json!("c1"), &json!("p1"))
    );
    assert_eq!(lines[1]["content"]["carousel"], json!([card(&json!(0))]));
    assert_eq!(send(&mut mock, &carousel((0..11).map(|index| card(&json!(index))).collect())), 400);
    assert_eq!(send(&mut mock, &carousel(vec![card(&json!("0"))])), 400);
}

#[test]
fn a_gosendapi_message_that_failed_costs_nothing() {
    let mut mock = Mock::new();
    mock.post("config", &json!({"provider": "gosendapi", "balance": 5, "window_error": "callback"}));
    let text = json!({"phone_number_id": "555123456789", "to": &CONTACT[1..], "type": "text", "text": {"body": "Hi"}});
    let balance = |mock: &mut Mock| mock.ask("config?provider=gosendapi")["accounts"][0]["balance"].clone();
    assert_eq!(call(&mut mock, "POST", "/v1/messages", &text).0, 201);
    assert_eq!(balance(&mut mock), 5.0);
    mock.post("inbound", &json!({"provider": "gosendapi", "from": CONTACT, "text": "hi"}));
    assert_eq!(call(&mut mock, "POST", "/v1/messages", &text).0, 201);
    assert_eq!(balance(&mut mock), 4.0);
}

#[test]
fn an_inbound_file_of_exotels_is_a_picture() {
    let mut mock = Mock::new();
    let request =
        Request::get("/v2/accounts/acme/media/m1").header("authorization", "Basic ZGVtby1rZXk6ZGVtby10b2tlbg==");
    let response = mock.simulator.step(mock.real_now, &request.body(Bytes::new()).unwrap()).response;
    assert_eq!((response.status().as_u16(), &response.headers()["content-type"]), (200, &"image/png".parse().unwrap()));
    assert!(response.body().starts_with(b"\x89PNG") && response.body().ends_with(b"IEND\xaeB`\x82"));
    assert_eq!(call(&mut mock, "GET", "/v2/accounts/acme/media/", &Value::Null).0, 404);
}
