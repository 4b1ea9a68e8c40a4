//! `transom conform --target live`, with the mock as the provider.

use super::support::{Folder, Mock, Run};

const CONTACT: &str = "+447700900123";

fn run(folder: &Folder, mock: &Mock, extra: &[&str]) -> Run {
    let uri = format!("gosendapi://gsk_test_demo@{}?phone_number_id=555123456789", mock.host);
    let arguments = [&["conform", "--target", "live", "--json"], extra].concat();
    folder.run(&arguments, &[("TRANSOM_URL", &uri)])
}

#[test]
fn a_provider_that_answers_as_its_pages_say_is_only_read_and_is_all_well() {
    let (mock, folder) = (Mock::start(), Folder::new());
    let run = run(&folder, &mock, &["--report", "out"]);
    assert_eq!(run.code, 0, "{} {}", run.stdout, run.stderr);
    let steps = run.json()["channels"][0]["steps"].as_array().unwrap().clone();
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert!(steps.iter().all(|step| step["outcome"] == "ok" && step["drift"].as_array().unwrap().is_empty()));
    assert!(run.stderr.contains("list the senders"), "the plan is told first: {}", run.stderr);
    let written = std::fs::read_to_string(folder.path().join("out/report.json")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), run.json());
    let written = |name: &str| std::fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    assert!(written("junit.xml").contains(r#"tests="3" failures="0""#), "{}", written("junit.xml"));
    assert!(written("index.html").contains("all 3 steps of"), "{}", written("index.html"));
    assert!(mock.delivered("gosendapi").is_empty());
}

#[test]
fn messages_need_an_allowed_number_and_a_confirmation_and_keep_to_the_cap() {
    let (mock, folder) = (Mock::start(), Folder::new());
    mock.inbound("gosendapi", CONTACT);
    let nobody = run(&folder, &mock, &["--max-messages", "1"]);
    assert_eq!(nobody.code, 2, "{}", nobody.stderr);
    assert!(nobody.stderr.contains("--allow"), "{}", nobody.stderr);
    let unconfirmed = run(&folder, &mock, &["--max-messages", "1", "--allow", CONTACT]);
    assert_eq!(unconfirmed.code, 2, "{}", unconfirmed.stderr);
    assert!(unconfirmed.stderr.contains("nothing was sent") && unconfirmed.stderr.contains("--yes"));
    assert!(mock.delivered("gosendapi").is_empty());

    let template = &["--max-messages", "1", "--allow", CONTACT, "--template", "re_engagement_v1", "--yes"];
    let confirmed = run(&folder, &mock, template);
    assert_eq!(confirmed.code, 0, "{} {}", confirmed.stdout, confirmed.stderr);
    assert_eq!(mock.delivered("gosendapi").len(), 1, "one, although a text and a template were possible");
    assert!(!confirmed.stdout.contains("447700900123") && !confirmed.stderr.contains("447700900123"));
}

#[test]
fn an_answer_that_drifts_is_told_by_its_place_and_its_page() {
    let (mock, folder) = (Mock::start(), Folder::new());
    let fault =
        r#"[{"provider":"gosendapi","fault":"status","status":206,"body":{"data":[]},"on":"any","always":true}]"#;
    mock.control("faults", fault);
    let run = run(&folder, &mock, &["--report", "out"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    let step = &run.json()["channels"][0]["steps"][0];
    let drift = &step["drift"];
    assert_eq!(
        (drift[0]["kind"].as_str(), drift[0]["observed"].as_str()),
        (Some("other_status"), Some("206")),
        "{drift}"
    );
    assert!(drift[0]["source"].as_str().unwrap().contains("docs"), "{drift}");
    assert_eq!(step["observed"][0], serde_json::json!({"status": 206, "headers": {}, "body": {"data": []}}));
    let page = std::fs::read_to_string(folder.path().join("out/index.html")).unwrap();
    assert!(page.contains("did not go as documented") && page.contains("other status"), "{page}");
    let junit = std::fs::read_to_string(folder.path().join("out/junit.xml")).unwrap();
    assert!(junit.contains("failures=\"3\"") && junit.contains("documented 200, got 206"), "{junit}");
}
