//! `/api/user/api-keys`: keys that the account makes and removes.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Map, Value, json};

use super::common::NAME;
use super::fields::Fields;
use super::refusal::Refusal;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::request_context::RequestContext;
use crate::core::response::json_response;
use crate::core::time::zoneless_time;
use crate::core::world::World;

const KEYS_PAGE: Source = Source::new("Create API key", Certainty::Docs);
const ANSWER_FORM: Source = Source::new("Create API key", Certainty::Inferred);
const MOST_NAME_CHARACTERS: usize = 255;
/// A key's note is named by this and its number. That of a removed key is null.
const NOTE: &str = "api_key/";
/// More keys are refused (ours).
const MOST_KEYS: usize = 100;

/// `GET` lists the keys and `POST` makes one. Source: Create API key (docs): the token is a number, a pipe and random
/// characters, and only the answer to `POST` has it. The other members of the answers are inferred.
pub(super) fn all(world: &mut RequestContext<'_>, review: &mut FindingCollector) -> Result<Response<Bytes>, Refusal> {
    let (now, request) = (world.now, world.request);
    review.note("the form of this answer is a guess", ANSWER_FORM);
    if request.method() == Method::GET {
        let notes = world.account(NAME).notes.iter();
        let notes = notes.filter_map(|(name, key)| Some((name.strip_prefix(NOTE)?, key)));
        let keys: Vec<Value> = notes.filter(|(_, key)| !key.is_null()).map(|(id, key)| row(id, key)).collect();
        return Ok(json_response(200, &json!({"data": keys})));
    }
    let mut fields = Fields::of_body(world, request, KEYS_PAGE, review);
    let name = fields.text("name", MOST_NAME_CHARACTERS, review);
    fields.finish(review)?;
    let count = world.account(NAME).notes.keys().filter(|name| name.starts_with(NOTE)).count();
    if count >= MOST_KEYS {
        let problem = format!("This mock keeps at most {MOST_KEYS} keys.");
        return Err(json_response(422, &json!({"message": problem, "errors": {"name": [problem]}})).into());
    }
    let id = (count + 1).to_string();
    let key = json!({"name": name.unwrap_or_default(), "created_at": time(now)});
    let mut made = row(&id, &key);
    if let Value::Object(members) = &mut made {
        members.insert("token".to_owned(), token(world, &id).into());
    }
    world.account_mut(NAME).notes.insert(format!("{NOTE}{id}"), key);
    Ok(json_response(201, &json!({"data": made})))
}

/// `DELETE`: from now on the key is refused. Source: Create API key (docs).
pub(super) fn remove(world: &mut World, id: &str) -> Response<Bytes> {
    let key = world.account_mut(NAME).notes.get_mut(&format!("{NOTE}{id}")).filter(|key| !key.is_null());
    let Some(key) = key else {
        return json_response(404, &json!({"message": "API key not found"}));
    };
    *key = Value::Null;
    json_response(200, &json!({"message": "API key deleted", "data": []}))
}

/// Whether a bearer token is good: by the rule of every provider, or as a key that was made here and not removed.
pub(super) fn accepts(world: &World, given: &str) -> bool {
    let account = world.account(NAME);
    // Nobody has made a key in nearly every world, and then this costs nothing.
    let own = (!account.notes.is_empty()).then(|| given.split_once('|')).flatten().and_then(|(id, _)| {
        let key = account.notes.get(&format!("{NOTE}{id}"))?;
        (token(world, id) == given).then_some(!key.is_null())
    });
    own.unwrap_or_else(|| world.accepts_credential(given))
}

fn token(world: &World, id: &str) -> String {
    format!("{id}|{}", world.derived_token(&format!("autocalls key {id}")))
}

fn row(id: &str, key: &Value) -> Value {
    let mut row = Map::new();
    row.insert("id".to_owned(), id.parse::<u64>().unwrap_or_default().into());
    row.extend(key.as_object().cloned().unwrap_or_default());
    Value::Object(row)
}

/// Source: Create API key (docs) for the form.
fn time(now: SystemTime) -> String {
    format!("{}.000000Z", zoneless_time(now).replace(' ', "T"))
}
