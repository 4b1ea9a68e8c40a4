//! The mock in a test's own process.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::serve::serve;
use super::state::now;
use crate::core::simulator::Simulator;

/// A mock on a port of its own, for tests. It stops when it is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mock = transom_mock_server::MockServer::start().await?;
/// assert!(mock.url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MockServer {
    address: SocketAddr,
    running: Running,
}

/// What ends the server.
#[derive(Debug)]
enum Running {
    /// A task on the caller's runtime.
    Task(AbortHandle),
    /// A thread with a runtime of its own, which ends when this is dropped.
    Thread { _stop: oneshot::Sender<()> },
}

/// Which mock to start.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mock = transom_mock_server::MockServer::builder().strict().seed(7).start().await?;
/// # drop(mock);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "it does nothing until it is started"]
pub struct MockServerBuilder {
    simulator: Simulator,
}

impl MockServer {
    /// The four built-in providers in their seeded world, on an ephemeral port of 127.0.0.1. Needs a Tokio runtime with IO and
    /// time enabled.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// As [`start`](Self::start), with a simulator of your own.
    pub async fn start_with(simulator: Simulator) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(serve(listener, simulator)).abort_handle();
        Ok(Self { address, running: Running::Task(task) })
    }

    /// As [`start`](Self::start), for tests that are not async: on a thread of its own.
    ///
    /// ```
    /// use std::io::{Read as _, Write as _};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mock = transom_mock_server::MockServer::spawn()?;
    /// let mut stream = std::net::TcpStream::connect(mock.address())?;
    /// stream.write_all(b"GET /_mock/clock HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    /// let mut answer = String::new();
    /// stream.read_to_string(&mut answer)?;
    /// assert!(answer.starts_with("HTTP/1.1 200"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawn() -> io::Result<Self> {
        Self::builder().spawn()
    }

    /// The built-in mock, to be changed before it starts.
    pub fn builder() -> MockServerBuilder {
        MockServerBuilder { simulator: Simulator::new(now()) }
    }

    /// Where it listens, `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What steers it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = transom_mock_server::MockServer::start().await?;
    /// mock.control().advance("25h").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "client")]
    pub fn control(&self) -> crate::server::client::Control {
        crate::server::client::Control::of(self.address)
    }
}

impl MockServerBuilder {
    /// Only the seeded credentials work, and what a documented fact refuses is refused.
    pub fn strict(self) -> Self {
        Self { simulator: self.simulator.strict() }
    }

    /// The ids follow from this number.
    pub fn seed(self, seed: u64) -> Self {
        Self { simulator: self.simulator.with_seed(seed) }
    }

    /// See [`MockServer::start`].
    pub async fn start(self) -> io::Result<MockServer> {
        MockServer::start_with(self.simulator).await
    }

    /// See [`MockServer::spawn`].
    pub fn spawn(self) -> io::Result<MockServer> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name("transom-mock".to_owned()).spawn(move || {
            runtime.block_on(async {
                let serving = tokio::spawn(serve(listener, self.simulator));
                // An error: nobody ever sends, and the other end is dropped with the mock.
                let _ = stopped.await;
                serving.abort();
            });
        })?;
        Ok(MockServer { address, running: Running::Thread { _stop: stop } })
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        if let Running::Task(task) = &self.running {
            task.abort();
        }
    }
}
