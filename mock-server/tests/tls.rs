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
use transom_mock_server::{Endpoint, MockServer, Simulator, Tls, serve};

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
