//! What was asked and what was answered, without credentials.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ring::Ring;
use crate::{Finding, mask};

const MAX_EXCHANGES: usize = 10_000;
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// What is longer is cut in the journal.
const MAX_TEXT: usize = 256 * 1024;

/// The last 10,000 exchanges, or fewer if they are large.
#[derive(Debug)]
pub(crate) struct Journal {
    exchanges: Ring<Exchange>,
}

/// One request and its answer.
#[derive(Serialize)]
pub(crate) struct Exchange {
    pub(crate) provider: &'static str,
    method: Box<str>,
    path: Box<str>,
    #[serde(serialize_with = "as_map")]
    headers: Vec<(Box<str>, Box<str>)>,
    #[serde(serialize_with = "as_json_if_it_is")]
    body: Box<str>,
    status: u16,
    #[serde(serialize_with = "as_json_if_it_is")]
    response: Box<str>,
    findings: Vec<Finding>,
    #[serde(serialize_with = "crate::world::serialize_time")]
    at: SystemTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<&'static str>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self { exchanges: Ring::new(MAX_EXCHANGES, MAX_BYTES) }
    }

    /// Copies what it keeps: holding on to the server's own buffers would pin far more memory than the texts need.
    pub(crate) fn record(
        &mut self,
        provider: &'static str,
        at: SystemTime,
        request: &Request<Bytes>,
        response: &Response<Bytes>,
        findings: Vec<Finding>,
        fault: Option<&'static str>,
    ) {
        let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let exchange = Exchange {
            provider,
            method: request.method().as_str().into(),
            path: mask::path(path).into(),
            headers: mask::headers(request.headers()),
            body: mask::body(&text(request.body())).into(),
            status: response.status().as_u16(),
            response: text(response.body()).into(),
            findings,
            at,
            fault,
        };
        let headers: usize = exchange.headers.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
        let size = 300 + exchange.path.len() + headers + exchange.body.len() + exchange.response.len();
        self.exchanges.push(exchange, size);
    }

    /// Oldest first; of one provider, or of all.
    pub(crate) fn exchanges(&self, provider: Option<&str>) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().filter(move |exchange| provider.is_none_or(|provider| exchange.provider == provider))
    }

    /// Those that came after the one of this number, oldest first.
    #[cfg(feature = "server")]
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Exchange> {
        self.exchanges.after(number).map(|(_, exchange)| exchange)
    }

    /// The number of the last exchange; 0 before the first.
    #[cfg(feature = "server")]
    pub(crate) fn last(&self) -> u64 {
        self.exchanges.total()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }
}

fn text(bytes: &Bytes) -> String {
    match bytes.get(..MAX_TEXT) {
        Some(head) if bytes.len() > MAX_TEXT => format!("{}… ({} bytes)", String::from_utf8_lossy(head), bytes.len()),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn as_map<S: Serializer>(headers: &[(Box<str>, Box<str>)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(headers.len()))?;
    for (name, value) in headers {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// JSON stays JSON, digit for digit; nothing becomes null, and anything else a string.
fn as_json_if_it_is<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if text.is_empty() {
        return serializer.serialize_none();
    }
    // Raw text is checked less strictly than a value is: half a surrogate pair, or a depth that no reader follows, would
    // make the whole journal unreadable.
    match (serde_json::from_str::<&RawValue>(text), serde_json::from_str::<Value>(text)) {
        (Ok(json), Ok(_)) => json.serialize(serializer),
        _ => serializer.serialize_str(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json_response;

    #[test]
    fn an_exchange_is_kept_without_its_credentials() {
        let mut journal = Journal::new();
        let request = Request::post("/kingslanding/login?key=s3cret")
            .header("authorization", "Basic s3cret")
            .body(Bytes::from_static(br#"{"username":"ops","password":"s3cret"}"#))
            .unwrap();
        let response = json_response(200, &json!({"id": 12_345_678_901_234_567_890_u64}));
        journal.record("messangi", SystemTime::UNIX_EPOCH, &request, &response, Vec::new(), Some("delay"));
        let printed = serde_json::to_string(&journal.exchanges(None).collect::<Vec<_>>()).unwrap();
        assert!(!printed.contains("s3cret"), "{printed}");
        assert!(printed.contains(r#""response":{"id":12345678901234567890}"#), "{printed}");
        assert!(
            printed.contains(r#""fault":"delay""#) && printed.contains(r#""at":"1970-01-01T00:00:00Z""#),
            "{printed}"
        );
        assert_eq!(journal.exchanges(Some("exotel")).count(), 0);
    }

    #[test]
    fn a_huge_body_is_cut_and_its_size_told() {
        let mut journal = Journal::new();
        let request = Request::post("/v1/messages").body(Bytes::from(vec![b'x'; MAX_TEXT + 1])).unwrap();
        journal.record(
            "gosendapi",
            SystemTime::UNIX_EPOCH,
            &request,
            &json_response(400, &json!(null)),
            Vec::new(),
            None,
        );
        let kept = journal.exchanges(None).next().unwrap();
        assert!(kept.body.len() < MAX_TEXT + 50 && kept.body.ends_with("(262145 bytes)"));
    }
}
