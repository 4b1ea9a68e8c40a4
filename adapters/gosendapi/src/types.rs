//! The answers of `POST /v1/messages`, as serde reads them.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use transom::PhoneNumber;
use transom::adapter::{IdPlaces, json};

/// Where an answer has ids of the accepted message: in Meta's list, in a bare record of the vendor's, or in one within
/// `data` [inferred]. WhatsApp's own ids come first, since those are what webhooks carry.
pub(crate) const IDS: IdPlaces = IdPlaces {
    receipt: &[
        "messages[].id",
        "wamid",
        "message_id",
        "messageId",
        "data.wamid",
        "data.message_id",
        "data.messageId",
        "data.id",
        "id",
    ],
    others: &[],
};

/// Meta's list of contacts in an answer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Forms {
    contacts: Option<Box<RawValue>>,
}

impl Forms {
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

/// The first item of a list that may be of any form.
fn first<T: DeserializeOwned>(list: Option<&RawValue>) -> Option<T> {
    parse::<Vec<T>>(list?)?.into_iter().next()
}

/// Reads a part of an answer that may be of any form.
pub(crate) fn parse<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}
