//! The credentials of one exchange.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurpose};

/// Stands in place of a credential.
pub(super) const HIDDEN: &str = "***";

/// The credentials that were found under their names.
#[derive(Debug, Default)]
pub(super) struct Found(BTreeSet<String>);

impl Found {
    /// A shorter text may be a part of any other.
    const LEAST: usize = 8;

    pub(super) fn add(&mut self, credential: &str) {
        let credential = credential.trim().trim_matches('"');
        if credential.len() >= Self::LEAST && credential != HIDDEN {
            self.0.insert(credential.to_owned());
        }
    }

    /// Adds the value of an `Authorization` header: its credential, and the password of a Basic pair.
    pub(super) fn add_authorization(&mut self, value: &str) {
        const LENIENT: GeneralPurpose = GeneralPurpose::new(
            &alphabet::STANDARD,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let credential = value.split_once(' ').map_or(value, |(_, credential)| credential).trim();
        self.add(credential);
        let pair = LENIENT.decode(credential).ok().and_then(|pair| String::from_utf8(pair).ok());
        if let Some((user, password)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
            self.add(password);
            self.add(user);
        }
    }

    /// Redacts each of them in `text`, longest first, since one may be a part of another.
    pub(super) fn redact(&self, text: &mut String) {
        let mut all: Vec<&str> = self.0.iter().map(String::as_str).collect();
        all.sort_by_key(|credential| std::cmp::Reverse(credential.len()));
        for credential in all {
            for spelled in [credential.to_owned(), STANDARD.encode(credential)] {
                if text.contains(&spelled) {
                    *text = text.replace(&spelled, HIDDEN);
                }
            }
        }
    }
}
