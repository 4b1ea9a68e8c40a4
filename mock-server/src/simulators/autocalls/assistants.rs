//! The webhook of an assistant, and whether the assistant answers in a conversation.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::common::{ASSISTANT_NUMBER, NAME};
use super::fields::Fields;
use super::refusal::Refusal;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::request::bearer_token;
use crate::core::request_context::RequestContext;
use crate::core::response::json_response;
use crate::core::webhook::Topic;
use crate::core::world::World;

const WEBHOOK_PAGE: Source = Source::new("Enable conversation ended webhook", Certainty::Docs);
/// Of the note of a conversation in which the assistant is off, before its UUID.
const AI_OFF: &str = "ai_off/";
/// More conversations are not remembered as without the assistant (ours).
const MOST_OFF: usize = 10_000;

/// `POST /api/user/assistants/{enable,disable}-conversation-ended-webhook`. Source: Enable conversation ended webhook (docs);
/// the twin and the text of the 404 are inferred. Unless it is strict, the mock takes the number of any assistant.
pub(super) fn webhook(
    world: &mut RequestContext<'_>,
    enable: bool,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Refusal> {
    let mut fields = Fields::of_body(world, world.request, WEBHOOK_PAGE, review);
    let assistant = fields.integer("assistant_id", review);
    let url = if enable { fields.text("webhook_url", usize::MAX, review) } else { None };
    if url.as_deref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
        review.refused("`webhook_url` is no URL", WEBHOOK_PAGE);
        fields.problem("webhook_url", "The webhook url field must be a valid URL.".to_owned());
    }
    fields.finish(review)?;
    if world.strict() && assistant != Some(ASSISTANT_NUMBER) {
        return Err(json_response(404, &json!({"message": "Assistant not found"})).into());
    }
    for finding in world.set_webhook(NAME, Topic::Account, url.as_deref()) {
        review.note(finding.text, finding.source);
    }
    let message = if enable { "Conversation ended webhook enabled" } else { "Conversation ended webhook disabled" };
    Ok(json_response(200, &json!({"message": message, "data": []})))
}

/// `POST /api/automate/conversations/{uuid}/{enable,disable}-ai`. Source: Disable AI (docs), its 401 and 404 inferred.
pub(super) fn switch_ai(world: &mut World, request: &Request<Bytes>, uuid: &str, enable: bool) -> Response<Bytes> {
    if !bearer_token(request).is_some_and(|token| super::api_keys::accepts(world, token)) {
        return json_response(401, &json!({"error": "Unauthorized"}));
    }
    if !world.conversations(NAME).any(|row| row.uuid_text() == uuid) {
        return json_response(404, &json!({"status": false, "error": "Conversation not found"}));
    }
    let notes = &mut world.account_mut(NAME).notes;
    let note = format!("{AI_OFF}{uuid}");
    if enable {
        notes.remove(&note);
    } else if notes.len() < MOST_OFF {
        notes.insert(note, Value::Bool(true));
    }
    json_response(200, &json!({"status": true, "ai_enabled": enable}))
}

/// Whether the assistant answers in a conversation.
pub(super) fn is_ai_on(world: &World, uuid: &str) -> bool {
    !world.account(NAME).notes.contains_key(&format!("{AI_OFF}{uuid}"))
}
