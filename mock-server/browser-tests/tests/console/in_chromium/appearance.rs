//! The page on other screens, and without a mouse. Each run leaves pictures in `target/screenshots/`.

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
async fn a_phone_of_360_pixels_shows_everything_one_place_at_a_time() {
    visit_on_a_phone(Screen::PHONE, "").await;
}

#[tokio::test]
async fn a_phone_in_the_dark_does_too() {
    visit_on_a_phone(Screen::PHONE.dark(), "-dark").await;
}

#[tokio::test]
async fn the_smallest_of_phones_has_room_for_it_all() {
    let mock = lively().await;
    browse(&mock.url(), Screen { width: 320, height: 640, ..Screen::PHONE }, async |page| {
        page.click("#people .person").await;
        page.see(".bubble.out", "See you on Tuesday").await;
        page.fits().await;
        page.shot("phone-320").await;
        // The bar has one line for the name and one for the clock's face and buttons each.
        let top = "return document.querySelector('#help').getBoundingClientRect().top < 30";
        assert_eq!(page.run(top, Vec::new()).await, json!(true));
    })
    .await;
}

#[tokio::test]
async fn a_phone_on_its_side_shows_one_place_at_a_time_too() {
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
async fn the_first_screen_says_how_to_begin() {
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
async fn a_problem_is_told_where_it_covers_nothing_that_one_writes_in() {
    let mock = lively().await;
    browse(&mock.url(), Screen::PHONE, async |page| {
        page.click("#people .person").await;
        page.see(".bubble.out", "See you on Tuesday").await;
        drop(mock);
        page.see("#live", "Reconnecting").await;
        page.write("#compose-text", "Are you there?\n").await;
        page.see(".toast.problem", "does not answer").await;
        // The words are not lost, and the box can be clicked into while the problem is still told.
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
async fn the_desktop_has_a_dark_side() {
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
async fn the_light_desktop_and_a_tablet_fit_their_screens() {
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
async fn everything_is_reached_by_keyboard_and_the_focus_is_seen() {
    let mock = lively().await;
    browse(&mock.url(), Screen::DESKTOP, async |page| {
        page.see(".bubble.out", "See you on Tuesday").await;
        // From the top, in the order in which it is read.
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
async fn every_control_has_a_name() {
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
