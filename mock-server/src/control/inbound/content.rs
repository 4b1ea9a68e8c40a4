//! The forms of a contact's message.

use serde::Deserialize;
use serde_json::{Number, Value};

use crate::control::read::from_value;
use crate::core::behavior_switch::list;
use crate::core::error::ControlError;

/// The types of a contact's message.
const TYPES: [&str; 15] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "button_reply",
    "list_reply",
    "button",
    "order",
    "flow_reply",
    "system",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct Text {
    r#type: String,
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct Media {
    r#type: String,
    id: Option<String>,
    link: Option<String>,
    caption: Option<String>,
    filename: Option<String>,
    mime_type: Option<String>,
    sha256: Option<String>,
    voice: Option<bool>,
    animated: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct Location {
    r#type: String,
    latitude: f64,
    longitude: f64,
    name: Option<String>,
    address: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct Contacts {
    r#type: String,
    contacts: Vec<serde_json::Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct Reaction {
    r#type: String,
    message_id: String,
    emoji: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct Choice {
    r#type: String,
    id: String,
    title: String,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct Button {
    r#type: String,
    text: String,
    payload: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct Order {
    r#type: String,
    catalog_id: Option<String>,
    text: Option<String>,
    product_items: Vec<OrderItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct OrderItem {
    product_retailer_id: Option<String>,
    quantity: Option<Number>,
    item_price: Option<Number>,
    currency: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct FlowReply {
    r#type: String,
    name: Option<String>,
    body: Option<String>,
    response: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form is checked")]
struct System {
    r#type: String,
    event: Option<String>,
    body: Option<String>,
    new_number: Option<String>,
    new_user_id: Option<String>,
}

/// Checks the form of a contact's message, so that a slip of a test is reported at once.
pub(super) fn check_content(content: &Value) -> Result<(), ControlError> {
    let Some(kind) = content.get("type").and_then(Value::as_str) else {
        let expected = "an object with a `type`, such as {\"type\":\"text\",\"body\":\"hi\"}";
        return Err(ControlError::refused(format!("it is {content}, expected {expected}")));
    };
    let given = content.clone();
    match kind {
        "text" => from_value::<Text>(given).map(drop),
        "image" | "video" | "audio" | "document" | "sticker" => {
            let media = from_value::<Media>(given)?;
            if media.id.is_none() && media.link.is_none() {
                return Err(ControlError::missing("link", "a `link` or an `id`"));
            }
            Ok(())
        }
        "location" => {
            let Location { latitude, longitude, .. } = from_value(given)?;
            for (member, degrees, most) in [("latitude", latitude, 90.0), ("longitude", longitude, 180.0)] {
                if degrees.abs() > most {
                    return Err(ControlError::invalid(member, degrees, format!("a number from -{most} to {most}")));
                }
            }
            Ok(())
        }
        "contacts" => {
            if from_value::<Contacts>(given)?.contacts.is_empty() {
                return Err(ControlError::refused("`contacts` is empty, expected at least one contact"));
            }
            Ok(())
        }
        "reaction" => from_value::<Reaction>(given).map(drop),
        "button_reply" | "list_reply" => from_value::<Choice>(given).map(drop),
        "button" => from_value::<Button>(given).map(drop),
        "order" => from_value::<Order>(given).map(drop),
        "flow_reply" => from_value::<FlowReply>(given).map(drop),
        "system" => from_value::<System>(given).map(drop),
        other => {
            let expected = format!("one of {}; anything else goes as `raw`", list(TYPES));
            Err(ControlError::invalid_text("type", other, expected))
        }
    }
}
