//! An answer that nobody asked for is not taken for the answer to the next request.
#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use bytes::Bytes;
use http::Request;
use transom::adapter::Operation;
use transom::transport::{HttpOptions, HttpTransport, Transport as _};

/// When a second answer to the first read comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stray {
    /// In one packet with the first answer.
    Joined,
    /// In a packet right behind the first answer.
    Behind,
    /// When the next request has begun.
    Late,
    /// As `Late`, and from then on each answer waits until the next request has begun.
    AllLate,
}

fn answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Reads the rest of a request, and returns its path.
fn rest_of_request(stream: &mut TcpStream, first: u8) -> Option<String> {
    let mut head = vec![first];
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()?.split(' ').nth(1)?.strip_prefix('/').map(str::to_owned)
}

/// Answers each request of a connection with its own path. Of all connections, the first gets one answer more.
fn serve(mut stream: TcpStream, stray: Stray, is_first: bool) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut held: Option<String> = None;
    for number in 0.. {
        let mut first = [0];
        stream.read_exact(&mut first).ok()?;
        if let Some(held) = held.take() {
            stream.write_all(held.as_bytes()).ok()?;
        }
        let own = answer(&rest_of_request(&mut stream, first[0])?);
        match stray {
            Stray::Joined if is_first && number == 0 => stream.write_all((own + &answer("stray")).as_bytes()).ok()?,
            Stray::Behind if is_first && number == 0 => {
                stream.write_all(own.as_bytes()).ok()?;
                stream.write_all(answer("stray").as_bytes()).ok()?;
            }
            Stray::Late | Stray::AllLate if is_first && number == 0 => {
                stream.write_all(own.as_bytes()).ok()?;
                held = Some(answer("stray"));
            }
            Stray::AllLate if is_first => held = Some(own),
            _ => stream.write_all(own.as_bytes()).ok()?,
        }
    }
    None
}

/// How many of `count` reads in a row did not get their own answer.
async fn wrong_answers(stray: Stray, reuse_connections: bool, count: u32) -> u32 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            thread::spawn(move || serve(stream, stray, number == 0));
        }
    });
    let options = HttpOptions { reuse_connections, ..HttpOptions::default() };
    let transport = HttpTransport::new(options).unwrap();
    let mut wrong = 0;
    for number in 0..count {
        let mut request = Request::get(format!("http://{host}/{number}")).body(Bytes::new()).unwrap();
        request.extensions_mut().insert(Operation::Read);
        let answer = transport.send(request).await;
        wrong += u32::from(!answer.is_ok_and(|answer| *answer.body() == number.to_string()));
    }
    wrong
}

#[tokio::test]
async fn a_stray_answer_shifts_no_later_answer() {
    for stray in [Stray::Joined, Stray::Behind, Stray::Late, Stray::AllLate] {
        assert_eq!(wrong_answers(stray, false, 100).await, 0, "{stray:?}");
    }
}

#[tokio::test]
async fn an_answer_longer_than_announced_closes_a_kept_connection() {
    assert_eq!(wrong_answers(Stray::Joined, true, 100).await, 0);
}

/// What `reuse_connections` costs, which is why it is off.
#[tokio::test]
async fn a_late_stray_answer_on_a_kept_connection_is_taken() {
    assert_eq!(wrong_answers(Stray::AllLate, true, 100).await, 99);
}
