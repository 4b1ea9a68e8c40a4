//! Inbound messages, in each form.

use serde::Deserialize;
use serde_json::value::RawValue;
use transom::adapter::json;
use transom::webhook::Inbound;

use super::content;
use super::raw::{Members, parse, phone, time};

/// The members of an inbound message. Each form has some of them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload {
    #[serde(deserialize_with = "json::text_or_number")]
    sid: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    message_sid: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    from: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    to: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    timestamp: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    profile_name: Option<String>,
    contact: Option<Contact>,
    content: Option<Box<RawValue>>,
    message: Option<Box<RawValue>>,
    /// The type of the content, if the content stands among the other members.
    #[serde(rename = "type", deserialize_with = "json::text_or_number")]
    kind: Option<String>,
}

/// The contact, in the event forms.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Contact {
    #[serde(deserialize_with = "json::text_or_number")]
    wa_id: Option<String>,
    profile: Option<Profile>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Profile {
    #[serde(deserialize_with = "json::text_or_number")]
    name: Option<String>,
}

/// Reads the message in `raw`. The contact and the time around it count if it has none of its own. Returns `None`
/// without a contact, a time or a content.
pub(super) fn read(raw: &RawValue, contact: Option<&Contact>, sent_at: Option<&str>) -> Option<Inbound> {
    let told: Payload = parse(raw)?;
    let contact = told.contact.as_ref().or(contact);
    let inner = told.content.as_deref().or(told.message.as_deref());
    let object = inner.or_else(|| told.kind.as_ref().map(|_| raw))?;
    let members: Members = parse(object)?;

    let from = phone(told.from.as_deref()).or_else(|| phone(contact?.wa_id.as_deref()))?;
    let at = told.timestamp.as_deref().and_then(time).or_else(|| time(sent_at?))?;
    // The id is in captures and not in the table of the legacy page, so a message may come without one.
    let id = told.sid.or(told.message_sid).or(told.id).unwrap_or_default();
    let mut inbound = Inbound::new(id, from, at, content::of(object));
    inbound.to = phone(told.to.as_deref());
    inbound.name = told.profile_name.or_else(|| contact?.profile.clone()?.name);
    inbound.reply_to = content::quoted(&members).map(Into::into);
    Some(inbound)
}
