//! How far a call got.

/// How far a call got before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// No byte reached the provider: a local check refused the call, or the connection could not be made.
    NotConnected,
    /// The request was on its way, and no response came back.
    NoResponse,
    /// The provider answered.
    Response,
}
