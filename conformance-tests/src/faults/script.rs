//! What the other side of a connection does, step by step.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response};
use tokio::sync::Notify;

/// One step of the other side. A script that has ended closes the connection.
#[derive(Clone)]
pub(crate) enum Step {
    /// Reads one whole request, which then is lost.
    ReadRequest,
    /// Reads one whole request and hands it to the provider, which acts on it. Its answer is kept.
    Take,
    /// Reads so many bytes.
    Read(usize),
    /// Reads a request's head, and so many hundredths of its body.
    ReadPart(usize),
    /// Writes these bytes, in which `{decoy}` stands for an address that nobody may go to.
    Write(Bytes),
    /// Writes what this makes of the kept answer.
    Answer(ResponseEditor),
    /// Writes these bytes past TLS.
    WriteRaw(Bytes),
    /// RecordingClock until the test opens the gate.
    Gate(Gate),
    /// Closes its own direction.
    HalfClose,
    /// Closes the connection, under TLS without a word of farewell.
    Fin,
    /// Resets the connection.
    Rst,
    /// Does nothing, for ever.
    Hang,
    /// Writes these bytes one by one with long pauses, then hangs.
    Drip(Bytes),
    /// Writes these bytes again and again, for as long as the client takes them.
    Endless(Bytes),
    /// The same from a thread of its own, as fast as the machine can.
    Flood(Bytes),
}

/// What is made of a genuine answer on its way.
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

/// A place at which a script stops until the test lets it go on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<(Notify, Notify)>);

impl Gate {
    /// The script's side: tells that it is here, and waits.
    pub(crate) async fn pass(&self) {
        self.0.0.notify_one();
        self.0.1.notified().await;
    }

    /// Returns once the script is at the gate.
    pub(crate) async fn reached(&self) {
        self.0.0.notified().await;
    }

    /// Lets the script go on.
    pub(crate) fn open(&self) {
        self.0.1.notify_one();
    }
}

/// A step that writes.
pub(crate) fn write(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Write(bytes.into().into())
}

/// A step that writes a whole answer.
pub(crate) fn says(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Step {
    write(whole(status, headers, body.as_ref()))
}

/// A step that writes the genuine answer, as it is.
pub(crate) fn answer() -> Step {
    answer_with(|answer| whole_of(answer, answer.body()))
}

/// A step that writes what `editor` makes of the genuine answer.
pub(crate) fn answer_with(editor: impl Fn(&Response<Bytes>) -> Vec<u8> + Send + Sync + 'static) -> Step {
    Step::Answer(Arc::new(editor))
}

/// An answer in full, with its length.
pub(crate) fn whole(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = head(status, headers);
    if !matches!(status, 204 | 304) {
        text.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(body);
    text
}

/// Status line and headers, with neither a length nor the empty line.
pub(crate) fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    [format!("HTTP/1.1 {status} Scripted\r\n")].into_iter().chain(lines).collect::<String>().into_bytes()
}

/// The genuine head around another body.
pub(crate) fn whole_of(answer: &Response<Bytes>, body: &[u8]) -> Vec<u8> {
    whole(answer.status().as_u16(), &lines(answer.headers()), body)
}

/// The genuine head alone, as far as it goes without a length.
pub(crate) fn head_of(answer: &Response<Bytes>) -> Vec<u8> {
    head(answer.status().as_u16(), &lines(answer.headers()))
}

/// The genuine headers, but for the length.
fn lines(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let told = headers.iter().filter(|(name, _)| *name != http::header::CONTENT_LENGTH);
    told.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
}

/// `body` in chunks of `size`, without the last, empty one.
pub(crate) fn chunks(body: &[u8], size: usize) -> Vec<u8> {
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    body.chunks(size.max(1)).flat_map(chunk).collect()
}
