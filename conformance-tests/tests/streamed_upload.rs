//! Streamed uploads to GoSendAPI over a real connection: the file is read while it is sent, and a broken file is never
//! taken as whole.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use transom::ErrorKind;
use transom::adapter::Context;
use transom::config::{ChannelConfig, process_env};
use transom::transport::{HttpOptions, HttpTransport};
use transom_gosendapi::{GoSendApi, PROVIDER, Upload};
use transom_mock_server::Simulator;

const MIB: u64 = 1024 * 1024;

/// The provider's view of one request.
#[derive(Default)]
struct Seen {
    head: String,
    /// The `content-length` of the head; 0 if the connection ended before.
    promised: u64,
    /// The length of the received body.
    came: u64,
    /// The first bytes of the body.
    body: Vec<u8>,
    /// The maximum number of bytes that were read and not yet received.
    most_outstanding: u64,
}

impl Seen {
    /// Whether the whole request was received.
    fn is_whole(&self) -> bool {
        self.promised > 0 && self.came == self.promised
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// A provider that receives one request of any size, and answers once it is complete.
fn listen(
    given: Arc<AtomicU64>,
    answer: impl FnOnce(&Seen) -> (u16, Bytes) + Send + 'static,
) -> (String, JoinHandle<Seen>) {
    /// So much of a body is kept.
    const KEPT: usize = 1024 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Seen::default();
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        let mut take = |stream: &mut TcpStream, into: &mut Vec<u8>| {
            let count = stream.read(&mut buffer).unwrap_or(0);
            into.extend_from_slice(&buffer[..count]);
            count as u64
        };
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if take(&mut stream, &mut bytes) == 0 {
                return seen;
            }
        };
        seen.body = bytes.split_off(end);
        seen.came = seen.body.len() as u64;
        seen.head = String::from_utf8(bytes).unwrap();
        seen.promised = seen.header("content-length").unwrap().parse().unwrap();
        while seen.came < seen.promised {
            let outstanding = given.load(Ordering::SeqCst).saturating_sub(seen.came);
            seen.most_outstanding = seen.most_outstanding.max(outstanding);
            let count = take(&mut stream, &mut seen.body);
            seen.came += count;
            seen.body.truncate(KEPT);
            if count == 0 {
                return seen;
            }
        }
        let (status, body) = answer(&seen);
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        seen
    });
    (host, thread)
}

/// The provider's view; empty if no connection came.
fn seen(host: &str, provider: JoinHandle<Seen>) -> Seen {
    drop(TcpStream::connect(host));
    provider.join().unwrap()
}

