//! `--forward`: sends each call on, beside its answer.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use tokio::sync::Semaphore;
use transom::adapter::Operation;
use transom::transport::{HttpOptions, HttpTransport, Transport as _};

use crate::output::Failure;
use crate::printer::Printer;

/// The KiB of calls that are under way at most.
const MOST_KIB: u32 = 16 * 1024;
/// The least that a call counts, so that at most 64 are under way.
const LEAST_KIB: u32 = 256;

#[derive(Debug)]
pub(super) struct Forwarder {
    target: http::Uri,
    transport: HttpTransport,
    /// The KiB that are free.
    room: Arc<Semaphore>,
    notes: Printer,
}

impl Forwarder {
    pub(super) fn new(url: &str, notes: Printer) -> Result<Self, Failure> {
        let problem = || Failure::usage("--forward: expected an http:// or https:// URL");
        let target: http::Uri = url.parse().map_err(|_| problem())?;
        if !matches!(target.scheme_str(), Some("http" | "https")) || target.host().is_none() {
            return Err(problem());
        }
        let transport = HttpTransport::new(HttpOptions::default())?;
        Ok(Self { target, transport, room: Arc::new(Semaphore::new(MOST_KIB as usize)), notes })
    }

    /// Sends the call unchanged, without the headers of its connection. A call for which there is no room is reported.
    pub(super) fn send(&self, mut request: Request<Bytes>) {
        let kib = u32::try_from(request.body().len() / 1024).unwrap_or(MOST_KIB).clamp(LEAST_KIB, MOST_KIB);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(kib) else {
            return self.notes.note("--forward: too many calls wait for the target; this one is not forwarded");
        };
        *request.uri_mut() = self.target.clone();
        for hop in [HOST, CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING] {
            request.headers_mut().remove(hop);
        }
        request.extensions_mut().clear();
        request.extensions_mut().insert(Operation::Read);
        let (transport, notes) = (self.transport.clone(), self.notes.clone());
        tokio::spawn(async move {
            match transport.send(request).await {
                Ok(response) if response.status().is_success() => {}
                Ok(response) => notes.note(format!("--forward: the target answered {}", response.status())),
                Err(error) => notes.note(format!("--forward: {error}")),
            }
            drop(room);
        });
    }

    /// Waits for the calls that are under way.
    pub(super) async fn finish(&self) {
        let _ = self.room.acquire_many(MOST_KIB).await;
    }
}
