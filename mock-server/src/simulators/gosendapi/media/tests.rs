use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::GoSendApi;
use super::*;
use crate::core::finding::{Finding, Level};
use crate::core::phone::Phone;
use crate::core::request_context::RequestContext;
use crate::core::world::{Inbound, Sender, World};
use crate::{ProviderSimulator as _, simulators};

const OWN: &str = "555123456789";

fn part(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

/// An upload of these parts.
fn upload(parts: &[(&str, &[u8])]) -> Request<Bytes> {
    let mut body: Vec<u8> = parts.iter().flat_map(|(name, content)| part(name, content)).collect();
    body.extend_from_slice(b"--b--\r\n");
    let request = Request::post("/v1/media").header("x-api-key", "gsk_test_demo");
    request.header("content-type", "multipart/form-data; boundary=b").body(Bytes::from(body)).unwrap()
}

fn png(phone_number_id: &str) -> Request<Bytes> {
    upload(&[("phone_number_id", phone_number_id.as_bytes()), ("type", b"image/png"), ("file", b"\x89PNG")])
}

fn send(phone_number_id: &str, kind: &str, content: &Value) -> Request<Bytes> {
    let body = json!({"phone_number_id": phone_number_id, "to": "34611222333", "type": kind, kind: content});
    let request = Request::post("/v1/messages").header("x-api-key", "gsk_test_demo");
    request.header("content-type", "application/json").body(Bytes::from(body.to_string())).unwrap()
}

fn world() -> World {
    World::seeded(&simulators::all(), false)
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_780_000_000)
}

fn ask(world: &mut World, request: &Request<Bytes>) -> (u16, Value, Vec<Finding>) {
    let answer = GoSendApi.handle(RequestContext::new(world, now(), request));
    let body = serde_json::from_slice(answer.response.body()).unwrap();
    (answer.response.status().as_u16(), body, answer.findings)
}

fn uploaded(world: &mut World, phone_number_id: &str) -> String {
    let (status, body, findings) = ask(world, &png(phone_number_id));
    assert_eq!((status, findings), (201, Vec::new()));
    body["id"].as_str().unwrap().to_owned()
}

#[test]
fn each_upload_gets_unique_numeric_id_and_no_message() {
    let mut world = world();
    let (first, second) = (uploaded(&mut world, OWN), uploaded(&mut world, OWN));
    assert_ne!(first, second);
    assert!(first.len() == 15 && first.bytes().all(|byte| byte.is_ascii_digit()), "{first}");
    assert_eq!(world.uploader(NAME, &first), Some(OWN));
    assert_eq!(world.ledger().count(), 0);
    assert!(!GoSendApi.is_send(&png(OWN)));
}

#[test]
fn another_content_type_is_415_and_one_without_a_boundary_400() {
    for (content_type, status) in
        [("application/json", 415), ("multipart/mixed; boundary=b", 415), ("", 415), ("multipart/form-data", 400)]
    {
        let mut request = png(OWN);
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        let (seen, body, findings) = ask(&mut world(), &request);
        assert_eq!((seen, body["statusCode"].as_u64()), (status, Some(u64::from(status))), "{content_type}");
        assert_eq!(findings[0].level, Level::Refused);
    }
}

#[test]
fn a_part_that_is_missing_or_empty_is_named() {
    let parts: [(&str, &[u8]); 3] = [("phone_number_id", OWN.as_bytes()), ("file", b"x"), ("type", b"image/png")];
    for (index, (name, _)) in parts.into_iter().enumerate() {
        let (mut without, mut empty) = (parts.to_vec(), parts);
        without.remove(index);
        empty[index].1 = b"";
        for parts in [without.as_slice(), empty.as_slice()] {
            let (status, body, findings) = ask(&mut world(), &upload(parts));
            assert_eq!((status, body["code"].as_str()), (400, Some("MISSING_REQUIRED_FIELD")));
            assert_eq!((body["details"]["field"].as_str(), findings.len()), (Some(name), 1));
        }
    }
}

