//! The layout of a provider's URI.

/// The keys for the parts of a provider's URI.
///
/// ```
/// use transom::config::UriLayout;
///
/// // acme://KEY@HOST, acme://USER:PASSWORD@HOST/ACCOUNT
/// const URI: UriLayout = UriLayout::new("api_key").with_password("username", "password").with_path("account");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct UriLayout {
    /// The key for a user without a password.
    pub user: &'static str,
    /// The keys for a user with a password, if it may have one.
    pub user_and_password: Option<(&'static str, &'static str)>,
    /// The key for the path, if there is one.
    pub path: Option<&'static str>,
}

impl UriLayout {
    /// A URI whose user is the value of the key `user`, without password and path.
    pub const fn new(user: &'static str) -> Self {
        Self { user, user_and_password: None, path: None }
    }

    /// Sets the keys for a user with a password.
    #[must_use]
    pub const fn with_password(mut self, user: &'static str, password: &'static str) -> Self {
        self.user_and_password = Some((user, password));
        self
    }

    /// Sets the key for the path.
    #[must_use]
    pub const fn with_path(mut self, key: &'static str) -> Self {
        self.path = Some(key);
        self
    }
}
