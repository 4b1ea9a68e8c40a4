//! The commands `plan`, `senders`, `templates`, `conversations`, `close`, `explain`, `doctor`, `webhook` and `listen`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::support::{Folder, Mock};

const CONTACT: &str = "+919876543210";

fn stage() -> (Mock, Folder) {
    let mock = Mock::start();
    let folder = Folder::new();
    let host = &mock.host;
    folder.write(
        "transom.toml",
        &format!(
            r#"default = "india"
[channels.support]
url = "autocalls://demo-key@{host}?sender_id=12"
[channels.support.templates]
visit_reminder = {{ id = 310 }}
[channels.india]
url = "exotel://demo-key:demo-token@{host}/acme?from=919876500001"
webhook_secret = ["new-secret", "old-secret"]
[channels.latam]
url = "gosendapi://gsk_test_demo@{host}?phone_number_id=555123456789"
[channels.mx]
url = "messangi://demo-key@{host}?from=5215500001111"
"#
        ),
    );
    (mock, folder)
}

#[test]
fn plan_shows_the_request_and_sends_nothing() {
    let (mock, folder) = stage();
    let run = folder
        .run(&["plan", "--to", CONTACT, "--text", "a template in words", "--reference", "order-17", "--json"], &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let plan = run.json();
    for (pointer, expected) in [
        ("/channel", json!("india")),
        ("/provider", json!("exotel")),
        ("/window", json!({ "state": "unknown" })),
        ("/template", json!(null)),
        ("/template_fallback", json!(false)),
        ("/request/method", json!("POST")),
        ("/request/headers/authorization", json!("***")),
        ("/request/body/content/text/body", json!("a template in words")),
        ("/request/body/custom_data", json!("order-17")),
        ("/request/body/to", json!("•••3210")),
        ("/request/body/from", json!("•••0001")),
    ] {
        assert_eq!(plan.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert_eq!(mock.control("requests", ""), json!([]), "a plan for Exotel needs no request");
    assert!(!run.stdout.contains("demo-key") && !run.stdout.contains("9876543210"), "{}", run.stdout);

    let fallback =
        ["--text", "Hi", "--fallback-template", "visit_reminder", "--param", "Ana", "--param", "12/02", "--json"];
    let run = folder.run(&[&["plan", "--channel", "support", "--to", CONTACT], &fallback[..]].concat(), &[]);
    let plan = run.json();
    assert_eq!((&plan["template"], &plan["template_fallback"]), (&json!("visit_reminder"), &json!(true)));
    assert_eq!(plan["window"], json!({ "state": "never" }));
    assert_eq!(plan.pointer("/request/body/template_id"), Some(&json!(310)));
    let requests = mock.control("requests?provider=autocalls", "");
    let asked = |request: &&Value| request["path"].as_str().unwrap().contains("session-status");
    assert_eq!(requests.as_array().unwrap().iter().filter(asked).count(), 1, "the window is looked up once");
    assert_eq!(mock.delivered("autocalls").len(), 0);

    let too_long = "x".repeat(4097);
    let run = folder.run(&["plan", "--to", CONTACT, "--text", &too_long], &[]);
    assert_eq!((run.code, run.errors().len()), (1, 1), "an invalid message has no plan");
}

#[test]
fn lists_are_arrays_and_missing_lists_are_unsupported() {
    let (_mock, folder) = stage();
    let run = folder.run(&["senders", "--channel", "support", "--json"], &[]);
    assert_eq!(
        run.json(),
        json!([
            { "id": "12", "phone": "+12025550100", "name": run.json()[0]["name"], "status": "online",
              "quality": "green", "messaging_limit": "1000", "throughput": null },
            { "id": "13", "phone": "+12025550101", "name": run.json()[1]["name"], "status": "offline",
              "quality": "green", "messaging_limit": "1000", "throughput": null },
        ])
    );
    for channel in ["support", "latam"] {
        let templates = folder.run(&["templates", "--channel", channel, "--json"], &[]).json();
        let reminder =
            templates.as_array().unwrap().iter().find(|template| template["name"] == "visit_reminder").unwrap();
        assert_eq!((&reminder["language"], &reminder["status"]), (&json!("en"), &json!("approved")), "{channel}");
        assert_eq!(reminder["parameters"], json!(["1", "2"]), "{channel}");
        let members: Vec<_> = reminder.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["body", "category", "id", "language", "name", "parameters", "reason", "status"]);
        let more = [&reminder["category"], &reminder["body"], &reminder["reason"]];
        assert_eq!(more, [&json!("utility"), &json!("Hello {{1}}, see you on {{2}}."), &Value::Null], "{channel}");
    }
    let conversations = folder.run(&["conversations", "--channel", "latam", "--json"], &[]).json();
    assert_eq!((&conversations[0]["id"], &conversations[0]["contact"]), (&json!("42"), &json!("+5491140123456")));
    let without_account = folder.run(&["templates", "--channel", "india"], &[]);
    assert_eq!(without_account.code, 2);
    assert!(without_account.stderr.contains("waba_id"), "{}", without_account.stderr);
    for (command, channel) in [("senders", "india"), ("senders", "mx"), ("conversations", "mx"), ("templates", "mx")] {
        let run = folder.run(&[command, "--channel", channel, "--json"], &[]);
        assert_eq!((run.code, run.json()["error"]["kind"].as_str()), (1, Some("unsupported")), "{command} {channel}");
    }
}

#[test]
fn close_ends_a_conversation_or_is_unsupported() {
    let (mock, folder) = stage();
    mock.inbound("gosendapi", CONTACT);
    let listed = folder.run(&["conversations", "--channel", "latam", "--to", CONTACT, "--json"], &[]).json();
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    let run = folder.run(&["close", &id, "--channel", "latam", "--reason", "agent_close", "--json"], &[]);
    assert_eq!((run.code, &run.json()["state"]), (0, &json!("ended")), "{}", run.stderr);
    let listed = folder.run(&["conversations", "--channel", "latam", "--to", CONTACT, "--json"], &[]).json();
    assert_eq!(listed[0]["state"], "ended");
    assert_eq!(folder.run(&["close", "no-such-id", "--channel", "latam"], &[]).code, 1);
    assert_eq!(folder.run(&["close", &id, "--channel", "latam", "--reason", "bored"], &[]).code, 2);
    assert_eq!(folder.run(&["close", &id, "--channel", "india"], &[]).code, 1);
}

#[test]
fn code_is_explained_with_its_source() {
    let folder = Folder::new();
    for (provider, code, kind) in [
        ("exotel", "30018", "session_expired"),
        ("exotel", "EX_REENGAGEMENT_ERROR", "session_expired"),
        ("autocalls", "TWILIO_ERROR_63016", "session_expired"),
        ("autocalls", "TWILIO_ERROR_1", "provider_unavailable"),
        ("gosendapi", "131047", "session_expired"),
        ("gosendapi", "250", "permission_denied"),
        ("messangi", "429", "rate_limited"),
        ("messangi", "131026", "recipient_invalid"),
        ("autocalls", "TWILIO_ERROR_63024", "recipient_invalid"),
        ("autocalls", "63041", "template_rejected"),
        ("autocalls", "131049", "rate_limited"),
        ("exotel", "131049", "rate_limited"),
        ("exotel", "QUALITY_TOO_LOW", "sender_unavailable"),
        ("exotel", "EX_TEMPLATE_ERROR", "template_rejected"),
        ("exotel", "401", "unauthenticated"),
        ("gosendapi", "403", "session_expired"),
    ] {
        let run = folder.run(&["explain", provider, code, "--json"], &[]);
        assert_eq!(run.code, 0, "{provider} {code}: {}", run.stderr);
        let rows = run.json().as_array().unwrap().clone();
        assert!(rows.iter().any(|row| row["kind"] == kind), "{provider} {code}: {rows:?}");
        for row in rows {
            for member in ["provider", "code", "name", "kind", "sent", "advice", "source", "certainty", "date"] {
                assert!(row[member].is_string(), "{provider} {code}: {member} in {row}");
            }
        }
    }
    // The provider's own meaning of a code of WhatsApp's is the only one, and its page has the status.
    for (provider, code, kinds, status) in [
        ("exotel", "470", vec!["rate_limited"], None),
        ("exotel", "131021", vec!["recipient_invalid"], None),
        ("gosendapi", "131047", vec!["session_expired"], Some(403)),
        ("autocalls", "TWILIO_ERROR_63016", vec!["session_expired"], None),
        ("exotel", "30011", vec!["provider_unavailable", "template_rejected"], None),
    ] {
        let rows = folder.run(&["explain", provider, code, "--json"], &[]).json().as_array().unwrap().clone();
        let found: Vec<_> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
        assert_eq!(found, kinds, "{provider} {code}");
        assert!(rows.iter().all(|row| row["status"].as_u64() == status), "{provider} {code}: {rows:?}");
    }
    let both = folder.run(&["explain", "exotel", "1001", "--json"], &[]).json();
    assert!(both.as_array().unwrap().len() >= 2, "a code with two meanings has two rows: {both}");
    assert_eq!(folder.run(&["explain", "exotel", "no-such-code"], &[]).code, 1);
    let unknown = folder.run(&["explain", "acme", "1"], &[]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("`exotel`"), "{}", unknown.stderr);
}

#[test]
fn doctor_finds_problems_and_checks_credentials_with_live() {
    let (mock, folder) = stage();
    assert_eq!(folder.run(&["doctor"], &[]).code, 0);
    let live = folder.run(&["doctor", "--live", "--json"], &[]);
    assert_eq!((live.code, live.json().as_array().unwrap().len()), (0, 4), "{}", live.stdout);
    folder.write("transom.toml", &format!("[channels.a]\nurl = \"autocalls://invalid@{}?sender_id=12\"\n", mock.host));
    assert_eq!(folder.run(&["doctor"], &[]).code, 0, "without --live only the form is checked");
    let live = folder.run(&["doctor", "--live"], &[]);
    assert_eq!(live.code, 1);
    assert!(live.stdout.contains("unauthenticated"), "{}", live.stdout);
    for (channel, ok, line) in [
        ("autocalls://demo-key@HOST?sender_id=12", true, "credentials accepted, sender 12 is online"),
        ("autocalls://demo-key@HOST?sender_id=13", true, "credentials accepted, sender 13 is offline"),
        ("autocalls://demo-key@HOST?sender_id=999", false, "sender_id: the account has no sender 999, known: 12, 13"),
        ("gosendapi://gsk_test_demo@HOST?phone_number_id=555123456789", true, "sender 555123456789 is active"),
        (
            "gosendapi://gsk_test_demo@HOST?phone_number_id=123",
            false,
            "phone_number_id: the account has no sender 123, known: ",
        ),
        ("messangi://demo%40example.com:demo-password@HOST?from=5215500001111", true, "credentials accepted"),
        ("messangi://demo%40example.com:invalid@HOST?from=5215500001111", false, "unauthenticated"),
        ("messangi://demo-key@HOST?from=5215500001111", true, "no request without a send"),
    ] {
        let url = channel.replace("HOST", &mock.host);
        folder.write("transom.toml", &format!("[channels.a]\nurl = \"{url}\"\n"));
        let live = folder.run(&["doctor", "--live", "--json"], &[]);
        assert_eq!((live.code, live.json()[0]["ok"].as_bool()), (i32::from(!ok), Some(ok)), "{url}: {}", live.stdout);
        assert!(live.json()[0]["lines"][0].as_str().unwrap().contains(line), "{url}: {}", live.stdout);
    }
    for provider in ["autocalls", "gosendapi", "messangi"] {
        assert!(mock.delivered(provider).is_empty(), "{provider}: a probe sends nothing");
    }
    folder.write("transom.toml", "[channels.a]\nprovider = \"autocalls\"\napi_key = { env = \"NOT_SET_ANYWHERE\" }\n");
    let run = folder.run(&["doctor", "--json"], &[]);
    assert_eq!(run.code, 2);
}

const INBOUND: &str = r#"{"whatsapp":{"messages":[{"callback_type":"icm","sid":"b0c2d4","from":"+919876543210","to":"+919876500001","profile_name":"Asha","timestamp":"2026-03-04T11:22:00+05:30","content":{"type":"text","text":{"body":"Thanks"}}}]}}"#;
/// `openssl dgst -sha256 -hmac old-secret` over [`INBOUND`].
const SIGNATURE: &str = "X-Exotel-Signature: sha256=bb4606b4c926866537727b37b39e1a8fa181bbf5476581e02caf089459ad6aa4";

#[test]
fn verified_call_is_printed_and_recorded_in_the_ledger() {
    let (_mock, folder) = stage();
    let run = folder.run_with_input(&["webhook", "--header", SIGNATURE, "--ledger", "ledger.json"], INBOUND);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        run.json(),
        json!({
            "type": "inbound", "provider": "exotel", "verified": true, "message_id": "b0c2d4",
            "from": "+919876543210", "to": "+919876500001", "name": "Asha", "at": "2026-03-04T05:52:00Z",
            "reply_to": null, "content": { "type": "text", "body": "Thanks" }, "at_source": "provider", "user_id": null,
            "referral": null, "group_id": null, "dedupe_key": "5c3d1135753324347337cbd5621a184d",
        })
    );
    let session = folder.run(&["session", "--to", CONTACT, "--ledger", "ledger.json", "--json"], &[]).json();
    assert_eq!(session["last_inbound_at"], "2026-03-04T05:52:00Z");
    assert_eq!(session["window"]["state"], "expired");
}

#[test]
fn wrong_signature_is_refused_and_not_recorded() {
    let (_mock, folder) = stage();
    let flipped = INBOUND.replace("Thanks", "thanks");
    for (headers, body) in [(&[][..], INBOUND), (&["--header", SIGNATURE][..], flipped.as_str())] {
        let run = folder.run_with_input(&[&["webhook", "--ledger", "ledger.json", "--json"], headers].concat(), body);
        assert_eq!((run.code, run.json()["error"]["kind"].as_str()), (1, Some("unauthenticated")));
    }
    let session = folder.run(&["session", "--to", CONTACT, "--ledger", "ledger.json", "--json"], &[]).json();
    assert_eq!(session["window"], json!({ "state": "unknown" }));
    assert_eq!(folder.run_with_input(&["webhook", "--header", "no colon"], INBOUND).code, 2);
}

#[test]
fn unsigned_call_is_recorded_only_if_trusted() {
    let (mock, folder) = stage();
    let config = |more: &str| {
        folder.write(
            "transom.toml",
            &format!("[channels.india]\nurl = \"exotel://k:t@{}/acme?from=919876500001\"\n{more}", mock.host),
        );
    };
    let feed = || folder.run_with_input(&["webhook", "--channel", "india", "--ledger", "ledger.json"], INBOUND).json();
    let state = || {
        folder.run(&["session", "--channel", "india", "--to", CONTACT, "--ledger", "ledger.json", "--json"], &[]).json()
            ["window"]["state"]
            .clone()
    };
    config("");
    assert_eq!(feed()["verified"], false);
    assert_eq!(state(), "unknown");
    config("trust_unsigned = true\n");
    assert_eq!(feed()["verified"], false);
    assert_eq!(state(), "expired");
}

/// A running `transom listen` on a free port. Dropping it ends the process.
struct Listener {
    child: std::process::Child,
    host: String,
    events: BufReader<std::process::ChildStdout>,
}

impl Listener {
    fn start(folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_transom"))
            .args(["listen", "--port", "0", "--ledger", "ledger.json"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut first).unwrap();
        let host = first.split("http://").nth(1).and_then(|rest| rest.split(' ').next());
        let host = host.unwrap_or_else(|| panic!("{first:?}")).to_owned();
        let events = BufReader::new(child.stdout.take().unwrap());
        Self { child, host, events }
    }

    /// Waits for the next event.
    fn event(&mut self) -> Value {
        let mut line = String::new();
        self.events.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Posts a call and gives the status and the body of the response.
    fn post(&self, path: &str, header: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{header}", self.host);
        stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn listener_prints_verified_events_and_refuses_others() {
    let (_mock, folder) = stage();
    let mut listener = Listener::start(&folder);
    let signed = format!("{SIGNATURE}\r\n");
    assert_eq!(listener.post("/india", "", INBOUND), (401, String::new()));
    assert_eq!(listener.post("/nowhere", &signed, INBOUND).0, 404);
    assert_eq!(listener.post("/india", &signed, INBOUND).0, 200);
    let event = listener.event();
    assert_eq!((&event["type"], &event["verified"]), (&json!("inbound"), &json!(true)));
    let session = folder.run(&["session", "--to", CONTACT, "--ledger", "ledger.json", "--json"], &[]).json();
    assert_eq!(session["last_inbound_at"], "2026-03-04T05:52:00Z");
}

/// The mock signs and posts webhook calls as each provider does; the listener verifies, prints and records them.
#[test]
fn listener_reads_the_webhook_calls_of_the_mock() {
    let (mock, folder) = stage();
    let config = std::fs::read_to_string(folder.path().join("transom.toml")).unwrap();
    let secrets = config
        .replace("webhook_secret = [\"new-secret\", \"old-secret\"]\n", "")
        .replace("acme?from=919876500001\"\n", "acme?from=919876500001\"\nwebhook_secret = \"shared-secret\"\n")
        .replace("sender_id=12\"\n", "sender_id=12\"\nwebhook_secret = \"shared-secret\"\n")
        .replace(
            "phone_number_id=555123456789\"\n",
            "phone_number_id=555123456789\"\nwebhook_secret = \"shared-secret\"\n",
        );
    folder.write("transom.toml", &secrets);
    let mut listener = Listener::start(&folder);
    for (channel, provider, signs, tells_inbound) in [
        ("support", "autocalls", true, false),
        ("india", "exotel", true, true),
        ("latam", "gosendapi", true, true),
        // Messangi signs no calls.
        ("mx", "messangi", false, true),
    ] {
        let hook = format!(
            r#"{{"provider":"{provider}","url":"http://{}/{channel}","secret":"shared-secret"}}"#,
            listener.host
        );
        mock.control("webhooks", &hook);
        mock.inbound(provider, CONTACT);
        if tells_inbound {
            let event = listener.event();
            for (member, expected) in [
                ("type", json!("inbound")),
                ("provider", json!(provider)),
                ("verified", json!(signs)),
                ("from", json!(CONTACT)),
            ] {
                assert_eq!(event[member], expected, "{channel}: {event}");
            }
            assert_eq!(event["content"], json!({ "type": "text", "body": "hi" }), "{channel}");
        }
        let sent = folder.run(
            &["send", "--channel", channel, "--to", CONTACT, "--text", "Hi", "--reference", "order-17", "--json"],
            &[],
        );
        assert_eq!(sent.code, 0, "{}", sent.stderr);
        mock.control("clock", r#"{"advance":"1m"}"#);
        for status in ["sent", "delivered"] {
            let event = listener.event();
            for (member, expected) in [
                ("type", json!("status")),
                ("status", json!(status)),
                ("verified", json!(signs)),
                ("message_id", sent.json()["message_id"].clone()),
                ("to", json!(CONTACT)),
            ] {
                assert_eq!(event[member], expected, "{channel}: {event}");
            }
        }
        let session = folder
            .run(&["session", "--channel", channel, "--to", CONTACT, "--ledger", "ledger.json", "--json"], &[])
            .json();
        let state = if signs { "open" } else { "unknown" };
        assert_eq!(session["window"]["state"], state, "an unsigned call does not open the window: {session}");
    }
}

#[test]
fn state_file_restores_clock_windows_and_settings() {
    let folder = Folder::new();
    let file = folder.path().join("state.json");
    let file = file.to_str().unwrap();
    let mock = Mock::start_with(&["--state", file, "--seed", "7"]);
    mock.control("clock", r#"{"set":"2026-05-11T09:00:00Z"}"#);
    mock.inbound("exotel", CONTACT);
    mock.control("config", r#"{"provider":"autocalls","balance":3}"#);
    mock.stop();
    let again = Mock::start_with(&["--state", file]);
    folder.write(
        "transom.toml",
        &format!("[channels.india]\nurl = \"exotel://k:t@{}/acme?from=919876500001\"\n", again.host),
    );
    let sent = folder.run(&["send", "--channel", "india", "--to", CONTACT, "--text", "Hi"], &[]);
    assert_eq!(sent.code, 0, "the window is still open: {}", sent.stderr);
    again.stop();
    folder.write("state.json", "{}");
    let run = folder.run(&["mock", "--listen", "127.0.0.1:0", "--state", "state.json"], &[]);
    assert_eq!((run.code, run.errors().len()), (2, 1), "{}", run.stderr);
    assert!(run.stderr.contains("state.json"), "{}", run.stderr);
}

#[test]
fn binary_contains_console_and_openapi_document() {
    let mock = Mock::start();
    let page = mock.http("GET", "/", &[], "");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.body.contains("Transom"));
    assert_eq!(mock.control("openapi.json", "")["openapi"], "3.1.1");
    // An unknown path is also answered in JSON.
    assert!(mock.http("GET", "/nowhere", &[], "").json()["error"].is_string());
}

#[test]
fn same_seed_and_calls_give_the_same_ids() {
    let ids = |seed: &str| {
        let mock = Mock::start_with(&["--seed", seed]);
        mock.inbound("exotel", CONTACT);
        let body = format!(
            r#"{{"from":"+919876500001","to":"{CONTACT}","content":{{"type":"text","text":{{"body":"Hi"}}}}}}"#
        );
        mock.http(
            "POST",
            "/v2/accounts/acme/messages",
            &[("authorization", "Basic azp0"), ("content-type", "application/json")],
            &body,
        );
        mock.delivered("exotel")[0]["message_id"].clone()
    };
    assert_eq!(ids("7"), ids("7"));
    assert_ne!(ids("7"), ids("8"));
}
