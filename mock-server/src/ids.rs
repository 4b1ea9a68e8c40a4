//! Identifiers that look like the providers' own and are the same in every run.

/// A counter, and texts made from it.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    last: u64,
}

impl Ids {
    /// The first number is well above every seeded id.
    pub(crate) fn new() -> Self {
        Self { last: 100_000 }
    }

    /// The next number.
    pub(crate) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// 32 lower-case hexadecimal digits.
    pub(crate) fn hex(&mut self) -> String {
        let number = self.number();
        format!("{:016x}{:016x}", scatter(number), scatter(!number))
    }

    /// A UUID, marked as version 4 and of the usual variant.
    pub(crate) fn uuid(&mut self) -> String {
        let number = self.number();
        let (high, low) = (scatter(number), scatter(!number));
        format!(
            "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            8 + ((low >> 60) & 0x3),
            (low >> 48) & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }
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
        let (mut one, mut other) = (Ids::new(), Ids::new());
        let first = one.uuid();
        assert_eq!(first, other.uuid());
        assert_ne!(first, one.uuid());
        assert_eq!(first.len(), 36);
        assert_eq!(first.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&first.as_bytes()[19]));
        let hex = one.hex();
        assert_eq!(hex.len(), 32);
        assert!(hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
