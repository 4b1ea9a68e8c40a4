//! `GET /api/conversations/{uuid}`: what was said in a conversation, the only look back that the provider offers.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::api_keys;
use super::common::NAME;
use super::refusal::unauthenticated;
use crate::core::request::bearer_token;
use crate::core::response::json_response;
use crate::core::transcript::Entry;
use crate::core::world::{Account, Conversation, Delivery, World};
use crate::simulators::cloud_api::is_medium;

/// Source: Get Conversation (docs) for the answer and for the text of its refusal, whose 404 is inferred. Its samples
/// have no credential, so that none is needed; one that is refused elsewhere is refused here. That the role of the business is
/// `assistant` is inferred.
pub(super) fn show(world: &World, request: &Request<Bytes>, uuid: &str) -> Response<Bytes> {
    if bearer_token(request).is_some_and(|token| !api_keys::accepts(world, token)) {
        return json_response(401, &unauthenticated(world));
    }
    let Some(row) = world.conversations(NAME).find(|row| row.uuid_text() == uuid) else {
        return json_response(404, &json!({"status": false, "error": "Conversation not found"}));
    };
    let lines = lines(world, &row);
    let history: Vec<Value> = lines.iter().map(|line| json!({"role": line.role, "content": line.words})).collect();
    let sender = world.account(NAME).sender_by_phone(&row.business).map(|sender| sender.name.as_str());
    json_response(
        200,
        &json!({
            "status": true, "history": history, "variables": null,
            "whatsapp_sender": {"name": sender, "phone": row.business.e164()},
            "customer": {"name": row.contact_name.as_deref(), "phone": row.contact.e164()},
        }),
    )
}

/// A message of either side.
pub(super) struct Line {
    /// `user` for the contact.
    pub(super) role: &'static str,
    pub(super) words: String,
    pub(super) at: SystemTime,
    /// The contact's file, in our own form of content.
    pub(super) file: Option<Value>,
}

/// What was said, oldest first: the messages that the world still has. Those of an imported state are the business's alone, and
/// older than all others.
pub(super) fn lines(world: &World, row: &Conversation) -> Vec<Line> {
    let account = world.account(NAME);
    let is_own = |line: &&Delivery| line.provider == NAME && line.from == row.business && line.to == row.contact;
    let said = |line: &Delivery| Line { role: "assistant", words: words(account, line), at: line.at, file: None };
    let sent: HashMap<&str, &Delivery> =
        world.ledger().filter(is_own).map(|line| (line.message_id.as_str(), line)).collect();
    let listed: HashSet<&str> = world.transcript.accepted_of(NAME).map(|message| message.message_id.as_str()).collect();
    let older = world.ledger().filter(is_own).filter(|line| !listed.contains(line.message_id.as_str()));
    let mut lines: Vec<Line> = older.map(said).collect();
    lines.extend(world.transcript.after(0).filter_map(|entry| match entry {
        Entry::Accepted(message) => sent.get(message.message_id.as_str()).map(|line| said(line)),
        Entry::Received(written) => {
            let is_own = written.provider == NAME && written.from == row.contact && written.to == row.business;
            is_own.then(|| {
                let content = written.json().get("content").cloned().unwrap_or_default();
                let words = written_words(&content);
                let is_file = content.get("type").and_then(Value::as_str).is_some_and(is_medium);
                Line { role: "user", words, at: written.at, file: is_file.then_some(content) }
            })
        }
    }));
    lines
}

/// What a contact's message says, or its type where it has no words (inferred).
fn written_words(content: &Value) -> String {
    let text = |name: &str| content.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let words = ["body", "caption", "title", "text", "emoji", "name", "filename"].into_iter().find_map(text);
    words.map_or_else(|| format!("[{}]", text("type").unwrap_or("message")), str::to_owned)
}

/// What a message says: a free text, or a template with its values in their places.
fn words(account: &Account, line: &Delivery) -> String {
    let content: Value = line.content.json();
    let text = |name: &str| content.get(name).and_then(Value::as_str).unwrap_or_default();
    let Some(template) = account.template(text("name"), text("language")) else { return text("body").to_owned() };
    let values = content.get("body").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let filled = template.parameters.iter().zip(values);
    filled.fold(template.body.clone(), |words, (name, value)| {
        words.replace(&format!("{{{{{name}}}}}"), value.as_str().unwrap_or_default())
    })
}
