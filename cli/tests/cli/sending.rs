//! Flags, JSON and exit codes of `send` and `session`.

use super::support::{Folder, Mock, Run};
use serde_json::json;

const CONTACT: &str = "+447700900123";

/// A configuration with a channel for each provider at the mock.
fn four_channels(mock: &Mock) -> String {
    let host = &mock.host;
    format!(
        r#"default = "support"

[channels.support]
provider = "autocalls"
api_key = {{ env = "AUTOCALLS_KEY" }}
sender_id = 12
base_url = "http://{host}"
[channels.support.templates]
visit_reminder = {{ id = 310 }}

[channels.india]
provider = "exotel"
api_key = "demo-key"
api_token = "demo-token"
account_sid = "acme"
from = "+919876500001"
base_url = "http://{host}"

[channels.latam]
url = "gosendapi://gsk_test_demo@{host}?phone_number_id=555123456789"

[channels.mx]
provider = "messangi"
api_key = "demo-key"
from = "5215500001111"
base_url = "http://{host}"

[channels.any]
failover = ["india", {{ channel = "support", weight = 2 }}]
"#
    )
}

const CHANNELS: [(&str, &str); 4] =
    [("support", "autocalls"), ("india", "exotel"), ("latam", "gosendapi"), ("mx", "messangi")];
const KEY: &[(&str, &str)] = &[("AUTOCALLS_KEY", "demo-key")];

fn stage() -> (Mock, Folder) {
    let mock = Mock::start();
    let folder = Folder::new();
    folder.write("transom.toml", &four_channels(&mock));
    (mock, folder)
}

fn send_text(folder: &Folder, channel: &str) -> Run {
    folder.run(&["send", "--channel", channel, "--to", CONTACT, "--text", "Hi", "--json"], KEY)
}

#[test]
fn same_command_works_on_every_channel() {
    let (mock, folder) = stage();
    for (channel, provider) in CHANNELS {
        mock.inbound(provider, CONTACT);
        let run = send_text(&folder, channel);
        assert_eq!(run.code, 0, "{channel}: {}", run.stderr);
        let json = run.json();
        let id = mock.delivered(provider)[0]["message_id"].clone();
        for (member, expected) in [
            ("outcome", json!("accepted")),
            ("channel", json!(channel)),
            ("provider", json!(provider)),
            ("message_id", id),
            ("template_fallback", json!(false)),
            ("attempts", json!(1)),
        ] {
            assert_eq!(json[member], expected, "{channel}.{member}");
        }
        assert!(json.get("session").is_some());
    }
}

#[test]
fn default_channel_needs_no_flag() {
    let (mock, folder) = stage();
    mock.inbound("autocalls", CONTACT);
    let run = folder.run(&["send", "--to", CONTACT, "--text", "Hi"], KEY);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("accepted by support (autocalls): "), "{}", run.stdout);
}

#[test]
fn new_table_or_uri_changes_the_provider_of_a_channel() {
    let (mock, folder) = stage();
    let host = &mock.host;
    for (provider, table) in [
        (
            "messangi",
            format!(
                "provider = \"messangi\"\napi_key = \"demo-key\"\nfrom = \"5215500001111\"\nbase_url = \"http://{host}\""
            ),
        ),
        ("exotel", format!("url = \"exotel://demo-key:demo-token@{host}/acme?from=919876500001\"")),
        ("autocalls", format!("url = \"autocalls://demo-key@{host}?sender_id=12\"")),
    ] {
        mock.inbound(provider, CONTACT);
        folder.write("transom.toml", &format!("[channels.support]\n{table}\n"));
        let run = send_text(&folder, "support");
        assert_eq!((run.code, run.json()["provider"].as_str()), (0, Some(provider)), "{}", run.stderr);
    }
}

