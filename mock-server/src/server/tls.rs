//! TLS on the mock's port, under an authority that is made at the start.

use std::fmt;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// The first byte of a TLS connection; no method of HTTP begins with it. Source: RFC 8446, section 5.1, `handshake`.
const HANDSHAKE: u8 = 22;
/// What every certificate is for.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The certificate that the mock shows: one for this machine under an authority of its own, both new at every start, or a given
/// one. The key of such an authority is not kept, so that nobody can sign another certificate with it.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    ca_pem: Arc<str>,
}

/// Authorities that webhook targets may be under, beside those that this machine trusts. Without any, an https target needs a
/// certificate that this machine trusts.
#[derive(Clone, Default)]
pub struct WebhookRoots(Arc<[CertificateDer<'static>]>);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A host is neither a name nor an address, or a key could not be made.
    #[error("no certificate can be made for these hosts, expected names and addresses: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A file holds no certificate, or no key, in PEM.
    #[error("no {0} can be read, expected one in PEM: {1}")]
    Pem(&'static str, String),
    /// The TLS library refuses the certificate.
    #[error("the certificate cannot be used: {0}")]
    Config(#[from] rustls::Error),
}

/// Where a mock listens: a port of this machine, with or without TLS beside plain HTTP.
#[derive(Debug)]
pub struct Endpoint {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<Tls>,
    pub(super) webhook_roots: WebhookRoots,
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
        Self::of(vec![certificate.into()], key, authority.pem().into())
    }

    /// A given certificate, the chain to its authority behind it, and its key, both in PEM.
    ///
    /// # Errors
    ///
    /// There is no certificate or no key, or they do not belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates_of(certificates)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| TlsError::Pem("key", error.to_string()))?;
        Self::of(chain, key, String::from_utf8_lossy(certificates).into())
    }

    fn of(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        ca_pem: Arc<str>,
    ) -> Result<Self, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), ca_pem })
    }

    /// The authority's certificate as PEM, for the clients that are to trust it. Of a given certificate it is what was given.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The other side of a connection that begins with TLS.
    pub(super) fn accept(&self, stream: TcpStream) -> tokio_rustls::Accept<TcpStream> {
        self.acceptor.accept(stream)
    }
}

/// Every certificate in a text, at least one.
fn certificates_of(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| TlsError::Pem("certificate", error.to_string()))?;
    if certificates.is_empty() {
        return Err(TlsError::Pem("certificate", "there is none".to_owned()));
    }
    Ok(certificates)
}

impl WebhookRoots {
    /// The certificates of these authorities, in PEM.
    ///
    /// # Errors
    ///
    /// There is no certificate, or one that is no authority's.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TlsError> {
        let certificates = certificates_of(pem)?;
        let mut store = rustls::RootCertStore::empty();
        for certificate in &certificates {
            store.add(certificate.clone())?;
        }
        Ok(Self(certificates.into()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = CertificateDer<'static>> + '_ {
        self.0.iter().cloned()
    }
}

impl fmt::Debug for WebhookRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookRoots({})", self.0.len())
    }
}

impl Endpoint {
    /// Plain HTTP on this port.
    pub fn new(listener: TcpListener) -> Self {
        Self { listener, tls: None, webhook_roots: WebhookRoots::default() }
    }

    /// The same port, whose webhook targets may be under these authorities, too.
    #[must_use]
    pub fn with_webhook_roots(self, webhook_roots: WebhookRoots) -> Self {
        Self { webhook_roots, ..self }
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
