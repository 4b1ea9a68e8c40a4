//! The settings of the HTTP transport.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

/// The hosts that a proxy is not asked for.
pub(super) const LOOPBACK_HOSTS: &str = "localhost,127.0.0.0/8,::1";

pub(crate) const PROXY_EXPECTED: &str = "the URL of a proxy such as \"http://proxy.example:3128\"";

/// Whether `text` is the URL of a proxy that can be used.
pub(crate) fn is_proxy_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// The settings of [`HttpTransport`](super::HttpTransport).
#[derive(Clone, Debug, Default)]
pub struct HttpOptions {
    /// How long one request may take in all. `None`: 10 s for reads, 30 s for idempotent sends, 60 s for the others. A value
    /// under 1 ms counts as 1 ms.
    pub timeout: Option<Duration>,
    /// Whether a request may use a connection on which another one was answered. Off by default: an answer that nobody
    /// asked for, and that comes as the next request begins, counts as the answer to that request and shifts every later one.
    /// Bytes that come before the next request always close the connection.
    pub reuse_connections: bool,
    /// Whether `http://` is allowed to hosts other than this machine.
    pub insecure: bool,
    /// The proxy to go through, as a URL that may hold credentials. Requests to this machine go past it. `None`: no proxy,
    /// whatever the environment says.
    pub proxy: Option<Secret>,
    /// Certificate authorities to trust besides those of this machine. There is no way to trust every certificate.
    pub extra_roots: Roots,
    /// Looks names up, in place of the machine's own resolver.
    pub resolver: Option<Arc<dyn Resolver>>,
}

/// Turns a name into addresses. The transport adds the port, and tries the next address where one is dead.
#[async_trait]
pub trait Resolver: fmt::Debug + Send + Sync + 'static {
    /// Returns the addresses of `host`, the best first. An empty list, an error and an answer later than the connect timeout
    /// all mean that the message was not sent.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Certificates of authorities to trust.
#[derive(Clone, Default)]
pub struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    /// Every certificate in `text`, in PEM.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there is none in it, or one that cannot be read.
    pub fn from_pem(text: &[u8]) -> Result<Self> {
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(|error| bad(&error.to_string()))?;
        if certificates.is_empty() { Err(bad("there is none in it")) } else { Self::checked(certificates) }
    }

    /// One certificate, in DER.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it cannot be read.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Self::checked(vec![CertificateDer::from(der.to_vec())])
    }

    fn checked(certificates: Vec<CertificateDer<'static>>) -> Result<Self> {
        let mut store = rustls::RootCertStore::empty();
        for certificate in &certificates {
            store.add(certificate.clone()).map_err(|error| bad(&error.to_string()))?;
        }
        Ok(Self(certificates))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = CertificateDer<'static>> + '_ {
        self.0.iter().cloned()
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.0.len())
    }
}

fn bad(why: &str) -> Error {
    Error::new(ErrorKind::Config, format!("expected the certificate of an authority: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_a_certificate_is_refused() {
        let armoured = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for error in [Roots::from_pem(b""), Roots::from_pem(b"a key"), Roots::from_pem(armoured), Roots::from_der(b"x")]
        {
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().starts_with("expected the certificate of an authority: "), "{error}");
        }
    }
}
