use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// A reader of `left` bytes, a few at a time, that counts what it gave.
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
        let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(space.len()).min(10_007);
        space[..count].fill(b'x');
        self.left -= count as u64;
        self.given.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn counted(left: u64) -> (Counted, Arc<AtomicU64>) {
    let given = Arc::new(AtomicU64::new(0));
    (Counted { left, given: Arc::clone(&given), fails: false }, given)
}

/// The bytes that came, and how it ended.
async fn drain(mut body: StreamedBody) -> (u64, Result<()>) {
    let mut taken = 0;
    loop {
        match body.next_chunk().await {
            Ok(Some(chunk)) => taken += chunk.len() as u64,
            Ok(None) => return (taken, Ok(())),
            Err(error) => {
                assert_eq!(body.next_chunk().await.unwrap(), None, "after a failure there is no more");
                return (taken, Err(error));
            }
        }
    }
}

#[tokio::test]
async fn at_most_one_chunk_is_read_ahead() {
    const LENGTH: u64 = 64 * 1024 * 1024;
    let (reader, given) = counted(LENGTH);
    let mut body = StreamedBody::new(LENGTH, reader).between("head", "tail");
    assert_eq!(body.length(), LENGTH + 8);
    let (mut taken, mut most_ahead) = (0, 0);
    while let Some(chunk) = body.next_chunk().await.unwrap() {
        most_ahead = most_ahead.max(given.load(Ordering::Relaxed).saturating_sub(taken));
        taken += chunk.len() as u64;
    }
    assert_eq!(taken, LENGTH + 8);
    assert!(most_ahead <= CHUNK as u64, "{most_ahead} bytes were held at once");
}

#[tokio::test]
async fn the_bytes_are_those_of_prefix_reader_and_suffix_in_order() {
    let file: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let body = StreamedBody::new(file.len() as u64, io::Cursor::new(file.clone())).between("a", "b");
    assert_eq!(body.collect().await.unwrap(), [b"a", &*file, b"b"].concat());
    assert_eq!(StreamedBody::new(0, io::empty()).between("a", "b").collect().await.unwrap(), "ab");
    assert_eq!(StreamedBody::new(0, io::empty()).collect().await.unwrap(), "");
}

#[test]
fn a_body_is_read_without_a_runtime() {
    let mut body = StreamedBody::new(3, &b"abc"[..]);
    let mut context = Context::from_waker(std::task::Waker::noop());
    assert!(matches!(body.poll_chunk(&mut context), Poll::Ready(Ok(Some(chunk))) if chunk == "abc"));
    assert!(matches!(body.poll_chunk(&mut context), Poll::Ready(Ok(None))));
}

#[tokio::test]
async fn a_reader_of_another_length_fails_before_the_end() {
    for (holds, promised, says) in [
        (10, 20, "it ended after 10 of 20 bytes; it became shorter"),
        (0, 20, "it ended after 0 of 20 bytes; it became shorter"),
        (CHUNK as u64, CHUNK as u64 + 1, "it ended after 65536 of 65537 bytes; it became shorter"),
        (30, 20, "it holds more than its 20 bytes; it became longer"),
        (1, 0, "it holds more than its 0 bytes; it became longer"),
        (3 * CHUNK as u64, 2 * CHUNK as u64, "it holds more than its 131072 bytes; it became longer"),
    ] {
        let (reader, _) = counted(holds);
        let (taken, end) = drain(StreamedBody::new(promised, reader).between("", "tail")).await;
        let error = end.unwrap_err();
        assert!(error.message().contains(says), "{error}");
        assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::InvalidRequest, false));
        assert!(taken < promised.max(1), "{taken} of {promised} were given");
    }
}

#[tokio::test]
async fn a_failing_reader_is_invalid_request_with_its_cause() {
    let (mut reader, _) = counted(100_000);
    reader.fails = true;
    let (taken, end) = drain(StreamedBody::new(200_000, reader)).await;
    let error = end.unwrap_err();
    assert_eq!((taken, error.kind()), (CHUNK as u64, ErrorKind::InvalidRequest));
    assert_eq!(error.message(), "the stream to send: it cannot be read");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is gone");
}

#[tokio::test]
async fn a_reader_that_panics_is_an_error() {
    struct Panics;
    impl Read for Panics {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("as it is meant to")
        }
    }
    let (_, end) = drain(StreamedBody::new(1, Panics)).await;
    assert_eq!(end.unwrap_err().kind(), ErrorKind::InvalidRequest);
}
