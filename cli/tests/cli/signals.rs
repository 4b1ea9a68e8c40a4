//! SIGINT and SIGTERM during a send: the exit code says whether the message may be at the provider.
#![cfg(unix)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use super::support::Folder;

/// A provider at a raw socket. It answers each request with the next of `answers`, and then with nothing.
struct Provider {
    host: String,
    /// The first line of each request, once its body is read; `""` for a connection without a request.
    seen: Receiver<String>,
}

impl Provider {
    fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (tell, seen) = channel();
        std::thread::spawn(move || {
            let mut answers = answers.iter();
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = tell.send(request(&mut stream));
                match answers.next() {
                    Some(answer) => drop(stream.write_all(answer.as_bytes())),
                    None => open.push(stream),
                }
            }
        });
        Self { host, seen }
    }
}

/// Reads a request; without HTTP, only its first bytes.
fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4_096];
        let count = stream.read(&mut chunk).unwrap_or_default();
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if count == 0 || !text.starts_with(['G', 'P']) {
            return String::new();
        }
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0_usize) {
            return head.lines().next().unwrap().to_owned();
        }
    }
}

/// Sends, and sends `signal` to the command once the provider has seen `requests` requests.
fn interrupted(config: &str, provider: &Provider, requests: usize, signal: &str, more: &[&str]) -> (Output, Value) {
    let folder = Folder::new();
    folder.write("transom.toml", &config.replace("HOST", &provider.host));
    let child = Command::new(env!("CARGO_BIN_EXE_transom"))
        .args(["send", "--to", "+919876543210", "--text", "Hi", "--json"])
        .args(more)
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..requests {
        provider.seen.recv().unwrap();
    }
    Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output, json)
}

const EXOTEL: &str = "default = 'a'\n[channels.a]\nurl = 'exotel://k:t@HOST/acme?from=919876500001'\n";
const BUSY: &str = "HTTP/1.1 429 X\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
const FAILOVER: &str = "default = 'any'\n[channels.any]\nfailover = ['a', 'b']\n[channels.a]\nurl = \
    'exotel://k:t@HOST/acme?from=919876500001'\n[channels.b]\nurl = 'exotel://k:t@HOST/acme?from=919876500002'\n";

#[test]
fn signal_after_the_request_leaves_the_outcome_unknown() {
    for (signal, name) in [("INT", "SIGINT"), ("TERM", "SIGTERM")] {
        for (config, answers, requests) in [(EXOTEL, &[][..], 1), (FAILOVER, &[], 1), (FAILOVER, &[BUSY], 2)] {
            let provider = Provider::start(answers);
            let (output, json) = interrupted(config, &provider, requests, signal, &[]);
            assert_eq!(output.status.code(), Some(3), "{output:?}");
            assert_eq!((&json["outcome"], &json["error"]["sent"]), (&"unknown".into(), &"maybe".into()), "{json}");
            assert_eq!(json["attempts"], requests, "{json}");
            let line = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(line.starts_with("unknown: ") && line.contains(name), "{line}");
        }
    }
}

#[test]
fn signal_before_the_request_says_that_nothing_was_sent() {
    let lookup = "default = 'a'\n[channels.a]\nurl = 'autocalls://k@HOST?sender_id=12'\n";
    let handshake = "default = 'a'\n[channels.a]\nprovider = 'autocalls'\napi_key = 'k'\nsender_id = 12\n\
        base_url = 'https://HOST'\n";
    let fallback = &["--fallback-template", "follow_up", "--param", "Ana"][..];
    for (config, more) in [(lookup, fallback), (handshake, &[])] {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            let provider = Provider::start(&[]);
            let (output, json) = interrupted(config, &provider, 1, signal, more);
            assert_eq!(output.status.code(), Some(code), "{config} {output:?}");
            assert_eq!((&json["outcome"], &json["error"]["sent"]), (&"rejected".into(), &"no".into()), "{json}");
            assert_eq!(json["attempts"], 0, "{json}");
        }
    }
}

#[test]
fn signal_during_a_live_run_reports_a_message_in_doubt() {
    let provider = Provider::start(&[]);
    let folder = Folder::new();
    folder.write("transom.toml", &EXOTEL.replace("HOST", &provider.host));
    let child = Command::new(env!("CARGO_BIN_EXE_transom"))
        .args(["conform", "--target", "live", "--allow", "+919876543210", "--max-messages", "1", "--yes"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !provider.seen.recv().unwrap().contains("/messages") {}
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(3));
}
