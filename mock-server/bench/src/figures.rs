//! The figures of the mock that have a limit.

use std::io::{self, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::measure::{CONNECTIONS, Plan, beside, exchange, mock, post};
use crate::output::{other, say};
use crate::servers::{Load, Server};

const NAMESPACES: u32 = 1_000;
const PENDING: u64 = 10_000;

/// Measures and prints all figures.
pub(crate) fn all(plan: &Plan) -> io::Result<()> {
    say("\nfigure                                                       limit        measured");
    memory(plan)?;
    long_run(plan)?;
    namespaces(plan)?;
    advance(plan)
}

fn line(figure: &str, limit: &str, measured: &str) {
    say(&format!("{figure:58}   {limit:10}   {measured}"));
}

fn sends(requests: u64) -> Load<'static> {
    // Zero milliseconds: one request to each contact.
    Load { template: "exotel", contacts: requests, connections: CONNECTIONS, milliseconds: 0 }
}

fn memory(plan: &Plan) -> io::Result<()> {
    let server = Server::start(&plan.transom, &["mock", "--listen", "127.0.0.1:0"], None)?;
    exchange(&server.address, "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
    line("resident, idle, the console served", "12 MiB", &format!("{:.1} MiB", server.resident_mib()?));
    drop(server);
    let server = mock(plan, "exotel", 1_000, None)?;
    for _ in 0..10 {
        server.under(sends(1_000), None)?;
    }
    line("resident, a full journal of 10,000 exchanges", "40 MiB", &format!("{:.1} MiB", server.resident_mib()?));
    Ok(())
}

/// Compares cost and memory after very many requests to a fresh mock.
fn long_run(plan: &Plan) -> io::Result<()> {
    const CONTACTS: u64 = 1_000;
    let server = mock(plan, "exotel", CONTACTS, Some(0))?;
    let timed = Load { contacts: CONTACTS, milliseconds: 2_000, ..sends(0) };
    let mut sent = 0;
    while sent < plan.long {
        sent += server.under(timed, Some(1))?.requests;
    }
    let full = server.resident_mib()?;
    let fresh = mock(plan, "exotel", CONTACTS, Some(0))?;
    let beside = beside(plan, (&fresh, CONTACTS), (&server, CONTACTS))?;
    line(
        &format!("CPU of a request after {} million, × that of a fresh mock", millions(sent)),
        "1.05",
        &format!("{:.2}", beside.ratio),
    );
    line(
        &format!("growth over {} requests more, every record full", beside.requests),
        "2 MiB",
        &format!("{:.1} MiB, at {full:.0} MiB", server.resident_mib()? - full),
    );
    Ok(())
}

fn millions(count: u64) -> String {
    format!("{:.1}", crate::servers::as_float(count) / 1e6)
}

/// Compares requests to new namespaces to as many requests to the default namespace.
fn namespaces(plan: &Plan) -> io::Result<()> {
    let server = Server::start(&plan.transom, &["mock", "--listen", "127.0.0.1:0"], None)?;
    let mut client = Client::connect(&server.address)?;
    let ask = |client: &mut Client, prefix: &dyn Fn(u32) -> String| -> io::Result<Duration> {
        let begun = Instant::now();
        for number in 0..NAMESPACES {
            client.call("GET", &format!("{}/_mock/clock", prefix(number)), "")?;
        }
        Ok(begun.elapsed())
    };
    let alone = ask(&mut client, &|_| String::new())?;
    let (before, threads) = (server.resident_mib()?, server.threads()?);
    let made = ask(&mut client, &|number| format!("/_ns/n{number}"))?;
    line(
        "1,000 namespaces, made by a first request, beyond the request",
        "20 ms",
        &format!("{:.1} ms", made.saturating_sub(alone).as_secs_f64() * 1e3),
    );
    line(
        "their memory, and threads more",
        "8 MiB, 0",
        &format!("{:.1} MiB, {}", server.resident_mib()? - before, server.threads()?.saturating_sub(threads)),
    );
    Ok(())
}

/// Advances the clock by a day while status events and webhook calls wait.
fn advance(plan: &Plan) -> io::Result<()> {
    let server = mock(plan, "exotel", PENDING, None)?;
    let mut client = Client::connect(&server.address)?;
    client.call("POST", "/_mock/clock", r#"{"freeze":true}"#)?;
    server.under(sends(PENDING), None)?;
    let begun = Instant::now();
    client.call("POST", "/_mock/clock", r#"{"advance":"24h"}"#)?;
    line("advance by 24 h, 10,000 statuses due", "50 ms", &milliseconds(begun));

    let target = Target::open()?;
    let hook = format!(r#"{{"provider":"exotel","url":"http://{}/hook","secret":"s3cret"}}"#, target.address);
    post(&server.address, "inbound", r#"{"provider":"exotel","from":"+447700900123","text":"hi"}"#)?;
    post(&server.address, "webhooks", &hook)?;
    let template = Load { template: "inbound-exotel", ..sends(PENDING) };
    server.under(template, None)?;
    server.under(sends(PENDING), None)?;
    target.wait_for_quiet();
    let called = target.calls.load(Ordering::Relaxed);
    let begun = Instant::now();
    client.call("POST", "/_mock/clock", r#"{"advance":"24h"}"#)?;
    let taken = milliseconds(begun);
    let calls = target.calls.load(Ordering::Relaxed) - called;
    line("advance by 24 h, 10,000 webhook calls due and made, in order", "", &format!("{taken}, {calls} calls"));
    Ok(())
}

fn milliseconds(begun: Instant) -> String {
    format!("{:.1} ms", begun.elapsed().as_secs_f64() * 1e3)
}

/// A keep-alive connection.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    fn call(&mut self, method: &str, path: &str, body: &str) -> io::Result<()> {
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (head, body) = message(&mut self.stream)?;
        if head.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(other(format!("{path}: {head}{body}"))) }
    }
}

/// Reads the head and the body of a message with a length.
fn message(stream: &mut impl io::BufRead) -> io::Result<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body)?;
    Ok((head, String::from_utf8_lossy(&body).into_owned()))
}

/// A target that accepts all webhook calls.
struct Target {
    address: String,
    calls: Arc<AtomicU64>,
}

impl Target {
    fn open() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?.to_string();
        let calls = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                std::thread::spawn(move || serve(stream, &count));
            }
        });
        Ok(Self { address, calls })
    }

    /// Waits until no call arrives for half a second.
    fn wait_for_quiet(&self) {
        let mut seen = u64::MAX;
        while seen != self.calls.load(Ordering::Relaxed) {
            seen = self.calls.load(Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

fn serve(stream: TcpStream, calls: &AtomicU64) {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    while message(&mut stream).is_ok() {
        calls.fetch_add(1, Ordering::Relaxed);
        if stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}
