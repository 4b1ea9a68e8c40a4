//! The connections of `listen`, with bounds on their number, time and memory.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::{Extension, Router};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::StatusCode;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

/// One more connection ends the oldest that is not being answered.
const MOST_CONNECTIONS: usize = 256;
/// The bytes of all bodies that are being read. One more ends the oldest of them.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The longest body.
const LONGEST_BODY: usize = 3 * 1024 * 1024;
/// The longest head, and the most that a connection holds besides its body.
const LONGEST_HEAD: usize = 32 * 1024;
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// After an error on accepting, such as too many open files, the next try waits.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Debug, Default)]
pub(super) struct Connections(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    last: u64,
    /// By age.
    open: BTreeMap<u64, Open>,
    stopping: Arc<Notify>,
    empty: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Open {
    is_busy: bool,
    /// The bytes of the body that is being read.
    bytes: usize,
    evicted: Arc<Notify>,
}

/// Why a body was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("its body is longer than {LONGEST_BODY} bytes")]
    TooLong,
    #[error("its body broke off")]
    Broken,
    #[error("its body took longer than {} s", BODY_TIMEOUT.as_secs())]
    TooSlow,
}

impl Unread {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

impl Connections {
    /// Serves the connections of `listener`, until the future is dropped.
    pub(super) async fn accept_all(&self, listener: TcpListener, app: Router) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => self.open(stream, app.clone()),
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    /// Lets the connections finish the call that they answer, and waits for that.
    pub(super) async fn finish(&self) {
        let empty = Arc::clone(&self.table().empty);
        self.table().stopping.notify_waiters();
        loop {
            let changed = empty.notified();
            if self.table().open.is_empty() {
                return;
            }
            changed.await;
        }
    }

    fn open(&self, stream: TcpStream, app: Router) {
        let Some((place, evicted, stopping)) = self.place() else { return };
        tokio::spawn(async move {
            // Small answers must not wait for more; a socket that cannot do without the delay serves all the same.
            let _ = stream.set_nodelay(true);
            let service = TowerToHyperService::new(app.layer(Extension(place.clone())));
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(LONGEST_HEAD)
                .serve_connection(TokioIo::new(stream), service);
            let (mut served, mut stopping) = (pin!(served), pin!(stopping.notified()));
            let mut is_stopping = false;
            // How a connection ended makes no difference: the calls in it were answered, or come again.
            loop {
                tokio::select! {
                    _ = served.as_mut() => break,
                    () = evicted.notified() => break,
                    () = stopping.as_mut(), if !is_stopping => {
                        is_stopping = true;
                        served.as_mut().graceful_shutdown();
                    }
                }
            }
            place.close();
        });
    }

    /// A place for a new connection, unless each of the others is being answered.
    fn place(&self) -> Option<(Place, Arc<Notify>, Arc<Notify>)> {
        let mut table = self.table();
        if table.open.len() >= MOST_CONNECTIONS && !table.evict(|_| true) {
            return None;
        }
        table.last += 1;
        let (number, open) = (table.last, Open::default());
        let evicted = Arc::clone(&open.evicted);
        table.open.insert(number, open);
        Some((Place { number, connections: self.clone() }, evicted, Arc::clone(&table.stopping)))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Ends the oldest connection that is not being answered and for which `fits` holds. Returns whether there is one.
    fn evict(&mut self, fits: impl Fn(&Open) -> bool) -> bool {
        let oldest = self.open.iter().find(|(_, open)| !open.is_busy && fits(open)).map(|(number, _)| *number);
        let Some(open) = oldest.and_then(|number| self.open.remove(&number)) else { return false };
        open.evicted.notify_one();
        true
    }

    fn bytes(&self) -> usize {
        self.open.values().map(|open| open.bytes).sum()
    }
}

/// The place of one connection.
#[derive(Clone, Debug)]
pub(super) struct Place {
    number: u64,
    connections: Connections,
}

impl Place {
    /// Reads a body. From its end on, the connection is being answered.
    pub(super) async fn read(&self, body: Body) -> Result<Bytes, Unread> {
        let read = timeout(BODY_TIMEOUT, self.read_all(body)).await.unwrap_or(Err(Unread::TooSlow));
        self.change(|open| (open.bytes, open.is_busy) = (0, read.is_ok()));
        read
    }

    async fn read_all(&self, body: Body) -> Result<Bytes, Unread> {
        let (mut chunks, mut read) = (body.into_data_stream(), Vec::new());
        while let Some(chunk) = chunks.next().await {
            // Copied, because a chunk holds on to the buffer of its connection.
            let chunk = chunk.map_err(|_| Unread::Broken)?;
            if read.len() + chunk.len() > LONGEST_BODY {
                return Err(Unread::TooLong);
            }
            read.extend_from_slice(&chunk);
            self.change(|open| open.bytes = read.len());
            let mut table = self.connections.table();
            while table.bytes() > MOST_BYTES && table.evict(|open| open.bytes > 0) {}
        }
        Ok(read.into())
    }

    /// The call is answered, and the connection waits for the next one.
    pub(super) fn answered(&self) {
        self.change(|open| open.is_busy = false);
    }

    /// Changes the row of the connection, unless it was evicted.
    fn change(&self, change: impl FnOnce(&mut Open)) {
        if let Some(open) = self.connections.table().open.get_mut(&self.number) {
            change(open);
        }
    }

    fn close(&self) {
        let mut table = self.connections.table();
        table.open.remove(&self.number);
        table.empty.notify_waiters();
    }
}
