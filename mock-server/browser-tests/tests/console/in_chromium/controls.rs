//! The controls of the page: faults, gates, clock, webhooks and the contact.

use serde_json::json;
use tokio::net::TcpListener;
use transom_browser_tests::{Screen, browse};
use transom_mock_server::MockServer;

use super::client::{CONTACT, ask, client, control, post_text, send_text, talk};

#[tokio::test]
async fn gate_holds_a_response_until_released() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#chat-title", "Asha Rao").await;
        page.press("2").await;
        page.choose("#fault-kind", "gate").await;
        page.write("#fault-gate", "g1").await;
        page.click("#fault-form button.primary").await;
        page.see("#faults .rule", "gate g1").await;
        let waits = async {
            page.see("#held .gate", "g1 holds an answer").await;
            // The message is accepted; only the response is late.
            page.see(".bubble.out", "Can you hear me?").await;
            page.shot("11-a-gate").await;
            page.click("#held .gate .primary").await;
        };
        let (sent, ()) = tokio::join!(send_text(&client, "Can you hear me?"), waits);
        sent.unwrap();
        page.see_no_more("#held", "g1").await;
    })
    .await;
}

#[tokio::test]
async fn status_fault_answers_with_given_headers_and_body() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#chat-title", "Asha Rao").await;
        page.press("2").await;
        page.choose("#fault-kind", "status").await;
        page.write("#fault-status", "507").await;
        page.write("#fault-body", "{\"reason\":\"full\"}").await;
        page.write("#fault-headers", "retry-after: 30\nx-mood: bad").await;
        page.click("#fault-form button.primary").await;
        page.see("#faults .rule", "retry-after, x-mood").await;
        let answer = post_text(&mock, "Is there room?").await;
        assert!(answer.starts_with("HTTP/1.1 507") && answer.ends_with("{\"reason\":\"full\"}"), "{answer}");
        assert!(answer.contains("retry-after: 30\r\n") && answer.contains("x-mood: bad\r\n"), "{answer}");
        page.see(".bubble.attempt", "Is there room?").await;
    })
    .await;
}

#[tokio::test]
async fn clock_advances_to_the_next_event() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    // Nothing listens at this address, so that each call waits for a retry.
    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    control(&mock, "webhooks", &json!({"provider": "exotel", "url": format!("http://{nobody}/")})).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#clock-time", "09:26:01").await;
        send_text(&client, "Anybody?").await.unwrap();
        page.press("3").await;
        page.see("#deliveries .code", "no answer").await;
        page.click("#clock-next").await;
        page.see(".toast", "Exotel").await;
        page.see_no_more("#clock-time", "09:26:01").await;
        page.see("#clock-time", "09:26:").await;
    })
    .await;
}

#[tokio::test]
async fn webhook_with_delivery_faults_is_registered() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#chat-title", "Asha Rao").await;
        page.press("3").await;
        page.write("#webhook-url", &format!("http://{nobody}/")).await;
        page.click("#webhook-form summary").await;
        page.write("#webhook-copies", "3").await;
        page.click("#webhook-reorder").await;
        page.choose("#webhook-signature", "missing").await;
        page.click("#webhook-form button.primary").await;
        page.see("#webhooks .rule", "Exotel").await;
        control(&mock, "inbound", &json!({"provider": "exotel", "from": CONTACT, "text": "Three of these"})).await;
        page.see("#count-webhooks", "3").await;
    })
    .await;
}

#[tokio::test]
async fn webhook_sink_shows_its_delivery_faults() {
    let mock = MockServer::start().await.unwrap();
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#people .person", "Ana").await;
        page.press("3").await;
        page.choose("#webhook-provider", "gosendapi").await;
        page.click("#webhook-sink").await;
        page.click("#webhook-announcements").await;
        page.click("#webhook-form summary").await;
        page.write("#webhook-lose", "2").await;
        page.write("#webhook-delay", "1m30s").await;
        page.click("#webhook-form button.primary").await;
        let words = "kept here, not sent · not signed · one in 2 lost · 90s late · conversations and templates, too";
        page.see("#webhooks .rule", words).await;
    })
    .await;
}

