//! The load: so many connections, each of which sends its next request when the answer to the last is complete. Requests are
//! bytes made beforehand, and of an answer only its status and length are read, so that this costs less than any server.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::peers::runtime;
use crate::requests::Template;
use crate::{other, say};

/// Latencies are counted by the microsecond up to this one.
const MOST_MICROSECONDS: usize = 100_000;

struct Tally {
    requests: u64,
    next_contact: u64,
    left: u64,
    latencies: Vec<u32>,
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
    let left = if milliseconds == 0 { contacts } else { u64::MAX };
    let tally =
        Rc::new(RefCell::new(Tally { requests: 0, next_contact: 0, left, latencies: vec![0; MOST_MICROSECONDS] }));
    let started = Instant::now();
    let until = (milliseconds > 0).then(|| started + Duration::from_millis(milliseconds));
    runtime()?.block_on(LocalSet::new().run_until(async {
        let mut clients = Vec::new();
        for _ in 0..connections {
            let client = client((*address).to_owned(), template.clone(), contacts, until, Rc::clone(&tally));
            clients.push(tokio::task::spawn_local(client));
        }
        for client in clients {
            client.await.map_err(|error| other(error.to_string()))??;
        }
        io::Result::Ok(())
    }))?;
    let spent = started.elapsed();
    let tally = tally.borrow();
    say(&format!("{} {} {} {}", tally.requests, spent.as_nanos(), tally.percentile(50), tally.percentile(99)));
    Ok(())
}

#[allow(clippy::future_not_send, reason = "one thread makes the whole load, so that it costs little")]
async fn client(
    address: String,
    template: Template,
    contacts: u64,
    until: Option<Instant>,
    tally: Rc<RefCell<Tally>>,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let (mut request, mut answer) = (Vec::new(), Vec::new());
    loop {
        let sent = Instant::now();
        if until.is_some_and(|until| sent >= until) {
            return Ok(());
        }
        let contact = {
            let mut tally = tally.borrow_mut();
            if tally.left == 0 {
                return Ok(());
            }
            tally.left -= 1;
            let contact = tally.next_contact;
            // A stride that shares no divisor with any number of contacts here: neighbours in time are none in memory.
            tally.next_contact = (contact + if until.is_some() { 7_919 } else { 1 }) % contacts;
            contact
        };
        template.write(contact, &mut request);
        stream.write_all(&request).await?;
        answer.clear();
        while !is_whole(&answer)? {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(other("the server hung up"));
            }
        }
        tally.borrow_mut().count(sent.elapsed());
    }
}

/// Whether the answer has arrived. Anything but a success ends the run: what is measured must be the work.
fn is_whole(answer: &[u8]) -> io::Result<bool> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
    let (head, rest) = answer.split_at(end);
    if !head.starts_with(b"HTTP/1.1 2") {
        return Err(other(String::from_utf8_lossy(answer)));
    }
    let length = head.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(15)?;
        name.eq_ignore_ascii_case(b"content-length:")
            .then(|| std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok())?
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
