//! What may go after a failed send. After an unknown outcome, nothing may.

use crate::error::{Error, ErrorKind, Sent};

/// A failure that proves that nothing was sent.
///
/// Only [`Error::unsent`] makes one. A fallback template, another connection and another channel are allowed by methods
/// of this type alone. So none of them can follow an unknown outcome.
#[derive(Clone, Copy, Debug)]
pub struct Unsent<'e>(&'e Error);

impl Error {
    /// This failure as the proof that nothing was sent. `None` while the outcome is unknown: then no template, no other
    /// channel and no other connection may follow.
    pub fn unsent(&self) -> Option<Unsent<'_>> {
        (self.sent() == Sent::No).then_some(Unsent(self))
    }

    /// Whether the closed session window is the reason and nothing was sent, so that a template is the remedy.
    pub fn is_window_closed(&self) -> bool {
        self.unsent().is_some_and(Unsent::allows_template)
    }
}

impl<'e> Unsent<'e> {
    /// The failure.
    pub const fn error(self) -> &'e Error {
        self.0
    }

    /// Whether the fallback template may go instead: the closed session window is the reason.
    pub fn allows_template(self) -> bool {
        self.0.kind().is_window_closed()
    }

    /// Whether the same request may go on another connection: the provider asks for it (421, 425).
    pub fn allows_another_connection(self) -> bool {
        self.0.kind() == ErrorKind::ProviderUnavailable && matches!(self.0.status(), Some(421 | 425))
    }

    /// Whether another channel may be tried: the failure is the provider's or the account's, not the message's.
    pub fn allows_another_channel(self) -> bool {
        matches!(
            self.0.kind(),
            ErrorKind::ProviderUnavailable
                | ErrorKind::MalformedResponse
                | ErrorKind::RateLimited
                | ErrorKind::Unauthenticated
                | ErrorKind::InsufficientBalance
                | ErrorKind::SenderUnavailable
                | ErrorKind::SenderNotFound
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_outcome_allows_nothing_whatever_its_kind() {
        for &kind in ErrorKind::ALL {
            for status in [200, 302, 400, 403, 421, 425, 429, 503] {
                let error = || Error::new(kind, "x").with_status(http::StatusCode::from_u16(status).unwrap());
                assert!(error().unsent().is_some());
                let unknown = error().maybe_sent();
                assert!(unknown.unsent().is_none() && !unknown.is_window_closed() && !unknown.is_safe_to_retry());
            }
        }
    }

    #[test]
    fn each_kind_allows_only_its_own_remedy() {
        for &kind in ErrorKind::ALL {
            let error = Error::new(kind, "x");
            let unsent = error.unsent().unwrap();
            assert_eq!(unsent.allows_template(), kind.is_window_closed(), "{kind}");
            assert!(!(unsent.allows_template() && unsent.allows_another_channel()), "{kind}");
            assert!(!unsent.allows_another_connection(), "{kind}");
        }
    }
}
