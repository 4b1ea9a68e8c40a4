//! The body that is posted and the answer to it, as serde writes and reads them. No page shows the answer, so it is read
//! tolerantly.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use transom::PhoneNumber;
use transom::adapter::{IdPlaces, json};
use transom::message::Parameters;

/// The body of a send: a message and its channel.
#[derive(Serialize)]
pub(crate) struct Envelope<'m> {
    pub(crate) channel: &'static str,
    pub(crate) request: SendRequest<'m>,
    /// Beside the request, not in it. A list here and a text joined by commas there; a list can hold any URL [docs, Text
    /// Message; the choice is inferred].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) callbacks: Vec<&'m str>,
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
    pub(crate) template_namespace: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_header: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_buttons: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<&'m str>,
}

/// Where an answer to a send has the id. `meta.transactionId` names the request and not the message, so it does not
/// count.
pub(crate) const IDS: IdPlaces = IdPlaces {
    receipt: &["data.id", "data.messageId", "data[].id", "data[].messageId", "id", "messageId"],
    others: &[],
};

/// An answer to a send. Members that nothing here needs are left out.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct AcceptedBody {
    data: Option<Box<RawValue>>,
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) status: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    to: Option<String>,
    error: Value,
    errors: Value,
}

impl AcceptedBody {
    /// Whether it has the member of a rejection.
    pub(crate) fn holds_an_error(&self) -> bool {
        [&self.error, &self.errors].into_iter().any(json::is_said)
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
