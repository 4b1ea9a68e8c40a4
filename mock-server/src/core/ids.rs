//! Identifiers that look like the providers' own and follow from a seed alone.

use sha2::{Digest as _, Sha256};

/// A counter, and texts made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ids {
    /// The seed of the ids. The same seed and the same requests give the same ids.
    pub(crate) seed: u64,
    /// The last number given out; every id takes one.
    pub(crate) last: u64,
}

impl Ids {
    /// The first number is well above every seeded id, and few enough digits long for a reader that keeps numbers as
    /// floats.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, last: 100_000 + scatter(seed) % 9_000_000 * 1_000 }
    }

    /// The next number.
    pub(crate) fn number(&mut self) -> u64 {
        self.last = self.last.wrapping_add(1);
        self.last
    }

    /// 32 lower-case hexadecimal digits.
    pub(crate) fn hex(&mut self) -> String {
        let (high, low) = self.halves();
        text(&digits(joined(high, low))).to_owned()
    }

    /// A UUID, marked as version 4 and of the usual variant.
    pub(crate) fn uuid(&mut self) -> String {
        let digits = digits(self.uuid_number());
        let mut written = [b'-'; 36];
        for (place, part) in [(0, 0..8), (9, 8..12), (14, 12..16), (19, 16..20), (24, 20..32)] {
            if let (Some(to), Some(part)) = (written.get_mut(place..place + part.len()), digits.get(part)) {
                to.copy_from_slice(part);
            }
        }
        text(&written).to_owned()
    }

    /// The same as a number.
    pub(crate) fn uuid_number(&mut self) -> u128 {
        let (high, low) = self.uuid_halves();
        joined(high, low)
    }

    /// 32 hexadecimal digits that follow from `text` and the seed.
    pub(crate) fn derived_token(&self, text: &str) -> String {
        let digest = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(text).finalize();
        digest.iter().take(16).fold(String::with_capacity(32), |hex, byte| format!("{hex}{byte:02x}"))
    }

    fn uuid_halves(&mut self) -> (u64, u64) {
        let (high, low) = self.halves();
        (high & !0xf000 | 0x4000, low & !(0b11 << 62) | 0b10 << 62)
    }

    /// 128 bits for the next number. A seed shifts the numbers without making two of them the same.
    fn halves(&mut self) -> (u64, u64) {
        let number = self.number() ^ scatter(self.seed);
        (scatter(number), scatter(!number))
    }
}

/// The hexadecimal digits of a number: every answer has some, and a format string costs many times as much.
fn digits(number: u128) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four: u8| DIGITS.get(usize::from(four)).copied().unwrap_or_default();
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
    }
    digits
}

/// They are ASCII, so the fallback is out of reach.
fn text(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

fn joined(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// `SplitMix64`: neighbours become unlike, and no two inputs become the same.
fn scatter(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_well_formed_and_the_same_in_every_run() {
        let (mut one, mut other) = (Ids::new(0), Ids::new(0));
        let first = one.uuid();
        assert_eq!(first, other.uuid());
        assert_ne!(first, one.uuid());
        assert_eq!(
            format!("{:032x}", other.uuid_number()),
            Ids { last: other.last - 1, ..other.clone() }.uuid().replace('-', "")
        );
        assert_eq!(first.len(), 36);
        assert_eq!(first.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&first.as_bytes()[19]));
        let hex = one.hex();
        assert_eq!(hex.len(), 32);
        assert!(hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn derived_token_is_the_same_for_equal_text_and_seed() {
        let token = Ids::new(7).derived_token("login 1");
        assert_eq!((token.len(), &token), (32, &Ids::new(7).derived_token("login 1")));
        assert_ne!(token, Ids::new(8).derived_token("login 1"));
        assert_ne!(token, Ids::new(7).derived_token("login 2"));
    }

    #[test]
    fn another_seed_gives_other_ids_of_every_kind() {
        let (mut one, mut other) = (Ids::new(1), Ids::new(2));
        assert_ne!(one.number(), other.number());
        assert_ne!(one.hex(), other.hex());
        assert_ne!(one.uuid(), other.uuid());
    }

    #[test]
    fn numbers_stay_exact_in_a_reader_of_floats_whatever_the_seed() {
        for seed in [0, 1, 7, u64::MAX] {
            let first = Ids::new(seed).number();
            assert!(first > 100_000 && first < 1 << 53, "{seed}: {first}");
        }
    }
}
