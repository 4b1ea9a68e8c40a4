//! An observed response.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::shape;

/// A response as it was received.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The method of the request.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body; none if it is not JSON.
    pub body: Option<Value>,
}

impl Observed {
    /// The same answer with every text as `rewrite` returns it.
    pub(crate) fn rewritten(self, rewrite: &impl Fn(&str) -> String) -> Self {
        let headers = self.headers.iter().map(|(name, value)| (rewrite(name), rewrite(value))).collect();
        Self { path: rewrite(&self.path), headers, body: self.body.map(|body| texts(body, rewrite)), ..self }
    }

    /// The call with ids removed.
    pub fn call(&self) -> String {
        format!("{} {}", self.method, without_ids(&self.path))
    }

    /// The response in the form of a fixture's `response`, with types in place of values.
    pub fn as_fixture(&self) -> Value {
        let headers = self.headers.keys().filter(|name| !is_usual(name));
        let headers: serde_json::Map<String, Value> = headers.map(|name| (name.clone(), Value::Null)).collect();
        let mut fixture = json!({ "status": self.status, "headers": headers });
        if let (Some(body), Value::Object(members)) = (&self.body, &mut fixture) {
            members.insert("body".to_owned(), shape::without_values(body));
        }
        fixture
    }
}

/// A path with `*` in place of ids, which differ between accounts.
pub(super) fn without_ids(path: &str) -> String {
    let mut after_accounts = false;
    let segments = path.split('/').map(|segment| {
        let is_version = segment.starts_with('v') && segment.len() == 2;
        let names_a_thing = after_accounts || (segment.chars().any(|c| c.is_ascii_digit()) && !is_version);
        after_accounts = segment == "accounts";
        if names_a_thing { "*" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Headers of HTTP and of common gateways, which no provider documents.
const USUAL_HEADERS: &[&str] = &[
    "age",
    "alt-svc",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "nel",
    "permissions-policy",
    "pragma",
    "referrer-policy",
    "report-to",
    "server",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "via",
    "x-content-type-options",
    "x-frame-options",
    "x-powered-by",
    "x-request-id",
    "x-xss-protection",
];

/// Headers that the mock adds.
const OF_THE_MOCK: &[&str] = &["x-mock-cause", "x-transom-fault", "x-transom-finding"];

pub(super) fn is_usual(header: &str) -> bool {
    USUAL_HEADERS.contains(&header) || OF_THE_MOCK.contains(&header) || header.starts_with("access-control-")
}
/// `value` with its texts and the names of its members as `rewrite` returns them.
fn texts(value: Value, rewrite: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => rewrite(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| texts(item, rewrite)).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (rewrite(&name), texts(value, rewrite))).collect()
        }
        other => other,
    }
}
