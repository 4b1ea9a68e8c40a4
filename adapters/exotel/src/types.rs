//! The envelope of every answer, as far as it is needed. Members that nothing here reads are left out: they are missing
//! from some pages' samples, and vary.

use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use transom::adapter::json::{self, Members};
use transom::adapter::{IdPlaces, is_refusing_word};
use transom::webhook::platform;

/// An answer in any of the documented forms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    pub(crate) response: Option<Box<RawValue>>,
    #[serde(deserialize_with = "json::text_or_number")]
    http_code: Option<String>,
    #[serde(rename = "RestException")]
    rest_exception: Option<Box<RawValue>>,
    #[serde(deserialize_with = "json::text_or_number")]
    code: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    message: Option<String>,
    error: Option<Box<RawValue>>,
}

impl Answer {
    /// The results in `response` that can be read.
    pub(crate) fn items(&self) -> Vec<Item> {
        let raw = self.raw_items().unwrap_or_default();
        raw.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect()
    }

    /// The results in `response`, in any of three forms: `whatsapp.messages`, one bare result, or a bare list. `None`
    /// in any other form.
    pub(crate) fn raw_items(&self) -> Option<Vec<Box<RawValue>>> {
        #[derive(Deserialize)]
        struct Wrapped {
            whatsapp: Option<Messages>,
        }
        #[derive(Deserialize)]
        struct Messages {
            messages: Vec<Box<RawValue>>,
        }
        let response = self.response.as_deref()?;
        if response.get().starts_with('[') {
            return serde_json::from_str(response.get()).ok();
        }
        let wrapped: Wrapped = serde_json::from_str(response.get()).ok()?;
        Some(wrapped.whatsapp.map_or_else(|| vec![response.to_owned()], |whatsapp| whatsapp.messages))
    }

    /// `response` itself, which may be a result around the results.
    pub(crate) fn around_the_results(&self) -> Option<Item> {
        object(self.response.as_deref()?)
    }

    /// The status that the answer repeats in its body.
    pub(crate) fn http_status(&self) -> Option<StatusCode> {
        self.http_code.as_ref()?.parse().ok()
    }

    pub(crate) fn rest_exception(&self) -> Option<RestException> {
        object(self.rest_exception.as_deref()?)
    }

    pub(crate) fn error(&self) -> Option<ErrorData> {
        object(self.error.as_deref()?)
    }

    pub(crate) fn code(&self) -> Option<String> {
        self.code.clone()
    }

    /// The words beside a plain code; some gateways have them as `error`.
    pub(crate) fn message(&self) -> Option<String> {
        self.message.clone().or_else(|| self.error_text())
    }

    pub(crate) fn error_text(&self) -> Option<String> {
        serde_json::from_str(self.error.as_deref()?.get()).ok().filter(|text: &String| !text.is_empty())
    }
}

/// The form of the authentication and throttling pages (docs, Rate Limiting).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct RestException {
    #[serde(rename = "Message", deserialize_with = "json::text_or_number")]
    pub(crate) message: Option<String>,
    #[serde(rename = "Code", deserialize_with = "json::text_or_number")]
    pub(crate) code: Option<String>,
}

/// The result of one message, or of the whole request.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Item {
    /// Like an HTTP status, but of this message.
    #[serde(deserialize_with = "json::text_or_number")]
    code: Option<String>,
    status: Option<String>,
    pub(crate) error_data: Option<ErrorData>,
}

/// Why a message was refused.
#[derive(Default, Deserialize)]
#[serde(try_from = "Box<RawValue>")]
pub(crate) struct ErrorData {
    /// A number where a page shows it; the window's symbols are words (seed).
    pub(crate) code: Option<String>,
    /// `message`, `description` and other words, each by itself.
    pub(crate) words: Vec<String>,
}

impl TryFrom<Box<RawValue>> for ErrorData {
    type Error = &'static str;

    fn try_from(raw: Box<RawValue>) -> Result<Self, Self::Error> {
        let members = Members::from_raw(&raw).ok_or("expected an object")?;
        Ok(Self { code: members.text(&["code"]), words: platform::words(&members) })
    }
}

/// Where an answer has the ids of accepted messages. The pages of flows and payments have `message_id` (docs).
pub(crate) const IDS: IdPlaces = IdPlaces {
    receipt: &[
        "response.whatsapp.messages[].data.sid",
        "response.whatsapp.messages[].data.message_id",
        "response[].data.sid",
        "response[].data.message_id",
        "response.data.sid",
        "response.data.message_id",
    ],
    others: &[],
};

/// The same, of one result.
pub(crate) const ITEM_IDS: IdPlaces = IdPlaces { receipt: &["data.sid", "data.message_id"], others: &[] };

/// The meaning of an item, apart from its id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// No word of a refusal.
    Accepted,
    /// Refused; the item says why.
    Refused,
    /// Its word and its status contradict each other.
    Contradiction,
}

impl Item {
    pub(crate) fn claim(&self) -> Claim {
        let word = self.status.as_deref().unwrap_or_default();
        let refuses = self.http_status().is_some_and(|status| !status.is_success());
        match () {
            () if self.error_data.is_some() || is_refusing_word(word) => Claim::Refused,
            () if refuses && word.eq_ignore_ascii_case("success") => Claim::Contradiction,
            () if refuses => Claim::Refused,
            // A word that no page has yet does not unmake an id.
            () => Claim::Accepted,
        }
    }

    pub(crate) fn http_status(&self) -> Option<StatusCode> {
        self.code.as_ref()?.parse().ok()
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.error_data.is_some() || self.http_status().is_some_and(|status| !status.is_success())
    }
}

/// The struct that a member holds, if it is an object: a list would be read as the members in order.
fn object<T: for<'de> Deserialize<'de>>(raw: &RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}
