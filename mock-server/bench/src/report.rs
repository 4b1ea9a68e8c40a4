//! The runs, and what is printed of them.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::servers::{Load, Sample, Server};
use crate::{figures, say};

const PROVIDERS: [&str; 4] = ["exotel", "autocalls", "gosendapi", "messangi"];
pub(crate) const CONNECTIONS: u32 = 32;
/// Requests before anything is measured.
const WARM_UP: u64 = 20_000;
const SIZES: [u64; 4] = [1, 1_000, 100_000, 1_000_000];

pub(crate) struct Plan {
    pub(crate) transom: PathBuf,
    this: PathBuf,
    rounds: u32,
    milliseconds: u64,
    sizes: Vec<u64>,
    /// Requests after which nothing may have become slower or larger.
    pub(crate) long: u64,
}

/// Everything, in one run.
pub(crate) fn run(transom: &str, quick: bool) -> io::Result<()> {
    let plan = Plan {
        transom: PathBuf::from(transom),
        this: std::env::current_exe()?,
        rounds: if quick { 1 } else { 5 },
        milliseconds: if quick { 500 } else { 2_000 },
        sizes: if quick { vec![1, 1_000] } else { SIZES.to_vec() },
        long: if quick { 20_000 } else { 1_100_000 },
    };
    say(&format!(
        "{CONNECTIONS} keep-alive connections from one process (own loop that never sleeps; no wrk), POST of a text in an open window;\n\
         floor: bare hyper that answers a constant; each ratio is to the floor measured right before it; medians of {}.\n\
         CPU is that of the server process, which has a CPU of its own where `own CPU` is said.\n",
        plan.rounds
    ));
    compare(&plan)?;
    growth(&plan)?;
    start(&plan)?;
    figures::all(&plan)
}

/// The mock, provider by provider, and wiremock, each next to the floor.
fn compare(plan: &Plan) -> io::Result<()> {
    let mut rows: Vec<(String, Vec<Pair>)> = PROVIDERS.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
    rows.push(("wiremock-rs".to_owned(), Vec::new()));
    for round in 0..plan.rounds {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            let Some((name, pairs)) = rows.get_mut(index) else { continue };
            pairs.push(pair(plan, name)?);
        }
    }
    say("                  shared CPUs                              own CPU");
    say("                  req/s    ÷ floor  p50 µs  p99 µs  load   req/s    ÷ floor  CPU µs  × floor   RSS MiB");
    let floor: Vec<Sample> = rows.iter().flat_map(|(_, pairs)| pairs.iter().map(|pair| pair.floor_shared)).collect();
    let floor_own: Vec<Sample> = rows.iter().flat_map(|(_, pairs)| pairs.iter().map(|pair| pair.floor_own)).collect();
    say(&format!(
        "{:16} {:>7.0}    1.00   {:>7} {:>7}  {:>4.2}  {:>7.0}    1.00    {:>5.1}    1.00",
        "floor",
        median(floor.iter().map(|sample| sample.per_second)),
        floor.iter().map(|sample| sample.p50_us).max().unwrap_or_default(),
        floor.iter().map(|sample| sample.p99_us).max().unwrap_or_default(),
        median(floor.iter().map(|sample| sample.load_share)),
        median(floor_own.iter().map(|sample| sample.per_second)),
        median(floor_own.iter().map(|sample| sample.cpu_us)),
    ));
    for (name, pairs) in &rows {
        let of = |get: fn(&Pair) -> f64| median(pairs.iter().map(get));
        say(&format!(
            "{:16} {:>7.0}    {:>4.2}   {:>7.0} {:>7.0}  {:>4.2}  {:>7.0}    {:>4.2}    {:>5.1}    {:>4.2}   {:>6.0}",
            if name == "wiremock-rs" { name.clone() } else { format!("mock {name}") },
            of(|pair| pair.shared.per_second),
            of(|pair| pair.shared.per_second / pair.floor_shared.per_second),
            of(|pair| crate::servers::as_float(pair.shared.p50_us)),
            of(|pair| crate::servers::as_float(pair.shared.p99_us)),
            of(|pair| pair.shared.load_share),
            of(|pair| pair.own.per_second),
            of(|pair| pair.own.per_second / pair.floor_own.per_second),
            of(|pair| pair.own.cpu_us),
            of(|pair| pair.own.cpu_us / pair.floor_own.cpu_us),
            of(|pair| pair.resident_mib),
        ));
    }
    Ok(())
}

/// A server and the floor right before it.
struct Pair {
    floor_shared: Sample,
    shared: Sample,
    floor_own: Sample,
    own: Sample,
    resident_mib: f64,
}

