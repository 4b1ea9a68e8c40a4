//! A log of recent delivery reports.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::time::{Clock, SystemClock};
use crate::webhook::event::{Event, WebhookEvents};
use crate::webhook::status::StatusUpdate;

/// Keeps the delivery reports of the last 15 minutes.
///
/// A report often arrives before the timeout that leaves a send's outcome unknown. There is no [`PendingSend`](crate::reconcile::PendingSend) yet that could
/// record it. So the application gives the events of each webhook call to [`record`](Self::record), and asks with
/// [`PendingSend::check_log`](crate::reconcile::PendingSend::check_log) after a send of unknown outcome.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::time::SystemTime;
/// use transom::reconcile::{DeliveryReportLog, PendingSend, Resolution};
/// use transom::testing::Stub;
/// use transom::webhook::{DeliveryStatus, Event, StatusUpdate, WebhookEvents};
/// use transom::{Client, Error, ErrorKind, Message};
///
/// let reports = DeliveryReportLog::default();
/// let mut report = StatusUpdate::new("7c1e", DeliveryStatus::Delivered);
/// report.reference = Some("order-17".to_owned());
/// reports.record(&WebhookEvents::new(true, vec![Event::Status(report)]), false);
///
/// let client = Client::new(Stub::script([Err(Error::new(ErrorKind::ProviderUnavailable, "timeout").maybe_sent())]));
/// let message = Message::text("+919876543210".parse()?, "Hi").with_reference("order-17");
/// let begun = SystemTime::now();
/// let error = client.send(&message).await.unwrap_err();
/// let resolution = PendingSend::new(&message, &error, begun).unwrap().check_log(&reports);
/// assert!(matches!(resolution, Resolution::Sent { .. }));
/// # Ok::<(), transom::Error>(()) }).unwrap();
/// ```
pub struct DeliveryReportLog {
    clock: Arc<dyn Clock>,
    capacity: usize,
    entries: Mutex<VecDeque<Entry>>,
}

struct Entry {
    /// Monotonic time.
    at: Duration,
    update: StatusUpdate,
}

/// Longer than the timeout of a send and than the usual delay of webhooks.
const TTL: Duration = Duration::from_secs(15 * 60);
/// About 30 MB of reports, or 100 s at 300 messages a second with all their statuses.
const CAPACITY: usize = 100_000;

impl DeliveryReportLog {
    /// Keeps at most `capacity` reports: where there are more, the oldest go first. The default is 100,000.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// Measures their age with `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Records the events of a webhook call. Ignores unverified events unless `trust_unsigned`, so that a forged call
    /// cannot settle a send.
    pub fn record(&self, events: &WebhookEvents, trust_unsigned: bool) {
        if !events.verified && !trust_unsigned {
            return;
        }
        let at = self.clock.monotonic();
        let mut entries = self.lock();
        for event in &events.events {
            if let Event::Status(update) = event {
                entries.push_back(Entry { at, update: update.clone() });
            }
        }
        while entries.front().is_some_and(|oldest| is_expired(oldest, at)) || entries.len() > self.capacity {
            entries.pop_front();
        }
    }

    /// Calls `each` with every report, oldest first.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&StatusUpdate)) {
        let now = self.clock.monotonic();
        for entry in self.lock().iter().filter(|entry| !is_expired(entry, now)) {
            each(&entry.update);
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_expired(entry: &Entry, now: Duration) -> bool {
    now.saturating_sub(entry.at) >= TTL
}

impl Default for DeliveryReportLog {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), capacity: CAPACITY, entries: Mutex::default() }
    }
}

impl fmt::Debug for DeliveryReportLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveryReportLog")
            .field("kept", &self.lock().len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
