//! The body that is posted and the answer to it, as serde writes and reads them. No page shows the answer, so it is read
//! tolerantly.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use transom::PhoneNumber;
use transom::adapter::json;
use transom::message::Parameters;

/// The body of a send: a message and its channel.
#[derive(Serialize)]
pub(crate) struct Envelope<'m> {
    pub(crate) channel: &'static str,
    pub(crate) request: SendRequest<'m>,
}

/// The content of the envelope. Members that are `None` are not written.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendRequest<'m> {
    pub(crate) from: &'m str,
    pub(crate) to: &'m str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'static str>,
    /// The text, or the URL of the medium [docs, Media Message].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caption: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_name: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contacts: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interactive: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_name: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_language: Option<&'m str>,
    /// By name, in the order of the template [docs, Send Text Message Template].
    #[serde(skip_serializing_if = "Parameters::is_empty")]
    pub(crate) placeholders: Parameters,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_header: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_id: Option<&'m str>,
}

/// An answer to a send. Members that nothing here needs are left out.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AcceptedBody {
    data: Option<Box<RawValue>>,
    #[serde(deserialize_with = "json::text_or_number")]
    id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    message_id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) status: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    to: Option<String>,
}

impl AcceptedBody {
    /// Whether it names a message: in `data`, in its first entry, or beside it. `meta.transactionId` names the request
    /// and not the message, so it does not count.
    pub(crate) fn names_a_message(&self) -> bool {
        let named = |answer: &Self| answer.id.is_some() || answer.message_id.is_some();
        named(self) || self.data().is_ok_and(|data| data.as_ref().is_some_and(named))
    }

    /// Whether it repeats a number that is not the recipient's. Compares only the last 7 digits: WhatsApp adds and
    /// drops digits behind the country code.
    pub(crate) fn is_about_another(&self, recipient: &PhoneNumber) -> bool {
        let tail = |number: &str| number.chars().rev().filter(char::is_ascii_digit).take(7).collect::<String>();
        self.to.as_deref().is_some_and(|echo| {
            let echo = tail(echo);
            echo.len() == 7 && echo != tail(recipient.digits())
        })
    }

    pub(crate) fn into_id(self) -> Option<String> {
        self.id.or(self.message_id)
    }

    /// The answer inside the answer; none if `data` is neither an object nor a list with an entry.
    pub(crate) fn data(&self) -> serde_json::Result<Option<Self>> {
        let text = self.data.as_deref().map_or("", RawValue::get);
        match text.bytes().next() {
            Some(b'{') => serde_json::from_str(text).map(Some),
            Some(b'[') => serde_json::from_str::<Vec<Self>>(text).map(|entries| entries.into_iter().next()),
            _ => Ok(None),
        }
    }
}
