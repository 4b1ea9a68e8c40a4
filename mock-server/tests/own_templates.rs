//! Templates and senders of your own.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "common/requests.rs"]
mod requests;

use common::{CONTACT, Mock};
use http::{Method, Request};
use serde_json::{Value, json};

/// Sends a template with one value at `GoSendAPI`.
fn send(mock: &mut Mock, name: &str) -> u16 {
    let template = json!({
        "name": name, "language": {"code": "en"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "17"}]}],
    });
    let body =
        json!({"phone_number_id": "555123456789", "to": "919876543210", "type": "template", "template": template});
    let request = Request::post("/v1/messages").header("x-api-key", "k").header("content-type", "application/json");
    mock.raw(&request.body(bytes::Bytes::from(body.to_string())).unwrap()).0
}

#[test]
fn added_template_is_sent_listed_and_kept_in_state() {
    let mut mock = Mock::new();
    assert_eq!(send(&mut mock, "order_ready"), 422);
    let added = mock
        .post("templates", &json!({"provider": "gosendapi", "name": "order_ready", "body": "Order {{1}} is ready."}));
    assert_eq!((&added["id"], &added["language"], &added["parameters"]), (&json!("314"), &json!("en"), &json!(["1"])));
    assert_eq!((&added["status"], &added["category"]), (&json!("approved"), &json!("utility")));
    assert_eq!(send(&mut mock, "order_ready"), 201);
    let shown = mock.ask("config?provider=gosendapi")["accounts"][0]["templates"].clone();
    assert!(shown.as_array().unwrap().iter().any(|template| template["name"] == "order_ready"));
    let vendors = mock.raw(&requests::get_gosendapi("wabas/8/templates")).1;
    assert!(vendors.to_string().contains("order_ready"), "{vendors}");
    let mut other = Mock::new();
    assert_eq!(other.call(Method::PUT, "state", &mock.ask("state").to_string()).0, 200);
    assert_eq!(send(&mut other, "order_ready"), 201);
    let (status, left) = mock.call(Method::DELETE, "templates?provider=gosendapi&name=order_ready", "");
    assert!(status == 200 && !left.to_string().contains("order_ready"), "{left}");
    assert_eq!(send(&mut mock, "order_ready"), 422);
    mock.call(Method::POST, "reset", "");
    assert_eq!(mock.ask("templates?provider=gosendapi").as_array().unwrap().len(), 4);
}

