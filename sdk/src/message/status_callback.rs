//! The address for the delivery reports of one message.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The address that a provider calls with the delivery reports of one message, in place of the channel's. The calls have
/// the form of the provider that sends the message.
///
/// An address may be all that protects the receiver, so `Debug` shows its host only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StatusCallback(String);

impl StatusCallback {
    /// This address, an `http://` or `https://` URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an `http://` or `https://` URL with a host.
    pub fn is_url(&self) -> bool {
        self.parsed().is_some()
    }

    fn parsed(&self) -> Option<url::Url> {
        let is_plain = !self.0.chars().any(|c| c.is_whitespace() || c.is_control());
        let url = url::Url::parse(&self.0).ok().filter(|_| is_plain)?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
    }
}

impl<T: Into<String>> From<T> for StatusCallback {
    fn from(url: T) -> Self {
        Self::new(url)
    }
}

impl fmt::Debug for StatusCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parsed() {
            Some(url) => write!(f, "{}://{}/…", url.scheme(), url.host_str().unwrap_or_default()),
            None => f.write_str("…"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_web_address_with_a_host_is_one() {
        for (text, is) in [
            ("https://hooks.example.net/exo/wa", true),
            ("http://127.0.0.1:4020/india", true),
            ("ftp://hooks.example.net/a", false),
            ("hooks.example.net/a", false),
            ("https://", false),
            ("https://hooks.example.net/a b", false),
            ("https://hooks.example.net/a\r\nx: y", false),
            ("", false),
        ] {
            assert_eq!(StatusCallback::new(text).is_url(), is, "{text}");
        }
    }

    #[test]
    fn debug_shows_the_host_and_no_credential() {
        for (text, shown) in [
            ("https://user:canary@hooks.example.net/canary?token=canary", "https://hooks.example.net/…"),
            ("canary", "…"),
        ] {
            assert_eq!(format!("{:?}", StatusCallback::new(text)), shown);
        }
    }
}
