//! Ports that do not accept connections.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};

/// A reserved port without a listener.
#[derive(Debug)]
pub(crate) struct ClosedPort {
    port: u16,
    _held: Socket,
}

impl ClosedPort {
    pub(crate) fn new() -> io::Result<Self> {
        let (held, port) = bound()?;
        Ok(Self { port, _held: held })
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}

fn bound() -> io::Result<(Socket, u16)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    let port = socket.local_addr()?.as_socket().map_or(0, |address| address.port());
    Ok((socket, port))
}

/// A port whose connection queue is full and never emptied, so that a further connection gets no answer.
#[derive(Debug)]
pub(crate) struct SaturatedPort {
    port: u16,
    _listener: Socket,
    _queue: Vec<Socket>,
}

impl SaturatedPort {
    pub(crate) fn new() -> io::Result<Self> {
        let (listener, port) = bound()?;
        listener.listen(0)?;
        let address = listener.local_addr()?;
        let mut queue = Vec::new();
        for _ in 0..4 {
            let client = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            client.set_nonblocking(true)?;
            // The connection may be pending or not; the queue stays full.
            let _ = client.connect(&address);
            queue.push(client);
        }
        Ok(Self { port, _listener: listener, _queue: queue })
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}
