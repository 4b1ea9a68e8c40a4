//! `transom conform --target live`, with the mock as the provider.

use super::support::{Folder, Mock, Run};

const CONTACT: &str = "+447700900123";

fn run(folder: &Folder, mock: &Mock, extra: &[&str]) -> Run {
    let uri = format!("gosendapi://gsk_test_demo@{}?phone_number_id=555123456789", mock.host);
    let arguments = [&["conform", "--target", "live", "--json"], extra].concat();
    folder.run(&arguments, &[("TRANSOM_URL", &uri)])
}

#[test]
fn live_run_without_messages_only_reads() {
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
    let junit = written("junit.xml");
    assert!(junit.contains("tests=\"3\"") && junit.contains("failures=\"0\""), "{junit}");
    assert!(written("index.html").contains("all 3 steps of"), "{}", written("index.html"));
    assert!(mock.delivered("gosendapi").is_empty());
}

#[test]
fn live_messages_need_allowed_number_and_confirmation() {
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

/// Two channels of two providers at one mock.
fn two_channels(folder: &Folder, mock: &Mock) {
    let go = format!("url = \"gosendapi://gsk_test_demo@{}?phone_number_id=555123456789\"", mock.host);
    let me = format!("url = \"messangi://demo-key@{}?from=5215500001111\"", mock.host);
    folder.write("transom.toml", &format!("[channels.go]\n{go}\n[channels.me]\n{me}\n"));
}

fn live(folder: &Folder, arguments: &[&str]) -> Run {
    folder.run(&[&["conform", "--target", "live", "--json"], arguments].concat(), &[])
}

#[test]
fn live_message_limit_is_shared_by_all_channels() {
    let (mock, folder) = (Mock::start(), Folder::new());
    two_channels(&folder, &mock);
    mock.inbound("gosendapi", CONTACT);
    mock.inbound("messangi", CONTACT);
    let reading = live(&folder, &["--all"]);
    assert_eq!(reading.code, 0, "{} {}", reading.stdout, reading.stderr);
    let channels = reading.json()["channels"].as_array().unwrap().clone();
    assert_eq!(channels.iter().map(|channel| channel["channel"].as_str().unwrap()).collect::<Vec<_>>(), ["go", "me"]);
    // Messangi has no lists, so that there is no step. That is no failure.
    assert!(channels[1]["steps"].as_array().unwrap().is_empty());

    let sending = live(&folder, &["--all", "--allow", CONTACT, "--allow", CONTACT, "--max-messages", "1", "--yes"]);
    assert_eq!(sending.code, 0, "{} {}", sending.stdout, sending.stderr);
    assert_eq!(mock.delivered("gosendapi").len() + mock.delivered("messangi").len(), 1);
}

#[test]
fn live_list_shows_the_steps_and_sends_no_request() {
    let (mock, folder) = (Mock::start(), Folder::new());
    two_channels(&folder, &mock);
    mock.inbound("gosendapi", CONTACT);
    let plan = live(&folder, &["--all", "--allow", CONTACT, "--max-messages", "5", "--yes", "--list"]);
    assert_eq!(plan.code, 0, "{} {}", plan.stdout, plan.stderr);
    assert_eq!(plan.stderr.matches("SEND a text to").count(), 2, "{}", plan.stderr);
    assert!(mock.delivered("gosendapi").is_empty());
}

#[test]
fn live_run_checks_channels_and_report_before_sending() {
    let (mock, folder) = (Mock::start(), Folder::new());
    two_channels(&folder, &mock);
    folder.write("file", "");
    mock.inbound("gosendapi", CONTACT);
    let send = ["--allow", CONTACT, "--max-messages", "1", "--yes"];
    for more in [["--channel", "go", "nobody"].as_slice(), &["--channel", "go", "--report", "file/out"]] {
        let run = live(&folder, &[&send[..], more].concat());
        assert_eq!(run.code, 2, "{more:?}: {} {}", run.stdout, run.stderr);
    }
    assert!(mock.delivered("gosendapi").is_empty());
}

#[test]
fn live_unknown_outcome_exits_3_and_rejection_exits_1() {
    let (mock, folder) = (Mock::start(), Folder::new());
    mock.inbound("gosendapi", CONTACT);
    let send = ["--allow", CONTACT, "--max-messages", "1", "--yes"];
    mock.control("faults", r#"[{"provider":"gosendapi","fault":"garbage","always":true}]"#);
    let unknown = run(&folder, &mock, &send);
    assert_eq!(unknown.code, 3, "{} {}", unknown.stdout, unknown.stderr);
    let last = |run: &Run| run.json()["channels"][0]["steps"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last(&unknown)["verdict"], "in_doubt");

    mock.control("reset", "{}");
    let refused = run(&folder, &mock, &send);
    assert_eq!(refused.code, 1, "{} {}", refused.stdout, refused.stderr);
    assert_eq!(last(&refused)["verdict"], "refused", "{}", last(&refused));
}

#[test]
fn drift_names_member_and_documentation_page() {
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
