//! TLS beside plain HTTP on one port.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
#[path = "common/socket.rs"]
mod socket;

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair};
use socket::{control, delivered, exchange, send, status};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use transom_mock_server::{Endpoint, MockServer, Simulator, Tls, WebhookRoots, serve};

async fn connect(mock: &MockServer, tls: &Tls, name: &'static str) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(tls.ca_pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(mock.address()).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), stream).await
}

async fn start(tls: &Tls) -> MockServer {
    MockServer::builder().tls(tls.clone()).start().await.unwrap()
}

/// Sends a request that closes the connection, and reads to the end, which has to be an orderly one.
async fn ask(mut stream: TlsStream<TcpStream>, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn one_port_speaks_tls_and_plain_http() {
    let tls = Tls::generate(&["mock.test"]).unwrap();
    let mock = start(&tls).await;
    for name in ["localhost", "127.0.0.1", "mock.test"] {
        let answer = ask(connect(&mock, &tls, name).await.unwrap(), &send()).await.unwrap();
        assert_eq!(status(&answer), 200, "{name}: {answer}");
    }
    assert_eq!(status(&exchange(&mock, &send()).await.unwrap()), 200);
    assert_eq!(delivered(&mock).await, 4);
    assert!(connect(&mock, &tls, "other.test").await.is_err());
    assert!(connect(&mock, &Tls::generate(&[]).unwrap(), "localhost").await.is_err(), "each start has its authority");
}

#[tokio::test]
async fn faults_on_the_wire_break_a_tls_connection() {
    let tls = Tls::generate(&[]).unwrap();
    let mock = start(&tls).await;
    for fault in ["reset", "lose_reply", "truncate"] {
        control(&mock, "POST", "faults", &format!(r#"{{"provider":"autocalls","fault":"{fault}","next":1}}"#)).await;
        let answer = ask(connect(&mock, &tls, "localhost").await.unwrap(), &send()).await;
        let is_broken = answer.as_ref().map_or(true, |answer| answer.is_empty() || !answer.ends_with('}'));
        assert!(is_broken, "{fault}: {answer:?}");
    }
    assert_eq!(delivered(&mock).await, 3);
}

#[tokio::test]
async fn plain_port_answers_no_tls() {
    let mock = socket::mock().await;
    assert!(connect(&mock, &Tls::generate(&[]).unwrap(), "localhost").await.is_err());
}

#[test]
fn what_is_no_host_gets_no_certificate() {
    assert!(Tls::generate(&["münchen"]).unwrap_err().to_string().contains("expected names and addresses"));
}

#[tokio::test(start_paused = true)]
async fn handshake_that_does_not_end_is_closed_in_10_s() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let endpoint = Endpoint::new(listener).with_tls(Tls::generate(&[]).unwrap());
    let serving = tokio::spawn(serve(endpoint, Simulator::new(SystemTime::now())));
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(&[22, 3, 1]).await.unwrap();
    let begun = Instant::now();
    let read = timeout(Duration::from_secs(60), slow.read(&mut [0; 10])).await.unwrap();
    assert_eq!(read.unwrap_or_default(), 0);
    assert!((9..13).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    serving.abort();
}

/// A target that speaks TLS, and what it was sent.
async fn tls_target(tls: &Tls) -> (MockServer, String) {
    let target = start(tls).await;
    let url = format!("https://localhost:{}/api/user/me", target.address().port());
    (target, url)
}

async fn attempt(mock: &MockServer, url: &str) -> serde_json::Value {
    control(mock, "POST", "clock", r#"{"freeze":true}"#).await;
    control(mock, "POST", "webhooks", &format!(r#"{{"provider":"exotel","url":"{url}"}}"#)).await;
    control(mock, "POST", "inbound", r#"{"provider":"exotel","from":"+919876543210","text":"hi"}"#).await;
    control(mock, "POST", "clock", r#"{"advance":"0s"}"#).await;
    let attempts = control(mock, "GET", "webhooks/deliveries", "").await;
    attempts.get(0).cloned().unwrap_or_default()
}

#[tokio::test]
async fn https_target_is_called_if_its_authority_is_trusted() {
    let tls = Tls::generate(&[]).unwrap();
    let (target, url) = tls_target(&tls).await;
    let roots = WebhookRoots::from_pem(tls.ca_pem().as_bytes()).unwrap();
    let trusting = MockServer::builder().webhook_roots(roots).start().await.unwrap();
    let called = attempt(&trusting, &url).await;
    // The target is a mock: it has the path, but not for this method.
    assert_eq!((called["status"].as_u64(), &called["error"]), (Some(405), &serde_json::Value::Null), "{called}");
    let other = WebhookRoots::from_pem(Tls::generate(&[]).unwrap().ca_pem().as_bytes()).unwrap();
    let distrusting = MockServer::builder().webhook_roots(other).start().await.unwrap();
    assert_eq!(attempt(&distrusting, &url).await["error"], "tls_failed");
    let plain = socket::mock().await;
    let spoken = format!("https://127.0.0.1:{}/", plain.address().port());
    assert_eq!(attempt(&socket::mock().await, &spoken).await["error"], "tls_failed");
    drop(target);
}

#[tokio::test]
async fn given_certificate_is_shown_in_place_of_a_generated_one() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let tls = Tls::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    let mock = start(&tls).await;
    let answer = ask(connect(&mock, &tls, "localhost").await.unwrap(), &send()).await.unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
    let other = KeyPair::generate().unwrap().serialize_pem();
    for (certificates, key, error) in [
        ("", key.serialize_pem(), "no certificate can be read"),
        ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", key.serialize_pem(), "no certificate"),
        (certificate.pem().as_str(), String::new(), "no key can be read"),
        (certificate.pem().as_str(), other, "the certificate cannot be used"),
    ] {
        let said = Tls::from_pem(certificates.as_bytes(), key.as_bytes()).unwrap_err().to_string();
        assert!(said.contains(error), "{said}");
    }
    assert!(WebhookRoots::from_pem(b"").is_err());
}
