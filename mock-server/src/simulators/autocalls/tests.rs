use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::testing::{Mock, Seen};

mod calls;

const CONTACT: &str = "+447700900123";

fn send(mock: &mut Mock, path: &str, key: &str, body: &Value) -> Seen {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("accept", "application/json");
    mock.step(&request.body(Bytes::from(body.to_string())).unwrap())
}

fn freeform(mock: &mut Mock, body: &Value) -> Seen {
    send(mock, "/api/user/whatsapp/send-freeform", "demo-key", body)
}

fn text(mock: &mut Mock) -> Seen {
    freeform(mock, &json!({"sender_id": 12, "recipient_phone": CONTACT, "message": "Hello"}))
}

fn template(mock: &mut Mock, id: u64, variables: &Value) -> Seen {
    let body = json!({"sender_id": 12, "template_id": id, "recipient_phone": CONTACT, "variables": variables});
    send(mock, "/api/user/whatsapp/send", "demo-key", &body)
}

fn get(mock: &mut Mock, path: &str) -> Seen {
    let request = Request::get(format!("/api/user/{path}"))
        .header("authorization", "Bearer demo-key")
        .header("accept", "application/json");
    mock.step(&request.body(Bytes::new()).unwrap())
}

fn session(mock: &mut Mock) -> Value {
    get(mock, "whatsapp/session-status?sender_id=12&recipient_phone=%2B447700900123").json
}

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn an_open_session_shows_its_minutes_and_its_end() {
    let mut mock = Mock::new();
    mock.inbound("autocalls", CONTACT);
    mock.advance("15m");
    let session = session(&mut mock);
    assert_eq!(
        (&session["customer_name"], &session["last_customer_message_at"]),
        (&json!("Asha"), &json!("2026-05-11T09:20:00+00:00"))
    );
    assert_eq!(
        session["session_status"],
        json!({
            "is_open": true, "can_send_freeform": true, "requires_template": false, "minutes_remaining": 1425,
            "message": "Session open (23 hr 45 min remaining). Unlimited free-form messages allowed.",
            "expires_at": "2026-05-12T09:20:00+00:00",
        })
    );
}

#[test]
fn an_expired_session_shows_only_when_it_expired() {
    let mut mock = Mock::new();
    mock.inbound("autocalls", CONTACT);
    mock.advance("24h");
    let session = session(&mut mock);
    assert_eq!(session["session_status"]["expired_at"], "2026-05-12T09:20:00+00:00");
    assert_eq!(
        members(&session["session_status"]),
        ["can_send_freeform", "expired_at", "is_open", "message", "requires_template"]
    );
    assert_eq!(session["has_conversation"], true);
}

#[test]
fn somebody_who_never_wrote_has_no_conversation_and_no_times() {
    let session = session(&mut Mock::new());
    assert_eq!(members(&session), ["has_conversation", "session_status", "success"]);
    assert_eq!(members(&session["session_status"]), ["can_send_freeform", "is_open", "message", "requires_template"]);
}

