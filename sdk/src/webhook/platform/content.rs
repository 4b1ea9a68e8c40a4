//! The content of messages.

use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::adapter::json::{Members, as_it_came};
use crate::message::{Location, Reaction};
use crate::webhook::body::lenient_json;
use crate::webhook::inbound_content::{InboundContent, InboundMedia, InboundReply, OrderItem, SystemNotice};

/// The content of a message: an object with a `type`, and a member of that name. Content of any other form is kept as
/// received.
pub fn content(message: &RawValue) -> InboundContent {
    known(message).unwrap_or_else(|| InboundContent::Unknown { raw: as_it_came(message) })
}

/// The types that are read. A message without `type` has the type of its member.
const TYPES: &[&str] = &[
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "button",
    "interactive",
    "order",
    "system",
];

fn known(message: &RawValue) -> Option<InboundContent> {
    let message = Members::from_raw(message)?;
    let stated = message.text(&["type"]);
    let kind = stated.as_deref().or_else(|| TYPES.iter().copied().find(|kind| message.raw(&[kind]).is_some()))?;
    let of_kind = message.object(&[kind]);
    match (kind, of_kind) {
        ("text", None) => Some(InboundContent::Text { body: message.text(&["text", "body"])? }),
        ("text", Some(text)) => Some(InboundContent::Text { body: text.text(&["body", "text"])? }),
        ("contacts", _) => match as_it_came(message.raw(&["contacts"])?) {
            Value::Array(contacts) => Some(InboundContent::Contacts { contacts }),
            _ => None,
        },
        ("location", Some(location)) => read_location(&location).map(InboundContent::Location),
        // Without an emoji, the contact withdraws an earlier reaction.
        ("reaction", Some(reaction)) => Some(InboundContent::Reaction(Reaction {
            message_id: reaction.text(&["message_id", "messageId"])?.into(),
            emoji: reaction.text(&["emoji"]).unwrap_or_default(),
        })),
        // The quick reply of a template. Its payload is the id that the template was sent with.
        ("button", Some(button)) => {
            let (payload, text) = (button.text(&["payload"]), button.text(&["text"]));
            (payload.is_some() || text.is_some()).then(|| InboundContent::ButtonReply(InboundReply::new(payload, text)))
        }
        ("interactive", Some(interactive)) => read_choice(&interactive),
        ("order", Some(order)) => read_order(&order),
        ("system", Some(system)) => Some(InboundContent::System(read_notice(&system))),
        (kind, Some(media)) => InboundContent::media(kind, read_media(&media)?),
        _ => None,
    }
}

/// A file with an id or a link, or both.
fn read_media(media: &Members) -> Option<InboundMedia> {
    let (id, link) = (media.text(&["id"]), media.text(&["url", "link"]));
    (id.is_some() || link.is_some()).then(|| InboundMedia {
        id,
        link,
        mime_type: media.text(&["mime_type", "mimeType"]),
        sha256: media.text(&["sha256"]),
        caption: media.text(&["caption"]),
        filename: media.text(&["filename", "fileName"]),
        voice: media.flag(&["voice"]),
        animated: media.flag(&["animated"]),
    })
}

/// WhatsApp writes degrees as numbers in samples and as texts in its schema.
fn read_location(location: &Members) -> Option<Location> {
    let degrees = |name: &str| location.text(&[name])?.parse::<f64>().ok().filter(|degrees| degrees.is_finite());
    Some(Location {
        latitude: degrees("latitude")?,
        longitude: degrees("longitude")?,
        name: location.text(&["name"]),
        address: location.text(&["address"]),
    })
}

/// A pressed button, a chosen row, or a form that was filled in.
fn read_choice(interactive: &Members) -> Option<InboundContent> {
    if let Some(flow) = interactive.object(&["nfm_reply"]) {
        return Some(InboundContent::FlowReply {
            name: flow.text(&["name"]),
            body: flow.text(&["body"]),
            response: form_answers(flow.raw(&["response_json", "responseJson", "response"])?),
        });
    }
    ["button_reply", "list_reply"].iter().find_map(|kind| {
        let reply = interactive.object(&[kind])?;
        let (id, title) = (reply.text(&["id"]), reply.text(&["title"]));
        let known = id.is_some() || title.is_some();
        let reply = InboundReply { description: reply.text(&["description"]), ..InboundReply::new(id, title) };
        known.then(|| InboundContent::reply(kind, reply))?
    })
}

/// The answers of a form: JSON inside a text. Text that is not JSON is kept as it is.
fn form_answers(raw: &RawValue) -> Value {
    match as_it_came(raw) {
        Value::String(text) => {
            let parsed = serde_json::from_str::<Box<RawValue>>(&lenient_json(text.as_bytes()));
            parsed.map_or(Value::String(text), |answers| as_it_came(&answers))
        }
        answers => answers,
    }
}

fn read_order(order: &Members) -> Option<InboundContent> {
    let items = order.objects(&["product_items", "productItems"])?;
    let product_items = items.iter().map(|item| {
        let item = Members::from_raw(item)?;
        let number = |names: &[&str]| item.text(names)?.parse::<Number>().ok();
        Some(OrderItem {
            product_retailer_id: item.text(&["product_retailer_id", "productRetailerId"]),
            quantity: number(&["quantity"]),
            item_price: number(&["item_price", "itemPrice"]),
            currency: item.text(&["currency"]),
        })
    });
    Some(InboundContent::Order {
        catalog_id: order.text(&["catalog_id", "catalogId"]),
        text: order.text(&["text"]),
        product_items: product_items.collect::<Option<_>>()?,
    })
}

fn read_notice(system: &Members) -> SystemNotice {
    let event = system.text(&["type"]);
    let is_number = event.as_deref().is_none_or(|event| event == "user_changed_number");
    SystemNotice {
        body: system.text(&["body"]),
        new_number: system.phone(&["new_wa_id"]).or_else(|| system.phone(&["wa_id"]).filter(|_| is_number)),
        new_user_id: system.text(&["new_user_id", "user_id"]),
        event,
    }
}