#[test]
fn one_language_of_a_template_can_be_removed() {
    let mut mock = Mock::new();
    mock.post("templates", &json!({"provider": "exotel", "name": "follow_up", "language": "pt_BR", "body": "Oi {{1}}", "status": "pending"}));
    let languages = |mock: &mut Mock| {
        let all = mock.ask("templates?provider=exotel");
        let own = all.as_array().unwrap().iter().filter(|template| template["name"] == "follow_up");
        own.map(|template| template["language"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(languages(&mut mock), ["en", "pt_BR"]);
    assert_eq!(mock.call(Method::DELETE, "templates?provider=exotel&name=follow_up&language=en", "").0, 200);
    assert_eq!(languages(&mut mock), ["pt_BR"]);
}

#[test]
fn a_wrong_template_is_refused_and_none_is_added_or_removed() {
    let mut mock = Mock::new();
    let before = mock.ask("templates");
    for (more, error) in [
        (json!({"provider": "twilio"}), "`provider` is `twilio`"),
        (json!({"name": null}), "`name` is missing"),
        (json!({"name": ""}), "`name` is \"\", expected 1 to 512 characters"),
        (json!({"body": null}), "`body` is missing"),
        (json!({"language": "e n"}), "`language` is \"e n\""),
        (json!({"status": "lost"}), "`status` is \"lost\", expected one of `approved`"),
        (json!({"category": "fun"}), "`category` is \"fun\", expected one of `utility`"),
        (json!({"id": 310}), "`id` is 310, which another template"),
        (json!({"name": "follow_up"}), "`name` is \"follow_up\", which exotel has in `en`"),
        (json!({"parameters": ["1"]}), "unknown member `parameters`"),
    ] {
        let mut body = json!({"provider": "exotel", "name": "order_ready", "body": "Ready."});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let said = mock.refused("templates", &body);
        assert!(said.contains(error), "{said}");
    }
    for (query, error) in [
        ("", "`provider` is missing"),
        ("?provider=exotel", "`name` is missing"),
        ("?provider=exotel&name=nothing", "`name` is `nothing`, expected one of `visit_reminder`"),
        ("?provider=exotel&name=follow_up&language=fr", "`name` is `follow_up`"),
        ("?provider=exotel&nam=follow_up", "unknown parameter `nam`"),
    ] {
        let (status, said) = mock.call(Method::DELETE, &format!("templates{query}"), "");
        assert!(status == 400 && said["error"].as_str().unwrap().contains(error), "{query}: {said}");
    }
    assert_eq!(mock.ask("templates"), before);
}

#[test]
fn a_sender_of_ones_own_sends_is_written_to_and_can_be_removed() {
    let mut mock = Mock::new();
    let added = mock.post(
        "senders",
        &json!({"provider": "autocalls", "id": "77", "phone": "+12025550143", "name": "Harbour Clinic"}),
    );
    let expected = json!({"provider": "autocalls", "id": "77", "phone": "+12025550143", "name": "Harbour Clinic", "online": true, "owned": true});
    assert_eq!(added, expected);
    mock.post("inbound", &json!({"provider": "autocalls", "from": CONTACT, "to": "77", "text": "hi"}));
    let send = |sender: u32| {
        let body = json!({"sender_id": sender, "recipient_phone": CONTACT, "message": "Hi"});
        let request = Request::post("/api/user/whatsapp/send-freeform").header("authorization", "Bearer demo-key");
        request.header("content-type", "application/json").body(bytes::Bytes::from(body.to_string())).unwrap()
    };
    assert_eq!(mock.raw(&send(77)).0, 200);
    assert_eq!(mock.ask("messages")[0]["from"], "+12025550143");
    let (status, left) = mock.call(Method::DELETE, "senders?provider=autocalls&id=77", "");
    assert_eq!((status, left.as_array().unwrap().len()), (200, 2));
    assert!(mock.raw(&send(77)).0 >= 400);
    let first = mock.post("senders", &json!({"provider": "exotel", "phone": "+919876500002"}));
    assert_eq!(first["id"], "919876500002");
}

#[test]
fn a_wrong_sender_is_refused_and_none_is_added_or_removed() {
    let mut mock = Mock::new();
    let before: Value = mock.ask("senders");
    for (more, error) in [
        (json!({"phone": null}), "`phone` is missing"),
        (json!({"phone": "me"}), "`phone` is \"me\", expected a phone number"),
        (json!({"phone": "+12025550100"}), "is that of a sender of autocalls, expected others than `12`, `13`"),
        (json!({"id": "12"}), "is that of a sender of autocalls"),
        (json!({"id": "abc"}), "`id` is \"abc\", expected 1 to 20 digits"),
        (json!({"online": "yes"}), "expected true or false"),
        (json!({"color": "red"}), "unknown member `color`"),
    ] {
        let mut body = json!({"provider": "autocalls", "id": "77", "phone": "+12025550143"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let said = mock.refused("senders", &body);
        assert!(said.contains(error), "{said}");
    }
    for query in ["", "?provider=autocalls", "?provider=autocalls&id=99", "?provider=autocalls&ID=12"] {
        assert_eq!(mock.call(Method::DELETE, &format!("senders{query}"), "").0, 400, "{query}");
    }
    assert_eq!(mock.ask("senders"), before);
}

#[test]
fn a_provider_has_at_most_500_templates_and_500_senders() {
    let mut mock = Mock::new();
    let mut last = (200, Value::Null);
    for number in 0..500 {
        let template = json!({"provider": "exotel", "name": format!("own_{number}"), "body": "x"});
        last = mock.call(Method::POST, "templates", &template.to_string());
    }
    assert!(last.0 == 400 && last.1.to_string().contains("exotel has 500 templates"), "{last:?}");
    for number in 0..500 {
        let sender = json!({"provider": "exotel", "phone": format!("+9198761{number:05}")});
        last = mock.call(Method::POST, "senders", &sender.to_string());
    }
    assert!(last.0 == 400 && last.1.to_string().contains("exotel has 500 senders"), "{last:?}");
    for call in ["templates?provider=exotel", "senders?provider=exotel"] {
        assert_eq!(mock.ask(call).as_array().unwrap().len(), 500, "{call}");
    }
}
