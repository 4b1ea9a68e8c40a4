//! What people got is listed in one form of content, whatever the provider calls it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test; the lints' own exception covers test functions only"
)]

#[cfg(test)]
mod common;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::Request;
use serde_json::{Value, json};

fn post(mock: &mut Mock, path: &str, header: (&str, &str), body: &Value) {
    let request = Request::post(path).header("content-type", "application/json").header(header.0, header.1);
    let (status, json) = mock.raw(&request.body(Bytes::from(body.to_string())).unwrap());
    assert!((200..300).contains(&status), "{body}: {status} {json}");
}

fn exotel(mock: &mut Mock, content: &Value) {
    let body = json!({"from": "+919876500001", "to": CONTACT, "content": content});
    post(mock, "/v2/accounts/acme/messages", ("authorization", "Basic ZGVtby1rZXk6ZGVtby10b2tlbg=="), &body);
}

/// A message with these members beside sender and recipient.
fn gosendapi(mock: &mut Mock, members: &Value) {
    let mut body = json!({"phone_number_id": "555123456789", "to": "919876543210"});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    post(mock, "/v1/messages", ("x-api-key", "gsk_test_demo"), &body);
}

/// A request with these members beside sender and recipient.
fn messangi(mock: &mut Mock, members: &Value) {
    let mut request = json!({"from": "5215500001111", "to": CONTACT});
    request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let body = json!({"channel": "WHATSAPP", "request": request});
    post(mock, "/notification", ("authorization", "Bearer demo-key"), &body);
}

fn open() -> Mock {
    let mut mock = Mock::new();
    for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
        mock.post("inbound", &json!({"provider": provider, "from": CONTACT, "text": "hi"}));
    }
    mock
}

/// Sends each and compares what is listed.
fn check(send: fn(&mut Mock, &Value), cases: &[(Value, Value)]) {
    let mut mock = open();
    for (sent, _) in cases {
        send(&mut mock, sent);
    }
    let listed = mock.ask("messages");
    let listed: Vec<&Value> = listed.as_array().unwrap().iter().map(|line| &line["content"]).collect();
    assert_eq!(listed, cases.iter().map(|(_, listed)| listed).collect::<Vec<_>>());
}

/// A card with more than our form has, and what is left of it.
fn cards() -> (Value, Value) {
    let sent = json!([{
        "name": {"formatted_name": "Ana Ruiz", "first_name": "Ana", "middle_name": "B"},
        "phones": [{"phone": "+34600111222", "type": "WORK", "wa_id": "34600111222"}],
        "emails": [{"email": "a@example.net", "type": "WORK"}],
        "org": {"company": "Acme"}, "birthday": "1990-01-02",
    }]);
    let listed = json!({"type": "contacts", "contacts": [{
        "name": {"formatted_name": "Ana Ruiz", "first_name": "Ana"},
        "phones": [{"phone": "+34600111222", "type": "WORK"}],
        "emails": [{"email": "a@example.net", "type": "WORK"}],
    }]});
    (sent, listed)
}

fn buttons() -> (Value, Value) {
    let sent = json!({
        "type": "button", "header": {"type": "text", "text": "Up"}, "body": {"text": "Which?"}, "footer": {"text": "Down"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]},
    });
    let listed = json!({
        "type": "buttons", "header": {"type": "text", "text": "Up"}, "body": "Which?", "footer": "Down",
        "buttons": [{"id": "yes", "title": "Yes"}],
    });
    (sent, listed)
}

fn list() -> (Value, Value) {
    let sections = json!([{"title": "Mon", "rows": [{"id": "m9", "title": "09:00", "description": "Room A"}]}]);
    let sent =
        json!({"type": "list", "body": {"text": "When?"}, "action": {"button": "Slots", "sections": sections.clone()}});
    (sent, json!({"type": "list", "body": "When?", "button": "Slots", "sections": sections}))
}

/// A template with everything, in the form that two providers took over from Meta.
fn template() -> (Value, Value) {
    let sent = json!({"name": "visit_reminder", "language": {"code": "en"}, "components": [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://a.example/h.png"}}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "12/02"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "88"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "1", "parameters": [{"type": "payload", "payload": "OK"}]},
    ]});
    let listed = json!({
        "type": "template", "name": "visit_reminder", "language": "en", "body": ["Ana", "12/02"],
        "header": {"type": "image", "link": "https://a.example/h.png"},
        "buttons": [{"type": "url", "index": 0, "text": "88"}, {"type": "quick_reply", "index": 1, "payload": "OK"}],
    });
    (sent, listed)
}

fn bare_template() -> Value {
    json!({"type": "template", "name": "re_engagement_v1", "language": "en"})
}

