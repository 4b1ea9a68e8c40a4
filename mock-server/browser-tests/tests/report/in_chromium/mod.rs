//! The report opened from a file, without a network.

use std::path::{Path, PathBuf};

use serde_json::json;
use transom::{Capabilities, Capability};
use transom_browser_tests::{Screen, browse};
use transom_conformance::executor::play;
use transom_conformance::report::Report;
use transom_conformance::suite::{self, Case};
use transom_conformance::{AdapterUnderTest, Backend, adapters, differential};

/// Exotel with wrong capabilities: only text, of at most ten characters.
static MISTAKEN: AdapterUnderTest =
    AdapterUnderTest { capabilities: Capabilities::new(&[Capability::Text]), text_max: 10, ..adapters::EXOTEL };

/// Runs these cases, writes the report, and gives the URL of its page.
fn written(name: &str, cases: &[Case]) -> (Report, String) {
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let run = play(cases, &Backend::Mock, |_, _| {});
    let report = Report::of(&run, suite::DEFAULT_SEED, differential::KNOWN_DIFFERENCES);
    report.write(&folder).unwrap();
    (report, format!("file://{}/index.html", folder.display()))
}

fn cases(subjects: &[&'static AdapterUnderTest], group: &str) -> Vec<Case> {
    subjects.iter().flat_map(|subject| suite::cases(subject)).filter(|case| case.group() == group).collect()
}

const FITS: &str = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";

/// Texts that stick out of their card.
const OUTSIDE: &str = "return [...document.querySelectorAll('.card')].flatMap(card => { \
    const frame = card.getBoundingClientRect(); \
    return [...card.querySelectorAll('td, th, p')].filter(part => part.getBoundingClientRect().right > frame.right + 1) \
        .map(part => part.textContent) })";

#[tokio::test(flavor = "multi_thread")]
async fn matrix_shows_totals_and_links_to_cases() {
    let (report, page_address) = written("report-window", &cases(adapters::ALL, "window"));
    browse(&page_address, Screen::DESKTOP, async |page| {
        page.see("h1", &format!("all {} cases of 4 adapters hold", report.totals.cases)).await;
        let own = report.totals.cases / 4;
        page.see("#groups td.pass", &format!("✔ {own}")).await;
        assert_eq!(page.texts("#groups thead th[scope=col]").await, ["autocalls", "exotel", "gosendapi", "messangi"]);
        page.shot("report-1-matrix").await;
        // The matrix links to the group, and a symbol there to the case of that provider.
        page.click("#groups td a").await;
        page.click("#scenarios details.row:nth-of-type(1) summary a.cell:nth-of-type(2)").await;
        page.see("details.case[data-verdict=passed] summary", "exotel").await;
        let id = page.run("return decodeURIComponent(location.hash.slice(1))", Vec::new()).await;
        assert!(id.as_str().unwrap().starts_with("exotel::window::"), "{id}");
        let in_sight = "const box = document.getElementById(decodeURIComponent(location.hash.slice(1))).closest('.case').getBoundingClientRect(); \
            const bar = document.querySelector('nav').getBoundingClientRect(); return box.top >= bar.bottom - 1 && box.top < innerHeight";
        assert_eq!(page.run(in_sight, Vec::new()).await, json!(true), "the case is visible below the bar");
        page.shot("report-2-a-case").await;
        assert_eq!(page.run(OUTSIDE, Vec::new()).await, json!([]), "texts stay inside their card");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn report_fits_a_dark_phone() {
    let (_, address) = written("report-phone", &cases(adapters::ALL, "secrets"));
    browse(&address, Screen::PHONE.dark(), async |page| {
        page.see("h1", "hold").await;
        assert_eq!(page.run(FITS, Vec::new()).await, json!(true), "the page needs no horizontal scrolling");
        let matrix = "const box = document.querySelector('#groups .wide'); return box.scrollWidth <= box.clientWidth";
        assert_eq!(page.run(matrix, Vec::new()).await, json!(true), "all providers are visible");
        assert_eq!(page.run(OUTSIDE, Vec::new()).await, json!([]));
        page.shot("report-3-phone").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_come_first_with_fact_and_command() {
    let wanted = ["text_reaches_contact_once_unchanged", "longer_text_is_refused_locally"];
    let cases: Vec<Case> = suite::cases(&MISTAKEN).into_iter().filter(|case| wanted.contains(&case.name())).collect();
    let (_, address) = written("report-failing", &cases);
    browse(&address, Screen::DESKTOP, async |page| {
        page.see("h1.bad", "1 of 2 cases of exotel failed").await;
        page.see("#failed .failure h3", "A text over the maximum length is refused without a request").await;
        page.see("#failed .failure", "The fact that it contradicts").await;
        page.see("#failed .failure code", "transom conform --channel exotel --group sending --name longer_text").await;
        page.see("#groups td.fail", "✘ 1 of 2").await;
        page.shot("report-4-a-failure").await;
    })
    .await;
}