fn pair(plan: &Plan, name: &str) -> io::Result<Pair> {
    let load = |contacts| Load {
        template: if name == "wiremock-rs" { "exotel" } else { name },
        contacts,
        connections: CONNECTIONS,
        milliseconds: plan.milliseconds,
    };
    let serve = |cpu| {
        if name == "wiremock-rs" {
            Server::start(&plan.this, &["wiremock"], cpu)
        } else {
            mock(plan, name, WARM_UP, cpu)
        }
    };
    // So that neither measures how it starts: first connections, and memory that is touched for the first time.
    let warm = Load { contacts: WARM_UP, milliseconds: 0, ..load(0) };
    let floor = Server::start(&plan.this, &["floor"], None)?;
    floor.under(warm, None)?;
    let floor_shared = floor.under(load(1_000), None)?;
    drop(floor);
    let server = serve(None)?;
    server.under(warm, None)?;
    let shared = server.under(load(1_000), None)?;
    drop(server);
    let floor = Server::start(&plan.this, &["floor"], Some(0))?;
    floor.under(warm, Some(1))?;
    let floor_own = floor.under(load(1_000), Some(1))?;
    drop(floor);
    let server = serve(Some(0))?;
    server.under(warm, Some(1))?;
    let own = server.under(load(1_000), Some(1))?;
    let resident_mib = server.resident_mib()?;
    Ok(Pair { floor_shared, shared, floor_own, own, resident_mib })
}

/// What a request costs with so many contacts whose windows are open, and what they take in memory; each next to a server with
/// one contact, in turn with it, for the machine itself is faster and slower by the minute.
fn growth(plan: &Plan) -> io::Result<()> {
    say(
        "\ncontacts      req/s    CPU µs   × 1 contact   RSS MiB: contacts alone, and after the sends   (exotel, own CPU)",
    );
    let base = mock(plan, "exotel", 1, Some(0))?;
    for contacts in &plan.sizes {
        let server = mock(plan, "exotel", *contacts, Some(0))?;
        let resident = server.resident_mib()?;
        let beside = beside(plan, (&base, 1), (&server, *contacts))?;
        say(&format!(
            "{contacts:>9}   {:>7.0}     {:>5.1}          {:>4.2}   {resident:>7.0} {:>7.0} ({} sends)",
            beside.per_second,
            beside.cpu_us,
            beside.ratio,
            server.resident_mib()?,
            beside.requests,
        ));
    }
    let server = mock(plan, "exotel", 1, Some(0))?;
    let fault = r#"{"provider":"exotel","fault":"html","every":1000000000}"#;
    post(&server.address, "faults", &format!("[{}]", [fault; 1_000].join(",")))?;
    let beside = beside(plan, (&base, 1), (&server, 1))?;
    say(&format!(
        "1 contact, and 1,000 faults that do not strike: {:.0} req/s, {:.1} µs CPU, {:.2} × without them",
        beside.per_second, beside.cpu_us, beside.ratio,
    ));
    Ok(())
}

/// What a server did beside another: medians, but for all its requests.
pub(crate) struct Beside {
    pub(crate) requests: u64,
    per_second: f64,
    cpu_us: f64,
    /// Its CPU time for each request, in that of the other one right before or after.
    pub(crate) ratio: f64,
}

/// Two servers in turn, each with a load on so many of its contacts; now the one and now the other is first.
pub(crate) fn beside(plan: &Plan, base: (&Server, u64), other: (&Server, u64)) -> io::Result<Beside> {
    let sample = |(server, contacts): (&Server, u64)| {
        let milliseconds = plan.milliseconds / 2;
        server.under(Load { template: "exotel", contacts, connections: CONNECTIONS, milliseconds }, Some(1))
    };
    // Memory that is touched for the first time is not what is measured.
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

/// From the start of the process to the end of the first answer.
fn start(plan: &Plan) -> io::Result<()> {
    let mut times = Vec::new();
    for _ in 0..plan.rounds * 4 {
        let server = Server::start(&plan.transom, &["mock", "--listen", "127.0.0.1:0"], None)?;
        let asked = Instant::now();
        let answer =
            exchange(&server.address, "GET /_mock/clock HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(crate::other(answer));
        }
        times.push((server.ready_after + asked.elapsed()).as_secs_f64() * 1e3);
    }
    let most = times.iter().copied().fold(0.0, f64::max);
    say(&format!("\nstart to first answer: median {:.1} ms, at most {most:.1} ms", median(times.into_iter())));
    Ok(())
}

/// A mock without limits, in which so many contacts have written to the provider.
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
    if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(crate::other(answer)) }
}

pub(crate) fn exchange(address: &str, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
