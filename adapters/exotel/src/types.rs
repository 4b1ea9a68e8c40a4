//! The envelope of every answer, as far as it is needed. Members that nothing here reads are left out: they are missing
//! from some pages' samples, and vary.

use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use transom::adapter::json;

/// An answer in any of the documented forms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    pub(crate) response: Option<Box<RawValue>>,
    #[serde(rename = "RestException")]
    rest_exception: Option<Box<RawValue>>,
    #[serde(deserialize_with = "json::text_or_number")]
    code: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    message: Option<String>,
    error: Option<Box<RawValue>>,
}

impl Answer {
    /// The results in `response`, in any of three forms: `whatsapp.messages`, one bare result, or a bare list. `None`
    /// in any other form.
    pub(crate) fn items(&self) -> Option<Vec<Item>> {
        #[derive(Deserialize)]
        struct Wrapped {
            whatsapp: Option<Messages>,
        }
        #[derive(Deserialize)]
        struct Messages {
            messages: Vec<Item>,
        }
        let text = self.response.as_deref()?.get();
        if text.starts_with('[') {
            return serde_json::from_str(text).ok();
        }
        let wrapped: Wrapped = serde_json::from_str(text).ok()?;
        match wrapped.whatsapp {
            Some(whatsapp) => Some(whatsapp.messages),
            None => Some(vec![serde_json::from_str(text).ok()?]),
        }
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
        let error = || serde_json::from_str(self.error.as_deref()?.get()).ok();
        self.message.clone().or_else(error)
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
    data: Option<Data>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorData {
    /// A number where a page shows it; the window's symbols are words (seed).
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) code: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) message: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    #[serde(deserialize_with = "json::text_or_number")]
    sid: Option<String>,
    /// Where the pages of flows and payments put the id (docs).
    #[serde(deserialize_with = "json::text_or_number")]
    message_id: Option<String>,
}

/// The meaning of an item.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'i> {
    /// Accepted, under this id.
    Accepted(&'i str),
    /// Refused; the item says why.
    Refused,
    /// It says neither yes nor no, or both.
    Unclear(&'static str),
}

impl Item {
    pub(crate) fn verdict(&self) -> Verdict<'_> {
        let word = self.status.as_deref();
        let is_yes = word.is_some_and(|word| word.eq_ignore_ascii_case("success"));
        let is_no =
            word.is_some_and(|word| ["failure", "failed", "error"].iter().any(|no| word.eq_ignore_ascii_case(no)));
        let refuses = self.http_status().is_some_and(|status| !status.is_success());
        if self.error_data.is_some() || is_no {
            return Verdict::Refused;
        }
        match self.sid() {
            _ if refuses && is_yes => Verdict::Unclear("the verdict in the answer contradicts its own status"),
            _ if refuses => Verdict::Refused,
            // A word that no page has yet does not unmake an id.
            Some(sid) => Verdict::Accepted(sid),
            None if is_yes => Verdict::Unclear("there is no `sid` in the answer"),
            None => Verdict::Unclear("the verdict in the answer says neither yes nor no"),
        }
    }

    /// Whether it names an accepted message.
    pub(crate) fn names_a_message(&self) -> bool {
        self.sid().is_some()
    }

    pub(crate) fn http_status(&self) -> Option<StatusCode> {
        self.code.as_ref()?.parse().ok()
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.error_data.is_some() || self.http_status().is_some_and(|status| !status.is_success())
    }

    fn sid(&self) -> Option<&str> {
        let data = self.data.as_ref()?;
        data.sid.as_deref().or(data.message_id.as_deref())
    }
}

/// The struct that a member holds, if it is an object: a list would be read as the members in order.
fn object<T: for<'de> Deserialize<'de>>(raw: &RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}
