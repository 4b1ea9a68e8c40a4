//! Texts that only this world could have written.

use sha2::{Digest as _, Sha256};

use super::World;

impl World {
    /// 32 hexadecimal digits that follow from `text` and the seed of this world, for credentials that it hands out and has to
    /// know again without keeping them.
    pub fn derived_token(&self, text: &str) -> String {
        let digest = Sha256::new().chain_update(self.ids.seed.to_be_bytes()).chain_update(text).finalize();
        digest.iter().take(16).fold(String::with_capacity(32), |hex, byte| format!("{hex}{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulators;

    #[test]
    fn a_stamp_is_the_same_for_the_same_text_and_seed_only() {
        let world = |seed| World::with_seed(&simulators::all(), false, seed);
        let derived_token = world(7).derived_token("login 1");
        assert_eq!((derived_token.len(), &derived_token), (32, &world(7).derived_token("login 1")));
        assert_ne!(derived_token, world(8).derived_token("login 1"));
        assert_ne!(derived_token, world(7).derived_token("login 2"));
    }
}
