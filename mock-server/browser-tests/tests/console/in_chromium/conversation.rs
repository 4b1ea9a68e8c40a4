//! The main use of the console: watch an application, and act as its contact.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use transom::{ErrorKind, Sent};
use transom_browser_tests::{Screen, browse};
use transom_mock_server::{MockServer, Simulator};

use super::client::{CONTACT, ask, client, control_at, send_text, talk};

#[tokio::test]
async fn conversation_runs_until_the_window_closes() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#live", "Live").await;
        page.click("#filter button:nth-child(3)").await;
        page.see("#people-empty", "/_mock/inbound -d '{\"provider\":\"exotel\"").await;
        page.see("#requests-empty", "/v2/accounts/acme/messages").await;
        page.shot("1-empty").await;

        // The contact writes first.
        page.press("n").await;
        page.has_focus("#new-from").await;
        page.choose("#new-provider", "exotel").await;
        page.write("#new-from", CONTACT).await;
        page.write("#new-name", "Asha Rao").await;
        page.write("#new-text", "Is my parcel on its way?").await;
        page.shot("2-a-customer-writes").await;
        page.click("#dialog-new button.primary").await;
        page.see(".bubble.in", "Is my parcel on its way?").await;
        page.see("#chat-title", "Asha Rao").await;
        page.see("#window-text", "23:59:").await;

        // The application answers, and the status follows.
        send_text(&client, "Yes, it leaves today.").await.unwrap();
        page.see(".bubble.out", "Yes, it leaves today.").await;
        page.see(".bubble.out .status.delivered", "delivered").await;
        page.see("#requests .code", "202").await;

        // The contact writes again, by keyboard.
        page.has_focus("#compose-text").await;
        page.press("Lovely, thank you!\n").await;
        page.see(".bubble.in", "Lovely, thank you!").await;
        assert_eq!(page.texts(".bubble .words").await.len(), 3);

        // A day later a text is refused, and the page shows the reason.
        page.click("#clock-day").await;
        page.see("#window-text", "closed").await;
        page.see(".divider.closed", "Only templates go").await;
        let refused = send_text(&client, "How was it?").await.unwrap_err();
        assert_eq!((refused.kind(), refused.sent()), (ErrorKind::SessionExpired, Sent::No));
        page.see("#requests li:first-child .code", "400").await;
        page.see("#requests li:first-child", "SESSION_EXPIRED").await;
        assert!(!page.texts(".bubble.out").await.iter().any(|text| text.contains("How was it?")));

        // The refused text is struck out, and links to the request.
        page.see(".bubble.attempt .words", "How was it?").await;
        page.see(".bubble.attempt .refusal", "SESSION_EXPIRED").await;
        page.shot("3-window-closed").await;
        page.click(".bubble.attempt .refusal").await;
        page.see("#dialog-exchange [aria-label=Answer]", "SESSION_EXPIRED").await;
        page.see("#dialog-exchange [aria-label=Request]", "How was it?").await;
    })
    .await;
}

#[tokio::test]
async fn finding_is_marked_in_the_request() {
    let mock = MockServer::start().await.unwrap();
    ask(&mock, "/api/user/whatsapp/session-status?sender_id=12&recipient_phone=+447700900123").await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#requests .badge[data-level=tolerated]", "1 tolerated").await;
        page.click("#requests li:first-child button").await;
        page.see("#dialog-exchange .finding[data-level=tolerated]", "+").await;
        // Its place in the request is marked.
        page.see("#dialog-exchange .line mark[data-level=tolerated]", "recipient_phone").await;
        page.shot("8-a-finding").await;
    })
    .await;
}

#[tokio::test]
async fn fault_can_be_added_and_removed() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#chat-title", "Asha Rao").await;
        page.press("2").await;
        page.see("#faults-empty", "/_mock/faults -d").await;
        // The form starts with the provider of the shown conversation.
        assert_eq!(
            page.run("return document.querySelector('#fault-provider').value", Vec::new()).await,
            json!("exotel")
        );
        page.choose("#fault-kind", "status").await;
        page.choose("#fault-how", "always").await;
        page.click("#fault-form button.primary").await;
        page.see("#faults .rule", "Exotel: answer a status").await;
        page.see("#count-faults", "1").await;
        let broken = send_text(&client, "Anybody there?").await.unwrap_err();
        assert_eq!(broken.status(), Some(503));
        page.shot("5-a-fault").await;
        page.press("1").await;
        page.see("#requests li:first-child .badge", "status").await;
        page.see("#requests li:first-child .code", "503").await;
        page.press("2").await;
        page.click("#faults .rule button").await;
        page.see("#faults-empty", "Nothing goes wrong").await;
        send_text(&client, "There you are.").await.unwrap();
        page.see(".bubble.out", "There you are.").await;
        assert!(!page.texts(".bubble.out").await.iter().any(|text| text.contains("Anybody there?")));
    })
    .await;
}

