//! The documented webhook calls in `mock-server/fixtures/*/webhooks`.
//!
//! A file is one call: its headers, its body byte for byte, the secret if the call is signed, and the events as the command
//! prints them. The file also lists variants of the values.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use transom::webhook::WebhookEvents;
use transom_mock_server::fixtures;

use crate::adapters::{self, AdapterUnderTest};
use crate::assertions::{Failure, unexpected};

/// A documented call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookFixture {
    /// `provider/file.json`.
    #[serde(skip)]
    pub name: String,
    /// The call in a sentence.
    pub title: String,
    /// The source.
    pub source: Source,
    /// The kind of call: a name in `webhook-kinds.json`.
    pub kind: String,
    /// The secret of the signature; none if the provider does not sign this call.
    pub secret: Option<String>,
    /// The headers, including the signature.
    pub headers: BTreeMap<String, String>,
    /// The body with its white space, which the signature covers.
    pub body: Box<RawValue>,
    /// The events, each as the command prints it.
    pub events: Vec<Value>,
    /// The members of the body that may be missing, each with the changes to the events.
    #[serde(default)]
    pub optional: BTreeMap<String, Changes>,
    /// The members of the body that are ids, each with its places in the events.
    #[serde(default)]
    pub ids: BTreeMap<String, Vec<String>>,
    /// The members of the body that are instants.
    #[serde(default)]
    pub times: Vec<String>,
    /// The members of the body that are phone numbers.
    #[serde(default)]
    pub phones: Vec<String>,
    /// Other values of the body, each with the changes to the events.
    #[serde(default)]
    pub rows: Vec<Row>,
}

/// JSON pointers, each with its value.
pub type Changes = BTreeMap<String, Value>;

/// The source of a fact.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The page's title.
    pub page: String,
    /// The page's URL.
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
    /// The changes to the body.
    pub body: Changes,
    /// The changes to the events.
    pub events: Changes,
}

/// A documented webhook call that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// The file, or the body in it, is not JSON of the expected form.
    #[error("{name}: {source}")]
    NotJson {
        /// The file.
        name: String,
        /// The reason.
        source: serde_json::Error,
    },
    /// A header is invalid.
    #[error("{name}: {source}")]
    NotHttp {
        /// The file.
        name: String,
        /// The reason.
        source: http::Error,
    },
}

impl From<FixtureError> for Failure {
    fn from(error: FixtureError) -> Self {
        unexpected(error)
    }
}

impl WebhookFixture {
    /// Every call of every provider, in order.
    ///
    /// # Errors
    /// Which file cannot be read, and why.
    pub fn all() -> Result<Vec<Self>, FixtureError> {
        let mut all = Vec::new();
        for adapter in adapters::ALL {
            all.extend(Self::of(adapter.provider.name)?);
        }
        Ok(all)
    }

    /// Every call of a provider, in order; none for a provider that is not built in.
    ///
    /// # Errors
    /// Which file cannot be read, and why.
    pub fn of(provider: &str) -> Result<Vec<Self>, FixtureError> {
        fixtures::webhooks_of(provider).into_iter().map(|(file, text)| Self::read(provider, file, text)).collect()
    }

    /// Every call of the provider: built-in ones, and those that the adapter under test brings.
    ///
    /// # Errors
    /// Which file cannot be read, and why.
    pub fn for_adapter(adapter: &AdapterUnderTest) -> Result<Vec<Self>, FixtureError> {
        let provider = adapter.provider.name;
        let mut calls = Self::of(provider)?;
        for (file, text) in adapter.webhook_calls {
            calls.push(Self::read(provider, file, text)?);
        }
        Ok(calls)
    }

    fn read(provider: &str, file: &str, text: &str) -> Result<Self, FixtureError> {
        let name = format!("{provider}/{file}.json");
        let fixture: Self =
            serde_json::from_str(text).map_err(|source| FixtureError::NotJson { name: name.clone(), source })?;
        Ok(Self { name, ..fixture })
    }

    /// The kinds of calls that each provider's documentation describes, each with the page.
    ///
    /// # Errors
    /// Why the list cannot be read.
    pub fn kinds() -> Result<BTreeMap<String, BTreeMap<String, String>>, FixtureError> {
        let name = || "webhook-kinds.json".to_owned();
        serde_json::from_str(fixtures::webhook_kinds()).map_err(|source| FixtureError::NotJson { name: name(), source })
    }

    /// The provider's name.
    pub fn provider(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The header with the signature, if the call has one.
    pub fn signature(&self) -> Option<(&str, &str)> {
        let mut headers = self.headers.iter().filter(|(name, _)| name.contains("signature"));
        headers.next().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The call with this body.
    ///
    /// # Errors
    /// Which header is invalid.
    pub fn request(&self, body: impl Into<Bytes>) -> Result<Request<Bytes>, FixtureError> {
        let mut request = Request::post("/");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body.into()).map_err(|source| FixtureError::NotHttp { name: self.name.clone(), source })
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Why it is not JSON.
    pub fn tree(&self) -> Result<Value, FixtureError> {
        serde_json::from_str(self.body.get())
            .map_err(|source| FixtureError::NotJson { name: self.name.clone(), source })
    }

    /// When the calls of all fixtures are received: the time of a message whose call has none.
    pub fn received_at() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
    }

    /// The events as the command prints them, without `dedupe_key`, which has tests of its own.
    pub fn lines(provider: &str, events: &WebhookEvents) -> Vec<Value> {
        let lines = events.events.iter().map(|event| {
            let mut line = event.to_json(provider, events.verified);
            line.as_object_mut().and_then(|members| members.remove("dedupe_key"));
            line
        });
        lines.collect()
    }

    /// The events with these changes, unverified.
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

/// Puts `value` at `place`. In a `content`, null removes the member.
fn change(events: &mut Value, place: &str, value: &Value) {
    let Some((parent, name)) = place.rsplit_once('/') else { return };
    let Some(Value::Object(object)) = events.pointer_mut(parent) else { return };
    if value.is_null() && parent.contains("/content") {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value.clone());
    }
}

/// Puts `value` at `place` in the body, or removes the member if there is no value. Returns whether the place exists.
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

/// Calls `visit` with every object in `value`, inner ones first.
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
