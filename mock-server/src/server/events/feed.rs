//! The body of one listener's answer, which never ends by itself.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::NamespaceEvents;

/// So often something goes out, so that a connection that is gone is noticed.
const PULSE: Duration = Duration::from_secs(15);
/// So much is taken from the list at once.
const MOST_AT_ONCE: usize = 64 * 1024;

/// Takes from the list of events whenever the connection can write.
#[derive(Debug)]
pub(in super::super) struct EventStream {
    hub: Arc<NamespaceEvents>,
    listener: u64,
    first: Option<Bytes>,
    pulse: Interval,
}

impl EventStream {
    pub(super) fn new(hub: Arc<NamespaceEvents>, listener: u64, first: Option<Bytes>) -> Self {
        let mut pulse = interval_at(Instant::now() + PULSE, PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { hub, listener, first, pulse }
    }

    /// What is new, or nothing for now, or nothing ever again.
    fn take(&self, context: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut board = self.hub.board();
        let newest = board.newest;
        let Some(listener) = board.listeners.get(&self.listener) else { return Poll::Ready(None) };
        let behind = newest.saturating_sub(listener.at);
        let mut text = Vec::new();
        let mut taken = 0;
        for (_, event) in board.kept.after(board.kept.total().saturating_sub(behind)) {
            if taken > 0 && text.len() + event.len() > MOST_AT_ONCE {
                break;
            }
            text.extend_from_slice(event);
            taken += 1;
        }
        if let Some(listener) = board.listeners.get_mut(&self.listener) {
            listener.at += taken;
            listener.waker = (taken == 0).then(|| context.waker().clone());
        }
        if taken == 0 { Poll::Pending } else { Poll::Ready(Some(Bytes::from(text))) }
    }
}

impl Body for EventStream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        match self.take(context) {
            Poll::Ready(Some(text)) => Poll::Ready(Some(Ok(Frame::data(text)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                self.pulse.poll_tick(context).map(|_| Some(Ok(Frame::data(Bytes::from_static(b": here\n\n")))))
            }
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.hub.leave(self.listener);
    }
}
