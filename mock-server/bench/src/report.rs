//! The runs and their printed results.

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use crate::figures;
use crate::measure::{CONNECTIONS, Plan, beside, exchange, median, mock, post};
use crate::output::{other, say};
use crate::servers::{Load, Sample, Server};

const PROVIDERS: [&str; 4] = ["exotel", "autocalls", "gosendapi", "messangi"];
/// Requests before each measurement.
const WARM_UP: u64 = 20_000;
const SIZES: [u64; 4] = [1, 1_000, 100_000, 1_000_000];

/// Runs all measurements.
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

/// Compares each provider of the mock, and wiremock, to the floor.
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

/// The samples of a server and of the floor measured right before it.
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
    // The warm-up takes first connections and first use of memory out of the measurement.
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

/// Measures the cost of a request and the memory with many contacts in open windows. A server with one contact runs in turn,
/// because the speed of the machine varies by the minute.
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

/// Measures the time from the start of the process to the end of the first response.
fn start(plan: &Plan) -> io::Result<()> {
    let mut times = Vec::new();
    for _ in 0..plan.rounds * 4 {
        let server = Server::start(&plan.transom, &["mock", "--listen", "127.0.0.1:0"], None)?;
        let asked = Instant::now();
        let answer =
            exchange(&server.address, "GET /_mock/clock HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(other(answer));
        }
        times.push((server.ready_after + asked.elapsed()).as_secs_f64() * 1e3);
    }
    let most = times.iter().copied().fold(0.0, f64::max);
    say(&format!("\nstart to first answer: median {:.1} ms, at most {most:.1} ms", median(times.into_iter())));
    Ok(())
}
