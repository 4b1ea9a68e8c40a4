//! Uploads to GoSendAPI, the only provider with uploads, against the mock. An upload is no method of `Messenger`, so it
//! cannot be a scenario.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Value, json};
use transom::adapter::Context;
use transom::config::{ChannelConfig, process_env};
use transom::message::Media;
use transom::transport::Transport;
use transom::{Content, ErrorKind, Message, Messenger as _};
use transom_conformance::SimulatorTransport;
use transom_gosendapi::{GoSendApi, PROVIDER, Upload};

const ANA: &str = "+34611222333";
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A mock to which the contact has just written.
fn open() -> Arc<SimulatorTransport> {
    let mock = SimulatorTransport::new(SystemTime::now());
    mock.receive("gosendapi", ANA).unwrap();
    mock
}

fn adapter(mock: &Arc<SimulatorTransport>, key: &str, phone_number_id: &str) -> GoSendApi {
    let uri = format!("gosendapi://{key}@127.0.0.1?phone_number_id={phone_number_id}");
    let channel = ChannelConfig::from_uri("support", &uri, &[PROVIDER], process_env()).unwrap();
    GoSendApi::connect(&channel, Context::new(Arc::clone(mock) as Arc<dyn Transport>)).unwrap()
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// Uploads a file as a program would. An unsuitable file causes no request.
fn upload(mock: &Arc<SimulatorTransport>, media_type: &str, bytes: Vec<u8>) -> transom::Result<String> {
    let upload = Upload::new(media_type, "file", bytes)?;
    wait(adapter(mock, "gsk_test_demo", "555123456789").upload(upload))
}

#[test]
fn uploaded_image_is_delivered_by_upload_id() {
    let mock = open();
    let id = upload(&mock, "image/png", b"\x89PNG\r\n\x1a\n".to_vec()).unwrap();
    let image = Message::new(ANA.parse().unwrap(), Content::Image(Media::id(&id)));
    let receipt = wait(adapter(&mock, "gsk_test_demo", "555123456789").send(&image)).unwrap();

    let delivered = mock.messages("gosendapi");
    assert_eq!(delivered.len(), 1, "an upload is no message");
    assert_eq!(delivered[0]["message_id"], receipt.message_id.as_str());
    assert_eq!(delivered[0]["content"], json!({ "type": "image", "id": id }));

    let requests = mock.requests("gosendapi");
    let seen: Vec<_> = requests.iter().map(|request| (&request["path"], &request["findings"])).collect();
    // No finding either: the id is known, and belongs to this sender.
    let nothing = json!([]);
    assert_eq!(seen, [(&json!("/v1/media"), &nothing), (&json!("/v1/messages"), &nothing)]);
}

#[test]
fn file_with_boundaries_or_of_maximum_size_is_accepted() {
    let mock = open();
    let boundaries = b"\r\n--transom-0000000000000000--\r\n--transom-0000000000000001\r\n\r\nx\r\n".repeat(100);
    for (media_type, bytes) in
        [("text/plain", boundaries), ("image/webp", vec![b'\n'; 500 * KIB]), ("image/jpeg", vec![b'-'; 5 * MIB])]
    {
        assert!(upload(&mock, media_type, bytes).is_ok(), "{media_type}");
    }
    assert!(mock.requests("gosendapi").iter().all(|request| request["findings"] == json!([])));
}

#[test]
fn oversized_or_mistyped_file_is_refused_locally() {
    let mock = open();
    for (media_type, length) in [
        ("image/png", 5 * MIB + 1),
        ("image/webp", 500 * KIB + 1),
        ("video/mp4", 16 * MIB + 1),
        ("image/png", 0),
        ("image/gif", 1),
        ("application/zip", 1),
    ] {
        let error = upload(&mock, media_type, vec![0; length]).unwrap_err();
        assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::InvalidRequest, false), "{media_type}");
    }
    assert_eq!(mock.requests("gosendapi"), Vec::<Value>::new());
}

#[test]
fn upload_fails_for_bad_key_and_unknown_sender() {
    let mock = open();
    for (key, sender, kind) in [
        ("invalid", "555123456789", ErrorKind::Unauthenticated),
        ("gsk_test_demo", "555000000000", ErrorKind::SenderNotFound),
        ("gsk_test_demo", "999000111222", ErrorKind::SenderNotFound),
    ] {
        let png = Upload::new("image/png", "a.png", &b"\x89PNG"[..]).unwrap();
        let error = wait(adapter(&mock, key, sender).upload(png)).unwrap_err();
        assert_eq!((error.kind(), error.may_have_been_sent()), (kind, false), "{key} {sender}");
    }
}
