//! `transom mock`: the four providers on one port.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use tokio::net::{TcpListener, lookup_host};
use transom_mock_server::{Simulator, serve_until};

use crate::args::MockArgs;
use crate::output::{Failure, Output};

pub(crate) async fn run(args: &MockArgs, output: &Output) -> Result<ExitCode, Failure> {
    let address = address(&args.listen).await?;
    let simulator = simulator(args)?;
    let problem = |error: std::io::Error| Failure::usage(format!("--listen {}: {error}", args.listen));
    let listener = TcpListener::bind(address).await.map_err(problem)?;
    let bound = listener.local_addr().map_err(problem)?;
    // Whoever reads the first line may stop us at once, so that has to be heard before it is printed.
    let stop = stopped();
    output.line(&format!("listening on http://{bound}"));
    let simulator = serve_until(listener, simulator, stop).await;
    if let Some(file) = &args.state {
        save(file, &simulator)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn simulator(args: &MockArgs) -> Result<Simulator, Failure> {
    let mut simulator = Simulator::new(SystemTime::now());
    if args.strict {
        simulator = simulator.strict();
    }
    if let Some(seed) = args.seed {
        simulator = simulator.with_seed(seed);
    }
    if let Some(file) = &args.state {
        load(file, &mut simulator)?;
    }
    Ok(simulator)
}

/// Reads the state that an earlier run left; a file that is not there yet leaves the seeded world.
fn load(file: &Path, simulator: &mut Simulator) -> Result<(), Failure> {
    let problem = |what: String| Failure::usage(format!("--state {}: {what}", file.display()));
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(problem(error.to_string())),
    };
    let state = serde_json::from_str(&text).map_err(|error| problem(format!("it is no JSON: {error}")))?;
    simulator.import(&state).map_err(problem)
}

fn save(file: &Path, simulator: &Simulator) -> Result<(), Failure> {
    crate::file::replace(file, &simulator.export().to_string())
        .map_err(|error| Failure::usage(format!("--state {}: {error}", file.display())))
}

/// Is over when somebody stops us: the terminal, or whoever started the process. It listens from this call on.
#[cfg(unix)]
fn stopped() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).ok();
    let (terminate, interrupt) = (listen(SignalKind::terminate()), listen(SignalKind::interrupt()));
    async move {
        let (Some(mut terminate), Some(mut interrupt)) = (terminate, interrupt) else {
            // Without handlers a signal ends the process itself.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Is over when the terminal stops us.
#[cfg(not(unix))]
async fn stopped() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A loopback address. The mock obeys whoever reaches it, so nobody else may.
async fn address(text: &str) -> Result<SocketAddr, Failure> {
    let expected = "expected a loopback address with a port, such as 127.0.0.1:4010";
    let problem = |what: String| Failure::usage(format!("--listen {text}: {what}"));
    let mut found = lookup_host(text).await.map_err(|error| problem(format!("{error}; {expected}")))?;
    let address = found.next().ok_or_else(|| problem(expected.to_owned()))?;
    if address.ip().to_canonical().is_loopback() {
        Ok(address)
    } else {
        Err(problem(format!("{} is not on this machine alone; {expected}", address.ip())))
    }
}
