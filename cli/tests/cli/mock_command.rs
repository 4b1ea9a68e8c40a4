//! `transom mock`: address, access and state file.

use std::io::{Read as _, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::support::{Folder, Mock};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const CONTACT: &str = "+919876543210";

#[test]
fn public_address_needs_an_option_and_a_token() {
    let folder = Folder::new();
    folder.write("short", "0123456789abcdef");
    folder.write("token", TOKEN);
    let public = ["mock", "--listen", "0.0.0.0:0"];
    for (more, env, error) in [
        (vec![], "", "0.0.0.0 is reachable from other machines"),
        (vec![], TOKEN, "--listen-public and a token"),
        (vec!["--listen-public"], "", "set a token in TRANSOM_MOCK_TOKEN or with --token-file"),
        (vec!["--listen-public"], "0123456789abcdef", "TRANSOM_MOCK_TOKEN: no valid token, expected at least 32"),
        (vec!["--listen-public", "--token-file", "short"], "", "short: no valid token"),
        (vec!["--listen-public", "--token-file", "none"], "", "--token-file none: "),
        (vec!["--token-file", "token"], "", "0.0.0.0 is reachable from other machines"),
    ] {
        let run = folder.run(&[&public[..], &more].concat(), &[("TRANSOM_MOCK_TOKEN", env)]);
        assert_eq!(run.code, 2, "{more:?}: {}", run.stderr);
        assert!(run.errors().len() == 1 && run.stderr.contains(error), "{more:?}: {}", run.stderr);
        assert!(!run.stderr.contains("0123456789"), "{}", run.stderr);
    }
}

#[test]
fn control_plane_needs_the_token_and_providers_do_not() {
    let folder = Folder::new();
    folder.write("token", &format!("{TOKEN}\n"));
    let file = folder.path().join("token");
    let mock = Mock::start_listening("0.0.0.0:0", &["--listen-public", "--token-file", file.to_str().unwrap()]);
    for (headers, expected) in [
        (vec![], 401),
        (vec![("authorization", "Bearer 0123456789abcdef0123456789abcdeX")], 401),
        (vec![("x-mock-token", TOKEN)], 200),
        (vec![("x-mock-token", TOKEN), ("sec-fetch-site", "cross-site")], 403),
    ] {
        assert_eq!(mock.http("GET", "/_mock/clock", &headers, "").status, expected, "{headers:?}");
        assert_eq!(mock.http("GET", "/_mock/namespaces", &headers, "").status, expected, "{headers:?}");
    }
    assert_eq!(mock.http("GET", "/api/user/me", &[("authorization", "Bearer k")], "").status, 200);
}

#[test]
fn bad_webhook_network_is_reported_at_the_start() {
    let folder = Folder::new();
    let run = folder.run(&["mock", "--listen", "127.0.0.1:0", "--allow-webhook-net", "10.0.0.1"], &[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--allow-webhook-net 10.0.0.1: it has no `/`"), "{}", run.stderr);
}

#[test]
fn webhooks_go_only_to_an_allowed_network() {
    let mock = Mock::start_with(&["--allow-webhook-net", "10.9.0.0/16"]);
    let register = |url: &str| {
        let body = json!({"provider": "exotel", "url": url}).to_string();
        mock.http("POST", "/_mock/webhooks", &[], &body).status
    };
    assert_eq!(register("http://10.9.1.2:9000/hook"), 200);
    assert_eq!(register("http://10.8.1.2:9000/hook"), 400);
    assert_eq!(register("http://169.254.169.254/"), 400);
}

#[test]
fn unwritable_state_is_reported_at_the_start() {
    let folder = Folder::new();
    let run = folder.run(&["mock", "--listen", "127.0.0.1:0", "--state", "no/such/folder/state.json"], &[]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("--state no/such/folder/state.json"), "{}", run.stderr);
}

#[test]
fn state_survives_a_killed_mock() {
    let folder = Folder::new();
    let file = folder.path().join("state.json");
    let arguments = ["--state", file.to_str().unwrap()];
    let mock = Mock::start_with(&arguments);
    mock.inbound("exotel", CONTACT);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !std::fs::read_to_string(&file).is_ok_and(|text| text.contains(CONTACT)) {
        assert!(Instant::now() < deadline, "the state is not saved while the mock runs");
        std::thread::yield_now();
    }
    mock.kill();
    let again = Mock::start_with(&arguments);
    assert!(again.control("state", "")["contacts"].to_string().contains(CONTACT));
}

#[test]
fn state_survives_a_stopped_mock() {
    let folder = Folder::new();
    let file = folder.path().join("state.json");
    let arguments = ["--state", file.to_str().unwrap()];
    let mock = Mock::start_with(&arguments);
    mock.inbound("exotel", CONTACT);
    mock.stop();
    let again = Mock::start_with(&arguments);
    assert!(again.control("state", "")["contacts"].to_string().contains(CONTACT));
}

#[test]
fn second_mock_on_a_state_file_is_refused() {
    let folder = Folder::new();
    let file = folder.path().join("state.json");
    let arguments = ["--state", file.to_str().unwrap()];
    let first = Mock::start_with(&arguments);
    let run = folder.run(&["mock", "--listen", "127.0.0.1:0", "--state", file.to_str().unwrap()], &[]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.errors().len() == 1 && run.stderr.contains("state.json: another mock uses this file"));
    first.kill();
    Mock::start_with(&arguments).stop();
}

#[cfg(unix)]
#[test]
fn state_is_readable_only_by_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let file = folder.path().join("state.json");
    let mock = Mock::start_with(&["--state", file.to_str().unwrap()]);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    mock.stop();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn idle_connections_do_not_block_a_new_one() {
    let mock = Mock::start();
    let idle: Vec<_> = (0..300).map(|_| std::net::TcpStream::connect(&mock.host).unwrap()).collect();
    assert!(mock.control("clock", "")["now"].is_string());
    drop(idle);
}

#[test]
fn help_names_the_sources_of_the_token() {
    let output = Command::new(env!("CARGO_BIN_EXE_transom")).args(["mock", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("TRANSOM_MOCK_TOKEN") && help.contains("--token-file <FILE>"), "{help}");
}

#[test]
fn control_plane_accepts_only_listed_host_names() {
    let folder = Folder::new();
    let run = folder.run(&["mock", "--listen", "127.0.0.1:0", "--allow-host", "http://mock"], &[]);
    assert!(run.code == 2 && run.stderr.contains("--allow-host http://mock: not a host name"), "{}", run.stderr);
    let mock = Mock::start_with(&["--allow-host", "mock.internal"]);
    for (host, expected) in [("mock.internal:4010", "200"), ("evil.example", "403")] {
        let mut stream = std::net::TcpStream::connect(&mock.host).unwrap();
        let request = format!("GET /_mock/clock HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(&answer[9..12], expected, "{host}: {answer}");
    }
}
