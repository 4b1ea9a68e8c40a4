//! `transom mock`: the four providers on one port.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use serde_json::Value;
use tokio::net::{TcpListener, lookup_host};
use transom_mock_server::{Simulator, serve_and_save, serve_until};

use crate::args::MockArgs;
use crate::output::{Failure, Output};

/// Where the token for control calls is looked for.
const TOKEN_VARIABLE: &str = "TRANSOM_MOCK_TOKEN";

pub(crate) async fn run(args: &MockArgs, output: &Output) -> Result<ExitCode, Failure> {
    let token = token(args)?;
    let address = address(args, token.is_some()).await?;
    // Before it is read, so that what is read is nobody else's to change.
    let _lock = args.state.as_deref().map(keep).transpose()?;
    let simulator = simulator(args, token.as_deref())?;
    if let Some(file) = &args.state {
        // Whoever cannot keep the state is told so now, and not when there is something to lose.
        save(file, &simulator.export())?;
    }
    let problem = |error: std::io::Error| Failure::usage(format!("--listen {}: {error}", args.listen));
    let listener = TcpListener::bind(address).await.map_err(problem)?;
    let bound = listener.local_addr().map_err(problem)?;
    // Whoever reads the first line may stop us at once, so that has to be heard before it is printed.
    let stop = stopped();
    output.line(&format!("listening on http://{bound}"));
    // The first thing that a report of a run needs, for the run to be had again.
    output.note(&format!("seed {}", simulator.seed()));
    let Some(file) = args.state.clone() else {
        serve_until(listener, simulator, stop).await;
        return Ok(ExitCode::SUCCESS);
    };
    let mut told = false;
    let simulator = serve_and_save(listener, simulator, stop, {
        let file = file.clone();
        move |state| {
            // A disk may be full for a while; the last attempt at the stop is the one that counts, and the first is told.
            if let (Err(_), false) = (save(&file, state), told) {
                told = true;
                complain(&format!("--state {}: it cannot be written at the moment", file.display()));
            }
        }
    })
    .await;
    save(&file, &simulator.export())?;
    Ok(ExitCode::SUCCESS)
}

fn complain(problem: &str) {
    use std::io::Write as _;
    // Nobody may be listening any more.
    let _ = writeln!(std::io::stderr(), "{problem}");
}

/// The token for control calls: out of a file or the environment, since arguments are for everybody to read.
fn token(args: &MockArgs) -> Result<Option<String>, Failure> {
    let Some(file) = &args.token_file else {
        return Ok(std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty()));
    };
    let text = std::fs::read_to_string(file);
    text.map(|text| Some(text.trim().to_owned()))
        .map_err(|error| Failure::usage(format!("--token-file {}: {error}", file.display())))
}

fn simulator(args: &MockArgs, token: Option<&str>) -> Result<Simulator, Failure> {
    let mut simulator = Simulator::new(SystemTime::now());
    if let Some(token) = token {
        let place =
            args.token_file.as_ref().map_or_else(|| TOKEN_VARIABLE.to_owned(), |file| file.display().to_string());
        simulator = simulator.with_token(token).ok_or_else(|| {
            Failure::usage(format!("{place}: it holds no token, expected at least 32 visible ASCII characters"))
        })?;
    }
    for name in &args.allow_host {
        simulator = simulator.allow_host(name).ok_or_else(|| {
            Failure::usage(format!(
                "--allow-host {name}: it is no name, expected one such as mock.internal, without a port"
            ))
        })?;
    }
    for net in &args.allow_webhook_net {
        simulator = simulator
            .allow_webhook_net(net)
            .map_err(|error| Failure::usage(format!("--allow-webhook-net {net}: it {error}")))?;
    }
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

fn save(file: &Path, state: &Value) -> Result<(), Failure> {
    crate::file::replace(file, &state.to_string())
        .map_err(|error| Failure::usage(format!("--state {}: {error}", file.display())))
}

/// Makes sure that no other mock keeps its state in this file: each would overwrite what the other did.
fn keep(file: &Path) -> Result<File, Failure> {
    let problem = |what: String| Failure::usage(format!("--state {}: {what}", file.display()));
    let lock = crate::file::keep(file).map_err(|error| problem(error.to_string()))?;
    lock.ok_or_else(|| problem("another mock keeps its state there, expected a file of its own".to_owned()))
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

/// Where to listen. Whoever reaches the mock can steer it, so that an address which others reach has to be asked for twice, and
/// needs a token.
async fn address(args: &MockArgs, has_token: bool) -> Result<SocketAddr, Failure> {
    let text = &args.listen;
    let expected = "expected a loopback address with a port, such as 127.0.0.1:4010";
    let problem = |what: String| Failure::usage(format!("--listen {text}: {what}"));
    let mut found = lookup_host(text).await.map_err(|error| problem(format!("{error}; {expected}")))?;
    let address = found.next().ok_or_else(|| problem(expected.to_owned()))?;
    if address.ip().to_canonical().is_loopback() {
        return Ok(address);
    }
    match (args.listen_public, has_token) {
        (true, true) => Ok(address),
        (true, false) => Err(problem(format!(
            "{} is not on this machine alone, so that a token is needed, in {TOKEN_VARIABLE} or by --token-file",
            address.ip()
        ))),
        (false, _) => Err(problem(format!(
            "{} is not on this machine alone; {expected}, or --listen-public and a token",
            address.ip()
        ))),
    }
}
