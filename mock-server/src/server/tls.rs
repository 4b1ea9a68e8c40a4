//! TLS on the mock's port, under an authority that is made at the start.

use std::fmt;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The first byte of a TLS connection; no method of HTTP begins with it. Source: RFC 8446, section 5.1, `handshake`.
const HANDSHAKE: u8 = 22;
/// What every certificate is for.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A certificate for this machine, under an authority of its own. Both are new at every start. The authority's key is not kept,
/// so that nobody can sign another certificate with it.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    ca_pem: Arc<str>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A host is neither a name nor an address, or a key could not be made.
    #[error("no certificate can be made for these hosts, expected names and addresses: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refuses the certificate.
    #[error("the certificate cannot be used: {0}")]
    Config(#[from] rustls::Error),
}

/// Where a mock listens: a port of this machine, with or without TLS beside plain HTTP.
#[derive(Debug)]
pub struct Endpoint {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<Tls>,
}

impl Tls {
    /// Makes an authority, and under it a certificate for `localhost`, `127.0.0.1`, `::1` and `hosts`.
    ///
    /// # Errors
    ///
    /// A host is neither a name nor an address.
    pub fn generate(hosts: &[&str]) -> Result<Self, TlsError> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.distinguished_name.push(DnType::CommonName, "Transom mock authority");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let hosts = THIS_MACHINE.iter().chain(hosts).map(|host| (*host).to_owned());
        let mut own = CertificateParams::new(hosts.collect::<Vec<_>>())?;
        own.distinguished_name.push(DnType::CommonName, "Transom mock");
        own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = own.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), ca_pem: authority.pem().into() })
    }

    /// The authority's certificate as PEM, for the clients that are to trust it.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The other side of a connection that begins with TLS.
    pub(super) fn accept(&self, stream: TcpStream) -> tokio_rustls::Accept<TcpStream> {
        self.acceptor.accept(stream)
    }
}

impl Endpoint {
    /// Plain HTTP on this port.
    pub fn new(listener: TcpListener) -> Self {
        Self { listener, tls: None }
    }

    /// The same port, which speaks TLS to whoever begins with it.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }
}

impl From<TcpListener> for Endpoint {
    fn from(listener: TcpListener) -> Self {
        Self::new(listener)
    }
}

/// Whether a connection begins with TLS. Waits for its first byte.
pub(super) async fn begins_with_tls(stream: &TcpStream) -> bool {
    let mut first = [0];
    stream.peek(&mut first).await.is_ok_and(|read| read == 1 && first == [HANDSHAKE])
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