#[tokio::test]
async fn clearing_requests_keeps_the_messages() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#count-requests", "2").await;
        page.click("#requests-forget").await;
        page.see("#requests-empty", "No client has asked for anything yet").await;
        page.see(".bubble.out", "Which of these suits you?").await;
    })
    .await;
}

#[tokio::test]
async fn optional_details_of_exchanges_and_deliveries_are_shown() {
    let mock = MockServer::start().await.unwrap();
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        // The page has loaded.
        page.see("#people .person", "Ana").await;
        let told = json!({
            "number": 1, "provider": "exotel", "url": "http://127.0.0.1:9/hook", "attempt": 1, "status": null, "body": {"sid": "x"},
            "at": "2026-05-11T09:26:01Z", "headers": {"x-signature": "5ig"}, "error": "nobody listens there",
            "next_at": "2026-05-11T09:26:31Z",
        });
        let tell = "(await import('/_mock/console/live.js')).apply('webhook', arguments[0], 'of-1000')";
        page.run(tell, vec![told]).await;
        page.press("3").await;
        page.click("#deliveries summary").await;
        for words in ["nobody listens there", "Next try at 09:26:31 on Mon 11 May 2026", "5ig"] {
            page.see("#deliveries .try-more", words).await;
        }
        let exchange = json!({
            "key": "0", "provider": null, "method": "GET", "path": "/nowhere", "headers": {}, "body": null, "status": 404,
            "response": null, "response_headers": {"retry-after": "7"}, "findings": [], "at": "2026-05-11T09:26:01Z",
        });
        page.run("(await import('/_mock/console/exchange.js')).show(arguments[0])", vec![exchange]).await;
        page.see("#dialog-exchange [aria-label=Answer] .headers", "retry-after").await;
        page.see("#dialog-exchange", "no provider").await;
    })
    .await;
}

#[tokio::test]
async fn contact_sends_photo_location_and_reaction() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#chat-title", "Asha Rao").await;
        page.press("a").await;
        page.write("#attach-caption", "The parcel").await;
        page.click("#dialog-attach button.primary").await;
        page.see(".bubble.in .attachment", "https://files.example/photo.jpg").await;
        page.see(".bubble.in", "The parcel").await;
        page.has_focus("#compose-text").await;

        page.click("#attach").await;
        page.choose("#attach-kind", "location").await;
        page.write("#attach-name", "Marina Beach").await;
        page.shot("12-a-place").await;
        page.click("#dialog-attach button.primary").await;
        page.see(".bubble.in", "Marina Beach").await;

        page.click("#attach").await;
        page.choose("#attach-kind", "reaction").await;
        page.click("#dialog-attach button.primary").await;
        page.see(".bubble.in .emoji", "👍").await;
        page.see(".bubble.in .about", "Of course. Which of these suits you?").await;
    })
    .await;
}

#[tokio::test]
async fn search_finds_by_provider_status_finding_and_text() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    ask(&mock, "/api/user/whatsapp/session-status?sender_id=12&recipient_phone=+447700900123").await;
    ask(&mock, "/v1/me").await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#count-requests", "4").await;
        page.press("/").await;
        page.has_focus("#search").await;
        for (query, found) in [
            ("exotel", "2 of 4"),
            ("status:4xx", "1 of 4"),
            ("-status:2xx", "1 of 4"),
            ("status:202 method:post", "2 of 4"),
            ("\"suits you\"", "1 of 4"),
            ("-exotel finding:tolerated", "1 of 4"),
        ] {
            page.write("#search", query).await;
            page.see("#search-count", found).await;
        }
        page.shot("13-search").await;
        page.write("#search", "nobody said this").await;
        page.see("#search-empty", "No request").await;
        page.run("document.querySelector('#search').value = ''", Vec::new()).await;
        page.click("#search-form [data-term='finding:any']").await;
        page.see("#search-count", "4 of 4").await;
        page.write("#search", "finding:tolerated").await;
        page.see("#requests", "session-status").await;
        page.see_no_more("#requests .path", "/v2/accounts").await;
        // The arrows step through the search results.
        page.click("#requests li:last-child button").await;
        page.see("#dialog-exchange .finding", "+").await;
        page.see("#dialog-exchange [aria-label^='Earlier request']:disabled", "").await;
    })
    .await;
}
