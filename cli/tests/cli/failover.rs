//! Failover channels.

use serde_json::Value;

use super::support::{Folder, Mock, Run, closed_port};

const CONTACT: &str = "+919876543210";

/// `any` is `first`, then `second`: Exotel at `first_host`, GoSendAPI at the mock.
fn folder(mock: &Mock, first_host: &str) -> Folder {
    let folder = Folder::new();
    folder.write(
        "transom.toml",
        &format!(
            r#"default = "any"
[channels.first]
url = "exotel://demo-key:demo-token@{first_host}/acme?from=919876500001"
[channels.second]
url = "gosendapi://gsk_test_demo@{}?phone_number_id=555123456789"
[channels.any]
failover = ["first", "second"]
"#,
            mock.host
        ),
    );
    folder
}

fn send(folder: &Folder, extra: &[&str]) -> Run {
    let send = ["send", "--to", CONTACT, "--text", "Hi", "--json"];
    folder.run(&[send.as_slice(), extra].concat(), &[])
}

const FALLBACK: &[&str] = &["--fallback-template", "re_engagement_v1"];

#[test]
fn unreachable_member_is_skipped_and_template_is_sent() {
    let mock = Mock::start();
    let run = send(&folder(&mock, &closed_port()), FALLBACK);
    let json = run.json();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        (&json["channel"], &json["provider"], &json["failover"]),
        (&"second".into(), &"gosendapi".into(), &"any".into())
    );
    assert_eq!(json["template_fallback"], Value::Bool(true));
    assert_eq!(json["earlier"][0]["channel"], "first");
    assert_eq!(json["earlier"][0]["kind"], "provider_unavailable");
    assert_eq!(mock.delivered("gosendapi").len(), 1);
}

#[test]
fn text_fails_over_only_into_an_open_window() {
    let mock = Mock::start();
    let folder = folder(&mock, &closed_port());
    let refused = send(&folder, &[]);
    assert_eq!(
        (refused.code, &refused.json()["error"]["kind"]),
        (1, &"provider_unavailable".into()),
        "{}",
        refused.stderr
    );
    assert_eq!(refused.json()["earlier"][1]["kind"], "no_active_session");
    let json = refused.json();
    assert_eq!((&json["channel"], &json["failover"]), (&"first".into(), &"any".into()), "the last one that was asked");
    assert!(refused.stderr.contains("first (exotel): "), "{}", refused.stderr);
    assert!(mock.delivered("gosendapi").is_empty());

    mock.inbound("gosendapi", CONTACT);
    let sent = send(&folder, &[]);
    assert_eq!((sent.code, &sent.json()["template_fallback"]), (0, &Value::Bool(false)), "{}", sent.stderr);
}

#[test]
fn unknown_outcome_ends_the_failover() {
    let mock = Mock::start();
    let folder = folder(&mock, &mock.host);
    mock.inbound("exotel", CONTACT);
    mock.control("faults", r#"[{"provider":"exotel","fault":"lose_reply","always":true}]"#);
    let run = send(&folder, FALLBACK);
    let json = run.json();
    assert_eq!(
        (run.code, &json["outcome"], &json["provider"]),
        (3, &"unknown".into(), &"exotel".into()),
        "{}",
        run.stderr
    );
    assert_eq!((&json["channel"], &json["failover"]), (&"first".into(), &"any".into()));
    assert_eq!(json["earlier"], Value::Array(Vec::new()));
    assert_eq!((mock.delivered("exotel").len(), mock.delivered("gosendapi").len()), (1, 0));
}

#[test]
fn plan_and_session_use_the_first_member() {
    let mock = Mock::start();
    let folder = folder(&mock, &mock.host);
    let plan = folder.run(&["plan", "--to", CONTACT, "--text", "Hi", "--json"], &[]).json();
    assert_eq!((&plan["channel"], &plan["provider"]), (&"first".into(), &"exotel".into()));
    let session = folder.run(&["session", "--to", CONTACT, "--json"], &[]).json();
    assert_eq!((&session["channel"], &session["window"]["state"]), (&"first".into(), &"unknown".into()));
}

#[test]
fn problems_of_all_members_are_reported_at_once() {
    let folder = Folder::new();
    let text = r#"
[channels.first]
provider = "exotel"
api_key = { env = "NO_SUCH_1" }
api_token = "t"
account_sid = "acme"
from = "919876500001"
[channels.second]
provider = "gosendapi"
api_key = { env = "NO_SUCH_2" }
phone_number_id = "5"
[channels.any]
failover = ["first", "second"]
"#;
    folder.write("transom.toml", text);
    let run = send(&folder, &["--channel", "any"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    for part in ["NO_SUCH_1", "NO_SUCH_2", "first", "second"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
}
