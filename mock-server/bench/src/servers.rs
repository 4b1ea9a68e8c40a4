//! Server processes with their CPU time and memory.

use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::output::other;

/// A server process. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// From the start of the process to its first line.
    pub(crate) ready_after: Duration,
}

/// The result of one run of the load generator.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    /// CPU time of the server for each request.
    pub(crate) cpu_us: f64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    /// The CPU share of the load generator. Near 1, the generator is the limit.
    pub(crate) load_share: f64,
}

/// The settings of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) template: &'a str,
    pub(crate) contacts: u64,
    pub(crate) connections: u32,
    /// Zero means one request to each contact.
    pub(crate) milliseconds: u64,
}

impl Server {
    /// Starts a program that first prints `listening on http://…`; `cpu` ties it to one CPU. Its other output is dropped.
    pub(crate) fn start(program: &Path, arguments: &[&str], cpu: Option<u32>) -> io::Result<Self> {
        let started = Instant::now();
        let mut command = tied(program, cpu);
        let mut child =
            command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let ready_after = started.elapsed();
        if let Some(address) = line.trim().strip_prefix("listening on http://") {
            return Ok(Self { child, address: address.to_owned(), ready_after });
        }
        let _ = child.kill();
        Err(other(format!("{}: expected `listening on http://…`, got {line:?}", program.display())))
    }

    /// Runs the load generator on the server.
    pub(crate) fn under(&self, load: Load<'_>, cpu: Option<u32>) -> io::Result<Sample> {
        let words = [
            "load".to_owned(),
            self.address.clone(),
            load.template.to_owned(),
            load.contacts.to_string(),
            load.connections.to_string(),
            load.milliseconds.to_string(),
        ];
        let before = self.cpu()?;
        let mut child = tied(&std::env::current_exe()?, cpu).args(words).stdout(Stdio::piped()).spawn()?;
        let (mut line, mut load_cpu) = (String::new(), Duration::ZERO);
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
            // It has printed and not ended yet, or its own time is not told any more; then its share shows as 0.
            load_cpu = cpu_of(child.id()).unwrap_or_default();
        }
        let spent = self.cpu()?.saturating_sub(before);
        if !child.wait()?.success() {
            return Err(other(format!("the load on {} failed", load.template)));
        }
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [requests, nanoseconds, p50_us, p99_us] = numbers.as_slice() else {
            return Err(other(format!("the load printed {line:?}")));
        };
        let seconds = Duration::from_nanos(*nanoseconds).as_secs_f64();
        let count = as_float(*requests);
        Ok(Sample {
            requests: *requests,
            per_second: count / seconds,
            cpu_us: spent.as_secs_f64() * 1e6 / count,
            p50_us: *p50_us,
            p99_us: *p99_us,
            load_share: load_cpu.as_secs_f64() / seconds,
        })
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> io::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u32>().ok());
        kib.map(|kib| f64::from(kib) / 1024.0).ok_or_else(|| other("the system does not tell how much memory is used"))
    }

    /// The number of threads.
    pub(crate) fn threads(&self) -> io::Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/task", self.child.id()))?.count())
    }

    /// The CPU time of the process.
    fn cpu(&self) -> io::Result<Duration> {
        cpu_of(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The CPU time of all threads of a process, in nanoseconds.
fn cpu_of(process: u32) -> io::Result<Duration> {
    let mut total = 0_u64;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        total += text.split(' ').next().and_then(|word| word.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(Duration::from_nanos(total))
}

fn tied(program: &Path, cpu: Option<u32>) -> Command {
    match cpu {
        None => Command::new(program),
        Some(cpu) => {
            let mut command = Command::new("taskset");
            command.arg("-c").arg(cpu.to_string()).arg(program);
            command
        }
    }
}

/// The counts are far below the precision limit of floats.
#[allow(clippy::cast_precision_loss, reason = "counts of a bench are far below 2^52")]
pub(crate) fn as_float(count: u64) -> f64 {
    count as f64
}
