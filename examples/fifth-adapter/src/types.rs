//! What Larkwire answers, as serde reads it, and how it writes numbers.

use serde::Deserialize;
use serde_json::value::RawValue;
use transom::PhoneNumber;
use transom::adapter::json::Members;
use transom::adapter::{IdPlaces, json};

/// Where the answer to an accepted send has its id [docs, larkwire.example/docs/send].
pub(crate) const IDS: IdPlaces = IdPlaces { receipt: &["data.id"], others: &[] };

/// The envelope of every answer [docs, larkwire.example/docs/send]. Any member may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) code: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) msg: Option<String>,
    /// Kept as received: ids have up to 20 digits, more than a float holds.
    data: Option<Box<RawValue>>,
}

impl Answer {
    /// A member of `data`.
    pub(crate) fn datum(&self, name: &str) -> Option<String> {
        Members::from_raw(self.data.as_deref()?)?.text(&[name])
    }
}

/// Reads a number as Larkwire writes it.
pub(crate) fn undialled(text: &str) -> Option<PhoneNumber> {
    PhoneNumber::from_e164(text.strip_prefix("00")?).ok()
}