#[tokio::test]
async fn contact_presses_a_button_of_a_message() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see(".bubble.template .mark", "Template visit_reminder · en").await;
        page.see(".bubble.template .words", "Hello Asha, see you on Tuesday at 10:30.").await;
        page.click(".bubble .choice:nth-child(2)").await;
        page.see(".bubble.in", "chose t15").await;
        page.shot("6-conversation").await;
    })
    .await;
}

#[tokio::test]
async fn clock_can_be_frozen_set_and_released() {
    let mock = MockServer::start().await.unwrap();
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#live", "Live").await;
        page.press("f").await;
        page.see("#clock-date", "frozen").await;
        page.press("s").await;
        page.see("#dialog-clock", "Set the clock").await;
        page.run("document.querySelector('#dialog-clock input').value = '2026-05-11T09:20:00'", Vec::new()).await;
        page.click("#dialog-clock button.primary").await;
        page.see("#clock-time", "09:20:00").await;
        page.see_no_more("#dialog-clock", "Set the clock").await;
        page.press("h").await;
        page.see("#clock-time", "10:20:00").await;
        page.see("#clock-date", "Mon 11 May 2026").await;
        page.click("#clock-freeze").await;
        page.see_no_more("#clock-date", "frozen").await;
        page.see("#clock-time", "10:20:01").await;
        page.click("#reset").await;
        page.see("#dialog-reset", "Reset the mock?").await;
        page.click("#dialog-reset button.danger").await;
        page.see_no_more("#clock-date", "2026-05-11").await;
        page.see(".toast", "as it was at the start").await;
    })
    .await;
}

#[tokio::test]
async fn webhook_deliveries_appear_and_can_be_repeated() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    let target = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = target.local_addr().unwrap();
    let answering = tokio::spawn(async move {
        loop {
            let (mut stream, _) = target.accept().await.unwrap();
            let mut request = [0; 8192];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#live", "Live").await;
        page.press("3").await;
        page.see("#webhooks-empty", "/_mock/webhooks -d").await;
        page.choose("#webhook-provider", "exotel").await;
        page.write("#webhook-url", &format!("http://{address}/hook")).await;
        page.write("#webhook-secret", "s3cret").await;
        page.click("#webhook-form button.primary").await;
        page.see("#webhooks .rule", "signed").await;
        talk(&mock, &client).await;
        page.see("#deliveries .code", "200").await;
        page.see("#count-webhooks", "5").await;
        page.click("#deliveries li:first-child summary").await;
        page.see("#deliveries .wire", "EX_MESSAGE_DELIVERED").await;
        page.shot("7-webhooks").await;
        page.click("#deliveries li:first-child .redeliver").await;
        page.see("#count-webhooks", "6").await;
        assert!(!page.run("return document.body.innerText", Vec::new()).await.to_string().contains("s3cret"));
        page.click("#webhooks .rule button").await;
        page.see_no_more("#webhooks .rule", "Exotel").await;
    })
    .await;
    answering.abort();
}

#[tokio::test]
async fn namespace_has_its_own_page() {
    let mock = MockServer::start().await.unwrap();
    let message = json!({"provider": "exotel", "from": CONTACT, "name": "Asha Rao", "text": "In a world of my own"});
    control_at(&mock, "/_ns/t1/_mock/inbound", &message).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#live", "Live").await;
        page.see(".welcome", "Be the customer").await;
        // A namespace that is created while the page is open is also offered.
        control_at(&mock, "/_ns/t2/_mock/clock", &json!({"freeze": true})).await;
        page.see("#world", "t2").await;
        page.choose("#world", "t1").await;
        page.see("#chat-title", "Asha Rao").await;
        page.see(".bubble.in", "In a world of my own").await;
        page.see("#live", "Live").await;
        // Actions on the page apply to the namespace, and return as its events.
        page.write("#compose-text", "And another\n").await;
        page.see(".bubble.in", "And another").await;
        page.click("#clock-day").await;
        page.see("#window-text", "closed").await;
        page.shot("9-a-namespace").await;
        page.choose("#world", "").await;
        page.see(".welcome", "Be the customer").await;
    })
    .await;
    assert_eq!(ask(&mock, "/_mock/conversations").await.matches("Asha Rao").count(), 0);
}

#[tokio::test]
async fn page_reconnects_after_a_restart_of_the_mock() {
    let mock = MockServer::start().await.unwrap();
    let (url, address) = (mock.url(), mock.address());
    talk(&mock, &client(&mock)).await;
    browse(&url, Screen::DESKTOP, async |page| {
        page.see("#chat-title", "Asha Rao").await;
        page.see("#live", "Live").await;
        drop(mock);
        page.see("#live", "Reconnecting").await;
        let listener = TcpListener::bind(address).await.unwrap();
        let again = tokio::spawn(transom_mock_server::serve(listener, Simulator::new(std::time::SystemTime::now())));
        page.see("#live", "Live").await;
        // The new process has no messages, so that the page removes the old ones.
        page.see_no_more("#chat-title", "Asha Rao").await;
        page.see_no_more(".bubble", "").await;
        again.abort();
    })
    .await;
}