#[test]
fn uri_on_the_command_line_warns_and_from_the_environment_not() {
    let mock = Mock::start();
    let folder = Folder::new();
    mock.inbound("messangi", CONTACT);
    let uri = format!("messangi://demo-key@{}?from=5215500001111", mock.host);
    let arguments = ["send", "--to", CONTACT, "--text", "Hi"];
    let by_environment = folder.run(&arguments, &[("TRANSOM_URL", &uri)]);
    assert_eq!((by_environment.code, by_environment.stderr.as_str()), (0, ""));
    let by_name = folder.run(&[&arguments[..], &["--channel", "@MY_CHANNEL"]].concat(), &[("MY_CHANNEL", &uri)]);
    assert_eq!((by_name.code, by_name.stderr.as_str()), (0, ""));
    let on_the_line = folder.run(&[&arguments[..], &["--channel", &uri]].concat(), &[]);
    assert_eq!(on_the_line.code, 0);
    assert!(on_the_line.stderr.starts_with("warning: the process list shows"), "{}", on_the_line.stderr);
    assert!(!on_the_line.stderr.contains("demo-key"));
    let unset = folder.run(&[&arguments[..], &["--channel", "@NOT_SET_ANYWHERE"]].concat(), &[]);
    assert_eq!(unset.code, 2);
    assert!(unset.stderr.contains("NOT_SET_ANYWHERE"), "{}", unset.stderr);
}

#[test]
fn closed_window_exits_1_and_fallback_exits_0() {
    let (mock, folder) = stage();
    for (channel, provider) in CHANNELS {
        let refused = send_text(&folder, channel);
        assert_eq!(refused.code, 1, "{channel}: {}", refused.stderr);
        let json = refused.json();
        let kind = if provider == "messangi" { "session_expired" } else { "no_active_session" };
        assert_eq!((json["outcome"].as_str(), json["error"]["kind"].as_str()), (Some("rejected"), Some(kind)));
        assert_eq!(json["error"]["sent"], "no");
        assert_eq!(json["attempts"], 1);
        let members: Vec<_> = json["error"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "kind", "message", "problems", "retry_after_ms", "sent", "status"]);

        let fallback = ["--fallback-template", "visit_reminder", "--param", "Ana", "--param", "12/02"];
        let arguments =
            [&["send", "--channel", channel, "--to", CONTACT, "--text", "Hi", "--json"], &fallback[..]].concat();
        folder.write("transom.toml", &four_channels(&mock).replace(
            "api_key = \"demo-key\"\nfrom = \"5215500001111\"",
            "api_key = \"demo-key\"\nfrom = \"5215500001111\"\ntemplates = { visit_reminder = { params = [\"customer\", \"day\"] } }",
        ));
        let taken = folder.run(&arguments, KEY);
        assert_eq!(taken.code, 0, "{channel}: {}", taken.stderr);
        assert_eq!(taken.json()["template_fallback"], true);
        let delivered = mock.delivered(provider);
        assert_eq!((delivered.len(), &delivered[0]["content"]["type"]), (1, &json!("template")), "{channel}");
    }
}

