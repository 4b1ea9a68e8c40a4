//! Verification of webhook signatures: over the received bytes, in constant time, refusing in case of doubt.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

/// Verifies `signature`, the hexadecimal HMAC-SHA256 of `body` in either case, under any of `secrets`.
///
/// `Ok(false)` means that no secret is configured, so that nothing was verified.
///
/// # Errors
/// [`ErrorKind::Unauthenticated`] if a secret is configured and the signature is missing, of another form, or wrong.
pub fn verify_hmac_sha256(secrets: &[Secret], body: &[u8], signature: Option<&str>) -> Result<bool> {
    if secrets.is_empty() {
        return Ok(false);
    }
    let refused = |why: &str| Error::new(ErrorKind::Unauthenticated, format!("the webhook's signature {why}"));
    let signature = signature.ok_or_else(|| refused("is missing"))?;
    let claimed = from_hex(signature).ok_or_else(|| refused("is not 64 hexadecimal digits"))?;
    let fits = |secret: &Secret| {
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
            .is_ok_and(|mac| mac.chain_update(body).verify_slice(&claimed).is_ok())
    };
    if secrets.iter().any(fits) { Ok(true) } else { Err(refused("does not fit")) }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    const KEY: &str = "Jefe";
    const BODY: &[u8] = b"what do ya want for nothing?";
    const SIGNATURE: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn secrets(keys: &[&str]) -> Vec<Secret> {
        keys.iter().map(|key| Secret::new(*key)).collect()
    }

    #[test]
    fn a_right_signature_is_verified_under_either_of_two_secrets() {
        for keys in [&["Jefe"][..], &["new", KEY], &[KEY, "old"]] {
            assert!(verify_hmac_sha256(&secrets(keys), BODY, Some(SIGNATURE)).unwrap());
            assert!(verify_hmac_sha256(&secrets(keys), BODY, Some(&SIGNATURE.to_uppercase())).unwrap());
        }
    }

    #[test]
    fn without_a_secret_nothing_is_verified() {
        assert!(!verify_hmac_sha256(&[], BODY, Some(SIGNATURE)).unwrap());
    }

    #[test]
    fn anything_but_the_signature_of_these_bytes_is_refused() {
        let flipped = SIGNATURE.replacen('5', "4", 1);
        let padded = format!("{SIGNATURE} ");
        for signature in [None, Some(""), Some(&*flipped), Some(&*padded), Some(&SIGNATURE[..62])] {
            let error = verify_hmac_sha256(&secrets(&[KEY]), BODY, signature).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{signature:?}");
        }
        assert!(verify_hmac_sha256(&secrets(&[KEY]), b"What do ya want for nothing?", Some(SIGNATURE)).is_err());
        assert!(verify_hmac_sha256(&secrets(&["other"]), BODY, Some(SIGNATURE)).is_err());
    }
}
