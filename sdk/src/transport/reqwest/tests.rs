use super::*;

#[derive(Debug)]
struct Says(IpAddr);

#[async_trait]
impl Resolver for Says {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![self.0])
    }
}

#[tokio::test]
async fn localhost_names_resolve_only_to_loopback() {
    let looked_up = async |names: LoopbackNames| {
        let name = "api.localhost".parse().unwrap();
        names.resolve(name).await.map(|found| found.map(|address| address.ip()).collect::<Vec<_>>())
    };
    let here: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    assert_eq!(looked_up(LoopbackNames(None)).await.unwrap(), here, "the machine's resolver is not asked");
    let says = |text: &str| LoopbackNames(Some(Arc::new(Says(text.parse().unwrap()))));
    assert_eq!(looked_up(says("127.0.0.2")).await.unwrap(), ["127.0.0.2".parse::<IpAddr>().unwrap()]);
    for elsewhere in ["10.0.0.1", "192.0.2.1", "2001:db8::1", "0.0.0.0", "::ffff:10.0.0.1"] {
        assert!(looked_up(says(elsewhere)).await.is_err(), "{elsewhere}");
    }
}

#[test]
fn connect_timeout_is_always_shorter_than_the_whole() {
    for total in [None, Some(Duration::ZERO), Some(Duration::from_millis(200)), Some(Duration::MAX)] {
        let connect = connect_timeout(total);
        assert!(
            connect > Duration::ZERO && total.is_none_or(|t| connect < t.max(Duration::from_millis(1))),
            "{total:?}"
        );
    }
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused() {
    let transport = HttpTransport::new(HttpOptions::default()).unwrap();
    let request = Request::get("http://192.0.2.1/v1/me").body(Bytes::new()).unwrap();
    let error = transport.send(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!error.may_have_been_sent());
}

#[tokio::test]
async fn start_of_a_long_rejection_is_kept() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap();
    let body = format!("{{\"id\":\"7c1e\",\"text\":\"{}\"}}", "x".repeat(3 * MAX_ERROR_BODY_BYTES));
    let answer = format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4_096]).await;
        // The client stops reading.
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    let transport = HttpTransport::new(HttpOptions::default()).unwrap();
    let response = transport.send(Request::get(format!("http://{host}/")).body(Bytes::new()).unwrap()).await.unwrap();
    assert_eq!((response.status().as_u16(), response.body().len()), (403, MAX_ERROR_BODY_BYTES));
    assert!(response.body().starts_with(b"{\"id\":\"7c1e\""));
}

#[test]
fn a_client_that_follows_redirects_is_refused() {
    let client = |policy: redirect::Policy| {
        Client::builder().tls_backend_preconfigured(untrusting().unwrap()).redirect(policy).build().unwrap()
    };
    for follows in [redirect::Policy::default(), redirect::Policy::limited(3), redirect::Policy::limited(10)] {
        let error = HttpTransport::with_client(client(follows)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("follows redirects"), "{error}");
    }
    assert!(HttpTransport::with_client(client(redirect::Policy::none())).is_ok());
}

#[test]
fn a_proxy_that_is_no_http_url_is_refused() {
    for proxy in ["", "proxy", "socks5://proxy:1080", "ftp://proxy", "http://"] {
        let options = HttpOptions { proxy: Some(crate::Secret::new(proxy)), ..Default::default() };
        let error = HttpTransport::new(options).unwrap_err();
        assert!(error.message().starts_with("proxy: expected "), "{proxy}: {error}");
    }
}

#[test]
fn the_proxys_password_is_in_no_debug_form() {
    let proxy = Some(crate::Secret::new("http://user:hunter22@proxy.example:3128"));
    let transport = HttpTransport::new(HttpOptions { proxy, ..Default::default() }).unwrap();
    let shown = format!("{transport:?} {transport:#?}");
    assert!(!shown.contains("hunter22") && !shown.contains("proxy.example"), "{shown}");
}

/// Answers one request with a body of this many bytes, and returns what a transport makes of it.
async fn answered(size: usize, most: Option<usize>) -> Result<usize> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.write_all(&vec![0; size]).await;
    });
    let mut request = Request::get(format!("http://{address}/file")).body(Bytes::new()).unwrap();
    request.extensions_mut().insert(Operation::Read);
    if let Some(most) = most {
        request.extensions_mut().insert(BodyLimit(most));
    }
    let transport = HttpTransport::new(HttpOptions::default()).unwrap();
    Ok(transport.send(request).await?.into_body().len())
}

#[tokio::test]
async fn a_body_may_be_as_large_as_its_request_allows() {
    for (size, most, fits) in [
        (MAX_BODY_BYTES, None, true),
        (MAX_BODY_BYTES + 1, None, false),
        (MAX_BODY_BYTES + 1, Some(MAX_BODY_BYTES + 1), true),
        (101, Some(100), false),
    ] {
        match answered(size, most).await {
            Ok(read) => assert!(fits && read == size, "{size} {most:?}: {read}"),
            Err(error) => assert!(!fits && !error.may_have_been_sent(), "{size} {most:?}: {error}"),
        }
    }
}

#[test]
fn a_request_for_a_file_may_take_as_long_as_a_send() {
    let with = |timeout| HttpTransport::new(HttpOptions { timeout, ..Default::default() }).unwrap();
    let long = Some(Duration::from_secs(300));
    assert_eq!(with(None).timeout(Operation::Read, false), READ_TIMEOUT);
    assert_eq!(with(None).timeout(Operation::Read, true), SEND_TIMEOUT);
    assert_eq!(with(long).timeout(Operation::Read, false), READ_TIMEOUT);
    assert_eq!(with(long).timeout(Operation::Read, true), Duration::from_secs(300));
}
