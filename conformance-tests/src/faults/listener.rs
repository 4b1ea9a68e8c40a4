//! A listener on this machine that plays a script to every connection.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::provider::Provider;
use super::script::Step;

/// The duration of a flood that the client does not stop.
const FLOOD: Duration = Duration::from_secs(10);

/// How the listener writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pace {
    /// All at once.
    #[default]
    AtOnce,
    /// Two bytes at a time.
    ByTwos,
}

/// The listener's behaviour.
#[derive(Clone)]
pub(crate) struct Play {
    /// A script for each connection; the last script also plays to every further one.
    pub(crate) scripts: Vec<Vec<Step>>,
    pub(crate) pace: Pace,
    pub(crate) tls: Option<TlsAcceptor>,
    /// A receive buffer so small that the client soon notices if the listener does not read.
    pub(crate) small_buffer: bool,
}

/// Dropping it stops the listener and its connections.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

/// The connections and requests so far.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    /// Every request that was read completely.
    pub(crate) requests: Vec<Request<Bytes>>,
    /// The connection of each request.
    pub(crate) by: Vec<usize>,
}

impl Listener {
    pub(crate) fn start(play: Play, provider: Arc<Provider>) -> io::Result<Self> {
        let socket = tokio::net::TcpSocket::new_v4()?;
        if play.small_buffer {
            socket.set_recv_buffer_size(4 * 1024)?;
        }
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(1024)?;
        let address = listener.local_addr()?;
        let seen = Arc::<Mutex<Seen>>::default();
        let task = tokio::spawn(accept(listener, play, provider, Arc::clone(&seen)));
        Ok(Self { address, seen, task })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, play: Play, provider: Arc<Provider>, seen: Arc<Mutex<Seen>>) {
    // Dropping this task also drops the connections.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = {
            let mut seen = lock(&seen);
            seen.connections += 1;
            seen.connections
        };
        let script = play.scripts.get(number - 1).or(play.scripts.last()).cloned().unwrap_or_default();
        let side = Side {
            number,
            pace: play.pace,
            unread: BytesMut::new(),
            answer: None,
            provider: Arc::clone(&provider),
            seen: Arc::clone(&seen),
        };
        let tls = play.tls.clone();
        connections.spawn(async move {
            // The client has to notice every failure of this side.
            let _ = side.play(stream, tls, script).await;
        });
    }
}

/// One connection.
struct Side {
    number: usize,
    pace: Pace,
    /// Bytes that were read and not yet used.
    unread: BytesMut,
    answer: Option<Response<Bytes>>,
    provider: Arc<Provider>,
    seen: Arc<Mutex<Seen>>,
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_mut().0,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    async fn read(&mut self, into: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read_buf(into).await,
            Self::Tls(stream) => stream.read_buf(into).await,
        }
    }
}

impl Side {
    async fn play(mut self, stream: TcpStream, tls: Option<TlsAcceptor>, script: Vec<Step>) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut wire = match tls {
            Some(acceptor) => Wire::Tls(Box::new(acceptor.accept(stream).await?)),
            None => Wire::Plain(stream),
        };
        for step in script {
            match step {
                Step::ReadRequest => drop(self.request(&mut wire).await?),
                Step::Take => {
                    let request = self.request(&mut wire).await?;
                    self.answer = Some(self.provider.act(&request));
                }
                Step::Read(count) => self.fill(&mut wire, count).await?,
                Step::ReadPart(hundredths) => {
                    let (_, length) = self.head(&mut wire).await?;
                    self.fill(&mut wire, length * hundredths / 100).await?;
                }
                Step::Write(bytes) => self.write(&mut wire, &bytes).await?,
                Step::Answer(editor) => {
                    let answer = self.answer.clone().unwrap_or_default();
                    self.write(&mut wire, &editor(&answer)).await?;
                }
                Step::WriteRaw(bytes) => wire.tcp().write_all(&bytes).await?,
                Step::Gate(gate) => gate.pass().await,
                Step::HalfClose => wire.tcp().shutdown().await?,
                Step::Fin => return wire.tcp().shutdown().await,
                Step::Rst => return socket2::SockRef::from(&*wire.tcp()).set_linger(Some(Duration::ZERO)),
                Step::Hang => std::future::pending().await,
                Step::Drip(bytes) => {
                    for byte in bytes {
                        wire.write(&[byte]).await?;
                        tokio::time::sleep(Duration::from_millis(25)).await;
                    }
                    std::future::pending::<()>().await;
                }
                Step::Flood(bytes) => return flood(wire, bytes).await,
                Step::Endless(bytes) => loop {
                    wire.write(&bytes).await?;
                    tokio::task::yield_now().await;
                },
            }
        }
        match &mut wire {
            Wire::Plain(stream) => stream.shutdown().await,
            Wire::Tls(stream) => stream.shutdown().await,
        }
    }

    async fn write(&self, wire: &mut Wire, bytes: &[u8]) -> io::Result<()> {
        match self.pace {
            Pace::AtOnce => wire.write(bytes).await,
            Pace::ByTwos => {
                for two in bytes.chunks(2) {
                    wire.write(two).await?;
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
        }
    }

    /// Reads until there are `count` bytes.
    async fn fill(&mut self, wire: &mut Wire, count: usize) -> io::Result<()> {
        while self.unread.len() < count {
            if wire.read(&mut self.unread).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// Reads a request's head, and returns the length of its body.
    async fn head(&mut self, wire: &mut Wire) -> io::Result<(Request<Bytes>, usize)> {
        let head = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break self.unread.split_to(end + 4);
            }
            self.fill(wire, self.unread.len() + 1).await?;
        };
        let request = parse(&head).ok_or(io::ErrorKind::InvalidData)?;
        let length = request.headers().get(http::header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
        Ok((request, length))
    }

    /// Reads one request completely.
    async fn request(&mut self, wire: &mut Wire) -> io::Result<Request<Bytes>> {
        let (mut request, length) = self.head(wire).await?;
        self.fill(wire, length).await?;
        *request.body_mut() = self.unread.split_to(length).freeze();
        let mut seen = lock(&self.seen);
        seen.requests.push(request.clone());
        seen.by.push(self.number);
        Ok(request)
    }
}

/// Writes from its own thread, as fast as possible, until the client closes the connection or every timeout has passed.
async fn flood(wire: Wire, bytes: Bytes) -> io::Result<()> {
    let Wire::Plain(stream) = wire else { return Err(io::ErrorKind::Unsupported.into()) };
    let mut stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    let begun = Instant::now();
    let writing = tokio::task::spawn_blocking(move || {
        while begun.elapsed() < FLOOD {
            io::Write::write_all(&mut stream, &bytes)?;
        }
        Ok(())
    });
    writing.await.map_err(io::Error::other)?
}

fn parse(head: &[u8]) -> Option<Request<Bytes>> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n").take_while(|line| !line.is_empty());
    let mut first = lines.next()?.split(' ');
    let mut request = Request::builder().method(first.next()?).uri(first.next()?);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request = request.header(name, value.trim());
    }
    request.body(Bytes::new()).ok()
}
