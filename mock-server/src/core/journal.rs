//! Requests and responses, shown without credentials.

mod exchange;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};

pub use exchange::Exchange;
pub(crate) use exchange::{RedactedExchange, Remarks};

use crate::core::bounded::{GuestBounds, Ring};

const MAX_EXCHANGES: usize = 10_000;
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A larger piece of memory is not used again.
const MOST_REUSED: usize = 4 * 1024;

/// The last 10,000 exchanges, or fewer if they are large.
#[derive(Debug)]
pub(crate) struct Journal {
    exchanges: Ring<Exchange>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self { exchanges: Ring::new(MAX_EXCHANGES, MAX_BYTES) }
    }

    /// Bounds what callers without the token may add.
    pub(crate) fn guard(&mut self, guests: GuestBounds) {
        self.exchanges.guard(guests, 250, 192 * 1024);
    }

    pub(crate) fn record(
        &mut self,
        provider: Option<&'static str>,
        at: SystemTime,
        request: &Request<Bytes>,
        response: &Response<Bytes>,
        remarks: Remarks,
    ) {
        // The dropped entry's buffer is reused.
        let buffer = self.exchanges.pop_if_full().map(Exchange::into_buffer);
        // But not that of a huge one to a small one.
        let buffer = buffer.filter(|buffer| buffer.capacity() <= MOST_REUSED).unwrap_or_default();
        let exchange = Exchange::of(self.last() + 1, provider, at, request, response, remarks, buffer);
        let size = exchange.size();
        self.exchanges.push(exchange, size);
    }

    /// Oldest first; of one provider, or of all.
    pub(crate) fn exchanges(&self, provider: Option<&str>) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().filter(move |exchange| provider.is_none() || exchange.provider == provider)
    }

    /// The entries after this number, oldest first.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Exchange> {
        self.exchanges.after(number).map(|(_, exchange)| exchange)
    }

    /// The number of the last exchange; 0 before the first.
    pub(crate) fn last(&self) -> u64 {
        self.exchanges.total()
    }

    /// About how many bytes the exchanges hold.
    #[cfg(feature = "server")]
    pub(crate) fn bytes(&self) -> usize {
        self.exchanges.bytes()
    }

    /// Forgets every exchange, and says how many there were. Numbers go on.
    pub(crate) fn forget(&mut self) -> usize {
        self.exchanges.forget()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::response::json_response;

    fn record(journal: &mut Journal, request: &Request<Bytes>) {
        journal.record(
            Some("exotel"),
            SystemTime::UNIX_EPOCH,
            request,
            &json_response(200, &json!(1)),
            Remarks::default(),
        );
    }

    #[test]
    fn an_exchange_is_told_without_its_credentials() {
        let mut journal = Journal::new();
        let request = Request::post("/kingslanding/login?key=s3cret")
            .header("authorization", "Basic s3cret")
            .header("accept", "*/*")
            .body(Bytes::from_static(br#"{"username":"ops","password":"s3cret"}"#))
            .unwrap();
        let response = json_response(200, &json!({"id": 12_345_678_901_234_567_890_u64}));
        let remarks = Remarks { fault: Some("delay"), ..Remarks::default() };
        journal.record(Some("messangi"), SystemTime::UNIX_EPOCH, &request, &response, remarks);
        let printed = serde_json::to_string(&journal.exchanges(None).collect::<Vec<_>>()).unwrap();
        assert!(!printed.contains("s3cret"), "{printed}");
        assert!(printed.contains(r#""headers":{"authorization":"Basic ***","accept":"*/*"}"#), "{printed}");
        assert!(printed.contains(r#""body":{"username":"ops","password":"***"}"#), "{printed}");
        assert!(printed.contains(r#""response":{"id":12345678901234567890}"#), "{printed}");
        assert!(
            printed.contains(r#""fault":"delay""#) && printed.contains(r#""at":"1970-01-01T00:00:00Z""#),
            "{printed}"
        );
        assert_eq!(journal.exchanges(Some("exotel")).count(), 0);
    }

    #[test]
    fn a_huge_body_is_cut_and_its_size_told() {
        let mut journal = Journal::new();
        let request = Request::post("/v1/messages").body(Bytes::from(vec![b'x'; 256 * 1024 + 1])).unwrap();
        record(&mut journal, &request);
        let kept = journal.exchanges(None).next().unwrap().redacted().body;
        assert!(kept.len() < 256 * 1024 + 50 && kept.ends_with("(262145 bytes)"));
    }

    #[test]
    fn since_finds_entries_after_older_ones_were_dropped() {
        let mut journal = Journal::new();
        let request = Request::get("/x").body(Bytes::new()).unwrap();
        for _ in 0..MAX_EXCHANGES + 5 {
            record(&mut journal, &request);
        }
        let last = journal.last();
        assert_eq!(journal.exchanges(None).count(), MAX_EXCHANGES);
        assert_eq!(journal.after(last).count(), 0);
        assert_eq!(journal.after(last - 2).count(), 2);
        assert_eq!(journal.after(0).count(), MAX_EXCHANGES);
    }
}
