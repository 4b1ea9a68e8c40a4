//! `GET /api/conversations/{uuid}`: what was said in a conversation, the only look back that the provider offers.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::common::NAME;
use super::refusal::unauthenticated;
use crate::core::request::bearer_token;
use crate::core::response::json_response;
use crate::core::world::{Account, Delivery, World};

/// The path before the UUID; unlike all others it has no `/user` in it.
pub(super) const PATH: &str = "/api/conversations/";

/// Source: Get Conversation (docs) for the answer and for the text of its refusal, whose 404 is inferred. Its samples
/// have no credential, so that none is needed; one that is refused elsewhere is refused here. What contacts wrote is
/// not in the world of the mock, so only the business's side is listed; that its role is `assistant` is inferred.
pub(super) fn show(world: &World, request: &Request<Bytes>) -> Response<Bytes> {
    if bearer_token(request).is_some_and(|token| !world.accepts_credential(token)) {
        return json_response(401, &unauthenticated(world));
    }
    let uuid = request.uri().path().strip_prefix(PATH).unwrap_or_default();
    let Some(row) = world.conversations(NAME).find(|row| row.uuid_text() == uuid) else {
        return json_response(404, &json!({"status": false, "error": "Conversation not found"}));
    };
    let account = world.account(NAME);
    let lines =
        world.ledger().filter(|line| line.provider == NAME && line.from == row.business && line.to == row.contact);
    let history: Vec<Value> = lines.map(|line| json!({"role": "assistant", "content": words(account, line)})).collect();
    let sender = account.sender_by_phone(&row.business).map(|sender| sender.name.as_str());
    json_response(
        200,
        &json!({
            "status": true, "history": history, "variables": null,
            "whatsapp_sender": {"name": sender, "phone": row.business.e164()},
            "customer": {"name": row.contact_name.as_deref(), "phone": row.contact.e164()},
        }),
    )
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
