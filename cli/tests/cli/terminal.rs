//! What the command prints: escapes on terminals and in JSON, and an output that takes nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::support::Folder;

/// Controls and format characters, each of which changes a terminal or a line.
const HOSTILE: [char; 12] = [
    '\u{1b}', '\u{7}', '\n', '\r', '\u{7f}', '\u{85}', '\u{90}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200f}',
    '\u{2028}',
];

fn hostile() -> String {
    format!("x{}y", HOSTILE.iter().collect::<String>())
}

/// The hostile characters that stand unescaped in `text`, line breaks between lines aside.
fn unescaped(text: &str) -> String {
    text.chars().filter(|c| *c != '\n' && HOSTILE.contains(c)).collect()
}

/// A provider that answers each request with this JSON. It lives as long as the test's process.
fn provider(status: u16, body: &Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let body = body.to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4_096];
            let _ = stream.read(&mut head);
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            );
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    host
}

#[test]
fn words_of_a_provider_are_escaped() {
    let folder = Folder::new();
    let accepted = json!({ "success": true, "data": { "id": hostile(), "whatsapp_message_id": hostile(), "status": "sent" },
        "message_id": hostile(), "id": hostile(), "whatsapp_message_id": hostile() });
    let senders =
        json!({ "data": [{ "id": 1, "name": hostile(), "phone_number": "+34600111222", "status": hostile() }] });
    let refused =
        json!({ "success": false, "message": hostile(), "error": { "code": hostile(), "message": hostile() } });
    for (status, body, command) in [
        (200, &accepted, &["send", "--to", "+919876543210", "--text", "Hi"][..]),
        (400, &refused, &["send", "--to", "+919876543210", "--text", "Hi"]),
        (200, &senders, &["senders"]),
        (400, &refused, &["senders"]),
    ] {
        let host = provider(status, body);
        let url = format!("autocalls://k@{host}?sender_id=12");
        for json in [&[][..], &["--json"]] {
            let run = folder.run(&[command, json].concat(), &[("TRANSOM_URL", &url)]);
            let printed = format!("{}{}", run.stdout, run.stderr);
            assert_eq!(unescaped(&printed), "", "{command:?} {json:?} {status}: {printed:?}");
            let lines = run.stdout.lines().count() + run.stderr.lines().count();
            assert!((1..=2).contains(&lines), "{command:?} {json:?}: {printed:?}");
        }
    }
}

#[test]
fn words_of_a_contact_are_escaped() {
    let folder = Folder::new();
    let body = json!({ "whatsapp": { "messages": [{
        "callback_type": "icm", "sid": hostile(), "from": "+919876543210", "to": "+919876500001", "profile_name": hostile(),
        "timestamp": "2026-03-04T09:00:00Z", "content": { "type": "text", "text": { "body": hostile() } },
    }] } });
    folder.write("transom.toml", "[channels.india]\nurl = \"exotel://k:t@default/acme?from=919876500001\"\n");
    let run = folder.run_with_input(&["webhook", "--channel", "india"], body.to_string());
    assert_eq!((run.code, run.stdout.lines().count()), (0, 1), "{}", run.stderr);
    assert_eq!(unescaped(&run.stdout), "");
    assert_eq!((&run.json()["name"], &run.json()["content"]["body"]), (&json!(hostile()), &json!(hostile())));
}

#[test]
fn words_of_the_command_line_are_escaped() {
    let folder = Folder::new();
    let hostile = hostile();
    for arguments in [
        vec!["plan", "--channel", &hostile, "--to", "+919876543210", "--text", "x"],
        vec!["explain", &hostile, "1"],
        vec!["explain", "exotel", &hostile],
        vec!["session", "--to", &hostile],
        vec!["senders", "--config", &hostile],
        vec![&hostile],
        vec!["conform", "--group", &hostile],
    ] {
        let run = folder.run(&arguments, &[]);
        assert!(run.code > 0 && run.stderr.lines().count() <= 2, "{arguments:?}: {:?}", run.stderr);
        assert_eq!(unescaped(&run.stderr), "", "{arguments:?}: {:?}", run.stderr);
    }
}

#[test]
fn plan_shows_a_hostile_text_escaped() {
    let folder = Folder::new();
    let text = hostile();
    let url = [("TRANSOM_URL", "exotel://k:t@127.0.0.1:9/acme?from=919876500001")];
    for json in [&[][..], &["--json"]] {
        let run = folder.run(&[&["plan", "--to", "+919876543210", "--text", &text][..], json].concat(), &url);
        assert_eq!((run.code, unescaped(&run.stdout)), (0, String::new()), "{}", run.stderr);
    }
}

/// Runs the command with a standard output that is always full.
#[cfg(target_os = "linux")]
fn into_full(arguments: &[&str], url: &str) -> (i32, String) {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_transom"));
    command
        .args(arguments)
        .env("TRANSOM_URL", url)
        .current_dir(std::env::temp_dir())
        .stdout(full)
        .stderr(Stdio::piped());
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn full_output_is_a_failure_with_one_line() {
    for arguments in
        [&["explain", "exotel", "30018"][..], &["explain", "exotel", "30018", "--json"], &["conform", "--list"]]
    {
        let (code, error) = into_full(arguments, "");
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert!(error.lines().count() == 1 && error.contains("the standard output cannot be written"), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn accepted_send_is_told_though_the_output_is_full() {
    let mock = super::support::Mock::start();
    mock.inbound("exotel", "+919876543210");
    let url = format!("exotel://k:t@{}/acme?from=919876500001", mock.host);
    let (code, error) = into_full(&["send", "--to", "+919876543210", "--text", "Hi"], &url);
    // 1 and 2 would say that nothing was sent.
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("accepted by") && error.contains("cannot be written"), "{error}");
    assert_eq!(mock.delivered("exotel").len(), 1);
}
