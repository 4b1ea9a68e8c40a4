//! `transom mock`: runs the mock server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;
use tokio::net::{TcpListener, lookup_host};
use transom_mock_server::{Endpoint, Simulator, Tls, WebhookRoots, serve_and_save, serve_until};

use crate::args::MockArgs;
use crate::fs::{Lock, SharedFile};
use crate::output::{Failure, Output};
use crate::printer::Printer;
use crate::signals::Signals;

/// The environment variable with the token for control calls.
const TOKEN_VARIABLE: &str = "TRANSOM_MOCK_TOKEN";

pub(crate) async fn run(args: &MockArgs, output: &Output) -> Result<ExitCode, Failure> {
    let token = token(args)?;
    let address = address(args, token.is_some()).await?;
    // Locked before reading, so that no other mock changes the file afterwards.
    let state = args.state.as_deref().map(StateFile::lock).transpose()?;
    let simulator = simulator(args, token.as_deref(), state.as_ref())?;
    if let Some(state) = &state {
        // Fails now if the file cannot be written, instead of losing the state later.
        state.save(&simulator.export())?;
    }
    let problem = |error: std::io::Error| Failure::usage(format!("--listen {}: {error}", args.listen));
    let listener = TcpListener::bind(address).await.map_err(problem)?;
    let bound = listener.local_addr().map_err(problem)?;
    let endpoint = Endpoint::new(listener).with_webhook_roots(webhook_roots(args)?);
    let endpoint = match tls(args)? {
        Some(tls) => endpoint.with_tls(tls),
        None => endpoint,
    };
    // A reader of the first line may send a signal at once, so that the handler must exist before.
    let mut signals = Signals::new();
    let stop = async move {
        signals.next().await;
    };
    output.line(format!("listening on http://{bound}"));
    // The seed makes the run repeatable.
    output.note(format!("seed {}", simulator.seed()));
    let Some(state) = state.map(Arc::new) else {
        serve_until(endpoint, simulator, stop).await;
        return Ok(ExitCode::SUCCESS);
    };
    let mut reported = false;
    let simulator = serve_and_save(endpoint, simulator, stop, {
        let (state, output) = (Arc::clone(&state), Output::new(output.is_json()));
        move |world| {
            // Reports only the first failure: a full disk may recover, and the write at the stop decides.
            if let (Err(_), false) = (state.save(world), reported) {
                reported = true;
                output.note(format!("--state {}: the file cannot be written at the moment", state.named.display()));
            }
        }
    })
    .await;
    state.save(&simulator.export())?;
    Ok(ExitCode::SUCCESS)
}

/// The authorities of `--webhook-ca`.
fn webhook_roots(args: &MockArgs) -> Result<WebhookRoots, Failure> {
    let Some(file) = &args.webhook_ca else { return Ok(WebhookRoots::default()) };
    let pem = read("--webhook-ca", file)?;
    WebhookRoots::from_pem(&pem).map_err(|error| Failure::usage(format!("--webhook-ca {}: {error}", file.display())))
}

fn read(option: &str, file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::usage(format!("{option} {}: {error}", file.display())))
}

/// The certificate of `--tls-cert`, or that of `--tls`, whose authority is written to the `--tls-ca` file.
fn tls(args: &MockArgs) -> Result<Option<Tls>, Failure> {
    if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
        let tls = Tls::from_pem(&read("--tls-cert", certificate)?, &read("--tls-key", key)?);
        let files = format!("--tls-cert {}, --tls-key {}", certificate.display(), key.display());
        return tls.map(Some).map_err(|error| Failure::usage(format!("{files}: {error}")));
    }
    if !args.tls {
        return Ok(None);
    }
    let hosts: Vec<&str> = args.allow_host.iter().map(String::as_str).collect();
    let tls = Tls::generate(&hosts).map_err(|error| Failure::usage(format!("--tls: {error}")))?;
    if let Some(file) = &args.tls_ca {
        std::fs::write(file, tls.ca_pem())
            .map_err(|error| Failure::usage(format!("--tls-ca {}: {error}", file.display())))?;
    }
    Ok(Some(tls))
}

