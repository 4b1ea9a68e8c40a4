//! How a connection is made, and how much may come over it before an answer begins.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::options::Resolver;

/// The longest head of an answer, the informational answers before it included.
const HEAD_MAX: usize = 64 * 1024;
/// How often a connection without traffic is kept known to what lies in between.
const KEEPALIVE: Duration = Duration::from_secs(15);

type Later<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// Makes connections, TLS included, within a time.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector<Names>,
    tls: Option<TlsConnector>,
    within: Duration,
}

impl Connector {
    pub(super) fn new(names: Names, tls: Option<rustls::ClientConfig>, within: Duration) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(names);
        // For `https://` as well.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_connect_timeout(Some(within));
        Self { tcp, tls: tls.map(|config| TlsConnector::from(Arc::new(config))), within }
    }
}

impl Service<Uri> for Connector {
    type Response = Guarded;
    type Error = io::Error;
    type Future = Later<Guarded>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_ready(context).map_err(io::Error::other)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let (tls, within) = (self.tls.clone(), self.within);
        let tcp = self.tcp.call(uri);
        let connecting: Later<Box<dyn Wire>> = Box::pin(async move {
            let tcp = tcp.await.map_err(io::Error::other)?.into_inner();
            let wire: Box<dyn Wire> = match tls {
                None => Box::new(tcp),
                Some(tls) => {
                    let name = ServerName::try_from(host).map_err(io::Error::other)?;
                    Box::new(tls.connect(name, tcp).await?)
                }
            };
            Ok(wire)
        });
        Box::pin(async move {
            let wire =
                tokio::time::timeout(within, connecting).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
            Ok(Guarded { wire: TokioIo::new(wire?), head: Head::default() })
        })
    }
}

/// Looks names up.
#[derive(Clone)]
pub(super) enum Names {
    /// As the machine does.
    System(GaiResolver),
    /// As the application does.
    Given(Arc<dyn Resolver>),
    /// Only names of this machine, whose addresses nobody else has a say in (RFC 6761, 6.3); the application's addresses, if
    /// it gives any, must be this machine's, too.
    Loopback(Option<Arc<dyn Resolver>>),
}

impl Service<Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Later<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        // Port 0 stands for the one in the URL.
        let at_any_port =
            |found: Vec<IpAddr>| -> Vec<_> { found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect() };
        let names = self.clone();
        Box::pin(async move {
            let found = match names {
                Self::System(mut system) => system.call(name).await?.collect(),
                Self::Given(resolver) => at_any_port(resolver.resolve(name.as_str()).await?),
                Self::Loopback(None) => at_any_port(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]),
                Self::Loopback(Some(resolver)) => {
                    let found = resolver.resolve(name.as_str()).await?;
                    if !found.iter().all(|ip| ip.to_canonical().is_loopback()) {
                        return Err(io::Error::other("the name is said to be this machine, and leads to another one"));
                    }
                    at_any_port(found)
                }
            };
            Ok(found.into_iter())
        })
    }
}

/// How much of an answer's head may still come. Shared with whoever reads the answer, and knows where its head ends.
#[derive(Clone, Debug)]
pub(super) struct Head(Arc<AtomicUsize>);

/// Stands for "as much as there is".
const NO_END: usize = usize::MAX;

impl Default for Head {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(HEAD_MAX)))
    }
}

impl Head {
    /// Takes off what was read, unless somebody has said in between what comes now.
    fn spend(&self, left: usize, read: usize) {
        let _ = self.0.compare_exchange(left, left.saturating_sub(read), Ordering::AcqRel, Ordering::Acquire);
    }

    /// The head has come: what follows is a body, whose length is somebody else's matter.
    pub(super) fn has_come(&self) {
        self.0.store(NO_END, Ordering::Release);
    }

    /// The answer has been read: what follows is another one's head.
    pub(super) fn comes_next(&self) {
        self.0.store(HEAD_MAX, Ordering::Release);
    }
}

/// A connection over which no more than a head's length comes until somebody says that the head has come.
///
/// Without it an endless run of informational answers (`100 Continue`) would be read in one go, for as long as the other side
/// can write, while no timeout gets its turn.
pub(super) struct Guarded {
    wire: TokioIo<Box<dyn Wire>>,
    head: Head,
}

/// Bytes in both directions, encrypted or not.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl Connection for Guarded {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.head.clone())
    }
}

impl Read for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.head.0.load(Ordering::Acquire);
        if left == NO_END {
            return Pin::new(&mut self.wire).poll_read(context, into);
        }
        let mut buffer = [0; 4 * 1024];
        let room = buffer.len().min(left).min(into.remaining());
        let Some(buffer) = buffer.get_mut(..room).filter(|buffer| !buffer.is_empty()) else {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the head of the answer is longer than {HEAD_MAX} bytes"),
            )));
        };
        let mut read = ReadBuf::new(buffer);
        ready!(Pin::new(self.wire.inner_mut()).poll_read(context, &mut read))?;
        into.put_slice(read.filled());
        self.head.spend(left, read.filled().len());
        Poll::Ready(Ok(()))
    }
}

impl Write for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(context, parts)
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    #[derive(Debug)]
    struct Says(IpAddr);

    #[async_trait]
    impl Resolver for Says {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(vec![self.0])
        }
    }

    async fn looked_up(mut names: Names) -> io::Result<Vec<IpAddr>> {
        let name = "api.localhost".parse().map_err(io::Error::other)?;
        Ok(names.call(name).await?.map(|address| address.ip()).collect())
    }

    #[tokio::test]
    async fn a_name_of_this_machine_leads_nowhere_else() {
        let here: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        assert_eq!(looked_up(Names::Loopback(None)).await.unwrap(), here, "the machine's resolver is not asked");
        let says = |text: &str| Names::Loopback(Some(Arc::new(Says(text.parse().unwrap()))));
        assert_eq!(looked_up(says("127.0.0.2")).await.unwrap(), ["127.0.0.2".parse::<IpAddr>().unwrap()]);
        for elsewhere in ["10.0.0.1", "192.0.2.1", "2001:db8::1", "0.0.0.0", "::ffff:10.0.0.1"] {
            assert!(looked_up(says(elsewhere)).await.is_err(), "{elsewhere}");
        }
    }
}
