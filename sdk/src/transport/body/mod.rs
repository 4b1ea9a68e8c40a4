//! A body that is sent while it is read.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::error::{Error, ErrorKind, Result};

/// The bytes read at once, and so the most that memory holds.
const CHUNK: usize = 64 * 1024;

/// A body of known length that is read while it is sent, so that memory does not grow with it: the next chunk of 64 KiB is
/// read once the HTTP client has taken the one before. The reader may block; within a tokio runtime, it runs on the blocking
/// threads.
///
/// The reader must give exactly the promised length. If it fails, ends early or holds more, the body fails before its last
/// chunk, so that the request is never complete.
pub struct StreamedBody {
    prefix: Bytes,
    source: Source,
    suffix: Bytes,
    length: u64,
}

enum Source {
    /// The mutex is never contended: it makes the body `Sync`, which HTTP libraries ask for.
    Idle(Mutex<Reading>),
    Reading(JoinHandle<(Reading, Result<Option<Bytes>>)>),
    Ended,
}

impl StreamedBody {
    /// A body of the `length` bytes that `reader` gives.
    pub fn new(length: u64, reader: impl Read + Send + 'static) -> Self {
        let reading = Reading { reader: Box::new(reader), length, left: length };
        Self { prefix: Bytes::new(), source: Source::Idle(Mutex::new(reading)), suffix: Bytes::new(), length }
    }

    /// The same body between `prefix` and `suffix`.
    #[must_use]
    pub fn between(mut self, prefix: impl Into<Bytes>, suffix: impl Into<Bytes>) -> Self {
        (self.prefix, self.suffix) = (prefix.into(), suffix.into());
        self.length = [&self.prefix, &self.suffix]
            .iter()
            .fold(self.length, |length, part| length.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX)));
        self
    }

    /// How many bytes it is in all, as its `content-length` tells.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The next chunk, none at the end.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if the reader fails or does not hold the promised length. After that, there is no chunk.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|context| self.poll_chunk(context)).await
    }

    /// The whole of it, for a transport that cannot send it while it is read.
    ///
    /// # Errors
    /// Those of [`next_chunk`](Self::next_chunk).
    pub async fn collect(mut self) -> Result<Bytes> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.next_chunk().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    pub(super) fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        if !self.prefix.is_empty() {
            return Poll::Ready(Ok(Some(std::mem::take(&mut self.prefix))));
        }
        let (reading, read) = match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Idle(reading) => {
                let mut reading = reading.into_inner().unwrap_or_else(PoisonError::into_inner);
                let Ok(runtime) = Handle::try_current() else {
                    let read = reading.next();
                    return Poll::Ready(self.took(reading, read));
                };
                let task = runtime.spawn_blocking(move || {
                    let read = reading.next();
                    (reading, read)
                });
                self.source = Source::Reading(task);
                return self.poll_chunk(context);
            }
            Source::Reading(mut task) => match Pin::new(&mut task).poll(context) {
                Poll::Ready(Ok(done)) => done,
                Poll::Ready(Err(_)) => return Poll::Ready(Err(refused("it could not be read to its end"))),
                Poll::Pending => {
                    self.source = Source::Reading(task);
                    return Poll::Pending;
                }
            },
            Source::Ended => {
                let rest = std::mem::take(&mut self.suffix);
                return Poll::Ready(Ok(Some(rest).filter(|rest| !rest.is_empty())));
            }
        };
        Poll::Ready(self.took(reading, read))
    }

    /// Puts the reader back, and returns the chunk that it gave.
    fn took(&mut self, reading: Reading, read: Result<Option<Bytes>>) -> Result<Option<Bytes>> {
        match read {
            Ok(Some(chunk)) => {
                self.source = Source::Idle(Mutex::new(reading));
                Ok(Some(chunk))
            }
            Ok(None) => {
                let rest = std::mem::take(&mut self.suffix);
                Ok(Some(rest).filter(|rest| !rest.is_empty()))
            }
            Err(error) => {
                self.suffix = Bytes::new();
                Err(error)
            }
        }
    }
}

/// Without the content.
impl fmt::Debug for StreamedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedBody").field("length", &self.length).finish_non_exhaustive()
    }
}

struct Reading {
    reader: Box<dyn Read + Send>,
    length: u64,
    left: u64,
}

impl Reading {
    /// The next chunk, none once all of them were given. Blocks.
    fn next(&mut self) -> Result<Option<Bytes>> {
        if self.left == 0 && self.length > 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; usize::try_from(self.left).map_or(CHUNK, |left| left.min(CHUNK))];
        let mut filled = 0;
        while let Some(space) = chunk.get_mut(filled..).filter(|space| !space.is_empty()) {
            match self.read(space)? {
                0 => {
                    let given = self.length - self.left + filled as u64;
                    let length = self.length;
                    return Err(refused(&format!(
                        "it ended after {given} of {length} bytes; it became shorter while it was sent"
                    )));
                }
                count => filled += count,
            }
        }
        self.left -= filled as u64;
        // Before the last chunk is given, so that a longer one is never sent as if it were whole.
        if self.left == 0 && self.read(&mut [0])? > 0 {
            let length = self.length;
            return Err(refused(&format!("it holds more than its {length} bytes; it became longer while it was sent")));
        }
        Ok(Some(Bytes::from(chunk)).filter(|chunk| !chunk.is_empty()))
    }

    fn read(&mut self, space: &mut [u8]) -> Result<usize> {
        loop {
            match self.reader.read(space) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map_err(|error| refused("it cannot be read").with_source(error)),
            }
        }
    }
}

fn refused(problem: &str) -> Error {
    Error::invalid(ErrorKind::InvalidRequest, vec![format!("the stream to send: {problem}")])
}

#[cfg(test)]
mod tests;