#[test]
fn a_template_makes_a_conversation_and_leaves_the_window_closed() {
    let mut mock = Mock::new();
    let sent = template(&mut mock, 310, &json!({"1": "Mara", "2": "12 May"}));
    assert_eq!((sent.status, &sent.json["status"]), (200, &json!("queued")), "{}", sent.json);
    assert!(sent.json.get("session_status").is_none());
    let session = session(&mut mock);
    assert_eq!(
        (&session["has_conversation"], &session["conversation_id"]),
        (&json!(true), &sent.json["conversation_id"])
    );
    assert_eq!(
        (&session["last_customer_message_at"], &session["session_status"]["expires_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(session["session_status"]["is_open"], false);
    let refused = text(&mut mock);
    assert_eq!((refused.status, &refused.json["error_code"]), (403, &json!("SESSION_EXPIRED")));
    assert_eq!(mock.delivered(), 1);
}

#[test]
fn template_opens_window_if_switch_follows_that_page() {
    let mut mock = Mock::new();
    mock.control(
        "config",
        &json!({"provider": "autocalls", "template_opens_window": "on", "unanswered_expires_at": "absent"}),
    );
    template(&mut mock, 312, &json!({}));
    assert_eq!(text(&mut mock).status, 200);
}

#[test]
fn a_text_within_24_hours_is_delivered_and_paid_for() {
    let mut mock = Mock::new();
    mock.inbound("autocalls", CONTACT);
    let sent = text(&mut mock);
    assert_eq!(
        members(&sent.json),
        ["conversation_id", "message_id", "message_sid", "session_status", "success", "whatsapp_message_id"]
    );
    let sid = sent.json["message_sid"].as_str().unwrap();
    assert!(sid.len() == 34 && sid.starts_with("SM"), "{sid}");
    let ledger = mock.control("messages", &Value::Null);
    assert_eq!(ledger[0]["message_id"], sent.json["whatsapp_message_id"].to_string());
    assert_eq!(ledger[0]["content"], json!({"type": "text", "body": "Hello"}));
    assert_eq!((&ledger[0]["from"], &ledger[0]["to"]), (&json!("+12025550100"), &json!(CONTACT)));
    assert_eq!(get(&mut mock, "me").json["total_balance"], 99);
}

#[test]
fn a_text_after_24_hours_is_refused_with_the_moment_of_expiry() {
    let mut mock = Mock::new();
    mock.inbound("autocalls", CONTACT);
    mock.advance("25h");
    let refused = text(&mut mock);
    assert_eq!((refused.status, &refused.json["error_code"]), (403, &json!("SESSION_EXPIRED")));
    assert_eq!(refused.json["session_status"]["expired_at"], "2026-05-12T09:20:00+00:00");
    assert_eq!(mock.delivered(), 0);
    assert_eq!(get(&mut mock, "me").json["total_balance"], 100);
    assert!(mock.findings().is_empty());
}

#[test]
fn the_key_is_checked_before_anything_else() {
    let mut mock = Mock::new();
    for key in ["", "invalid"] {
        let refused = send(&mut mock, "/api/user/whatsapp/send-freeform", key, &json!({}));
        assert_eq!((refused.status, refused.json), (401, json!({"message": "Unauthenticated."})), "{key}");
    }
    let refused = send(&mut Mock::strict(), "/api/user/whatsapp/send-freeform", "7|other", &json!({}));
    assert_eq!(refused.status, 401);
}

#[test]
fn every_missing_field_is_named_at_once() {
    let mut mock = Mock::new();
    let refused = freeform(&mut mock, &json!({"sender_id": 12}));
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json["message"], "The recipient phone field is required. (and 1 more error)");
    assert_eq!(members(&refused.json["errors"]), ["message", "recipient_phone"]);
    assert_eq!(mock.findings(), ["refused: `recipient_phone` is missing", "refused: `message` is missing"]);
}

#[test]
fn a_text_is_measured_in_characters_and_ends_at_4096() {
    let mut mock = Mock::new();
    mock.inbound("autocalls", CONTACT);
    let mut send = |length| {
        let message = "é".repeat(length);
        freeform(&mut mock, &json!({"sender_id": 12, "recipient_phone": CONTACT, "message": message})).status
    };
    assert_eq!((send(4096), send(4097)), (200, 422));
}

#[test]
fn a_number_that_is_not_e164_is_refused() {
    let mut mock = Mock::new();
    for phone in ["447700900123", "+44 7700 900123", "+0447700900123", "nobody"] {
        let refused = freeform(&mut mock, &json!({"sender_id": 12, "recipient_phone": phone, "message": "Hello"}));
        assert_eq!((refused.status, &refused.json["error_code"]), (422, &json!("INVALID_PHONE")), "{phone}");
        assert_eq!(mock.findings(), ["refused: `recipient_phone` is not in E.164 with its `+`"]);
        mock.advance("1s");
    }
}

#[test]
fn unknown_sender_is_404_and_offline_sender_differs_by_call() {
    let mut mock = Mock::new();
    mock.inbound("autocalls", CONTACT);
    let to =
        |sender: u64| json!({"sender_id": sender, "recipient_phone": CONTACT, "message": "Hello", "template_id": 312});
    let refused = freeform(&mut mock, &to(99));
    assert_eq!((refused.status, &refused.json["error"]), (404, &json!("Sender not found or does not belong to you")));
    let refused = freeform(&mut mock, &to(13));
    assert_eq!((refused.status, &refused.json["error_code"]), (503, &json!("SENDER_OFFLINE")));
    let refused = send(&mut mock, "/api/user/whatsapp/send", "demo-key", &to(13));
    assert_eq!((refused.status, &refused.json["error_code"]), (422, &json!("SENDER_OFFLINE")));
    mock.control("config", &json!({"provider": "autocalls", "sender": 12, "online": false}));
    assert_eq!(text(&mut mock).status, 503);
}

#[test]
fn empty_balance_rejects_text_and_template_before_window_check() {
    let mut mock = Mock::new();
    mock.control("config", &json!({"provider": "autocalls", "balance": 0.5}));
    for refused in [text(&mut mock), template(&mut mock, 312, &json!({}))] {
        assert_eq!((refused.status, &refused.json["error_code"]), (402, &json!("INSUFFICIENT_BALANCE")));
    }
    assert_eq!(get(&mut mock, "me").json["total_balance"], 0.5);
}

#[test]
fn templates_must_exist_be_approved_and_get_their_variables() {
    let mut mock = Mock::new();
    let mut send = |id, variables: Value| {
        let seen = template(&mut mock, id, &variables);
        mock.advance("1s");
        (seen.status, seen.json["error_code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(send(999, json!({})), (404, "TEMPLATE_NOT_FOUND".to_owned()));
    assert_eq!(send(313, json!({})), (422, "TEMPLATE_NOT_APPROVED".to_owned()));
    for variables in [json!({"1": "Mara"}), json!({"1": "a", "2": "b", "3": "c"}), json!({"1": "a", "x": "b"})] {
        assert_eq!(send(310, variables), (422, "TEMPLATE_MISMATCH".to_owned()));
    }
    assert_eq!(send(310, json!({"1": 5, "2": "b"})), (422, String::new()));
    assert_eq!(send(312, json!([])), (200, String::new()));
}

#[test]
fn sixth_send_in_a_second_is_limited_but_not_a_status_query() {
    let mut mock = Mock::new();
    mock.inbound("autocalls", CONTACT);
    mock.control("clock", &json!({"freeze": true}));
    for _ in 0..5 {
        assert_eq!(text(&mut mock).status, 200);
    }
    let refused = text(&mut mock);
    assert_eq!((refused.status, &refused.json), (429, &json!({"message": "Too Many Attempts."})));
    assert_eq!((refused.header("retry-after"), refused.header("x-ratelimit-remaining")), ("1", "0"));
    assert_eq!(session(&mut mock)["success"], true);
    mock.advance("1s");
    assert_eq!(text(&mut mock).status, 200);
}

#[test]
fn a_bare_plus_in_the_query_works_and_is_noted() {
    let mut mock = Mock::new();
    let seen = get(&mut mock, "whatsapp/session-status?sender_id=12&recipient_phone=+1234567890");
    assert_eq!(seen.status, 200);
    assert_eq!(
        mock.findings(),
        ["tolerated: `recipient_phone` has a bare `+` in the query, which must be sent as `%2B`"]
    );
}

#[test]
fn sloppy_requests_get_findings_and_strict_rejects_wrong_type() {
    let body = json!({"sender_id": "12", "recipient_phone": CONTACT, "message": "Hello", "priority": 1});
    for (mut mock, status, level) in [(Mock::new(), 200, "tolerated"), (Mock::strict(), 422, "refused")] {
        mock.inbound("autocalls", CONTACT);
        assert_eq!(freeform(&mut mock, &body).status, status);
        let expected = [
            format!("{level}: `sender_id` is a string, expected an integer"),
            "tolerated: unknown member `priority`".to_owned(),
        ];
        assert_eq!(mock.findings(), expected);
    }
}

#[test]
fn a_request_that_does_not_ask_for_json_is_noted() {
    let mut mock = Mock::new();
    let request = Request::get("/api/user/me").header("authorization", "Bearer demo-key").body(Bytes::new()).unwrap();
    assert_eq!(mock.step(&request).status, 200);
    assert!(mock.findings()[0].starts_with("note: no `Accept: application/json`"));
}

#[test]
fn lists_omit_offline_and_unapproved_unless_all_requested() {
    let mut mock = Mock::new();
    let mut ids = |path: &str| -> Vec<u64> {
        let seen = get(&mut mock, path);
        seen.json["data"].as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(ids("whatsapp/senders"), [12]);
    assert_eq!(ids("whatsapp/senders?status=all"), [12, 13]);
    assert_eq!(ids("whatsapp/senders/12/templates"), [310, 311, 312]);
    assert_eq!(ids("whatsapp/senders/12/templates?status=all"), [310, 311, 312, 313]);
    assert_eq!(get(&mut mock, "whatsapp/senders/99/templates").json["error"], "Sender not found");
}

#[test]
fn conversations_come_newest_first_and_page_by_cursor() {
    let mut mock = Mock::new();
    for last in 1..=3 {
        mock.inbound("autocalls", &format!("+44770090000{last}"));
    }
    let first = get(&mut mock, "conversations?type=whatsapp&per_page=2").json;
    let phones = |page: &Value| -> Vec<String> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["customer"]["phone"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(phones(&first), ["+447700900003", "+447700900002"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = get(&mut mock, &format!("conversations?per_page=2&cursor={cursor}")).json;
    assert_eq!((phones(&second), &second["next_cursor"]), (vec!["+447700900001".to_owned()], &Value::Null));
    let one = get(&mut mock, "conversations?customer_phone=%2B447700900002&whatsapp_sender_phone=%2B12025550100").json;
    assert_eq!(phones(&one), ["+447700900002"]);
    assert_eq!(one["data"][0]["created_at"], "2026-05-11 09:20:00");
    assert_eq!(phones(&get(&mut mock, "conversations?type=widget").json), Vec::<String>::new());
}

#[test]
fn paths_of_third_parties_are_not_there_and_methods_are_checked() {
    let mut mock = Mock::new();
    for path in ["whatsapp/send-template", "whatsapp/templates/12", "whatsapp/senders/x/templates", "nothing"] {
        let seen = get(&mut mock, path);
        assert_eq!((seen.status, seen.json.get("error_code")), (404, None), "{path}");
    }
    assert_eq!(get(&mut mock, "whatsapp/send").status, 405);
}

#[test]
fn refusals_can_come_as_200_with_success_false() {
    let mut mock = Mock::new();
    mock.control("config", &json!({"provider": "autocalls", "refusals": "ok", "message_sid": "null"}));
    let refused = text(&mut mock);
    assert_eq!((refused.status, &refused.json["success"]), (200, &json!(false)));
    assert_eq!(template(&mut mock, 312, &json!({})).json["message_sid"], Value::Null);
}
