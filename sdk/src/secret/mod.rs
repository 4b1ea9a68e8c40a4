//! Credentials as a type that does not print.

mod redactor;
pub(crate) mod spelling;

use std::fmt;

pub use redactor::Redactor;
use zeroize::Zeroizing;

/// A credential. It has no `Display` and no `Serialize`, its `Debug` is `***`, and its memory is wiped on drop.
///
/// This is a best effort: buffers of the HTTP library, the environment and the page cache keep copies.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Makes a secret of `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The credential. Call this only where it goes into a request.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is too short to be removed from every text that echoes it: it has fewer than eight characters, and these
    /// are part of many a word.
    pub fn is_short(&self) -> bool {
        self.0.chars().count() < 8
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Safe Rust cannot read a buffer after its drop. The test shows that there is only one buffer, the caller's own,
    /// which `zeroize` then wipes.
    #[test]
    fn a_secret_leaves_no_copy_behind_when_it_is_made() {
        let text = String::from("canary");
        let buffer = text.as_ptr();
        assert_eq!(Secret::new(text).expose().as_ptr(), buffer);
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(
            format!("{:?} {:#?}", Secret::new("canary"), Some(Secret::new("canary"))).matches("canary").count(),
            0
        );
    }
}
