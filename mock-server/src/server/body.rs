//! Bodies on their way in, bounded, and on their way out, perhaps cut.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// The longest body of a request.
pub(super) const MOST_BYTES: usize = 3 * 1024 * 1024;
/// The longest state to put up: what the bounds of a world let one grow to, so that whatever was given out is taken back.
pub(super) const MOST_STATE_BYTES: usize = 1024 * 1024 * 1024;
/// What is read of a body that is too long, so that the client is done writing and gets to read the answer.
const MOST_DRAINED: usize = 64 * 1024 * 1024;

/// Why a body was not read.
#[derive(Debug)]
pub(super) enum Unread {
    TooLong,
    Broken,
}

/// Reads a whole body of at most so many bytes.
pub(super) async fn read(mut body: Incoming, most: usize) -> Result<Bytes, Unread> {
    let mut whole = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        length = length.saturating_add(data.remaining());
        if whole.is_empty() && length <= most && body.is_end_stream() {
            // Nearly every body comes in one piece, and is not kept for long.
            return Ok(data);
        }
        if length <= most {
            whole.extend_from_slice(&data);
        } else if length > MOST_DRAINED {
            break;
        }
    }
    if length > most { Err(Unread::TooLong) } else { Ok(whole.freeze()) }
}

/// Reads a body that is too long and forgets it, as far as its sender is let go on.
pub(super) async fn drain(mut body: Incoming) {
    let mut length = 0_usize;
    while let Some(Ok(frame)) = body.frame().await {
        length = length.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        if length > MOST_DRAINED {
            return;
        }
    }
}

/// A body that declares its whole length and may break off before it.
#[derive(Debug)]
pub(super) struct Outgoing {
    data: Option<Bytes>,
    declared: u64,
    then: Then,
}

#[derive(Debug, PartialEq)]
enum Then {
    End,
    /// Lets the connection write what it has before it learns that there is no more.
    Flush,
    Break,
}

impl Outgoing {
    pub(super) fn whole(data: Bytes) -> Self {
        Self { declared: data.len() as u64, data: Some(data).filter(|data| !data.is_empty()), then: Then::End }
    }

    pub(super) fn cut(data: &Bytes, at: usize) -> Self {
        let part = data.slice(..at.min(data.len()));
        Self { declared: data.len() as u64, data: Some(part).filter(|part| !part.is_empty()), then: Then::Flush }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.then {
            Then::End => Poll::Ready(None),
            Then::Flush => {
                self.then = Then::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Then::Break => Poll::Ready(Some(Err(io::Error::other("the body is cut")))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.then == Then::End
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.declared)
    }
}
