//! `POST /v3/messages`: the interface of the WhatsApp channel.
//!
//! The page on interactive messages prints this path above the envelope of `/notification` (docs). The reference pages list
//! fields without an envelope (docs), and a public client sends a text as `body` under the second path (field).

use std::borrow::Cow;

use crate::core::json::{Json, Members};

pub(super) const CHANNEL_PATHS: [&str; 2] = ["/v3/messages", "/balerion/v3/messages"];

/// A body without an envelope in the envelope of `/notification`; `None` if it has one, or is no object.
pub(super) fn enveloped<'a>(body: &Json<'a>) -> Option<Json<'a>> {
    let Json::Object(members) = body else { return None };
    if members.contains_key("request") || members.contains_key("channel") {
        return None;
    }
    let mut callbacks = Json::Null;
    let mut request: Vec<(&'a str, Json<'a>)> = Vec::new();
    for (name, value) in members.clone().into_vec() {
        match name {
            Cow::Borrowed("callbacks") => callbacks = value,
            Cow::Borrowed("body") => request.push(("message", value)),
            Cow::Borrowed(name) => request.push((name, value)),
            // A name with an escape is none of the names that are read.
            Cow::Owned(_) => {}
        }
    }
    let request = Json::Object(Members::from(request));
    let members = vec![("channel", Json::Str("WHATSAPP".into())), ("request", request), ("callbacks", callbacks)];
    Some(Json::Object(Members::from(members)))
}
