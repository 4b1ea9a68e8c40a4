use serde_json::json;
use transom::message::{Header, HeaderText};
use transom::{Content, Sent};

use super::*;
use crate::error::tests::{answer, config, to};

fn body(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

fn templates(mapping: &str) -> Config {
    let values = format!(r#"{{"api_key":"k","sender_id":12,"templates":{mapping}}}"#);
    let values = serde_json::from_str(&values).unwrap();
    let env: transom::config::Env = std::sync::Arc::new(|_| None);
    Config::read(&transom::config::ChannelConfig::new("support", NAME, values, env)).unwrap()
}

fn check(config: &Config, template: &Template, expected: &Value) {
    let wanted = Wanted::of(config, template).unwrap();
    let request = encode_template(config, &to(), &wanted, wanted.id.unwrap_or(310)).unwrap();
    assert_eq!(request.uri(), "https://app.autocalls.ai/api/user/whatsapp/send");
    assert_eq!(body(&request), *expected);
}

#[test]
fn a_text_is_the_free_form_page() {
    let message = Message::text(to(), "Your parcel is at the front desk.");
    let Content::Text(text) = &message.content else { panic!() };
    let request = encode_text(&config(), &message, text).unwrap();
    assert_eq!(request.uri(), "https://app.autocalls.ai/api/user/whatsapp/send-freeform");
    assert_eq!(request.headers()[AUTHORIZATION], "Bearer 7|key");
    assert!(request.headers()[AUTHORIZATION].is_sensitive());
    assert_eq!(request.headers()["accept"], "application/json");
    let expected = json!({
        "sender_id": 77, "recipient_phone": "+447700900123", "message": "Your parcel is at the front desk.",
    });
    assert_eq!(body(&request), expected);
}

#[test]
fn a_text_over_4096_characters_is_refused() {
    for (length, fits) in [(4096, true), (4097, false)] {
        let message = Message::text(to(), "é".repeat(length));
        let Content::Text(text) = &message.content else { panic!() };
        assert_eq!(encode_text(&config(), &message, text).is_ok(), fits, "{length}");
    }
}

#[test]
fn positional_values_are_keyed_by_their_places() {
    check(
        &templates(r#"{"visit":{"id":310}}"#),
        &Template::new("visit", "en").body(["Mara", "12 May", "16:30"]),
        &json!({
            "sender_id": 12, "template_id": 310, "recipient_phone": "+447700900123",
            "variables": { "1": "Mara", "2": "12 May", "3": "16:30" },
        }),
    );
}

#[test]
fn values_are_keyed_by_the_names_that_the_channel_gives() {
    check(
        &templates(r#"{"visit":{"id":311,"params":["first_name","day"]}}"#),
        &Template::new("visit", "en").body(["Mara", "12 May"]),
        &json!({
            "sender_id": 12, "template_id": 311, "recipient_phone": "+447700900123",
            "variables": { "first_name": "Mara", "day": "12 May" },
        }),
    );
}

#[test]
fn a_template_without_values_has_no_variables() {
    check(
        &templates(r#"{"again":{"id":312}}"#),
        &Template::new("again", "en"),
        &json!({ "sender_id": 12, "template_id": 312, "recipient_phone": "+447700900123" }),
    );
}

#[test]
fn what_a_template_cannot_carry_is_refused() {
    let config = config();
    let refused = |template: &Template| Wanted::of(&config, template).unwrap_err();
    let mut header = Template::new("visit", "en");
    header.header = Some(Header::Text(HeaderText { text: "x".into() }));
    let mut button = Template::new("visit", "en");
    button.buttons = vec![transom::message::TemplateButton::QuickReply { index: 0, payload: "OK".into() }];
    assert_eq!(refused(&header).kind(), ErrorKind::Unsupported);
    assert_eq!(refused(&button).kind(), ErrorKind::Unsupported);
    let empty = refused(&Template::new("visit", "en").body(["Mara", " "]));
    assert_eq!(empty.kind(), ErrorKind::InvalidRequest);
    assert!(empty.message().contains("`2` is empty"), "{empty}");
}

fn send(status: u16, body: &str) -> Result<Receipt> {
    decode_send(&answer(status, body), SystemTime::UNIX_EPOCH, &to())
}

#[test]
fn the_id_on_a_receipt_is_the_one_that_callbacks_carry() {
    let receipt = send(
        200,
        r#"{"success":true,"conversation_id":50412,"message_id":880121,"whatsapp_message_id":9007199254740993,"message_sid":null,"session_status":{"is_open":true,"can_send_freeform":true,"requires_template":false,"message":"x","minutes_remaining":1379,"expires_at":"2026-05-12T08:20:00+00:00"}}"#,
    )
    .unwrap();
    assert_eq!(receipt.message_id.as_str(), "9007199254740993");
    let until = rfc3339::parse("2026-05-12T08:20:00Z");
    assert_eq!(receipt.session.unwrap().window, Window::Open { until });
}

#[test]
fn a_template_is_taken_without_a_word_about_the_window() {
    let body = r#"{"success":true,"whatsapp_message_id":"640090","status":"queued"}"#;
    assert_eq!(send(200, body).unwrap().session, None);
    // A bonus that cannot be read makes no failure of a success.
    let body = r#"{"success":true,"whatsapp_message_id":640090,"session_status":{"can_send_freeform":"yes"}}"#;
    assert_eq!(send(201, body).unwrap().session, None);
}

#[test]
fn a_success_that_cannot_be_read_may_have_been_sent() {
    for body in ["", "{", "<html>", "[]", "{}", r#"{"success":true}"#, r#"{"success":true,"message_id":880121}"#] {
        let error = send(200, body).unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
    }
}

#[test]
fn a_yes_may_be_written_as_a_word_or_a_number_and_what_is_neither_yes_nor_no_proves_nothing() {
    let body =
        |success: &str| format!(r#"{{"success":{success},"whatsapp_message_id":640077,"error_code":"INVALID_PHONE"}}"#);
    for yes in ["true", "\"true\"", "1"] {
        assert!(send(200, &body(yes)).is_ok(), "{yes}");
    }
    for no in ["false", "\"false\"", "0"] {
        assert_eq!(send(200, &body(no)).unwrap_err().kind(), ErrorKind::RecipientInvalid, "{no}");
    }
    for unclear in ["null", "\"maybe\"", "2", "[]"] {
        let error = send(200, &body(unclear)).unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{unclear}");
    }
}

#[test]
fn a_no_inside_a_success_proves_nothing_unless_its_code_does() {
    let refused = send(200, r#"{"success":false,"error":"x","error_code":"INSUFFICIENT_BALANCE"}"#).unwrap_err();
    assert_eq!((refused.kind(), refused.sent()), (ErrorKind::InsufficientBalance, Sent::No));
    for body in [r#"{"success":false}"#, r#"{"success":false,"error_code":"NEW","whatsapp_message_id":1}"#] {
        let error = send(200, body).unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::InvalidRequest, Sent::Maybe), "{body}");
    }
}

fn session(body: &str) -> Result<Session> {
    decode_session(&answer(200, body), SystemTime::UNIX_EPOCH, &to())
}

#[test]
fn the_plus_of_a_number_is_encoded_in_the_query() {
    let request = encode_session(&config(), &to()).unwrap();
    let expected =
        "https://app.autocalls.ai/api/user/whatsapp/session-status?sender_id=77&recipient_phone=%2B447700900123";
    assert_eq!(request.uri(), expected);
    assert_eq!(Operation::of(&request), Operation::Read);
}

#[test]
fn each_state_of_the_window_is_read_from_what_decides_it() {
    const LAST: &str = r#""has_conversation":true,"last_customer_message_at":"2026-05-08T17:05:00+00:00""#;
    let edge = rfc3339::parse("2026-05-09T17:05:00Z");
    for (body, window) in [
        (format!(r#"{{{LAST},"session_status":{{"is_open":false,"can_send_freeform":true,"expires_at":"2026-05-09T17:05:00+00:00"}}}}"#), Window::Open { until: edge }),
        (format!(r#"{{{LAST},"session_status":{{"can_send_freeform":true}}}}"#), Window::Open { until: edge }),
        (r#"{"session_status":{"can_send_freeform":true}}"#.into(), Window::Open { until: None }),
        (format!(r#"{{{LAST},"session_status":{{"is_open":true,"can_send_freeform":false,"expired_at":"2026-05-09T17:05:00+00:00"}}}}"#), Window::Expired { since: edge }),
        (format!(r#"{{{LAST},"session_status":{{"can_send_freeform":false}}}}"#), Window::Expired { since: edge }),
        (r#"{"has_conversation":true,"last_customer_message_at":"long ago","session_status":{"can_send_freeform":false}}"#.into(), Window::Expired { since: None }),
        (r#"{"success":true,"has_conversation":false,"session_status":{"can_send_freeform":false}}"#.into(), Window::Never),
        (r#"{"has_conversation":true,"last_customer_message_at":null,"session_status":{"can_send_freeform":false,"expires_at":null}}"#.into(), Window::Never),
        (r#"{"has_conversation":true,"session_status":{"can_send_freeform":false,"expires_at":"2026-05-09T17:05:00Z"}}"#.into(), Window::Never),
    ] {
        let session = session(&body).unwrap();
        assert_eq!((session.window, session.source), (window, SessionSource::Provider), "{body}");
    }
    let open = format!(r#"{{{LAST},"session_status":{{"can_send_freeform":true}}}}"#);
    assert_eq!(session(&open).unwrap().last_inbound_at, rfc3339::parse("2026-05-08T17:05:00Z"));
}

#[test]
fn a_session_that_cannot_be_read_is_no_session() {
    for body in ["", "{}", r#"{"session_status":{}}"#, r#"{"session_status":{"can_send_freeform":"no"}}"#] {
        let error = session(body).unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::No), "{body}");
    }
    let refused = session(r#"{"success":false,"error_code":"SENDER_NOT_FOUND"}"#).unwrap_err();
    assert_eq!((refused.kind(), refused.sent()), (ErrorKind::SenderNotFound, Sent::No));
}
