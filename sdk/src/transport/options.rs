//! The knobs of the HTTP transport.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::error::{Error, ErrorKind, Result};

/// The knobs of [`HttpTransport`](super::HttpTransport).
#[derive(Clone, Debug, Default)]
pub struct HttpOptions {
    /// How long one request may take in all. `None`: 10 s for reads, 30 s for keyed sends, 60 s for the others. A value
    /// under 1 ms counts as 1 ms.
    pub timeout: Option<Duration>,
    /// Whether sends, too, may use a pooled connection. Off by default: a server that writes a stray answer on a kept
    /// connection would have it taken for the answer to the next message.
    pub reuse_connections: bool,
    /// Whether `http://` is allowed to hosts other than this machine.
    pub insecure: bool,
    /// Certificate authorities to trust besides those of this machine. There is no way to trust everybody.
    pub extra_roots: Roots,
    /// Looks names up, in place of the machine's own resolver.
    pub resolver: Option<Arc<dyn Resolver>>,
}

/// Turns a name into addresses. The port, and what to do where some of them are dead, stay the transport's.
#[async_trait]
pub trait Resolver: fmt::Debug + Send + Sync + 'static {
    /// The addresses of `host`, the best first. None of them, an error and an answer that takes longer than a connection
    /// may take are all the same to a message: it was not sent.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Certificate authorities, as certificates.
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
    fn what_is_no_certificate_is_no_authority() {
        let armoured = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for error in [Roots::from_pem(b""), Roots::from_pem(b"a key"), Roots::from_pem(armoured), Roots::from_der(b"x")]
        {
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().starts_with("expected the certificate of an authority: "), "{error}");
        }
    }
}
