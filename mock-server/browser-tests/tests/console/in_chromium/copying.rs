//! The curl command that repeats a request of the journal.

use std::process::Command;

use serde_json::json;
use transom_browser_tests::{Key, Page, Screen, browse};
use transom_mock_server::MockServer;

use super::client::{client, send, speak, talk};

/// Opens the newest request and copies its command.
async fn copy_newest(page: &Page) -> String {
    page.click("#requests li:first-child button").await;
    page.see("#dialog-exchange", "Copy as curl").await;
    page.click("#copy-curl").await;
    page.see(".toast", "Copied").await;
    let copied = page.clipboard().await;
    page.key(Key::Escape).await;
    page.see_no_more("#dialog-exchange", "Copy as curl").await;
    copied
}

/// Runs a command in a shell, as it is.
async fn run(command: String) {
    let done = tokio::task::spawn_blocking(move || Command::new("sh").args(["-c", &command]).output()).await;
    assert!(done.unwrap().unwrap().status.success());
}

#[tokio::test]
async fn copied_curl_command_repeats_the_request() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    send(&client, json!({"type": "text", "body": "It's \"quoted\" & $(dangerous)"}), "o'clock").await.unwrap();
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#requests li:first-child .path", "/v2/accounts/acme/messages").await;
        page.click("#requests li:first-child button").await;
        page.see("#dialog-exchange [aria-label=Request]", "Basic ***").await;
        page.see("#dialog-exchange [aria-label=Request]", "$(dangerous)").await;
        page.see("#dialog-exchange [aria-label=Answer] .code", "202").await;
        page.shot("4-request-and-answer").await;
        page.key(Key::Escape).await;
        let copied = copy_newest(page).await;
        assert!(copied.starts_with("curl --globoff"), "{copied}");
        // The journal masks credentials, so that the command has the demo ones.
        assert!(copied.contains("-u 'demo-key:demo-token'") && !copied.contains("***"), "{copied}");

        // The response is the same, and so is the body.
        run(copied).await;
        page.see("#count-requests", "4").await;
        page.see("#requests li:first-child .code", "202").await;
        page.click("#requests li:first-child button").await;
        page.see("#dialog-exchange [aria-label=Answer] .code", "202").await;
        let bodies = page.texts("#dialog-exchange [aria-label=Request] .wire").await;
        assert!(
            bodies[0].contains(r#""body": "It's \"quoted\" & $(dangerous)""#) && bodies[0].contains("o'clock"),
            "{bodies:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn copied_command_keeps_wrong_credentials() {
    let login = r#"{"username":"ops@example.com","password":"invalid"}"#;
    for (head, body, refusal) in [
        ("GET /v1/me HTTP/1.1\r\nx-api-key: invalid", "", "401"),
        ("POST /kingslanding/login HTTP/1.1\r\ncontent-type: application/json", login, "403"),
    ] {
        let mock = MockServer::start().await.unwrap();
        speak(&mock, head, body.as_bytes()).await;
        browse(&mock.url(), Screen::DESKTOP, async |page| {
            page.see("#requests li:first-child .code", refusal).await;
            run(copy_newest(page).await).await;
            page.see("#count-requests", "2").await;
            page.see("#requests li:first-child .code", refusal).await;
        })
        .await;
    }
}

#[tokio::test]
async fn copied_command_notes_a_binary_body() {
    let mock = MockServer::start().await.unwrap();
    let head = "POST /v1/media HTTP/1.1\r\nx-api-key: gsk_test_demo\r\ncontent-type: application/octet-stream";
    speak(&mock, head, b"\xff\xd8\xff").await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#requests li:first-child .path", "/v1/media").await;
        let copied = copy_newest(page).await;
        assert!(copied.starts_with("# the body was no text throughout"), "{copied}");
        assert!(copied.contains("x-api-key: gsk_test_demo"), "{copied}");
    })
    .await;
}
