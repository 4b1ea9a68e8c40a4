//! Starts mocks and measures them.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use crate::output::other;
use crate::servers::{Load, Server};

pub(crate) const CONNECTIONS: u32 = 32;

pub(crate) struct Plan {
    pub(crate) transom: PathBuf,
    pub(crate) this: PathBuf,
    pub(crate) rounds: u32,
    pub(crate) milliseconds: u64,
    pub(crate) sizes: Vec<u64>,
    /// The number of requests of the long run.
    pub(crate) long: u64,
}

/// The sample of a server measured in turn with another: medians, and the total of requests.
pub(crate) struct Beside {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    pub(crate) cpu_us: f64,
    /// The CPU time of a request, divided by that of the other server.
    pub(crate) ratio: f64,
}

/// Measures two servers in turn, each with its number of contacts. The order alternates.
pub(crate) fn beside(plan: &Plan, base: (&Server, u64), other: (&Server, u64)) -> io::Result<Beside> {
    let sample = |(server, contacts): (&Server, u64)| {
        let milliseconds = plan.milliseconds / 2;
        server.under(Load { template: "exotel", contacts, connections: CONNECTIONS, milliseconds }, Some(1))
    };
    // A first run takes the first use of memory out of the measurement.
    sample(base)?;
    sample(other)?;
    let mut pairs = Vec::new();
    for round in 0..plan.rounds {
        let (first, second) = if round % 2 == 0 { (base, other) } else { (other, base) };
        let (first, second) = (sample(first)?, sample(second)?);
        pairs.push(if round % 2 == 0 { (first, second) } else { (second, first) });
    }
    Ok(Beside {
        requests: pairs.iter().map(|(_, other)| other.requests).sum(),
        per_second: median(pairs.iter().map(|(_, other)| other.per_second)),
        cpu_us: median(pairs.iter().map(|(_, other)| other.cpu_us)),
        ratio: median(pairs.iter().map(|(base, other)| other.cpu_us / base.cpu_us)),
    })
}

/// Starts a mock without limits, with open windows of this many contacts.
pub(crate) fn mock(plan: &Plan, provider: &str, contacts: u64, cpu: Option<u32>) -> io::Result<Server> {
    let server = Server::start(&plan.transom, &["mock", "--listen", "127.0.0.1:0"], cpu)?;
    post(&server.address, "limits", &format!(r#"{{"provider":"{provider}","limit":4294967295,"window_s":1}}"#))?;
    if provider == "autocalls" {
        post(&server.address, "config", r#"{"provider":"autocalls","balance":1e15}"#)?;
    }
    let template = format!("inbound-{provider}");
    let load = Load { template: &template, contacts, connections: CONNECTIONS, milliseconds: 0 };
    server.under(load, cpu.map(|_| 1))?;
    Ok(server)
}

pub(crate) fn post(address: &str, call: &str, body: &str) -> io::Result<()> {
    let request = format!(
        "POST /_mock/{call} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(address, &request)?;
    if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(other(answer)) }
}

pub(crate) fn exchange(address: &str, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