/// The token for control calls, from a file or the environment: other users can read the arguments of a process.
fn token(args: &MockArgs) -> Result<Option<String>, Failure> {
    let Some(file) = &args.token_file else {
        let token = crate::target::variable_of(TOKEN_VARIABLE).map_err(Failure::usage)?;
        return Ok(token.filter(|token| !token.is_empty()));
    };
    let text = std::fs::read_to_string(file);
    text.map(|text| Some(text.trim_start_matches('\u{feff}').trim().to_owned()))
        .map_err(|error| Failure::usage(format!("--token-file {}: {error}", file.display())))
}

fn simulator(args: &MockArgs, token: Option<&str>, state: Option<&StateFile>) -> Result<Simulator, Failure> {
    let mut simulator = Simulator::new(SystemTime::now());
    if let Some(token) = token {
        let place =
            args.token_file.as_ref().map_or_else(|| TOKEN_VARIABLE.to_owned(), |file| file.display().to_string());
        simulator = simulator.with_token(token).ok_or_else(|| {
            Failure::usage(format!("{place}: no valid token, expected at least 32 visible ASCII characters"))
        })?;
    }
    for name in &args.allow_host {
        simulator = simulator.allow_host(name).ok_or_else(|| {
            Failure::usage(format!(
                "--allow-host {name}: not a host name, expected one such as mock.internal, without a port"
            ))
        })?;
    }
    for net in &args.allow_webhook_net {
        simulator = simulator
            .allow_webhook_net(net)
            .map_err(|error| Failure::usage(format!("--allow-webhook-net {net}: it {error}")))?;
    }
    if !args.quiet {
        let printer = Printer::new(anstream::AutoStream::auto(std::io::stderr()));
        simulator = simulator.on_request(move |line| printer.note(line.to_string()));
    }
    if args.strict {
        simulator = simulator.strict();
    }
    if let Some(seed) = args.seed {
        simulator = simulator.with_seed(seed);
    }
    if let Some(state) = state {
        state.load(&mut simulator)?;
    }
    Ok(simulator)
}

/// The `--state` file, locked: two mocks with one file would overwrite each other.
struct StateFile {
    named: PathBuf,
    file: SharedFile,
    lock: Lock,
}

impl StateFile {
    fn lock(named: &Path) -> Result<Self, Failure> {
        let file = SharedFile::find(named).map_err(|error| problem(named, &error.to_string()))?;
        let lock = file.try_lock().map_err(|error| problem(named, &error.to_string()))?;
        let lock = lock.ok_or_else(|| problem(named, "another mock uses this file; expected a file of its own"))?;
        Ok(Self { named: named.to_owned(), file, lock })
    }

    /// Reads the state of an earlier run. Without a file, the mock starts with the seeded world.
    fn load(&self, simulator: &mut Simulator) -> Result<(), Failure> {
        let on = |what: &str| problem(&self.named, what);
        let Some(text) = self.file.read().map_err(|error| on(&error.to_string()))? else { return Ok(()) };
        let state = serde_json::from_str(&text).map_err(|error| on(&format!("not JSON: {error}")))?;
        simulator.import(&state).map_err(|error| on(&error.to_string()))
    }

    fn save(&self, state: &Value) -> Result<(), Failure> {
        self.lock.replace(&state.to_string()).map_err(|error| problem(&self.named, &error.to_string()))
    }
}

fn problem(state: &Path, what: &str) -> Failure {
    Failure::usage(format!("--state {}: {what}", state.display()))
}

/// The address to listen on. Clients can control the mock, so that an address which other machines reach needs a second
/// option and a token.
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
            "{} is reachable from other machines; set a token in {TOKEN_VARIABLE} or with --token-file",
            address.ip()
        ))),
        (false, _) => Err(problem(format!(
            "{} is reachable from other machines; {expected}, or --listen-public and a token",
            address.ip()
        ))),
    }
}
