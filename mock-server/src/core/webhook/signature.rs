//! Signatures of webhook calls.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The secret that business and provider share to sign webhooks. `Debug` does not show it, and it is never printed.
#[derive(Clone)]
pub(crate) struct Secret(Box<str>);

impl Secret {
    /// A secret of at least one character.
    pub(crate) fn new(text: String) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.into_boxed_str()))
    }

    /// A secret that is not this one.
    pub(super) fn other(&self) -> Self {
        Self(format!("not {}", self.0).into_boxed_str())
    }

    /// `sha256=` and the lower-case hexadecimal HMAC-SHA256 of the very bytes that are posted.
    pub(super) fn sign(&self, body: &[u8]) -> Option<String> {
        // This kind of key may have any length, so there always is a signature.
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).ok()?.chain_update(body);
        let mut signature = String::from("sha256=");
        for byte in mac.finalize().into_bytes() {
            for digit in [byte >> 4, byte & 0xf] {
                signature.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        Some(signature)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(secret: &str, body: &[u8]) -> String {
        Secret::new(secret.to_owned()).unwrap().sign(body).unwrap()
    }

    #[test]
    fn the_vectors_of_rfc_4231_come_out() {
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let twenty = String::from_utf8(vec![0x0b; 20]).unwrap();
        assert_eq!(
            signature(&twenty, b"Hi There"),
            "sha256=b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    #[test]
    fn a_key_longer_than_a_block_is_used_whole() {
        let long = "k".repeat(100);
        assert_ne!(signature(&long, b"x"), signature(&long[..64], b"x"));
    }

    #[test]
    fn every_byte_of_the_body_and_of_the_secret_counts() {
        let signed = signature("whsec_abc", br#"{"a":1}"#);
        assert_ne!(signed, signature("whsec_abc", br#"{"a": 1}"#));
        assert_ne!(signed, signature("abc", br#"{"a":1}"#));
    }

    #[test]
    fn a_secret_is_not_empty_and_not_shown() {
        assert!(Secret::new(String::new()).is_none());
        assert_eq!(format!("{:?}", Secret::new("s3cret".to_owned()).unwrap()), "Secret(***)");
    }
}
