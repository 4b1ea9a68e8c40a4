//! Waiting for something to happen, in real time and without asking over and over.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// Looking again takes time, too: not more often than this.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// Tells those who wait that something has happened. Costs nothing while nobody waits.
#[derive(Debug, Default)]
pub(super) struct Changed {
    waiting: AtomicUsize,
    bell: Notify,
}

impl Changed {
    /// Something has happened.
    pub(super) fn ring(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.bell.notify_waiters();
        }
    }

    /// Is over when `done`, which is asked at once, then after whatever happens, and when `again_in` says so.
    pub(super) async fn until(&self, mut done: impl FnMut() -> bool, again_in: impl Fn() -> Option<Duration>) {
        struct One<'a>(&'a AtomicUsize);
        impl Drop for One<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let _one = One(&self.waiting);
        loop {
            // It listens from here on, so that nothing gets lost between the look and the wait.
            let rung = self.bell.notified();
            if done() {
                return;
            }
            match again_in() {
                // Either way it is time to look again.
                Some(pause) => drop(timeout(pause, rung).await),
                None => rung.await,
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }
}
