//! Many messages at once: the page stays responsive and limits what it shows.

use serde_json::{Value, json};
use transom_browser_tests::{Page, Screen, browse};
use transom_mock_server::MockServer;

use super::client::{burst, control, customer};

const COUNT: usize = 500;
/// The page shows at most this many messages of a conversation.
const MOST_SHOWN: u64 = 200;

/// Counts the work of the page from now on: renders, added nodes, created elements, date formatters and frames.
async fn count_work(page: &Page) {
    let script = "
        const work = window.work = { renders: 0, added: 0, made: 0, formatters: 0, frames: 0 };
        new MutationObserver(changes => {
            work.renders += 1;
            for (const change of changes) work.added += change.addedNodes.length;
        }).observe(document.querySelector('#log'), { childList: true });
        const make = document.createElement;
        document.createElement = function (...given) { work.made += 1; return make.apply(this, given); };
        const format = Date.prototype.toLocaleDateString;
        Date.prototype.toLocaleDateString = function (...given) { work.formatters += 1; return format.apply(this, given); };
        Intl.DateTimeFormat = new Proxy(Intl.DateTimeFormat, {
            construct(target, given) { work.formatters += 1; return new target(...given); },
        });
        const frame = () => { work.frames += 1; requestAnimationFrame(frame); };
        requestAnimationFrame(frame);";
    page.run(script, Vec::new()).await;
}

async fn started() -> MockServer {
    let mock = MockServer::start().await.unwrap();
    control(&mock, "limits", &json!({"provider": "exotel", "limit": 1_000_000, "window_s": 1})).await;
    customer(&mock, "Tell me everything!").await;
    mock
}

#[tokio::test]
async fn burst_of_500_messages_renders_at_most_once_a_frame() {
    let mock = started().await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see(".bubble.in", "Tell me everything!").await;
        page.see("#live", "Live").await;
        count_work(page).await;
        page.click("#compose-text").await;
        // The page handles each key while the messages arrive.
        tokio::join!(burst(&mock, COUNT), page.press("Slowly, please"));
        page.see(".bubble.out", &format!("message {COUNT}")).await;
        let written = page.run("return document.querySelector('#compose-text').value", Vec::new()).await;
        assert_eq!(written, json!("Slowly, please"));

        let work = page.run("return window.work", Vec::new()).await;
        let counted = |name: &str| work[name].as_u64().unwrap();
        assert!(counted("renders") <= counted("frames") + 1, "at most one render a frame: {work}");
        assert!(counted("added") <= 520, "each message is drawn once: {work}");
        assert!(counted("made") <= 500 * 40, "the work grows linearly with the messages: {work}");
        assert_eq!(counted("formatters"), 0, "{work}");

        // The lists are capped, and say so.
        assert_eq!(page.run("return document.querySelectorAll('.bubble').length", Vec::new()).await, json!(MOST_SHOWN));
        page.run("document.querySelector('#log').scrollTop = 0", Vec::new()).await;
        page.see("#log-cut", "The last 200 messages").await;
        page.see("#requests-more", "100 of 500 requests").await;
        page.click("#requests-more button").await;
        page.see("#requests-more", "200 of 500 requests").await;
    })
    .await;
}

#[tokio::test]
async fn new_message_does_not_scroll_a_reader_of_older_ones() {
    let mock = started().await;
    burst(&mock, 40).await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see(".bubble.out", "message 40").await;
        page.run("document.querySelector('#log').scrollTop = 0; await new Promise(requestAnimationFrame)", Vec::new()).await;
        customer(&mock, "And then?").await;
        page.see("#newer", "New messages").await;
        assert_eq!(page.run("return document.querySelector('#log').scrollTop", Vec::new()).await, json!(0));
        page.click("#newer").await;
        page.see_no_more("#newer", "").await;
        let left = "const log = document.querySelector('#log'); return log.scrollHeight - log.scrollTop - log.clientHeight < 2";
        assert_eq!(page.run(left, Vec::new()).await, Value::Bool(true));
    })
    .await;
}

#[tokio::test]
async fn fresh_window_shows_at_most_24_hours() {
    let mock = started().await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see("#live", "Live").await;
        let script = "const time = await import('/_mock/console/time.js');
            return time.windowNow({ state: 'open', until: new Date(time.now() + 86_405_000).toISOString() }).text";
        assert_eq!(page.run(script, Vec::new()).await, json!("24:00:00"));
    })
    .await;
}
