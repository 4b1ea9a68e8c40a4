//! The documented webhook calls in `mock-server/fixtures/*/webhooks`, as the tests of this crate and of the command read
//! them.
//!
//! A file is one call: its headers, its body byte for byte, the secret under which it is signed where the provider signs,
//! and the events that it means, as the command prints them. Beside it stands what may differ without making another
//! event of it, from which the tests make variants.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use transom_mock_server::fixtures;

/// One documented call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookFixture {
    /// `provider/file.json`.
    #[serde(skip)]
    pub name: String,
    /// What the call says, in a sentence.
    pub title: String,
    /// Where that is known from.
    pub source: Source,
    /// What it is an example of: a name in `webhook-kinds.json`.
    pub kind: String,
    /// The secret that signed it; none where the provider does not sign this call.
    pub secret: Option<String>,
    /// The headers, the signature among them.
    pub headers: BTreeMap<String, String>,
    /// The body, with the white space over which the signature goes.
    pub body: Box<RawValue>,
    /// The events, each as the command prints it.
    pub events: Vec<Value>,
    /// The members of the body that may be missing, each with what the events then say otherwise.
    #[serde(default)]
    pub optional: BTreeMap<String, Changes>,
    /// The members of the body that are ids, each with the places in the events where it turns up.
    #[serde(default)]
    pub ids: BTreeMap<String, Vec<String>>,
    /// The members of the body that are instants.
    #[serde(default)]
    pub times: Vec<String>,
    /// The members of the body that are phone numbers.
    #[serde(default)]
    pub phones: Vec<String>,
    /// Other values of the body, each with what the events then say otherwise.
    #[serde(default)]
    pub rows: Vec<Row>,
}

/// JSON pointers, each with the value that goes there.
pub type Changes = BTreeMap<String, Value>;

/// Where a fact is known from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The page's title.
    pub page: String,
    /// The page's address.
    pub url: String,
    /// `seed`, `docs` or `inferred`.
    pub certainty: String,
    /// The day on which it was read.
    pub date: String,
}

/// Other values of the same call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What the body says otherwise.
    pub body: Changes,
    /// What the events then say otherwise.
    pub events: Changes,
}

impl WebhookFixture {
    /// Every call of every provider, in order.
    ///
    /// # Errors
    /// Which file cannot be read, and why.
    pub fn all() -> Result<Vec<Self>, String> {
        let mut all = Vec::new();
        for adapter in crate::adapters::ALL {
            all.extend(Self::of(adapter.provider.name)?);
        }
        Ok(all)
    }

    /// Every call of a provider, in order; none for a provider that is not built in.
    ///
    /// # Errors
    /// Which file cannot be read, and why.
    pub fn of(provider: &str) -> Result<Vec<Self>, String> {
        fixtures::webhooks_of(provider).into_iter().map(|(file, text)| Self::read(provider, file, text)).collect()
    }

    /// Every call of a adapter's provider: those that are built in, and those that the adapter brings.
    ///
    /// # Errors
    /// Which file cannot be read, and why.
    pub fn for_adapter(adapter: &crate::adapters::AdapterUnderTest) -> Result<Vec<Self>, String> {
        let provider = adapter.provider.name;
        let mut calls = Self::of(provider)?;
        for (file, text) in adapter.webhook_calls {
            calls.push(Self::read(provider, file, text)?);
        }
        Ok(calls)
    }

    fn read(provider: &str, file: &str, text: &str) -> Result<Self, String> {
        let name = format!("{provider}/{file}.json");
        let fixture: Self = serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        Ok(Self { name, ..fixture })
    }

    /// The kinds of calls that each provider's pages document, each with the page.
    ///
    /// # Errors
    /// Why the list cannot be read.
    pub fn kinds() -> Result<BTreeMap<String, BTreeMap<String, String>>, String> {
        serde_json::from_str(fixtures::webhook_kinds()).map_err(|error| error.to_string())
    }

    /// Whose call it is.
    pub fn provider(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The header with the signature, if the call has one.
    pub fn signature(&self) -> Option<(&str, &str)> {
        let mut headers = self.headers.iter().filter(|(name, _)| name.contains("signature"));
        headers.next().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The call as it came, with `body` in place of its own.
    ///
    /// # Errors
    /// Which header is none.
    pub fn request(&self, body: impl Into<Bytes>) -> Result<Request<Bytes>, String> {
        let mut request = Request::post("/");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body.into()).map_err(|error| format!("{}: {error}", self.name))
    }

    /// The body as a tree.
    ///
    /// # Errors
    /// Why it is none.
    pub fn tree(&self) -> Result<Value, String> {
        serde_json::from_str(self.body.get()).map_err(|error| format!("{}: {error}", self.name))
    }

    /// The events, changed, and without the mark of a verified signature.
    pub fn unverified(&self, changes: &Changes) -> Vec<Value> {
        let mut events = Value::Array(self.events.clone());
        for (place, value) in changes {
            change(&mut events, place, value);
        }
        let Value::Array(mut events) = events else { return Vec::new() };
        for event in events.iter_mut().filter_map(Value::as_object_mut) {
            event.insert("verified".to_owned(), false.into());
        }
        events
    }
}

/// Puts `value` at `place`. Within a `content`, which leaves out what it lacks, null takes the member away.
fn change(events: &mut Value, place: &str, value: &Value) {
    let Some((parent, name)) = place.rsplit_once('/') else { return };
    let Some(Value::Object(object)) = events.pointer_mut(parent) else { return };
    if value.is_null() && parent.contains("/content") {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value.clone());
    }
}

/// Puts `value` at `place` in the body, which need not have that member; without a value, takes the member away. Whether
/// there was a place for it.
pub fn put(body: &mut Value, place: &str, value: Option<Value>) -> bool {
    let Some((parent, name)) = place.rsplit_once('/') else { return false };
    let Some(Value::Object(object)) = body.pointer_mut(parent) else { return false };
    match value {
        Some(value) => {
            object.insert(name.to_owned(), value);
            true
        }
        None => object.remove(name).is_some(),
    }
}

/// Calls `visit` with every object in `value`, the outermost last.
pub fn each_object(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|member| each_object(member, visit));
            visit(object);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, visit)),
        _ => {}
    }
}