fn with_an_id(_: &Seen) -> (u16, Bytes) {
    (200, Bytes::from_static(br#"{"id":"770011"}"#))
}

fn upload(host: &str, upload: Upload) -> transom::Result<String> {
    let uri = format!("gosendapi://gsk_test_demo@{host}?phone_number_id=555123456789");
    let channel = ChannelConfig::from_uri("support", &uri, &[PROVIDER], process_env()).unwrap();
    let transport = HttpTransport::new(HttpOptions::default()).unwrap();
    let adapter = GoSendApi::connect(&channel, Context::new(Arc::new(transport))).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(adapter.upload(upload))
}

/// A reader of `left` bytes that counts them, and fails at the end if told to.
struct Counted {
    left: u64,
    given: Arc<AtomicU64>,
    fails: bool,
}

impl Read for Counted {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && self.fails {
            return Err(io::Error::other("the disk is gone"));
        }
        let count = usize::try_from(self.left).unwrap().min(space.len());
        space[..count].fill(b'x');
        self.left -= count as u64;
        self.given.fetch_add(count as u64, Ordering::SeqCst);
        Ok(count)
    }
}

/// A temporary file, removed when dropped.
struct Temporary(PathBuf);

impl Temporary {
    /// A sparse file of `length` bytes.
    fn sparse(name: &str, length: u64) -> Self {
        let path = std::env::temp_dir().join(format!("transom-upload-{}-{name}", std::process::id()));
        File::create(&path).unwrap().set_len(length).unwrap();
        Self(path)
    }

    fn set_length(&self, length: u64) {
        File::options().write(true).open(&self.0).unwrap().set_len(length).unwrap();
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn large_file_is_streamed_with_its_length() {
    const LENGTH: u64 = 64 * MIB;
    let given = Arc::new(AtomicU64::new(0));
    let (host, provider) = listen(Arc::clone(&given), with_an_id);
    let reader = Counted { left: LENGTH, given: Arc::clone(&given), fails: false };
    let id = upload(&host, Upload::from_reader("application/pdf", "big.pdf", LENGTH, reader).unwrap()).unwrap();
    assert_eq!(id, "770011");

    let seen = seen(&host, provider);
    assert_eq!(seen.header("transfer-encoding"), None);
    assert!(seen.is_whole());
    let boundary = seen.header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let frame = String::from_utf8_lossy(&seen.body).find("\r\n\r\nxxx").unwrap() as u64 + 4;
    assert_eq!(seen.promised, frame + LENGTH + format!("\r\n--{boundary}--\r\n").len() as u64);
    // The kernel's buffers and a few chunks. A body that is collected first would be 64 MiB ahead.
    assert!(seen.most_outstanding < 16 * MIB, "{} bytes were under way at once", seen.most_outstanding);
}

#[test]
fn sparse_file_larger_than_buffers_arrives_whole() {
    let file = Temporary::sparse("sparse.txt", 64 * MIB);
    let (host, provider) = listen(Arc::default(), with_an_id);
    assert_eq!(upload(&host, Upload::from_file("text/plain", &file.0).unwrap()).unwrap(), "770011");
    let seen = seen(&host, provider);
    assert!(seen.is_whole() && seen.promised > 64 * MIB, "{} of {}", seen.came, seen.promised);
}

#[test]
fn mock_reads_every_byte_of_the_connection() {
    let (host, provider) = listen(Arc::default(), |seen| {
        let mut request = Request::post("/v1/media");
        for (name, value) in seen.head.lines().filter_map(|line| line.split_once(": ")) {
            request = request.header(name, value);
        }
        let now = SystemTime::now();
        let response = Simulator::new(now).step(now, &request.body(Bytes::from(seen.body.clone())).unwrap()).response;
        (response.status().as_u16(), response.into_body())
    });
    let id = upload(&host, Upload::new("image/png", "a.png", b"\x89PNG\r\n\x1a\n".repeat(10_000)).unwrap()).unwrap();
    assert!(!id.is_empty());
    seen(&host, provider);
}

#[test]
fn file_that_changes_length_fails_upload() {
    for (name, length, says) in [
        ("shrinks.txt", 3 * MIB, "the stream to send: it ended after 3145728 of 4194304 bytes; it became shorter"),
        ("vanishes.txt", 0, "the stream to send: it ended after 0 of 4194304 bytes; it became shorter"),
        ("grows.txt", 5 * MIB, "the stream to send: it holds more than its 4194304 bytes; it became longer"),
    ] {
        let file = Temporary::sparse(name, 4 * MIB);
        let (host, provider) = listen(Arc::default(), with_an_id);
        let opened = Upload::from_file("text/plain", &file.0).unwrap();
        file.set_length(length);
        let error = upload(&host, opened).unwrap_err();
        assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::InvalidRequest, false), "{error}");
        assert!(error.message().starts_with(says), "{error}");
        let seen = seen(&host, provider);
        assert!(!seen.is_whole(), "{name}: all {} bytes came", seen.came);
    }
}

#[test]
fn failing_stream_is_caller_error_and_not_sent() {
    let given = Arc::new(AtomicU64::new(0));
    let (host, provider) = listen(Arc::clone(&given), with_an_id);
    let reader = Counted { left: 2 * MIB, given, fails: true };
    let error = upload(&host, Upload::from_reader("application/pdf", "x.pdf", 4 * MIB, reader).unwrap()).unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::InvalidRequest, false));
    assert_eq!(error.message(), "the stream to send: it cannot be read");
    let chain = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    assert!(chain.map(ToString::to_string).any(|cause| cause == "the disk is gone"), "{error:?}");
    let seen = seen(&host, provider);
    assert!(!seen.is_whole());
}

#[test]
fn early_rejection_is_returned() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let provider = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = vec![0; 64 * 1024];
        assert!(stream.read(&mut buffer).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 413 X\r\ncontent-length: 0\r\n\r\n").unwrap();
        // Reads the rest, so that the connection does not lose the response.
        while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
    let file = Temporary::sparse("refused.txt", 64 * MIB);
    let error = upload(&host, Upload::from_file("text/plain", &file.0).unwrap()).unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::InvalidRequest, Some(413)), "{error:?}");
    provider.join().unwrap();
}
