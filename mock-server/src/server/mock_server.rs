//! The mock in a test's own process.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::real_time::now;
use super::serve::accept_all;
use super::state::AppState;
use super::tls::{Endpoint, Tls, WebhookRoots};
use crate::control::{Advance, ClockChange, ClockTurn};
use crate::core::error::ControlError;
use crate::core::request_line::RequestLine;
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
    shared: AppState,
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
    tls: Option<Tls>,
    webhook_roots: WebhookRoots,
}

impl MockServer {
    /// The four built-in providers in their seeded world, on an ephemeral port of 127.0.0.1. Needs a Tokio runtime with IO and
    /// time enabled.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// As [`start`](Self::start), with a simulator of your own.
    pub async fn start_with(simulator: Simulator) -> io::Result<Self> {
        MockServerBuilder { simulator, ..Self::builder() }.start().await
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
        MockServerBuilder { simulator: Simulator::new(now()), tls: None, webhook_roots: WebhookRoots::default() }
    }

    /// Where it listens, `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Steers or reads the simulator: `work` gets it together with the real time, which its methods take.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use transom_mock_server::{InboundMessage, MessageFilter, MockServer};
    ///
    /// let mock = MockServer::start().await?;
    /// let inbound = InboundMessage::text("exotel", "+919876543210", "hi");
    /// mock.with(|simulator, now| simulator.receive(now, &inbound))?;
    /// assert!(mock.with(|simulator, _| simulator.messages(&MessageFilter::of("exotel")).map(|all| all.is_empty()))?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with<T>(&self, work: impl FnOnce(&mut Simulator, SystemTime) -> T) -> T {
        self.shared.with(&None, work).0
    }

    /// Changes the clock, and waits until the webhook calls that fall due by it were tried.
    ///
    /// # Errors
    ///
    /// The change is empty, or leads beyond the years 1970 to 9000.
    pub async fn change_clock(&self, change: &ClockChange) -> Result<ClockTurn, ControlError> {
        self.shared.change_clock(&None, change).await.map(|(turn, _)| turn)
    }

    /// Moves the clock on, and waits until the webhook calls that fall due by it were tried.
    ///
    /// # Errors
    ///
    /// The advance leads beyond the year 9000.
    pub async fn advance(&self, by: Duration) -> Result<ClockTurn, ControlError> {
        self.change_clock(&ClockChange { advance: Some(Advance::By(by)), ..ClockChange::default() }).await
    }

    /// A client of its control plane over HTTP.
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
    pub fn control(&self) -> crate::client::Control {
        crate::client::Control::of(self.address)
    }
}

impl MockServerBuilder {
    /// Only the seeded credentials work, and what a documented fact refuses is refused.
    pub fn strict(self) -> Self {
        Self { simulator: self.simulator.strict(), ..self }
    }

    /// The ids follow from this number.
    pub fn seed(self, seed: u64) -> Self {
        Self { simulator: self.simulator.with_seed(seed), ..self }
    }

    /// Speaks TLS, too, to whoever begins with it on the same port.
    pub fn tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Lets https webhook targets be under these authorities, too.
    pub fn webhook_roots(self, webhook_roots: WebhookRoots) -> Self {
        Self { webhook_roots, ..self }
    }

    /// Tells `hook` of each request; see [`Simulator::on_request`].
    pub fn on_request(self, hook: impl Fn(&RequestLine) + Send + Sync + 'static) -> Self {
        Self { simulator: self.simulator.on_request(hook), ..self }
    }

    /// See [`MockServer::start`].
    pub async fn start(self) -> io::Result<MockServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = AppState::new(self.simulator);
        let endpoint = Endpoint { listener, tls: self.tls, webhook_roots: self.webhook_roots };
        let task = tokio::spawn(accept_all(endpoint, shared.clone())).abort_handle();
        Ok(MockServer { address, shared, running: Running::Task(task) })
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
        let shared = AppState::new(self.simulator);
        let serving = shared.clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name("transom-mock".to_owned()).spawn(move || {
            runtime.block_on(async {
                let endpoint = Endpoint { listener, tls: self.tls, webhook_roots: self.webhook_roots };
                let serving = tokio::spawn(accept_all(endpoint, serving));
                // An error: nobody ever sends, and the other end is dropped with the mock.
                let _ = stopped.await;
                serving.abort();
            });
        })?;
        Ok(MockServer { address, shared, running: Running::Thread { _stop: stop } })
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        if let Running::Task(task) = &self.running {
            task.abort();
        }
    }
}
