//! The server between adapter and simulator: the mock's own, wiremock, or the built binary.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use transom_mock_server::Simulator;

use super::webhook_receiver::WebhookReceiver;
use crate::adapters::AdapterUnderTest;
use crate::assertions::Failure;

#[cfg(feature = "harness")]
mod wiremock;

/// Where the simulators of a run are.
#[derive(Clone, Debug)]
pub enum Backend {
    /// In this process, behind the mock's own server.
    Mock,
    /// In this process, behind wiremock.
    #[cfg(feature = "harness")]
    Wiremock,
    /// In a separate process: `transom mock` at this path, started afresh for each scenario.
    Binary(PathBuf),
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mock => "the mock",
            #[cfg(feature = "harness")]
            Self::Wiremock => "wiremock",
            Self::Binary(_) => "the binary",
        })
    }
}

/// A running backend; it stops when dropped.
pub(crate) enum Running {
    Mock(transom_mock_server::MockServer),
    #[cfg(feature = "harness")]
    Wiremock(wiremock::Served),
    Binary {
        url: String,
        child: Child,
    },
}

impl Running {
    pub(crate) async fn start(backend: &Backend, adapter: &AdapterUnderTest) -> Result<Self, Failure> {
        match backend {
            Backend::Mock => {
                let server = transom_mock_server::MockServer::start_with(simulator(adapter)).await;
                server.map(Self::Mock).map_err(|error| format!("the mock cannot listen on 127.0.0.1: {error}").into())
            }
            #[cfg(feature = "harness")]
            Backend::Wiremock => Ok(Self::Wiremock(wiremock::start(simulator(adapter)).await)),
            Backend::Binary(path) => binary(path).map_err(|error| format!("{}: {error}", path.display()).into()),
        }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Mock(server) => server.url(),
            #[cfg(feature = "harness")]
            Self::Wiremock(served) => served.url(),
            Self::Binary { url, .. } => url.clone(),
        }
    }

    /// Delivers all webhook calls that are due to `receiver`. The mock's own server delivers them before `advance` returns;
    /// wiremock does not.
    #[cfg_attr(
        not(feature = "harness"),
        allow(unused_variables, clippy::unused_self, reason = "wiremock alone needs it")
    )]
    pub(crate) fn deliver(&self, receiver: &WebhookReceiver) {
        #[cfg(feature = "harness")]
        if let Self::Wiremock(served) = self {
            served.deliver(receiver);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Binary { child, .. } = self {
            // The process may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn simulator(adapter: &AdapterUnderTest) -> Simulator {
    Simulator::with_providers(SystemTime::now(), (adapter.simulators)())
}

fn binary(path: &PathBuf) -> std::io::Result<Running> {
    let mut child = Command::new(path)
        .args(["mock", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    if let Some(url) = line.trim().strip_prefix("listening on ") {
        return Ok(Running::Binary { url: url.to_owned(), child });
    }
    // The process must not outlive the test.
    let _ = child.kill();
    Err(std::io::Error::other(format!("expected `listening on http://…` as its first line, got {line:?}")))
}
