//! The layout of a provider's URI.

/// The keys for the parts of a provider's URI.
#[derive(Clone, Copy, Debug)]
pub struct UriLayout {
    /// The key for a user without a password.
    pub user: &'static str,
    /// The keys for a user with a password, if it may have one.
    pub user_and_password: Option<(&'static str, &'static str)>,
    /// The key for the path, if there is one.
    pub path: Option<&'static str>,
}
