//! The content of inbound messages.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use crate::message::{Location, Reaction};
use crate::phone::PhoneNumber;

/// The content of a message from a contact. Its JSON is the one that the commands print.
///
/// ```
/// use transom::webhook::InboundContent;
///
/// let content = InboundContent::from(serde_json::json!({ "type": "text", "body": "Hi" }));
/// if let InboundContent::Text { body } = &content {
///     assert_eq!(body, "Hi");
/// }
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum InboundContent {
    /// Free text.
    Text {
        /// The text.
        body: String,
    },
    /// The contact pressed a reply button, or a quick reply of a template.
    ButtonReply(InboundReply),
    /// The contact chose a row of a list.
    ListReply(InboundReply),
    /// An image.
    Image(InboundMedia),
    /// A video.
    Video(InboundMedia),
    /// Audio.
    Audio(InboundMedia),
    /// A document.
    Document(InboundMedia),
    /// A sticker.
    Sticker(InboundMedia),
    /// A location.
    Location(Location),
    /// Contact cards.
    Contacts {
        /// The cards, as received.
        contacts: Vec<Value>,
    },
    /// An emoji on an earlier message. An empty one withdraws the reaction.
    Reaction(Reaction),
    /// The contact ordered products of a catalog.
    Order {
        /// The catalog.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        catalog_id: Option<String>,
        /// The contact's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The products.
        product_items: Vec<OrderItem>,
    },
    /// The contact filled in a form.
    FlowReply {
        /// WhatsApp's name for the kind of form, `flow`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The text that the contact sees.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// The answers. A text if the provider passed on something that is not JSON.
        response: Value,
    },
    /// WhatsApp itself tells something about the contact.
    System(SystemNotice),
    /// Content of an unknown type.
    Unknown {
        /// The content as received, never null.
        raw: Value,
    },
}

/// The contact's choice.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InboundReply {
    /// The id of the button or row.
    pub id: Option<String>,
    /// Its label.
    pub title: Option<String>,
    /// The description of a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// One product of an order.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OrderItem {
    /// The business's id of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_retailer_id: Option<String>,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Number>,
    /// The price of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_price: Option<Number>,
    /// The currency, in ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// A notice of WhatsApp itself about the contact.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SystemNotice {
    /// What happened, such as `user_changed_number`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// WhatsApp's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The contact's new number, after `user_changed_number`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_number: Option<PhoneNumber>,
    /// The contact's new user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_user_id: Option<String>,
}

/// A file from a contact. It has an `id`, a `link`, or both.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct InboundMedia {
    /// The id under which the provider stores it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The URL where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The MIME type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The SHA-256 hash of the file, as the provider writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The text below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The name of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Whether audio was recorded as a voice message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
    /// Whether a sticker moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub animated: Option<bool>,
}

impl InboundContent {
    /// The content of a file of this type: `image`, `video`, `audio`, `document` or `sticker`. `None` for other types.
    pub fn media(kind: &str, media: InboundMedia) -> Option<Self> {
        match kind {
            "image" => Some(Self::Image(media)),
            "video" => Some(Self::Video(media)),
            "audio" | "voice" => Some(Self::Audio(media)),
            "document" => Some(Self::Document(media)),
            "sticker" => Some(Self::Sticker(media)),
            _ => None,
        }
    }

    /// The content of a choice: `button_reply` or `list_reply`. `None` for other types.
    pub fn reply(kind: &str, reply: InboundReply) -> Option<Self> {
        match kind {
            "button_reply" => Some(Self::ButtonReply(reply)),
            "list_reply" => Some(Self::ListReply(reply)),
            _ => None,
        }
    }

    /// The content as JSON.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_else(|error| json!({ "type": "unknown", "raw": error.to_string() }))
    }
}

impl InboundReply {
    /// A choice with this id and this label.
    pub const fn new(id: Option<String>, title: Option<String>) -> Self {
        Self { id, title, description: None }
    }
}

impl From<Value> for InboundContent {
    /// Reads content in the JSON form above. Content in any other form becomes [`Unknown`](Self::Unknown).
    fn from(value: Value) -> Self {
        Self::deserialize(&value).unwrap_or(Self::Unknown { raw: value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_keeps_its_json() {
        for content in [
            json!({ "type": "text", "body": "Hi" }),
            json!({ "type": "button_reply", "id": null, "title": "Yes" }),
            json!({ "type": "list_reply", "id": "m9", "title": "09:00", "description": "Room A" }),
            json!({ "type": "image", "link": "https://f.example/a.png", "caption": "c", "mime_type": "image/png" }),
            json!({ "type": "document", "id": "7", "filename": "a.pdf", "sha256": "00" }),
            json!({ "type": "audio", "id": "7", "voice": true }),
            json!({ "type": "sticker", "id": "7", "animated": false }),
            json!({ "type": "location", "latitude": 13.08, "longitude": 80.27, "name": "Pier 4" }),
            json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Ana" }, "org": { "company": "x" } }] }),
            json!({ "type": "reaction", "message_id": "wamid.1", "emoji": "" }),
            json!({ "type": "order", "catalog_id": "1", "product_items": [{ "quantity": 2, "item_price": 4.5 }] }),
            json!({ "type": "flow_reply", "name": "flow", "response": { "day": "Mon" } }),
            json!({ "type": "system", "event": "user_changed_number", "new_number": "+34600111222" }),
            json!({ "type": "unknown", "raw": { "type": "edit", "edit": { "message_id": "1" } } }),
        ] {
            assert_eq!(InboundContent::from(content.clone()).to_json(), content);
        }
    }

    #[test]
    fn content_in_another_form_is_unknown() {
        for raw in [json!({ "type": "order" }), json!({ "type": "text" }), json!(7)] {
            assert_eq!(InboundContent::from(raw.clone()), InboundContent::Unknown { raw });
        }
    }
}
