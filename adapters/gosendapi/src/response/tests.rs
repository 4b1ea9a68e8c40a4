use transom::{ErrorKind, Sent};

use super::*;
use crate::error::tests::{answer, text};

fn decode(status: u16, body: &str) -> Result<Receipt> {
    decode_send(&answer(status, body), SystemTime::UNIX_EPOCH, &text())
}

#[test]
fn the_id_is_whatsapps_own_wherever_it_stands_else_the_vendors() {
    for (body, id) in [
        (
            r#"{"messaging_product":"whatsapp","contacts":[{"wa_id":"34611222333"}],"messages":[{"id":"wamid.A","message_status":"accepted"}],"id":"90017"}"#,
            "wamid.A",
        ),
        (r#"{"id":"90017","wamid":"wamid.B","status":"queued"}"#, "wamid.B"),
        (r#"{"id":90017,"wamid":null,"status":"queued"}"#, "90017"),
        (r#"{"id":"90017","message_id":"wamid.C"}"#, "wamid.C"),
        (r#"{"id":"90017","messageId":"wamid.D"}"#, "wamid.D"),
        (r#"{"id":"req-1","data":{"id":18446744073709551616}}"#, "18446744073709551616"),
        (r#"{"data":{"id":"90017","wamid":"wamid.E"}}"#, "wamid.E"),
        (r#"{"messages":[],"data":[],"id":"90017"}"#, "90017"),
        (r#"{"messages":"one","data":7,"id":"90017"}"#, "90017"),
    ] {
        for status in [200, 201, 202] {
            assert_eq!(decode(status, body).unwrap().message_id.as_str(), id, "{body}");
        }
    }
}

#[test]
fn receipt_has_both_ids_and_the_word_of_a_held_message() {
    for (body, own, status) in [
        (r#"{"id":"90017","wamid":"wamid.B","status":"queued"}"#, Some("90017"), None),
        (r#"{"data":{"id":90017,"wamid":"wamid.B"}}"#, Some("90017"), None),
        (r#"{"id":"wamid.B"}"#, None, None),
        (r#"{"messages":[{"id":"wamid.B","message_status":"accepted"}],"id":"90017"}"#, Some("90017"), None),
        (r#"{"messages":[{"id":"wamid.B","message_status":"paused"}]}"#, None, Some("paused")),
        (
            r#"{"messages":[{"id":"wamid.B","message_status":"held_for_quality_assessment"}]}"#,
            None,
            Some("held_for_quality_assessment"),
        ),
    ] {
        let receipt = decode(201, body).unwrap();
        let held = receipt.status.as_deref();
        assert_eq!((receipt.provider_message_id, held), (own.map(Into::into), status), "{body}");
    }
}

#[test]
fn an_answer_about_another_recipient_is_not_taken_for_ours() {
    let body =
        |input: &str| format!(r#"{{"contacts":[{{"input":{input},"wa_id":"1"}}],"messages":[{{"id":"wamid.A"}}]}}"#);
    // As it was given, with its plus, as a number, and with the digit that WhatsApp puts into some numbers.
    for ours in ["\"34611222333\"", "\"+34 611 222 333\"", "34611222333", "\"349611222333\"", "null", "\"\"", "{}"] {
        assert!(decode(201, &body(ours)).is_ok(), "{ours}");
    }
    let error = decode(201, &body("\"34611222334\"")).unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe));
}

#[test]
fn a_success_without_an_id_may_have_been_sent() {
    for body in ["", "{", "<html>", "[]", "7", "{}", r#"{"messages":[{}]}"#, r#"{"id":""}"#, r#"{"id":{}}"#] {
        let error = decode(201, body).unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
    }
}

#[test]
fn a_success_that_holds_a_refusal_is_unknown_with_its_code() {
    for (body, code) in [
        (r#"{"success":false,"message":"refused","id":"x"}"#, None),
        (r#"{"success":"false","id":"x","code":"NEW_ONE"}"#, Some("NEW_ONE")),
        (r#"{"status":"failed","id":"x"}"#, None),
        (r#"{"data":{"status":"REJECTED","id":"x"}}"#, None),
        (r#"{"messages":[{"id":"x","message_status":"failed"}]}"#, None),
        (r#"{"error":{"code":131047},"id":"x"}"#, Some("131047")),
        (r#"{"errors":[{"code":131047},{"code":131026}],"wamid":"x"}"#, Some("131047")),
        (r#"{"error":"INVALID_E164","id":"x"}"#, Some("INVALID_E164")),
        (r#"{"statusCode":403,"message":"Forbidden","id":"x"}"#, None),
        (r#"{"code":"131047","id":"x"}"#, Some("131047")),
    ] {
        let error = decode(200, body).unwrap_err();
        assert_eq!((error.sent(), error.code()), (Sent::Maybe, code), "{body}");
        assert_eq!(error.message_id().map(transom::message::MessageId::as_str), Some("x"), "{body}");
        assert!(!error.is_window_closed(), "{body}");
    }
    for body in [
        r#"{"success":true,"error":null,"errors":[],"error_code":0,"status":"queued","id":"x"}"#,
        r#"{"statusCode":201,"message":"Created","id":"x"}"#,
        r#"{"code":200,"id":"x"}"#,
    ] {
        assert!(decode(200, body).is_ok(), "{body}");
    }
    let error = decode(200, r#"{"success":false,"code":"131047"}"#).unwrap_err();
    assert_eq!((error.sent(), error.code()), (Sent::Maybe, Some("131047")), "without an id it proves nothing either");
}
