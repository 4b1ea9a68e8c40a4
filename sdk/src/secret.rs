//! Credentials as a type that does not print.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
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
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// All forms in which a provider may echo `secrets`: alone, as a Basic credential, in both alphabets of Base64, and
/// percent-encoded. The longest first, because one form may contain another.
pub(crate) fn encoded_variants(secrets: &[Secret]) -> Vec<Secret> {
    let pair = |user: &Secret, password: &Secret| Secret::new(format!("{}:{}", user.expose(), password.expose()));
    let pairs = secrets.iter().flat_map(|user| secrets.iter().map(move |password| pair(user, password)));
    // A user without a password.
    let users = secrets.iter().map(|user| Secret::new(format!("{}:", user.expose())));
    // Base64 padding appears as `=`, as `%3D`, or not at all.
    let encoded = pairs.chain(users).chain(secrets.iter().cloned()).flat_map(|secret| {
        let bytes = secret.expose().as_bytes();
        [Secret::new(STANDARD_NO_PAD.encode(bytes)), Secret::new(URL_SAFE_NO_PAD.encode(bytes))]
    });
    let plain: Vec<Secret> = encoded.chain(secrets.iter().cloned()).collect();
    let percent = |secret: &Secret| Secret::new(utf8_percent_encode(secret.expose(), NON_ALPHANUMERIC).to_string());
    let mut all: Vec<Secret> = plain.iter().map(percent).chain(plain.iter().cloned()).collect();
    all.sort_by(|a, b| (b.expose().len(), b.expose()).cmp(&(a.expose().len(), a.expose())));
    all.dedup_by(|a, b| a.expose() == b.expose());
    all
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

    #[test]
    fn a_secret_is_hidden_in_every_form_in_which_it_travels() {
        let error = |text: &str| crate::Error::new(crate::ErrorKind::Unauthenticated, text);
        let secrets = encoded_variants(&[Secret::new("k3y>with?odds"), Secret::new("t0ken")]);
        let shown = |text: &str| {
            let hidden = secrets.iter().fold(error(text), |error, secret| error.without_secret(secret.expose()));
            hidden.message().to_owned()
        };
        for (echo, rest) in [
            ("k3y>with?odds", ""),
            ("k3y%3Ewith%3Fodds", ""),
            ("azN5PndpdGg/b2Rkcw==", "=="),
            ("azN5PndpdGg/b2Rkcw%3D%3D", "%3D%3D"),
            ("azN5PndpdGg%2Fb2Rkcw%3D%3D", "%3D%3D"),
            ("azN5PndpdGg_b2Rkcw", ""),
            ("azN5PndpdGg/b2Rkczo=", "="),
            ("azN5PndpdGg/b2Rkczp0MGtlbg==", "=="),
            ("dDBrZW46", ""),
        ] {
            assert_eq!(shown(&format!("<{echo}>")), format!("<***{rest}>"), "{echo}");
        }
    }
}
