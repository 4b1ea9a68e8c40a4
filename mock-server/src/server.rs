//! The mock on a port. This is the only place that reads the real clock.

mod body;
mod connection;
mod delivery;
mod events;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};

use crate::{Reply, Simulator, Wire, json_response, set_header};

/// More connections than this wait until others are closed.
const MOST_CONNECTIONS: usize = 256;
/// The newest event whose effect an answer of the control plane includes; told while anybody listens.
const LAST_EVENT: &str = "x-transom-event";
/// After an error on accepting, such as too many open files, the next try waits.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves a simulator until the future is dropped; then its connections are closed, too, and no webhook is delivered any more.
///
/// HTTP/1.1 with keep-alive and pipelining. A head must arrive within 10 seconds, a body within 30; a body over 3 MiB (64 MiB
/// for a state to import) is answered with 413. Bind the listener to a loopback address: the control plane knows no passwords.
pub async fn serve(listener: TcpListener, simulator: Simulator) {
    accept_all(listener, Shared::new(simulator)).await;
}

/// As [`serve`], until `stop` is over; then gives the simulator back, with all that happened to it. A request that is being
/// answered at that moment may get no answer, yet what it did is in the simulator or not at all.
pub async fn serve_until(
    listener: TcpListener,
    simulator: Simulator,
    stop: impl Future<Output = ()> + Send,
) -> Simulator {
    let shared = Shared::new(simulator);
    // Dropping the set, because nobody waits for this future any more, ends its task.
    let mut serving = JoinSet::new();
    serving.spawn(accept_all(listener, shared.clone()));
    stop.await;
    serving.shutdown().await;
    // Tasks that are still ending hold the shared one, so that it is swapped and not taken apart.
    std::mem::replace(&mut *shared.lock(), Simulator::new(now()))
}

async fn accept_all(listener: TcpListener, shared: Shared) {
    let mut courier = JoinSet::new();
    courier.spawn(delivery::run(shared.clone()));
    courier.spawn(events::run(shared.clone()));
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    // Dropping the set ends its tasks.
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let shared = shared.clone();
                connections.spawn(async move {
                    answer_all(stream, shared).await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn answer_all(stream: TcpStream, shared: Shared) {
    // Small answers must not wait for more; a socket that cannot do without the delay serves all the same.
    let _ = stream.set_nodelay(true);
    connection::run(stream, shared).await;
}

/// The simulator behind every connection.
#[derive(Debug, Clone)]
struct Shared {
    simulator: Arc<Mutex<Simulator>>,
    desk: Arc<delivery::Desk>,
    events: Arc<events::Hub>,
}

impl Shared {
    fn new(simulator: Simulator) -> Self {
        let events = Arc::new(events::Hub::new(&simulator));
        Self { simulator: Arc::new(Mutex::new(simulator)), desk: Arc::default(), events }
    }

    fn lock(&self) -> MutexGuard<'_, Simulator> {
        self.simulator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the simulator; none if a dialect panics in it.
    fn guarded<T>(&self, work: impl FnOnce(&mut Simulator) -> T) -> Option<T> {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut self.lock()))).ok()
    }

    /// One step at the present time. A dialect that panics costs its client an answer of 500, and nobody else anything.
    fn step(&self, request: &Request<Bytes>) -> Reply {
        let reply = self.guarded(|simulator| {
            let mut reply = simulator.step(now(), request);
            if let Some(event) = self.events.tell(simulator, now())
                && request.uri().path().starts_with("/_mock/")
            {
                set_header(&mut reply.response, LAST_EVENT, event);
            }
            if simulator.webhooks.is_waiting() {
                self.desk.ring();
            }
            reply
        });
        reply.unwrap_or_else(|| Reply {
            response: self.dated(json_response(500, &json!({"error": "the mock failed on this request"}))),
            wire: Wire::Whole,
            delay: Duration::ZERO,
        })
    }

    /// An answer of the server itself, with the virtual time that every answer carries.
    fn dated(&self, mut response: Response<Bytes>) -> Response<Bytes> {
        set_header(&mut response, "date", httpdate::fmt_http_date(self.lock().now(now())));
        response
    }
}

fn now() -> SystemTime {
    SystemTime::now()
}

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
    task: AbortHandle,
}

impl MockServer {
    /// The four built-in providers in their seeded world, on an ephemeral port of 127.0.0.1. Needs a Tokio runtime with IO and
    /// time enabled.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(Simulator::new(now())).await
    }

    /// As [`start`](Self::start), with a simulator of your own.
    pub async fn start_with(simulator: Simulator) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(serve(listener, simulator)).abort_handle();
        Ok(Self { address, task })
    }

    /// Where it listens, `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
