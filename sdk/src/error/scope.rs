//! The sends that a limit counts together.

/// The scope of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scope {
    /// Messages from one sender to one contact.
    Pair,
    /// Messages from one sender.
    Sender,
    /// All messages of the account.
    Account,
}

impl Scope {
    /// The name used in reports: `pair`, `sender`, `account`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Sender => "sender",
            Self::Account => "account",
        }
    }
}
