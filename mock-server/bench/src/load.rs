//! The load generator: each connection sends its next request after the response to the last one. It prepares the bytes of
//! requests, and reads only the status and length of responses, so that it costs less than any server.
//!
//! It polls its connections and never sleeps: waking a sleeping client costs a server as much as the request itself.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::output::{other, say};
use crate::requests::Template;

/// Latencies up to this one are counted by the microsecond.
const MOST_MICROSECONDS: usize = 100_000;
/// A stride without a common divisor with the numbers of contacts: consecutive requests use distant memory.
const STRIDE: u64 = 7_919;

struct Tally {
    requests: u64,
    latencies: Vec<u32>,
}

/// The next contact, if there is one.
struct Plan {
    contacts: u64,
    next: u64,
    left: u64,
    until: Option<Instant>,
}

struct Client {
    stream: TcpStream,
    answer: Vec<u8>,
    /// `None` while no response is expected.
    sent: Option<Instant>,
}

/// `ADDRESS TEMPLATE CONTACTS CONNECTIONS MILLISECONDS`, or `0` milliseconds for one request to each contact. Prints
/// `REQUESTS NANOSECONDS P50 P99`, the last two in microseconds.
pub(crate) fn run(words: &[&str]) -> io::Result<()> {
    let [address, template, contacts, connections, milliseconds] = words else {
        return Err(other("load ADDRESS TEMPLATE CONTACTS CONNECTIONS MILLISECONDS"));
    };
    let number = |text: &str| text.parse::<u64>().map_err(|error| other(format!("{text}: {error}")));
    let (contacts, connections, milliseconds) = (number(contacts)?, number(connections)?, number(milliseconds)?);
    let template = Template::named(template, 0).ok_or_else(|| other(format!("there is no request {template}")))?;
    let mut clients = (0..connections).map(|_| Client::connect(address)).collect::<io::Result<Vec<_>>>()?;
    let mut tally = Tally { requests: 0, latencies: vec![0; MOST_MICROSECONDS] };
    let started = Instant::now();
    let until = (milliseconds > 0).then(|| started + Duration::from_millis(milliseconds));
    let left = if milliseconds == 0 { contacts } else { u64::MAX };
    let mut plan = Plan { contacts, next: 0, left, until };
    let mut request = Vec::new();
    while !clients.is_empty() {
        let mut open = Vec::with_capacity(clients.len());
        for mut client in clients {
            if client.turn(&template, &mut plan, &mut tally, &mut request)? {
                open.push(client);
            }
        }
        clients = open;
    }
    let spent = started.elapsed();
    say(&format!("{} {} {} {}", tally.requests, spent.as_nanos(), tally.percentile(50), tally.percentile(99)));
    Ok(())
}

impl Client {
    fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(4096), sent: None })
    }

    /// Reads available bytes, and sends the next request after a complete response. Returns false at the end.
    fn turn(
        &mut self,
        template: &Template,
        plan: &mut Plan,
        tally: &mut Tally,
        request: &mut Vec<u8>,
    ) -> io::Result<bool> {
        if let Some(sent) = self.sent {
            let mut part = [0; 4096];
            match self.stream.read(&mut part) {
                Ok(0) => return Err(other("the server hung up")),
                Ok(length) => self.answer.extend_from_slice(part.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
            if !is_whole(&self.answer)? {
                return Ok(true);
            }
            tally.count(sent.elapsed());
        }
        let Some(contact) = plan.next() else { return Ok(false) };
        template.write(contact, request);
        self.answer.clear();
        self.sent = Some(Instant::now());
        // It is far shorter than what a socket takes at once.
        self.stream.write_all(request)?;
        Ok(true)
    }
}

impl Plan {
    fn next(&mut self) -> Option<u64> {
        if self.left == 0 || self.until.is_some_and(|until| Instant::now() >= until) {
            return None;
        }
        self.left -= 1;
        let contact = self.next;
        self.next = (contact + if self.until.is_some() { STRIDE } else { 1 }) % self.contacts;
        Some(contact)
    }
}

/// Whether the response is complete. A status other than success ends the run.
fn is_whole(answer: &[u8]) -> io::Result<bool> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
    let (head, rest) = answer.split_at(end);
    if !head.starts_with(b"HTTP/1.1 2") {
        return Err(other(String::from_utf8_lossy(answer)));
    }
    let length = head.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(15)?;
        let value = name.eq_ignore_ascii_case(b"content-length:").then_some(value)?;
        std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok()
    });
    let length = length.ok_or_else(|| other("an answer without a length"))?;
    Ok(rest.len() >= 4 + length)
}

impl Tally {
    fn count(&mut self, latency: Duration) {
        self.requests += 1;
        let microseconds = usize::try_from(latency.as_micros()).unwrap_or(usize::MAX).min(MOST_MICROSECONDS - 1);
        if let Some(count) = self.latencies.get_mut(microseconds) {
            *count += 1;
        }
    }

    fn percentile(&self, percent: u64) -> usize {
        let wanted = self.requests * percent / 100;
        let mut seen = 0;
        let reached = self.latencies.iter().position(|count| {
            seen += u64::from(*count);
            seen > wanted
        });
        reached.unwrap_or(MOST_MICROSECONDS)
    }
}
