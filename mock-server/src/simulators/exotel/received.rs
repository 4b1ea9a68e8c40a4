//! What a contact wrote, in the members of each callback form.

use serde_json::{Value, json};

use super::part::insert;
use crate::core::phone::Phone;
use crate::core::webhook::MessageEvent;
use crate::simulators::cloud_api::{is_medium, received};

/// The type of a message and the members that it has under its type and beside it. A file has a `url` and its `mime_type`
/// (field: captures of live callbacks).
pub(super) fn by_url<'c>(content: &'c Value, happening: &MessageEvent<'_>) -> Message<'c> {
    let mut message = Message::of(content, happening);
    if is_medium(message.kind)
        && let Value::Object(members) = &mut message.member
        && let Some(link) = members.remove("link")
    {
        members.insert("url".to_owned(), link);
    }
    message
}

/// As [`by_url`], for the forms whose pages have files by `id` (Receive Messages in its older revision, WhatsApp Webhooks; docs).
/// Any id leads to a file here, so a message names its own.
pub(super) fn by_id<'c>(content: &'c Value, happening: &MessageEvent<'_>) -> Message<'c> {
    let mut message = Message::of(content, happening);
    if is_medium(message.kind)
        && let Value::Object(members) = &mut message.member
        && members.remove("link").is_some()
        && !members.contains_key("id")
    {
        members.insert("id".to_owned(), happening.message_id.into());
    }
    message
}

/// What a contact wrote.
pub(super) struct Message<'c> {
    pub(super) kind: &'c str,
    member: Value,
    /// What it replies to. Sources: WhatsApp Webhooks (docs) for `from` and `id`.
    context: Option<Value>,
    /// The advertisement, beside the content as with Meta (inferred).
    referral: Option<Value>,
}

impl<'c> Message<'c> {
    fn of(content: &'c Value, happening: &MessageEvent<'_>) -> Self {
        let (kind, mut member) = received(content);
        if is_medium(kind) && member.get("mime_type").is_none() {
            insert(&mut member, "mime_type", Some(mime_type(kind, content)));
        }
        let quoted = happening.reply_to.map(|id| json!({"from": happening.business.e164(), "id": id}));
        Self { kind, member, context: quoted, referral: happening.referral.cloned() }
    }

    /// Puts the message into an object of a callback.
    pub(super) fn put(self, object: &mut Value) {
        insert(object, "type", Some(self.kind));
        insert(object, self.kind, Some(self.member));
        insert(object, "context", self.context);
        insert(object, "referral", self.referral);
    }
}

/// Who wrote: a number, or the id of a contact without one, under Meta's name for it (inferred).
pub(super) fn put_contact(message: &mut Value, happening: &MessageEvent<'_>, form: impl Fn(&Phone) -> String) {
    insert(message, "from", happening.phone().map(form));
    insert(message, "from_user_id", happening.user_id);
}

/// The MIME type of a file by the end of its link or name, or else the usual one of its kind.
fn mime_type(kind: &str, content: &Value) -> &'static str {
    let ending =
        |name: &str| content.get(name)?.as_str()?.split(['?', '#']).next()?.rsplit_once('.').map(|(_, end)| end);
    let ending = ending("link").or_else(|| ending("filename")).unwrap_or_default().to_ascii_lowercase();
    let known = MIME_TYPES.iter().find(|(known, of, _)| *known == ending && *of == kind);
    let usual = || MIME_TYPES.iter().find(|(_, of, _)| *of == kind);
    known.or_else(usual).map_or("application/octet-stream", |(_, _, mime_type)| mime_type)
}

/// Ending, kind and MIME type; the first of a kind is the usual one.
const MIME_TYPES: [(&str, &str, &str); 14] = [
    ("jpg", "image", "image/jpeg"),
    ("jpeg", "image", "image/jpeg"),
    ("png", "image", "image/png"),
    ("mp4", "video", "video/mp4"),
    ("3gp", "video", "video/3gpp"),
    ("ogg", "audio", "audio/ogg"),
    ("mp3", "audio", "audio/mpeg"),
    ("aac", "audio", "audio/aac"),
    ("amr", "audio", "audio/amr"),
    ("pdf", "document", "application/pdf"),
    ("txt", "document", "text/plain"),
    ("docx", "document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "document", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("webp", "sticker", "image/webp"),
];
