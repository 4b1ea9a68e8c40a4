//! The servers that the mock is compared to: bare hyper with a constant response, and wiremock with one mock.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::output::say;

/// As long as a response of the mock to a send.
const ANSWER: &str = r#"{"request_id":"5b0e4d1f7ac94f0d8b6c2f3e9a17d640","method":"POST","http_code":202,"metadata":{"failed":0,"total":1,"success":1},"response":{"whatsapp":{"messages":[{"code":202,"error_data":null,"status":"success","data":{"sid":"7c1e5a90d4b2f83a6be0917243fd5c1a"}}]}}}"#;

/// Serves until the process is stopped.
pub(crate) fn floor() -> io::Result<()> {
    runtime()?.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        say(&format!("listening on http://{}", listener.local_addr()?));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let service = service_fn(|_: Request<hyper::body::Incoming>| async {
                let mut response = Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes())));
                let json = hyper::header::HeaderValue::from_static("application/json");
                response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
                Ok::<_, Infallible>(response)
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    })
}

/// Serves until the process is stopped.
pub(crate) fn wiremock() -> io::Result<()> {
    runtime()?.block_on(async {
        let server = MockServer::builder().start().await;
        let template = ResponseTemplate::new(200).set_body_raw(ANSWER, "application/json");
        Mock::given(method("POST")).respond_with(template).mount(&server).await;
        say(&format!("listening on {}", server.uri()));
        std::future::pending().await
    })
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
