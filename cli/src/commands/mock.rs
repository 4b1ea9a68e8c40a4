//! `transom mock`: the four providers on one port.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::SystemTime;

use tokio::net::{TcpListener, lookup_host};
use transom_mock_server::Simulator;

use crate::args::MockArgs;
use crate::output::{Failure, Output};

pub(crate) async fn run(args: &MockArgs, output: &Output) -> Result<ExitCode, Failure> {
    let address = address(&args.listen).await?;
    let problem = |error: std::io::Error| Failure::usage(format!("--listen {}: {error}", args.listen));
    let listener = TcpListener::bind(address).await.map_err(problem)?;
    let bound = listener.local_addr().map_err(problem)?;
    let mut simulator = Simulator::new(SystemTime::now());
    if args.strict {
        simulator = simulator.strict();
    }
    output.line(&format!("listening on http://{bound}"));
    tokio::select! {
        () = transom_mock_server::serve(listener, simulator) => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(ExitCode::SUCCESS)
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