#[test]
fn unknown_outcome_exits_3() {
    let (mock, folder) = stage();
    for (channel, provider) in CHANNELS {
        mock.inbound(provider, CONTACT);
        mock.control("faults", &format!(r#"[{{"provider":"{provider}","fault":"lose_reply","always":true}}]"#));
        let run = send_text(&folder, channel);
        assert_eq!(run.code, 3, "{channel}: {}", run.stdout);
        let json = run.json();
        assert_eq!((json["outcome"].as_str(), json["error"]["sent"].as_str()), (Some("unknown"), Some("maybe")));
        assert_eq!(json["error"]["status"], json!(null));
        assert_eq!(mock.delivered(provider).len(), 1, "delivered exactly once");
    }
}

#[test]
fn short_wait_is_waited_out_and_long_wait_is_returned() {
    let (mock, folder) = stage();
    mock.inbound("autocalls", CONTACT);
    // The rejection asks for a wait of one second.
    mock.control("faults", r#"[{"provider":"autocalls","fault":"rate_limited","next":1}]"#);
    let run = send_text(&folder, "support");
    assert_eq!((run.code, run.json()["attempts"].as_u64()), (0, Some(2)), "{}", run.stderr);

    mock.inbound("messangi", CONTACT);
    mock.control("limits", r#"{"provider":"messangi","limit":1,"window_s":300}"#);
    assert_eq!(send_text(&folder, "mx").code, 0);
    let run = send_text(&folder, "mx");
    assert_eq!(run.code, 1);
    let json = run.json();
    assert_eq!(json["error"]["kind"], "rate_limited");
    let wait = json["error"]["retry_after_ms"].as_u64().unwrap();
    assert!((290_000..=301_000).contains(&wait), "{wait}");
}

#[test]
fn session_comes_from_the_provider_or_is_unknown() {
    let (mock, folder) = stage();
    mock.control("clock", r#"{"set":"2026-05-11T08:20:00Z"}"#);
    mock.control("clock", r#"{"freeze":true}"#);
    mock.inbound("autocalls", CONTACT);
    let run = folder.run(&["session", "--channel", "support", "--to", CONTACT, "--json"], KEY);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let at = run.json()["last_inbound_at"].clone();
    assert!(at.as_str().unwrap().starts_with("2026-05-11T08:20:0"), "{at}");
    assert_eq!(run.json()["window"]["state"], "open");
    assert!(run.json()["window"]["until"].as_str().unwrap().starts_with("2026-05-12T08:20:0"));
    assert_eq!((run.json()["contact"].as_str(), run.json()["source"].as_str()), (Some(CONTACT), Some("provider")));
    assert_eq!((run.json()["channel"].as_str(), run.json()["provider"].as_str()), (Some("support"), Some("autocalls")));

    for channel in ["india", "mx"] {
        let run = folder.run(&["session", "--channel", channel, "--to", CONTACT, "--json"], KEY);
        assert_eq!(run.code, 0);
        assert_eq!(run.json()["window"], json!({ "state": "unknown" }));
        assert_eq!(run.json()["source"], "ledger");
        assert_eq!(run.json()["last_inbound_at"], json!(null));
    }
    let run = folder.run(&["session", "--channel", "latam", "--to", CONTACT, "--json"], KEY);
    assert_eq!(run.json()["window"], json!({ "state": "never" }));
}

#[test]
fn ledger_answers_without_a_session_query() {
    let (_mock, folder) = stage();
    folder.write("ledger.json", &format!(r#"{{"india":{{"{CONTACT}":"2020-01-01T00:00:00Z"}}}}"#));
    let run = folder.run(&["session", "--channel", "india", "--to", CONTACT, "--ledger", "ledger.json", "--json"], KEY);
    assert_eq!(run.json()["window"], json!({ "state": "expired", "since": "2020-01-02T00:00:00Z" }));
    assert_eq!(run.json()["last_inbound_at"], "2020-01-01T00:00:00Z");
    folder.write("ledger.json", "{");
    let run = folder.run(&["session", "--channel", "india", "--to", CONTACT, "--ledger", "ledger.json"], KEY);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("ledger.json"), "{}", run.stderr);
}

#[test]
fn message_is_read_from_a_file_or_standard_input() {
    let (mock, folder) = stage();
    mock.inbound("exotel", CONTACT);
    let message =
        format!(r#"{{"to":"{CONTACT}","reference":"order-17","content":{{"type":"text","body":"from a file"}}}}"#);
    folder.write("message.json", &message);
    assert_eq!(folder.run(&["send", "--channel", "india", "--message", "message.json"], KEY).code, 0);
    assert_eq!(folder.run_with_input(&["send", "--channel", "india", "--message", "-"], &message).code, 0);
    let delivered = mock.delivered("exotel");
    assert_eq!(delivered.len(), 2);
    assert_eq!(
        (&delivered[0]["reference"], &delivered[0]["content"]["body"]),
        (&json!("order-17"), &json!("from a file"))
    );
    for (bad, named) in [
        ("{", "EOF"),
        (r#"{"to":"+447700900123","bogus":1,"content":{"type":"text","body":"x"}}"#, "bogus"),
        (r#"{"to":"12ab","content":{"type":"text","body":"x"}}"#, "12ab"),
        (r#"{"to":"+447700900123","content":{"type":"poll"}}"#, "poll"),
    ] {
        let run = folder.run_with_input(&["send", "--channel", "india", "--message", "-"], bad);
        assert_eq!(run.code, 2, "{bad}");
        let line = run.errors().join("");
        assert!(run.errors().len() == 1 && (line.contains(named) || named == "12ab"), "{bad}: {}", run.stderr);
    }
    assert_eq!(mock.delivered("exotel").len(), 2);
}

#[test]
fn bad_input_is_one_line_with_its_exit_code() {
    let (mock, folder) = stage();
    let too_long = "x".repeat(4097);
    let too_long_for_messangi = "x".repeat(1025);
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["send", "--to", "12ab", "--text", "Hi"], 2, &["--to", "'a'", "+919876543210"]),
        (&["send", "--to", CONTACT, "--text", ""], 1, &["body", "empty"]),
        (&["send", "--to", CONTACT, "--text", &too_long], 1, &["body", "4097", "4096"]),
        (&["send", "--channel", "mx", "--to", CONTACT, "--text", &too_long_for_messangi], 1, &["body", "1025", "1024"]),
        (&["send", "--channel", "nope", "--to", CONTACT, "--text", "Hi"], 2, &["`nope`", "`support`", "`india`"]),
        (&["senders", "--channel", "any"], 2, &["`any`", "failover", "`india`", "`support`"]),
        (&["send", "--channel", "acme://x", "--to", CONTACT, "--text", "Hi"], 2, &["`acme`", "`exotel`"]),
        (&["send", "--config", "other.toml", "--to", CONTACT, "--text", "Hi"], 2, &["other.toml"]),
        (&["send", "--to", CONTACT], 2, &["--text"]),
        (&["send", "--to", CONTACT, "--text", "Hi", "--bogus"], 2, &["--bogus"]),
        (&["send", "--to", CONTACT, "--text", "Hi", "--timeout", "soon"], 2, &["timeout", "60s"]),
        (&["send", "--to", CONTACT, "--text", "Hi", "--param", "x"], 2, &["--param", "--template"]),
        (&["session", "--to", ""], 2, &["--to", "no digit"]),
        (&["mock", "--listen", "0.0.0.0:0"], 2, &["--listen", "0.0.0.0"]),
        (&["mock", "--listen", "here"], 2, &["--listen", "127.0.0.1:4010"]),
        (&["bogus"], 2, &["bogus"]),
    ];
    for (arguments, code, parts) in cases {
        let run = folder.run(arguments, KEY);
        assert_eq!(run.code, *code, "{arguments:?}: {}", run.stderr);
        let errors: Vec<_> = run.errors().into_iter().filter(|line| !line.starts_with("warning:")).collect();
        assert_eq!(errors.len(), 1, "{arguments:?}: {}", run.stderr);
        for part in *parts {
            assert!(errors[0].contains(part), "{arguments:?}: no {part} in {}", run.stderr);
        }
        assert_eq!(run.stdout, "");
    }
    for (_, provider) in CHANNELS {
        assert_eq!(mock.delivered(provider).len(), 0);
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_at_once_a_line_each() {
    let folder = Folder::new();
    folder.write(
        "transom.toml",
        "defualt = \"a\"\n[channels.a]\nprovider = \"exotel\"\napi_kee = \"secret-word\"\nregion = \"eu\"\n",
    );
    let run = folder.run(&["send", "--channel", "a", "--to", CONTACT, "--text", "Hi"], &[]);
    assert_eq!((run.code, run.errors().len()), (2, 7), "everything at once: {}", run.stderr);
    assert!(run.stderr.contains("`defualt`") && run.stderr.contains("`api_kee`"), "{}", run.stderr);

    folder.write("transom.toml", "[channels.a]\nprovider = \"exotel\"\napi_kee = \"secret-word\"\nregion = \"eu\"\n");
    let run = folder.run(&["send", "--channel", "a", "--to", CONTACT, "--text", "Hi", "--json"], &[]);
    assert_eq!(run.code, 2);
    let problems = run.json()["error"]["problems"].as_array().unwrap().clone();
    assert_eq!(problems.len(), 6, "{problems:?}");
    for part in [
        "`api_kee`",
        "api_key: missing",
        "api_token: missing",
        "account_sid: missing",
        "from: missing",
        "region: expected one of `in`, `sg`",
    ] {
        assert!(problems.iter().any(|line| line.as_str().unwrap().contains(part)), "{part}: {problems:?}");
    }
    assert_eq!(run.errors().len(), 6);
    assert!(!run.stderr.contains("secret-word") && !run.stdout.contains("secret-word"));

    folder.write(
        "transom.toml",
        "[channels.a]\nprovider = \"autocalls\"\napi_key = { env = \"NOT_SET_ANYWHERE\" }\nsender_id = 12\n",
    );
    let run = folder.run(&["send", "--channel", "a", "--to", CONTACT, "--text", "Hi"], &[]);
    assert_eq!((run.code, run.errors().len()), (2, 1));
    assert!(run.stderr.contains("NOT_SET_ANYWHERE") && run.stderr.contains("api_key"), "{}", run.stderr);

    folder.write("transom.toml", "[channels.a\napi_key = \"secret-word\"");
    let run = folder.run(&["send", "--channel", "a", "--to", CONTACT, "--text", "Hi"], &[]);
    assert_eq!((run.code, run.errors().len()), (2, 1));
    assert!(run.stderr.contains("line 1") && !run.stderr.contains("secret-word"), "{}", run.stderr);
}

#[test]
fn unreachable_host_exits_1_and_non_http_peer_exits_3() {
    let folder = Folder::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let uri = format!("messangi://demo-key@{address}?from=5215500001111");
    let arguments = ["send", "--to", CONTACT, "--text", "Hi", "--json"];
    let peer = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 16_384]);
        stream.write_all(b"220 mail.example.net ESMTP\r\n").unwrap();
    });
    let run = folder.run(&arguments, &[("TRANSOM_URL", &uri)]);
    peer.join().unwrap();
    assert_eq!((run.code, run.json()["error"]["sent"].as_str()), (3, Some("maybe")), "{}", run.stderr);
    assert_eq!(run.errors().len(), 1);

    // The port is closed now.
    let run = folder.run(&arguments, &[("TRANSOM_URL", &uri)]);
    assert_eq!((run.code, run.json()["error"]["sent"].as_str()), (1, Some("no")), "{}", run.stderr);
    assert_eq!(run.json()["error"]["kind"], "provider_unavailable");
    assert!(!run.stdout.contains("demo-key") && !run.stdout.contains("447700900123"), "{}", run.stdout);
}

#[test]
fn demo_has_the_expected_outcomes_for_every_provider() {
    let folder = Folder::new();
    let run = folder.run(&["demo", "--json"], &[]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let rows = run.json().as_array().unwrap().clone();
    assert_eq!(rows.len(), 16);
    for row in &rows {
        let members: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["expected", "got", "ok", "provider", "step"]);
        assert_eq!((&row["ok"], &row["got"]), (&json!(true), &row["expected"]), "{row}");
    }
    let table = folder.run(&["demo"], &[]);
    assert_eq!(
        (table.code, table.stdout.lines().count()),
        (0, 17),
        "a title and a line for each step: {}",
        table.stdout
    );
    assert_eq!(table.stdout.matches("as stated").count(), 16, "{}", table.stdout);
}

/// A peer that answers one request with this error.
fn refusing(status: &'static str, body: &'static str) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 16_384]);
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        // A connection closed with unread bytes would be reset, and the answer lost.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    address.to_string()
}

#[test]
fn credential_echoed_by_the_provider_is_not_printed() {
    let folder = Folder::new();
    let arguments = ["send", "--to", CONTACT, "--text", "Hi", "--json"];
    for (uri, body) in [
        ("autocalls://SECRETKEY1@HOST?sender_id=12", r#"{"message":"bad key SECRETKEY1","error_code":"SECRETKEY1"}"#),
        (
            "exotel://SECRETKEY1:SECRETTOKEN@HOST/acme?from=919876500001",
            r#"{"message":"SECRETKEY1 SECRETTOKEN U0VDUkVUS0VZMTpTRUNSRVRUT0tFTg=="}"#,
        ),
        (
            "gosendapi://SECRETKEY1@HOST?phone_number_id=555123456789",
            r#"{"message":"bad key SECRETKEY1","code":"SECRETKEY1"}"#,
        ),
        ("messangi://SECRETKEY1@HOST?from=5215500001111", r#"{"errors":{"reason":"bad key SECRETKEY1"}}"#),
    ] {
        let run = folder.run(&arguments, &[("TRANSOM_URL", &uri.replace("HOST", &refusing("401 Unauthorized", body)))]);
        assert_eq!((run.code, run.json()["error"]["kind"].as_str()), (1, Some("unauthenticated")), "{}", run.stderr);
        for shown in [&run.stdout, &run.stderr] {
            assert!(!shown.contains("SECRET") && !shown.contains("U0VDUkVUS0VZMTp"), "{uri}: {shown}");
        }
    }
}

#[test]
fn text_of_the_provider_stays_on_one_line() {
    let folder = Folder::new();
    let uri = format!(
        "autocalls://demo-key@{}?sender_id=12",
        refusing("422 Unprocessable", r#"{"error":"l1\nl2\u001b]0;pwned\u0007"}"#)
    );
    let run = folder.run(&["send", "--to", CONTACT, "--text", "Hi"], &[("TRANSOM_URL", &uri)]);
    assert_eq!((run.code, run.errors().len()), (1, 1), "{}", run.stderr);
    assert!(run.stderr.contains("l1 l2") && !run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
}

#[test]
fn mistyped_command_shows_no_credential() {
    let folder = Folder::new();
    for arguments in [
        &["send", "exotel://SECRETK:SECRETT@default/acme", "--to", CONTACT, "--text", "x"][..],
        &["send", "--channel", "exotel:/SECRETK:SECRETT@default/acme", "--to", CONTACT, "--text", "x"],
        &["send", "--config", "exotel://SECRETK:SECRETT@default/acme", "--to", CONTACT, "--text", "x"],
        &["send", "--channel", "autocalls://SECRETK@127.0.0.1:9?sender_id=12&SECRET2", "--to", CONTACT, "--text", "x"],
    ] {
        let run = folder.run(arguments, &[]);
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(!run.stderr.contains("SECRET"), "{}", run.stderr);
    }
}

#[test]
fn long_title_without_a_documented_limit_is_a_warning() {
    let (mock, folder) = stage();
    mock.inbound("messangi", CONTACT);
    let title = "x".repeat(21);
    let message = format!(
        r#"{{"to":"{CONTACT}","content":{{"type":"buttons","body":"?","buttons":[{{"id":"a","title":"{title}"}}]}}}}"#
    );
    let run = folder.run_with_input(&["send", "--channel", "mx", "--message", "-"], &message);
    assert!(run.stderr.contains("warning: content.buttons[0].title: 21"), "{}", run.stderr);
    let run = folder.run_with_input(&["send", "--channel", "india", "--message", "-"], &message);
    assert_eq!(run.code, 1);
    assert!(!run.stderr.contains("warning") && run.stderr.contains("content.buttons[0].title: 21"), "{}", run.stderr);
}

#[test]
fn configuration_failure_names_the_channel() {
    let folder = Folder::new();
    folder.write(
        "transom.toml",
        "[channels.a]\nprovider = \"autocalls\"\napi_key = { env = \"NOT_SET_ANYWHERE\" }\nsender_id = 12\n",
    );
    let run = folder.run(&["send", "--channel", "a", "--to", CONTACT, "--text", "Hi", "--json"], &[]);
    assert_eq!((run.code, &run.json()["channel"], &run.json()["provider"]), (2, &json!("a"), &json!("autocalls")));
}

#[test]
fn error_shows_an_example_uri() {
    let folder = Folder::new();
    let run = folder.run(&["send", "--to", CONTACT, "--text", "Hi"], &[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("exotel://KEY:TOKEN@default/ACCOUNT_SID?from=919876500001"), "{}", run.stderr);
}

#[test]
fn only_channel_is_used_without_default_and_url() {
    let (mock, folder) = (Mock::start(), Folder::new());
    let uri = format!("gosendapi://gsk_test_demo@{}?phone_number_id=555123456789", mock.host);
    folder.write("transom.toml", &format!("[channels.latam]\nurl = \"{uri}\"\n"));
    let send = ["send", "--to", CONTACT, "--text", "Hi", "--json"];
    assert_eq!(folder.run(&send, &[]).json()["channel"], "latam");
    assert_eq!(folder.run(&send, &[("TRANSOM_URL", &uri)]).json()["channel"], "TRANSOM_URL");
    folder.write("transom.toml", &format!("[channels.latam]\nurl = \"{uri}\"\n[channels.other]\nurl = \"{uri}\"\n"));
    let run = folder.run(&send, &[]);
    assert_eq!(run.code, 2);
    assert!(run.json()["error"]["message"].as_str().unwrap().contains("`latam`, `other`"), "{}", run.stdout);
}
