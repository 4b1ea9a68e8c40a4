//! What a contact wrote, in Meta's words, which providers pass on.

use serde_json::{Map, Value, json};

/// The type of a contact's message and the member of that name, from our own form of content.
///
/// Source: Messages webhook of Meta (docs of Meta). Besides what a business can send, a contact answers buttons and lists
/// (`button_reply`, `list_reply`, each with `id` and `title`), the buttons of templates (`button` with `text` and
/// `payload`) and forms (`flow_reply` with `response`). A type that is not known here passes through with its members as they are. Media keep our `link`.
pub(crate) fn received(content: &Value) -> (&str, Value) {
    let kind = content.get("type").and_then(Value::as_str).unwrap_or("unsupported");
    let mut members: Map<String, Value> = content.as_object().cloned().unwrap_or_default();
    members.remove("type");
    match kind {
        "button_reply" | "list_reply" => ("interactive", json!({"type": kind, kind: members})),
        "flow_reply" => ("interactive", json!({"type": "nfm_reply", "nfm_reply": flow(members)})),
        // Unless it is in Meta's form already.
        "system" if !members.contains_key(kind) => ("system", system(members)),
        // Already in Meta's form, or a list that stands under the name of its type in ours, too.
        _ => match members.remove(kind) {
            Some(member) if members.is_empty() => (kind, member),
            Some(member) => {
                members.insert(kind.to_owned(), member);
                (kind, Value::Object(members))
            }
            None => (kind, Value::Object(members)),
        },
    }
}

/// The answers of a form are JSON within a text.
fn flow(mut members: Map<String, Value>) -> Value {
    let answers = match members.remove("response") {
        Some(Value::String(text)) => text,
        answers => answers.unwrap_or_else(|| json!({})).to_string(),
    };
    members.insert("response_json".to_owned(), answers.into());
    Value::Object(members)
}

/// A notice has its event as `type`, and the new number as `wa_id`, which is digits.
fn system(mut members: Map<String, Value>) -> Value {
    for (ours, theirs) in [("event", "type"), ("new_number", "wa_id"), ("new_user_id", "user_id")] {
        if let Some(value) = members.remove(ours) {
            let digits =
                value.as_str().filter(|_| theirs == "wa_id").map(|number| number.trim_start_matches('+').into());
            members.insert(theirs.to_owned(), digits.unwrap_or(value));
        }
    }
    Value::Object(members)
}

/// Whether messages of a type are a file.
pub(crate) fn is_medium(kind: &str) -> bool {
    matches!(kind, "image" | "video" | "audio" | "document" | "sticker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_message_is_worded_as_meta_does() {
        for (content, kind, member) in [
            (json!({"type": "text", "body": "hi"}), "text", json!({"body": "hi"})),
            (json!({"type": "image", "id": "m1", "caption": "c"}), "image", json!({"id": "m1", "caption": "c"})),
            (
                json!({"type": "location", "latitude": 1.5, "longitude": 2}),
                "location",
                json!({"latitude": 1.5, "longitude": 2}),
            ),
            (json!({"type": "contacts", "contacts": [{"name": {}}]}), "contacts", json!([{"name": {}}])),
            (
                json!({"type": "reaction", "message_id": "x", "emoji": "👍"}),
                "reaction",
                json!({"message_id": "x", "emoji": "👍"}),
            ),
            (
                json!({"type": "button_reply", "id": "yes", "title": "Yes"}),
                "interactive",
                json!({"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}),
            ),
            (
                json!({"type": "list_reply", "id": "m9", "title": "09:00", "description": "d"}),
                "interactive",
                json!({"type": "list_reply", "list_reply": {"id": "m9", "title": "09:00", "description": "d"}}),
            ),
            (json!({"type": "button", "text": "OK", "payload": "p"}), "button", json!({"text": "OK", "payload": "p"})),
            (json!({"type": "order", "order": {"catalog_id": "1"}}), "order", json!({"catalog_id": "1"})),
            (json!({"type": "order", "note": "x"}), "order", json!({"note": "x"})),
            (
                json!({"type": "flow_reply", "name": "flow", "body": "Sent", "response": {"day": "Mon"}}),
                "interactive",
                json!({"type": "nfm_reply",
                    "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{\"day\":\"Mon\"}"}}),
            ),
            (
                json!({"type": "system", "event": "user_changed_number", "body": "b", "new_number": "+34600000001"}),
                "system",
                json!({"type": "user_changed_number", "body": "b", "wa_id": "34600000001"}),
            ),
        ] {
            assert_eq!(received(&content), (kind, member), "{content}");
        }
    }
}
