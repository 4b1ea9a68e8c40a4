//! The settings of a provider's account.

use serde_json::json;
use transom_browser_tests::{Page, Screen, browse};
use transom_mock_server::MockServer;

use super::client::{ask, client, control, customer, post_text, talk};

async fn value(page: &Page, css: &str) -> serde_json::Value {
    page.run("return document.querySelector(arguments[0]).value", vec![css.into()]).await
}

#[tokio::test]
async fn switch_shows_its_source_and_can_be_set() {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#chat-title", "Asha Rao").await;
        page.press("4").await;
        page.see("#settings .source", "WhatsApp Session Messages [seed]").await;
        // The first choice is the provider of the shown conversation.
        assert_eq!(value(page, "#settings-provider").await, json!("exotel"));
        page.choose("#switches [aria-label=window_error]", "callback").await;
        page.see("#switches .changed b", "window_error").await;
        page.click("#clock-day").await;
        page.see("#window-text", "closed").await;
        // The refusal becomes a failure in a later status event.
        assert!(post_text(&mock, "Later, then").await.starts_with("HTTP/1.1 202"));
        page.see(".bubble.out .why", "30018").await;
        page.shot("10-settings").await;
    })
    .await;
}

#[tokio::test]
async fn sender_template_and_balance_can_be_changed() {
    let mock = MockServer::start().await.unwrap();
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#live", "Live").await;
        page.press("4").await;
        page.see("#senders", "Demo Clinic").await;
        page.click("#senders [role=switch]").await;
        page.see("#senders li:first-child .toggle", "offline").await;
        assert!(
            ask(&mock, "/_mock/config?provider=autocalls")
                .await
                .contains(r#""id":"12","name":"Demo Clinic","online":false"#)
        );
        page.choose("#templates [aria-label='Status of visit_reminder']", "paused").await;
        page.write("#balance", "0").await;
        page.click("#balance-form button").await;
        page.see("#senders li:first-child .toggle", "offline").await;
        // The page also shows changes by another client.
        control(&mock, "config", &json!({"provider": "autocalls", "balance": 7, "sender": "12", "online": true})).await;
        page.see("#senders li:first-child .toggle", "online").await;
        page.has_value("#balance", "7").await;
        assert_eq!(value(page, "#templates [aria-label='Status of visit_reminder']").await, json!("paused"));
    })
    .await;
}

#[tokio::test]
async fn rate_limit_can_be_set_and_is_named_in_refusals() {
    let mock = MockServer::start().await.unwrap();
    customer(&mock, "Hello?").await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#chat-title", "Asha Rao").await;
        page.press("4").await;
        page.write("#limit-count", "1").await;
        page.write("#limit-seconds", "300").await;
        // Updates meanwhile do not undo the typed values.
        control(&mock, "config", &json!({"provider": "exotel", "sender": "919876500001", "online": false})).await;
        page.see("#senders li:first-child .toggle", "offline").await;
        control(&mock, "config", &json!({"provider": "exotel", "sender": "919876500001", "online": true})).await;
        page.see("#senders li:first-child .toggle", "online").await;
        page.click("#limit-form button").await;
        page.see(".toast", "The limit is 1 in 300 s").await;
        post_text(&mock, "One").await;
        assert!(post_text(&mock, "Two").await.starts_with("HTTP/1.1 429"));
        page.press("1").await;
        page.see("#requests .badge", "limit of 1 requests in 300 s").await;
        page.see(".bubble.attempt", "limit of 1 requests").await;
        page.click("#requests li:first-child button").await;
        page.see("#dialog-exchange .fault-line", "limit of 1 requests in 300 s").await;
    })
    .await;
}

#[tokio::test]
async fn focused_field_keeps_its_text_during_updates() {
    let mock = MockServer::start().await.unwrap();
    customer(&mock, "Hello?").await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#chat-title", "Asha Rao").await;
        page.press("4").await;
        page.has_value("#limit-seconds", "60").await;
        page.click("#limit-seconds").await;
        page.run("document.activeElement.select()", Vec::new()).await;
        control(&mock, "limits", &json!({"provider": "exotel", "limit": 7, "window_s": 90})).await;
        page.has_value("#limit-count", "7").await;
        page.press("300").await;
        page.has_value("#limit-seconds", "300").await;
        page.run("document.activeElement.form.reset()", Vec::new()).await;
        page.click("#limit-count").await;
        page.has_value("#limit-seconds", "90").await;
    })
    .await;
}
