//! What the files of this simulator share.

use std::sync::LazyLock;

use crate::core::fingerprint::fingerprint;

pub(super) const NAME: &str = "messangi";
/// The user whose account the seeded one is. A key that no login gave out is this user's.
pub(super) const USER: &str = "demo@example.com";

static USER_PRINT: LazyLock<String> = LazyLock::new(|| user_print(USER));

/// What stands for a user in a key, which must not show the name.
pub(super) fn user_print(username: &str) -> String {
    format!("{:016x}", fingerprint(username.as_bytes()))
}

/// How the control plane names the user with this fingerprint.
pub(super) fn user_of_print(print: &str) -> &str {
    if print == *USER_PRINT { USER } else { print }
}
