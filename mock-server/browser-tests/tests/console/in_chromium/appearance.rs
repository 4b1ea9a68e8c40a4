//! Other screens, and use by keyboard. Each run saves screenshots in `target/screenshots/`.

use serde_json::json;
use transom_browser_tests::{Key, Screen, browse};
use transom_mock_server::MockServer;

use super::client::{client, customer, send_text, talk};

async fn lively() -> MockServer {
    let mock = MockServer::start().await.unwrap();
    let client = client(&mock);
    talk(&mock, &client).await;
    customer(&mock, "15:00 is perfect. See you then!").await;
    send_text(&client, "See you on Tuesday at 15:00.").await.unwrap();
    mock
}

async fn visit_on_a_phone(screen: Screen, suffix: &str) {
    let mock = lively().await;
    browse(&mock.url(), screen, async |page| {
        page.see("#people .person", "Asha Rao").await;
        page.see_no_more(".chat, .rail", "").await;
        page.fits().await;
        page.shot(&format!("phone-1-conversations{suffix}")).await;
        page.click("#people .person").await;
        page.see(".bubble.out", "See you on Tuesday").await;
        page.see("#compose-text", "").await;
        page.see_no_more(".people, .rail", "").await;
        page.fits().await;
        page.shot(&format!("phone-2-chat{suffix}")).await;
        page.click("#back").await;
        page.see("#people .person", "Asha Rao").await;
        page.click("[data-go=requests]").await;
        page.click("#requests li:first-child button").await;
        page.see("#dialog-exchange [aria-label=Answer]", "202").await;
        page.fits().await;
        page.shot(&format!("phone-3-request{suffix}")).await;
        page.click("#dialog-exchange [aria-label=Close]").await;
        page.see("[data-go=requests] .count", "3").await;
        for (place, content) in [("faults", "curl"), ("webhooks", "curl"), ("settings", "window_error")] {
            page.click(&format!("[data-go={place}]")).await;
            page.see(&format!("#panel-{place}"), content).await;
            page.fits().await;
            page.shot(&format!("phone-4-{place}{suffix}")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn phone_shows_one_view_at_a_time() {
    visit_on_a_phone(Screen::PHONE, "").await;
}

#[tokio::test]
async fn dark_phone_shows_one_view_at_a_time() {
    visit_on_a_phone(Screen::PHONE.dark(), "-dark").await;
}

#[tokio::test]
async fn phone_of_320_pixels_fits() {
    let mock = lively().await;
    browse(&mock.url(), Screen { width: 320, height: 640, ..Screen::PHONE }, async |page| {
        page.click("#people .person").await;
        page.see(".bubble.out", "See you on Tuesday").await;
        page.fits().await;
        page.shot("phone-320").await;
        // The top bar does not wrap.
        let top = "return document.querySelector('#help').getBoundingClientRect().top < 30";
        assert_eq!(page.run(top, Vec::new()).await, json!(true));
    })
    .await;
}

#[tokio::test]
async fn phone_in_landscape_shows_one_view_at_a_time() {
    let mock = lively().await;
    let on_its_side = Screen { width: 844, height: 390, ..Screen::PHONE };
    browse(&mock.url(), on_its_side, async |page| {
        page.click("#people .person").await;
        page.see(".bubble.out", "See you on Tuesday").await;
        page.see("#compose-text", "").await;
        page.see_no_more(".people, .rail", "").await;
        page.fits().await;
        page.shot("phone-on-its-side").await;
    })
    .await;
}

#[tokio::test]
async fn empty_page_explains_how_to_begin() {
    let mock = MockServer::start().await.unwrap();
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see(".welcome", "Be the customer").await;
        page.shot("first-screen").await;
        page.click("#welcome-new").await;
        page.has_focus("#new-from").await;
    })
    .await;
}

#[tokio::test]
async fn problem_message_does_not_cover_the_text_field() {
    let mock = lively().await;
    browse(&mock.url(), Screen::PHONE, async |page| {
        page.click("#people .person").await;
        page.see(".bubble.out", "See you on Tuesday").await;
        drop(mock);
        page.see("#live", "Reconnecting").await;
        page.write("#compose-text", "Are you there?\n").await;
        page.see(".toast.problem", "does not answer").await;
        // The text is kept, and the field can be clicked while the message is shown.
        page.click("#compose-text").await;
        assert_eq!(
            page.run("return document.querySelector('#compose-text').value", Vec::new()).await,
            json!("Are you there?")
        );
        page.click(".toast [aria-label=Dismiss]").await;
        page.see_no_more(".toast", "").await;
    })
    .await;
}

#[tokio::test]
async fn desktop_has_a_dark_scheme() {
    let mock = lively().await;
    browse(&mock.url(), Screen::DESKTOP.dark(), async |page| {
        page.see(".bubble.out", "See you on Tuesday").await;
        let dark = page.run("return getComputedStyle(document.body).backgroundColor", Vec::new()).await;
        assert_eq!(dark, json!("rgb(18, 21, 23)"));
        page.fits().await;
        page.shot("desktop-dark").await;
        page.click("#requests li:first-child button").await;
        page.see("#dialog-exchange [aria-label=Answer]", "202").await;
        page.shot("desktop-dark-request").await;
    })
    .await;
}

#[tokio::test]
async fn desktop_and_tablet_fit() {
    let mock = lively().await;
    for (name, screen) in
        [("desktop", Screen::DESKTOP), ("tablet", Screen { width: 1024, height: 768, ..Screen::DESKTOP })]
    {
        browse(&mock.url(), screen, async |page| {
            page.see(".bubble.out", "See you on Tuesday").await;
            page.fits().await;
            page.shot(name).await;
        })
        .await;
    }
}

#[tokio::test]
async fn keyboard_reaches_all_controls_with_visible_focus() {
    let mock = lively().await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see(".bubble.out", "See you on Tuesday").await;
        // In reading order from the top.
        let order = [
            "a.skip",
            "#clock-hour",
            "#clock-day",
            "#clock-next",
            "#clock-freeze",
            "#clock-set",
            "#reset",
            "#help",
            "#new",
            "#filter button",
        ];
        for css in order {
            page.key(Key::Tab).await;
            page.has_focus(css).await;
            let outline = page.run("return getComputedStyle(document.activeElement).outlineStyle", Vec::new()).await;
            assert_eq!(outline, json!("solid"), "{css}");
        }
        page.press("?").await;
        page.see("#dialog-help", "next conversation").await;
        page.shot("keyboard-help").await;
        page.key(Key::Escape).await;
        page.see_no_more("#dialog-help", "next conversation").await;
        page.has_focus("#filter button").await;
        page.press("j").await;
        page.has_focus("#people li:nth-child(2) .person").await;
        page.see("#chat-line", "GoSendAPI").await;
        page.press("k").await;
        page.see("#chat-line", "Exotel").await;
        page.press("w").await;
        page.has_focus("#compose-text").await;
        page.press("n is only a letter here").await;
        page.see_no_more("#dialog-new", "A customer writes").await;
        page.key(Key::Escape).await;
        page.press("1").await;
        page.has_focus("#tab-requests").await;
        page.key(Key::Right).await;
        page.has_focus("#tab-faults").await;
        page.see("#panel-faults", "Switch on").await;
    })
    .await;
}

#[tokio::test]
async fn controls_have_names_and_unique_ids() {
    let mock = lively().await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see(".bubble.out", "See you on Tuesday").await;
        let nameless =
            "return [...document.querySelectorAll('button, input, select, textarea, progress')].filter(element =>
            !element.textContent.trim() && !element.getAttribute('aria-label') && !(element.labels?.length > 0))
            .map(element => element.outerHTML)";
        assert_eq!(page.run(nameless, Vec::new()).await, json!([]));
        let ids = "const all = [...document.querySelectorAll('[id]')].map(element => element.id);
                   return all.filter((id, index) => all.indexOf(id) !== index)";
        assert_eq!(page.run(ids, Vec::new()).await, json!([]), "ids are unique");
    })
    .await;
}
