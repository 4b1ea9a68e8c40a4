//! The answer to a send. No page shows it, so it is read tolerantly.

use serde::Deserialize;
use serde_json::value::RawValue;
use transom::PhoneNumber;
use transom::adapter::json;

/// An answer to a send. Members that nothing here needs are left out.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Answer {
    data: Option<Box<RawValue>>,
    #[serde(deserialize_with = "json::text_or_number")]
    id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    message_id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    pub(super) status: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    to: Option<String>,
}

impl Answer {
    /// Whether it names a message: in `data`, in its first entry, or beside it. `meta.transactionId` names the request
    /// and not the message, so it does not count.
    pub(crate) fn names_a_message(&self) -> bool {
        let named = |answer: &Self| answer.id.is_some() || answer.message_id.is_some();
        named(self) || self.data().is_ok_and(|data| data.as_ref().is_some_and(named))
    }

    /// Whether it repeats the recipient's number, and it is somebody else's. Only the last digits are compared: on the way
    /// to WhatsApp's own form of a number, digits come and go behind the country code.
    pub(super) fn is_about_another(&self, recipient: &PhoneNumber) -> bool {
        let tail = |number: &str| number.chars().rev().filter(char::is_ascii_digit).take(7).collect::<String>();
        self.to.as_deref().is_some_and(|echo| {
            let echo = tail(echo);
            echo.len() == 7 && echo != tail(recipient.digits())
        })
    }

    pub(super) fn into_id(self) -> Option<String> {
        self.id.or(self.message_id)
    }

    /// The answer inside the answer; none if `data` is neither an object nor a list with an entry.
    pub(super) fn data(&self) -> serde_json::Result<Option<Self>> {
        let text = self.data.as_deref().map_or("", RawValue::get);
        match text.bytes().next() {
            Some(b'{') => serde_json::from_str(text).map(Some),
            Some(b'[') => serde_json::from_str::<Vec<Self>>(text).map(|entries| entries.into_iter().next()),
            _ => Ok(None),
        }
    }
}
