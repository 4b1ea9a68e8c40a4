//! `transom listen` under connections that stall, an output that takes nothing, and calls of web pages.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::support::Folder;

const CONFIG: &str = "[channels.open]\nurl = 'exotel://k:t@default/acme?from=919876500001'\ntrust_unsigned = true\n\
    [channels.signed]\nurl = 'exotel://k:t@default/acme?from=919876500001'\nwebhook_secret = 'old-secret'\n";
/// An answer that does not come by then never comes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Listener {
    child: Child,
    host: String,
    folder: Folder,
}

impl Listener {
    /// Starts it with a standard output that nobody reads.
    fn start(more: &[&str]) -> Self {
        let folder = Folder::new();
        folder.write("transom.toml", CONFIG);
        let mut child = Command::new(env!("CARGO_BIN_EXE_transom"))
            .args(["listen", "--port", "0", "--ledger", "ledger.json"])
            .args(more)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut notes = BufReader::new(child.stderr.take().unwrap());
        notes.read_line(&mut first).unwrap();
        let host = first.split(['/', ' ']).nth(4).unwrap_or_else(|| panic!("{first:?}")).to_owned();
        std::thread::spawn(move || std::io::copy(&mut notes, &mut std::io::sink()));
        Self { child, host, folder }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Posts a call with these headers, and returns the status.
    fn post(&self, path: &str, headers: &str, body: &str) -> u16 {
        let mut stream = self.connect();
        let host = if headers.contains("host: ") { String::new() } else { format!("host: {}\r\n", self.host) };
        let length = body.len();
        let head =
            format!("POST {path} HTTP/1.1\r\n{host}connection: close\r\n{headers}content-length: {length}\r\n\r\n");
        // It may answer before it has read everything.
        let _ = stream.write_all((head + body).as_bytes());
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        std::str::from_utf8(&answer[9..]).unwrap().parse().unwrap()
    }

    /// Opens connections which send a whole head and all but the last byte of a body of this size.
    fn stalled(&self, count: usize, size: usize) -> Vec<TcpStream> {
        let body = "x".repeat(size - 1);
        let open = || {
            let mut stream = self.connect();
            stream.set_write_timeout(Some(PATIENCE)).unwrap();
            let head = format!("POST /open HTTP/1.1\r\nhost: {}\r\ncontent-length: {size}\r\n\r\n", self.host);
            // Fails once the connection was ended for a later one.
            let _ = stream.write_all((head + &body).as_bytes());
            stream
        };
        (0..count).map(|_| open()).collect()
    }

    fn half_open(&self, count: usize) -> Vec<TcpStream> {
        let open = || {
            let mut stream = self.connect();
            let _ = stream.write_all(b"POST /open HTTP/1.1\r\nhost: local");
            stream
        };
        (0..count).map(|_| open()).collect()
    }

    fn memory_kib(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Sends one signal and waits for the exit code.
    fn end(&mut self, signal: &str) -> Option<i32> {
        Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        self.child.wait().unwrap().code()
    }

    fn ledger(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("ledger.json")).unwrap_or_default()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn call(text: &str, minute: u32) -> String {
    json!({ "whatsapp": { "messages": [{
        "callback_type": "icm", "sid": "b0c2d4", "from": "+919876543210", "to": "+919876500001", "profile_name": "Asha",
        "timestamp": format!("2026-03-04T09:{minute:02}:00Z"), "content": { "type": "text", "text": { "body": text } },
    }] } })
    .to_string()
}

/// A server that accepts connections and never answers.
fn hanging() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    url
}

#[test]
fn half_open_requests_keep_nobody_out() {
    let mut listener = Listener::start(&[]);
    let before = listener.memory_kib();
    let open = listener.half_open(600);
    assert_eq!(listener.post("/open", "", &call("Hi", 1)), 200);
    let grown = listener.memory_kib().saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KiB");
    assert_eq!(listener.end("-INT"), Some(0), "one signal ends it, whatever is open");
    drop(open);
}

#[test]
fn stalled_bodies_do_not_fill_the_memory() {
    let mut listener = Listener::start(&[]);
    let before = listener.memory_kib();
    let open = listener.stalled(300, 2_900_000);
    assert_eq!(listener.post("/open", "", &call("Hi", 1)), 200);
    let grown = listener.memory_kib().saturating_sub(before);
    assert!(grown < 100 * 1024, "{grown} KiB");
    assert_eq!(listener.end("-TERM"), Some(0));
    drop(open);
}

#[test]
fn call_is_refused_while_the_output_is_full() {
    let mut listener = Listener::start(&[]);
    let long = call(&"x".repeat(8_000), 1);
    // A pipe holds 64 KiB.
    let statuses: Vec<u16> = (0..12).map(|_| listener.post("/open", "", &long)).collect();
    assert_eq!((statuses[0], statuses[11]), (200, 503), "{statuses:?}");
    assert_eq!((listener.post("/signed", "", &long), listener.post("/nowhere", "", "")), (401, 404));
    assert_eq!(listener.end("-TERM"), Some(0));
}

#[test]
fn call_is_refused_once_the_output_is_closed() {
    let mut listener = Listener::start(&[]);
    drop(listener.child.stdout.take());
    assert_eq!(listener.post("/open", "", &call("Hi", 1)), 503);
    assert_eq!(listener.ledger(), "", "an event that was not handed on opens no window");
    assert_eq!(listener.post("/signed", "", &call("Hi", 1)), 401);
    assert_eq!(listener.end("-INT"), Some(0));
}

#[test]
fn hanging_forward_target_delays_no_answer() {
    let mut listener = Listener::start(&["--forward", &hanging()]);
    // More than may be under way.
    for _ in 0..80 {
        assert_eq!(listener.post("/open", "", &call("Hi", 1)), 200);
    }
    let (half, stalled) = (listener.half_open(20), listener.stalled(3, 1_000));
    assert_eq!(listener.end("-TERM"), Some(0));
    drop((half, stalled));
}

#[test]
fn call_of_a_web_page_opens_no_window() {
    let listener = Listener::start(&["--allow-host", "Hooks.example"]);
    let plain = "content-type: text/plain\r\n";
    for headers in [
        format!("{plain}origin: https://evil.example\r\n"),
        format!("{plain}origin: null\r\n"),
        format!("{plain}origin: http://{}\r\n", listener.host),
        format!("{plain}sec-fetch-site: cross-site\r\n"),
        "host: evil.example\r\n".to_owned(),
        "host: evil.example:4020\r\n".to_owned(),
        "host: 127.0.0.1.evil.example\r\n".to_owned(),
        "host: evil.example@127.0.0.1:x\r\n".to_owned(),
    ] {
        assert_eq!(listener.post("/open", &headers, &call("Hi", 1)), 403, "{headers}");
    }
    assert_eq!(listener.ledger(), "");
    for headers in ["host: hooks.example\r\n", "host: localhost:80\r\n", "host: [::1]:80\r\n", plain] {
        assert_eq!(listener.post("/open", headers, &call("Hi", 1)), 200, "{headers}");
    }
    assert!(listener.ledger().contains("+919876543210"));
    // The signature decides about a channel with a secret, whatever host a tunnel names.
    assert_eq!(listener.post("/signed", "host: evil.example\r\n", &call("Hi", 1)), 401);
}

#[test]
fn too_long_head_or_body_is_refused() {
    let listener = Listener::start(&[]);
    assert_eq!(listener.post("/open", &format!("x: {}\r\n", "y".repeat(60_000)), ""), 431);
    assert_eq!(listener.post("/open", "", &"x".repeat(3 * 1024 * 1024 + 1)), 413);
    assert_eq!(listener.post("/open", "", "no json"), 400);
}

#[test]
fn running_listener_turns_no_time_back() {
    let mut listener = Listener::start(&[]);
    assert_eq!(listener.post("/open", "", &call("Hi", 10)), 200);
    let ledger = ["webhook", "--channel", "open", "--ledger", "ledger.json"];
    assert_eq!(listener.folder.run_with_input(&ledger, call("later", 40)).code, 0);
    assert_eq!(listener.post("/open", "", &call("an old copy", 20)), 200);
    assert!(listener.ledger().contains("2026-03-04T09:40:00Z"), "{}", listener.ledger());
    assert_eq!(listener.end("-TERM"), Some(0));
}