#[test]
fn exotel_messages_are_listed_in_our_form_of_content() {
    let ((cards, listed_cards), (buttons, listed_buttons), (list, listed_list), (template, listed_template)) =
        (cards(), buttons(), list(), template());
    let link = "https://a.example/1";
    let place = json!({"latitude": 13.08, "longitude": 80.27, "name": "Pier", "address": "Road 1"});
    check(
        exotel,
        &[
            (
                json!({"type": "text", "text": {"body": "Hi", "preview_url": true}}),
                json!({"type": "text", "body": "Hi", "preview_url": true}),
            ),
            (
                json!({"type": "image", "recipient_type": "individual", "image": {"link": link, "caption": "c"}}),
                json!({"type": "image", "link": link, "caption": "c"}),
            ),
            (json!({"type": "audio", "audio": {"link": link}}), json!({"type": "audio", "link": link})),
            (json!({"type": "sticker", "sticker": {"link": link}}), json!({"type": "sticker", "link": link})),
            (
                json!({"type": "document", "document": {"link": link, "filename": "a.pdf", "caption": "c"}}),
                json!({"type": "document", "link": link, "filename": "a.pdf", "caption": "c"}),
            ),
            (
                json!({"type": "location", "location": place}),
                json!({"type": "location", "latitude": 13.08, "longitude": 80.27, "name": "Pier", "address": "Road 1"}),
            ),
            (json!({"type": "contacts", "contacts": cards}), listed_cards),
            (json!({"type": "interactive", "interactive": buttons}), listed_buttons),
            (json!({"type": "interactive", "interactive": list}), listed_list),
            (
                json!({"type": "reaction", "reaction": {"message_id": "wamid.7", "emoji": "👍"}}),
                json!({"type": "reaction", "message_id": "wamid.7", "emoji": "👍"}),
            ),
            (json!({"type": "template", "template": template}), listed_template),
            (
                json!({"type": "template", "template": {"name": "re_engagement_v1", "language": {"code": "en"}}}),
                bare_template(),
            ),
        ],
    );
}

#[test]
fn gosendapi_messages_are_listed_in_our_form_of_content() {
    let ((cards, listed_cards), (buttons, listed_buttons), (list, listed_list), (template, listed_template)) =
        (cards(), buttons(), list(), template());
    check(
        gosendapi,
        &[
            (json!({"type": "text", "text": {"body": "Hi"}}), json!({"type": "text", "body": "Hi"})),
            (
                json!({"type": "video", "video": {"id": "77", "caption": "c"}}),
                json!({"type": "video", "id": "77", "caption": "c"}),
            ),
            (
                json!({"type": "location", "location": {"latitude": "41.5", "longitude": 2}}),
                json!({"type": "location", "latitude": 41.5, "longitude": 2.0}),
            ),
            (json!({"type": "contacts", "contacts": cards}), listed_cards),
            (json!({"type": "interactive", "interactive": buttons}), listed_buttons),
            (json!({"type": "interactive", "interactive": list}), listed_list),
            (json!({"type": "template", "template": template}), listed_template),
            (
                json!({"type": "template", "template": {"name": "re_engagement_v1", "language": {"code": "en"}}}),
                bare_template(),
            ),
        ],
    );
}

#[test]
fn messangi_messages_are_listed_in_our_form_of_content() {
    let ((cards, listed_cards), (buttons, listed_buttons), (list, listed_list)) = (cards(), buttons(), list());
    let link = "https://a.example/1.pdf";
    check(
        messangi,
        &[
            (json!({"type": "text", "message": "Hi"}), json!({"type": "text", "body": "Hi"})),
            (
                json!({"type": "document", "message": link, "fileName": "1.pdf", "caption": "c"}),
                json!({"type": "document", "link": link, "filename": "1.pdf", "caption": "c"}),
            ),
            (
                json!({"type": "location", "location": {"latitude": 19.4326, "longitude": -99.1332}}),
                json!({"type": "location", "latitude": 19.4326, "longitude": -99.1332}),
            ),
            (json!({"type": "contacts", "contacts": cards}), listed_cards),
            (json!({"type": "interactive", "interactive": buttons}), listed_buttons),
            (json!({"type": "interactive", "interactive": list}), listed_list),
            (
                json!({"templateName": "visit_reminder", "placeholders": {"customer": "Ana", "day": "12/02"}}),
                json!({"type": "template", "name": "visit_reminder", "language": "en", "body": {"customer": "Ana", "day": "12/02"}}),
            ),
            (
                json!({"templateName": "follow_up", "placeholders": {"1": "Ana"}}),
                json!({"type": "template", "name": "follow_up", "language": "en", "body": ["Ana"]}),
            ),
            (json!({"templateName": "re_engagement_v1", "placeholders": {}}), bare_template()),
        ],
    );
}

#[test]
fn autocalls_messages_are_listed_in_our_form_of_content() {
    let send = |mock: &mut Mock, body: &Value| {
        let call = if body.get("template_id").is_some() { "send" } else { "send-freeform" };
        let mut body = body.clone();
        body["sender_id"] = json!(12);
        body["recipient_phone"] = json!(CONTACT);
        post(mock, &format!("/api/user/whatsapp/{call}"), ("authorization", "Bearer demo-key"), &body);
    };
    check(
        send,
        &[
            (json!({"message": "Hi"}), json!({"type": "text", "body": "Hi"})),
            (
                json!({"template_id": 310, "variables": {"2": "12/02", "1": "Ana"}}),
                json!({"type": "template", "name": "visit_reminder", "language": "en", "body": ["Ana", "12/02"]}),
            ),
            (json!({"template_id": 312}), bare_template()),
        ],
    );
}
