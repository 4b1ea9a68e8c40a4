//! Untrusted input: the page shows texts of contacts and clients, and never runs them.

use serde_json::json;
use transom_browser_tests::{Screen, browse};
use transom_mock_server::MockServer;

use super::client::{CONTACT, client, control, send_text};

const ATTACK: &str = "<img src=x onerror=\"window.hit = 1\"><script>window.hit = 1</script><b>bold</b>";

#[tokio::test]
async fn html_in_messages_is_shown_as_text() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    let inbound = json!({"provider": "exotel", "from": CONTACT, "name": ATTACK, "text": ATTACK});
    control(&mock, "inbound", &inbound).await;
    send_text(&client, ATTACK).await.unwrap();
    // A shape that no provider sends.
    let odd =
        json!({"provider": "exotel", "from": CONTACT, "raw": {"type": "buttons", "body": {"a": 1}, "buttons": "none"}});
    control(&mock, "inbound", &odd).await;
    let unknown = json!({"provider": "exotel", "from": CONTACT, "raw": {"type": "constructor", "x": ATTACK}});
    control(&mock, "inbound", &unknown).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see(".bubble.in", ATTACK).await;
        page.see(".bubble.out", ATTACK).await;
        page.see("#chat-title", ATTACK).await;
        page.see("#people .person", ATTACK).await;
        page.click("#requests li:first-child button").await;
        page.see("#dialog-exchange", "window.hit").await;
        let found = page.run(
            "return [document.querySelectorAll('main img, dialog img, main script').length, window.hit ?? null]",
            Vec::new(),
        );
        assert_eq!(found.await, json!([0, null]));
    })
    .await;
}

#[tokio::test]
async fn long_number_keeps_all_digits() {
    let mock = MockServer::start().await.unwrap();
    let content = json!({"type": "order", "id": 12_345_678_901_234_567_890_u64});
    control(&mock, "inbound", &json!({"provider": "exotel", "from": CONTACT, "raw": content})).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| page.see(".bubble.in", "12345678901234567890").await).await;
}

#[tokio::test]
async fn content_security_policy_blocks_inline_scripts() {
    let mock = MockServer::start().await.unwrap();
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#live", "Live").await;
        for attempt in [
            "const link = document.createElement('a'); link.href = 'javascript:window.hit = 1'; link.click()",
            "const script = document.createElement('script'); script.textContent = 'window.hit = 1'; document.body.append(script)",
            "const button = document.createElement('button'); button.setAttribute('onclick', 'window.hit = 1'); button.click()",
        ] {
            page.run(attempt, Vec::new()).await;
        }
        assert_eq!(page.run("return window.hit ?? null", Vec::new()).await, json!(null));
        let complaints = page.complaints().await;
        assert!(complaints.iter().any(|text| text.contains("Content Security Policy")), "{complaints:?}");
    })
    .await;
}
