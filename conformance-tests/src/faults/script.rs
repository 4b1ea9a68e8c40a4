//! The steps of the other end of a connection.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response};
use tokio::sync::Notify;

/// A step. The connection closes at the end of the script.
#[derive(Clone)]
pub(crate) enum Step {
    /// Reads one whole request, which is then lost.
    ReadRequest,
    /// Reads one whole request and hands it to the provider. The response is kept.
    Take,
    /// Reads so many bytes.
    Read(usize),
    /// Reads a request's head, and this percentage of its body.
    ReadPart(usize),
    /// Writes these bytes, with `{decoy}` for an address that no client may connect to.
    Write(Bytes),
    /// Writes the kept response, edited.
    Answer(ResponseEditor),
    /// Writes these bytes past TLS.
    WriteRaw(Bytes),
    /// Waits until the test opens the gate.
    Gate(Gate),
    /// Closes the sending direction.
    HalfClose,
    /// Closes the connection; under TLS without a close notification.
    Fin,
    /// Resets the connection.
    Rst,
    /// Does nothing.
    Hang,
    /// Writes these bytes one by one with long pauses, then hangs.
    Drip(Bytes),
    /// Writes these bytes repeatedly, as long as the client reads them.
    Endless(Bytes),
    /// The same from its own thread, as fast as possible.
    Flood(Bytes),
}

/// Edits a genuine response.
pub(crate) type ResponseEditor = Arc<dyn Fn(&Response<Bytes>) -> Vec<u8> + Send + Sync>;

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadRequest => "read request",
            Self::Take => "take",
            Self::Read(_) => "read",
            Self::ReadPart(_) => "read part",
            Self::Write(_) => "write",
            Self::Answer(_) => "answer",
            Self::WriteRaw(_) => "write raw",
            Self::Gate(_) => "gate",
            Self::HalfClose => "half-close",
            Self::Fin => "fin",
            Self::Rst => "rst",
            Self::Hang => "hang",
            Self::Drip(_) => "drip",
            Self::Endless(_) => "endless",
            Self::Flood(_) => "flood",
        })
    }
}

/// Stops a script until the test opens the gate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<(Notify, Notify)>);

impl Gate {
    /// Called by the script: reports that it has arrived, and waits.
    pub(crate) async fn pass(&self) {
        self.0.0.notify_one();
        self.0.1.notified().await;
    }

    /// Returns once the script is at the gate.
    pub(crate) async fn reached(&self) {
        self.0.0.notified().await;
    }

    /// Lets the script continue.
    pub(crate) fn open(&self) {
        self.0.1.notify_one();
    }
}

/// A step that writes.
pub(crate) fn write(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Write(bytes.into().into())
}

/// A step that writes a whole response.
pub(crate) fn says(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Step {
    write(whole(status, headers, body.as_ref()))
}

/// A step that writes the genuine response unchanged.
pub(crate) fn answer() -> Step {
    answer_with(|answer| whole_of(answer, answer.body()))
}

/// A step that writes the genuine response as edited by `editor`.
pub(crate) fn answer_with(editor: impl Fn(&Response<Bytes>) -> Vec<u8> + Send + Sync + 'static) -> Step {
    Step::Answer(Arc::new(editor))
}

/// A whole response with its length.
pub(crate) fn whole(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = head(status, headers);
    if !matches!(status, 204 | 304) {
        text.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(body);
    text
}

/// Status line and headers, without length and empty line.
pub(crate) fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    [format!("HTTP/1.1 {status} Scripted\r\n")].into_iter().chain(lines).collect::<String>().into_bytes()
}

/// The genuine head with another body.
pub(crate) fn whole_of(answer: &Response<Bytes>, body: &[u8]) -> Vec<u8> {
    whole(answer.status().as_u16(), &lines(answer.headers()), body)
}

/// The genuine head, without a length.
pub(crate) fn head_of(answer: &Response<Bytes>) -> Vec<u8> {
    head(answer.status().as_u16(), &lines(answer.headers()))
}

/// The genuine headers, without the length.
fn lines(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let kept = headers.iter().filter(|(name, _)| *name != http::header::CONTENT_LENGTH);
    kept.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
}

/// `body` in chunks of `size`, without the last, empty chunk.
pub(crate) fn chunks(body: &[u8], size: usize) -> Vec<u8> {
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    body.chunks(size.max(1)).flat_map(chunk).collect()
}
