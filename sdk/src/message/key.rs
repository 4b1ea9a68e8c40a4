//! Idempotency keys. Each belongs to one form of a message.

use sha2::{Digest, Sha256};

use crate::phone::PhoneNumber;

/// What the key of a fallback template ends with. No other key made here does.
const OF_FALLBACK: &str = "-template";

/// The key of a message with a reference: the reference as it is if it has 1 to 64 of `[A-Za-z0-9._:-]`, else a fixed
/// hash of it and the contact's number. A reference that ends like the key of a fallback is hashed too. The same
/// reference gives the same key in every process and every version.
pub(crate) fn of_reference(reference: &str, to: &PhoneNumber) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
    let fits = (1..=64).contains(&reference.len()) && reference.chars().all(is_plain);
    if fits && !reference.ends_with(OF_FALLBACK) {
        return reference.to_owned();
    }
    hex(&Sha256::new().chain_update(reference).chain_update([0]).chain_update(to.digits()).finalize())
}

/// The key of the fallback template of a message with this key.
pub(crate) fn of_fallback(key: &str) -> String {
    format!("{key}{OF_FALLBACK}")
}

/// The key of a message without a reference: 128 random bits.
pub(crate) fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// The first 128 bits, in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(reference: &str, to: &str) -> String {
        of_reference(reference, &to.parse().unwrap())
    }

    const ONE: &str = "+919876543210";
    const OTHER: &str = "+34600111222";

    /// These keys must never change: a stored message is repeated under the key of the version that stored it.
    #[test]
    fn keys_are_the_same_in_every_version() {
        let longest = "x".repeat(64);
        for (reference, to, expected) in [
            ("order-17", ONE, "order-17"),
            ("order-17", OTHER, "order-17"),
            ("A.b_C:9-", ONE, "A.b_C:9-"),
            ("-templates", ONE, "-templates"),
            (&longest, ONE, &longest),
            ("order-1-template", ONE, "69b3739776ad83e26faed6b136180bb0"),
            ("order-1-template", OTHER, "fed1f617095b865d9b96d466bf1cb779"),
            ("-template", ONE, "560ba3b41381dc4b77a271202fce5529"),
            ("pedido 17", ONE, "d09f3b664450f5b0b0ea51e78214f8c9"),
            ("pedido 17", OTHER, "7c74bf23ee2b4cd1f85ac5b3adf603e4"),
            (&"x".repeat(65), ONE, "fa37b6af333c08641868fb1d344fc810"),
            ("приказ", ONE, "8afdefcef16cff4c2ce774041a42d2e2"),
        ] {
            assert_eq!(key(reference, to), expected, "{reference}");
        }
        assert_eq!(of_fallback("order-17"), "order-17-template");
    }

    #[test]
    fn no_fallback_shares_its_key_with_another_message() {
        let references = ["order-1", "order-1-template", "order-1-template-template", "a b", "-template", "template"];
        let mut keys = Vec::new();
        for reference in references {
            let own = key(reference, ONE);
            keys.extend([of_fallback(&own), own]);
        }
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "{keys:?}");
    }

    #[test]
    fn random_keys_differ() {
        assert_ne!(random().unwrap(), random().unwrap());
    }
}
