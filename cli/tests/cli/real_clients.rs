//! The providers' published programs, run by `curl`, `node` and Python's `requests` with only the host changed. See
//! `tests/samples/README.md`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::support::Mock;

/// Runs a program and gives its output.
fn printed(mut command: Command, package: &str, program: &str) -> String {
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.unwrap_or_else(|error| panic!("{package} is needed for this test: {error}"));
    child.stdin.take().unwrap().write_all(program.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "(this test needs {package}) {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn curl(program: &str) -> String {
    let mut shell = Command::new("sh");
    shell.arg("-e");
    // The sample is unchanged; only the test adds an option for less output.
    printed(shell, "curl", &program.replacen("curl ", "curl -sS ", 1))
}

fn node(program: &str) -> String {
    let mut node = Command::new("node");
    node.args(["--input-type=module", "-"]).env("GOSENDAPI_KEY", "gsk_live_anything");
    printed(node, "nodejs (18 or newer)", program)
}

/// Runs the first Python that has `requests`: another Python may hide that of the system.
fn python(program: &str) -> String {
    let has_requests = |python: &&str| {
        let tried = Command::new(python).args(["-c", "import requests"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let found = ["python3", "/usr/bin/python3"].into_iter().find(has_requests).unwrap_or("python3");
    let mut python = Command::new(found);
    python.arg("-").env("PYTHONIOENCODING", "utf-8");
    printed(python, "python3-requests", program)
}

/// The sample with the host of the mock.
fn at(mock: &Mock, sample: &str) -> String {
    sample
        .replace("https://app.autocalls.ai", &format!("http://{}", mock.host))
        .replace("https://cloud.gosendapi.com", &format!("http://{}", mock.host))
        .replace("https://<api_key>:<api_token>@api.in.exotel.com", &format!("http://api_key:api_token@{}", mock.host))
        .replace("<account_sid>", "account_sid")
}

#[test]
fn session_status_programs_see_the_window_open_and_close() {
    let mock = Mock::start();
    let says = |expected: &str, can: bool| {
        assert_eq!(node(&at(&mock, include_str!("../samples/autocalls_session.js"))).trim(), expected);
        assert_eq!(python(&at(&mock, include_str!("../samples/autocalls_session.py"))).trim(), expected);
        let answer: Value =
            serde_json::from_str(&curl(&at(&mock, include_str!("../samples/autocalls_session.sh")))).unwrap();
        assert_eq!(answer["session_status"]["can_send_freeform"], can, "{answer}");
    };
    says("Session expired — use a template message", false);
    mock.inbound("autocalls", "+1234567890");
    says("Session is active — freeform messages allowed", true);
    mock.control("clock", r#"{"advance":"25h"}"#);
    says("Session expired — use a template message", false);
}

#[test]
fn freeform_programs_send_once_the_contact_wrote() {
    let mock = Mock::start();
    let refused: Value =
        serde_json::from_str(&curl(&at(&mock, include_str!("../samples/autocalls_freeform.sh")))).unwrap();
    assert_eq!(refused["error_code"], "SESSION_EXPIRED");
    mock.inbound("autocalls", "+1234567890");
    let sent: Value =
        serde_json::from_str(&curl(&at(&mock, include_str!("../samples/autocalls_freeform.sh")))).unwrap();
    assert_eq!(sent["success"], true, "{sent}");
    let sent = node(&at(&mock, include_str!("../samples/autocalls_freeform.js")));
    assert!(sent.contains("success: true") && sent.contains("whatsapp_message_id"), "{sent}");
    let sent = python(&at(&mock, include_str!("../samples/autocalls_freeform.py")));
    assert!(sent.contains("'success': True"), "{sent}");
    let delivered = mock.delivered("autocalls");
    assert_eq!(delivered.len(), 3);
    assert!(delivered.iter().all(|line| line["to"] == "+1234567890"));
}

#[test]
fn session_message_commands_send_text_image_and_buttons() {
    let mock = Mock::start();
    mock.inbound("exotel", "+919876543210");
    for sample in [
        include_str!("../samples/exotel_text.sh"),
        include_str!("../samples/exotel_image.sh"),
        include_str!("../samples/exotel_buttons.sh"),
    ] {
        let answer: Value = serde_json::from_str(&curl(&at(&mock, sample))).unwrap();
        assert_eq!(answer["http_code"], 202, "{answer}");
    }
    let types: Vec<Value> = mock.delivered("exotel").iter().map(|line| line["content"]["type"].clone()).collect();
    assert_eq!(types, [json!("text"), json!("image"), json!("buttons")]);
}

#[test]
fn window_recipe_finds_a_conversation_once_the_contact_wrote() {
    let mock = Mock::start();
    // The documented program prints nothing.
    let recipe = at(&mock, include_str!("../samples/gosendapi_window.js")) + "console.log(canFreeText);\n";
    assert_eq!(node(&recipe).trim(), "false");
    mock.inbound("gosendapi", "5491140123456");
    assert_eq!(node(&recipe).trim(), "true");
}
