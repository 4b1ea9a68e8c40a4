//! The answers of `POST /v1/messages`, as serde reads them.

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use transom::PhoneNumber;
use transom::adapter::json;

/// Whether `response` names a message. Only the answer to an accepted message does. An `id` alone may be a request's.
pub(crate) fn names_a_message(response: &Response<Bytes>) -> bool {
    json::decode_lenient::<Forms>(response).message_id(&json::decode_lenient(response)).is_some()
}

/// The forms that an answer may have besides the bare record of the vendor's: Meta's lists of messages and of contacts,
/// and the record within `data` [inferred].
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Forms {
    messages: Option<Box<RawValue>>,
    contacts: Option<Box<RawValue>>,
    data: Option<Box<RawValue>>,
}

/// A record of one message. WhatsApp's own id of it comes first, since that is what webhooks carry.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    #[serde(deserialize_with = "json::text_or_number")]
    wamid: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    message_id: Option<String>,
    #[serde(rename = "messageId", deserialize_with = "json::text_or_number")]
    camel_message_id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) id: Option<String>,
}

impl Forms {
    /// The id of the message, but for the one that stands bare in `record`.
    pub(crate) fn message_id(&self, record: &Record) -> Option<String> {
        // In Meta's list `id` is WhatsApp's own.
        let metas = first::<Record>(self.messages.as_deref()).and_then(|message| message.id);
        let within: Record = self.data.as_deref().and_then(parse).unwrap_or_default();
        metas.or_else(|| record.named()).or_else(|| within.named().or(within.id))
    }

    /// Whether it repeats a recipient who is not `to`: an answer that strayed in from another request. Only the last
    /// digits count, since WhatsApp's id of an Argentine or Mexican number has a digit more than the number.
    pub(crate) fn is_about_another_than(&self, to: &PhoneNumber) -> bool {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Contact {
            #[serde(deserialize_with = "json::text_or_number")]
            input: Option<String>,
        }
        const COMPARED: usize = 7;
        let tail =
            |text: &str| -> Vec<char> { text.chars().rev().filter(char::is_ascii_digit).take(COMPARED).collect() };
        let input = first::<Contact>(self.contacts.as_deref()).and_then(|contact| contact.input);
        input.map(|input| tail(&input)).is_some_and(|input| input.len() == COMPARED && input != tail(to.digits()))
    }
}

impl Record {
    fn named(&self) -> Option<String> {
        [&self.wamid, &self.message_id, &self.camel_message_id].into_iter().flatten().next().cloned()
    }
}

/// The first item of a list that may be of any form.
fn first<T: DeserializeOwned>(list: Option<&RawValue>) -> Option<T> {
    parse::<Vec<T>>(list?)?.into_iter().next()
}

/// Reads a part of an answer that may be of any form.
pub(crate) fn parse<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}