#[test]
fn each_type_is_taken_up_to_its_size_and_no_other_type() {
    let of = |media_type: &str, length: usize| {
        let request =
            upload(&[("phone_number_id", OWN.as_bytes()), ("type", media_type.as_bytes()), ("file", &vec![0; length])]);
        ask(&mut world(), &request)
    };
    for (media_type, limit) in [
        ("image/png", 5 * MIB),
        ("IMAGE/WebP", 500 * KIB),
        ("audio/ogg; codecs=opus", 16 * MIB),
        ("video/mp4", 16 * MIB),
    ] {
        assert_eq!(of(media_type, limit).0, 201, "{media_type}");
        let (status, body, findings) = of(media_type, limit + 1);
        assert_eq!((status, body["details"]["field"].as_str()), (400, Some("file")), "{media_type}");
        assert!(findings[0].text.contains(&limit.to_string()), "{findings:?}");
    }
    assert_eq!(of("application/pdf", 16 * MIB + 1).0, 201);
    for media_type in ["image/gif", "image", "application/zip", "\u{fffd}"] {
        assert_eq!(of(media_type, 1).1["details"]["field"], "type", "{media_type}");
    }
}

#[test]
fn key_and_sender_are_checked_as_on_sends() {
    let mut request = png(OWN);
    request.headers_mut().insert("x-api-key", "invalid".parse().unwrap());
    assert_eq!(ask(&mut world(), &request).1["code"], "INVALID_API_KEY");
    for (sender, status, code) in
        [("1", 400, "INVALID_PHONE_NUMBER_ID"), ("999000111222", 403, "PHONE_NUMBER_NOT_IN_TENANT")]
    {
        let (seen, body, findings) = ask(&mut world(), &png(sender));
        assert_eq!((seen, body["code"].as_str(), findings.len()), (status, Some(code), 0));
    }
}

#[test]
fn the_rate_limit_counts_uploads() {
    let mut world = world();
    for _ in 0..100 {
        uploaded(&mut world, OWN);
    }
    assert_eq!(ask(&mut world, &png(OWN)).0, 429);
}

#[test]
fn unknown_and_repeated_parts_are_tolerated_first_one_counts() {
    let parts: [(&str, &[u8]); 5] = [
        ("messaging_product", b"whatsapp"),
        ("phone_number_id", OWN.as_bytes()),
        ("phone_number_id", b"1"),
        ("type", b"image/png"),
        ("file", b"x"),
    ];
    let (status, _, findings) = ask(&mut world(), &upload(&parts));
    assert_eq!((status, findings.len()), (201, 2));
    assert!(findings.iter().all(|finding| finding.level == Level::Tolerated), "{findings:?}");
}

#[test]
fn no_body_brings_the_upload_down() {
    for body in [&b""[..], b"{}", b"--b", b"--b\r\n", b"--b--", b"\xff\xfe", b"--b\r\n\r\n\r\n--b--"] {
        let mut request = png(OWN);
        *request.body_mut() = Bytes::from_static(body);
        let (status, answer, _) = ask(&mut world(), &request);
        assert!(status == 400 && answer["message"].as_str().unwrap().starts_with("Multipart: "), "{answer}");
    }
}

#[test]
fn message_with_foreign_or_unknown_media_is_accepted_with_note() {
    let mut world = world();
    let second = Sender::new("555123456780", Phone::read("34611000001").unwrap(), "Second Office");
    world.account_mut(NAME).senders.push(second);
    let from = Phone::read("34611222333").unwrap();
    let to = Phone::read("34611000000").unwrap();
    world.receive(now(), &Inbound { provider: NAME, from: &from, to: &to, name: None });
    let (own, others) = (uploaded(&mut world, OWN), uploaded(&mut world, "555123456780"));
    let buttons = |id: &str| {
        json!({"type": "button", "header": {"type": "image", "image": {"id": id}}, "body": {"text": "?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Yes"}}]}})
    };
    for (kind, content, note) in [
        ("image", json!({"id": own}), None),
        ("interactive", buttons(&own), None),
        ("image", json!({"link": "https://a.example/1.png"}), None),
        ("text", json!({"body": "Hi"}), None),
        ("image", json!({"id": others}), Some("another sender")),
        ("document", json!({"id": "7"}), Some("the `id` of the document is of no upload")),
        ("interactive", buttons("7"), Some("the `id` of the image is of no upload")),
    ] {
        let (status, _, findings) = ask(&mut world, &send(OWN, kind, &content));
        assert_eq!((status, findings.len()), (201, usize::from(note.is_some())), "{content} {findings:?}");
        if let Some(note) = note {
            assert!(findings[0].level == Level::Note && findings[0].text.contains(note), "{findings:?}");
        }
    }
    assert_eq!(world.ledger().count(), 7);
}
