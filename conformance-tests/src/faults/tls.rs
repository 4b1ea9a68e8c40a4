//! Certificates for this run, and servers that use them.

use std::sync::{Arc, OnceLock};

use crate::assertions::{Failure, unexpected};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, crypto::ring, version};
use transom::transport::Roots;

/// A server's certificate, and its demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// A good certificate.
    Good,
    /// A good certificate, with TLS 1.2 only.
    Old,
    /// A certificate that expired in 2020.
    Expired,
    /// A certificate for another host.
    OtherName,
    /// A certificate of an authority that the client does not trust.
    UnknownAuthority,
    /// A good certificate; the server asks for a client certificate. With TLS 1.3 it decides after the first request.
    WantsClient,
    /// The same with TLS 1.2; it decides before the first request.
    OldWantsClient,
}

/// This run's authority, for clients to trust.
pub(crate) fn roots() -> Result<Roots, Failure> {
    Roots::from_pem(authority()?.pem().as_bytes()).map_err(unexpected)
}

/// The same authority in DER.
pub(crate) fn root_in_der() -> Result<Vec<u8>, Failure> {
    Ok(authority()?.der().to_vec())
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Result<&'static Authority, Failure> {
    static AUTHORITY: OnceLock<Result<Authority, Failure>> = OnceLock::new();
    AUTHORITY.get_or_init(|| make_authority("This run")).as_ref().map_err(Clone::clone)
}

fn make_authority(name: &str) -> Result<Authority, Failure> {
    let mut params = params(&[])?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, key()?).map_err(unexpected)
}

pub(crate) fn acceptor(server: Server) -> Result<TlsAcceptor, Failure> {
    let stranger;
    let issuer = match server {
        Server::UnknownAuthority => {
            stranger = make_authority("Somebody")?;
            &stranger
        }
        _ => authority()?,
    };
    let mut params = params(&[if server == Server::OtherName { "other.example" } else { "127.0.0.1" }])?;
    if server == Server::Expired {
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = key()?;
    let certificate = params.signed_by(&key, issuer).map_err(unexpected)?;
    let versions: &[&SupportedProtocolVersion] = match server {
        Server::Old | Server::OldWantsClient => &[&version::TLS12],
        _ => &[&version::TLS13, &version::TLS12],
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .map_err(unexpected)?;
    let builder = if matches!(server, Server::WantsClient | Server::OldWantsClient) {
        let mut store = RootCertStore::empty();
        store.add(authority()?.der().clone()).map_err(unexpected)?;
        let provider = Arc::new(ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider).build().map_err(unexpected)?;
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let config =
        builder.with_single_cert(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into()).map_err(unexpected)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn params(names: &[&str]) -> Result<CertificateParams, Failure> {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).map_err(unexpected)
}

fn key() -> Result<KeyPair, Failure> {
    KeyPair::generate().map_err(unexpected)
}
