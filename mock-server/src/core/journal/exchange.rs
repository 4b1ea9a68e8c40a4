//! One request and its response in one buffer. Its printed form is made on demand.

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::core::finding::Finding;
use crate::core::redact;

/// Longer texts are cut in the journal.
const MAX_TEXT: usize = 256 * 1024;

/// One request and its answer, as they went over the wire. Serialising and printing it redacts credentials: to look for
/// credentials while a request is answered would cost more than the answer.
pub struct Exchange {
    /// Counts the exchanges since the last reset, from 1.
    pub(crate) number: u64,
    /// `None` if no provider has the path.
    pub(crate) provider: Option<&'static str>,
    pub(crate) method: Method,
    pub(crate) status: StatusCode,
    pub(crate) findings: Vec<Finding>,
    pub(crate) at: SystemTime,
    pub(crate) fault: Option<&'static str>,
    pub(crate) cause: Option<Box<str>>,
    /// Path, headers, body, headers of the response and its body, one behind the other: a copy, for holding on to the
    /// server's own buffers would pin far more memory than they need.
    raw: Vec<u8>,
    ends: [u32; 4],
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange")
            .field("number", &self.number)
            .field("provider", &self.provider)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Remarks on an exchange that were not on the wire.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    pub(crate) findings: Vec<Finding>,
    /// The kind of fault that was injected.
    pub(crate) fault: Option<&'static str>,
    /// Why the response differs from the one that the request alone would get.
    pub(crate) cause: Option<Box<str>>,
}

impl Exchange {
    pub(super) fn of(
        number: u64,
        provider: Option<&'static str>,
        at: SystemTime,
        request: &Request<Bytes>,
        response: &Response<Bytes>,
        remarks: Remarks,
        mut raw: Vec<u8>,
    ) -> Self {
        let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let size = path.len()
            + request.body().len()
            + response.body().len()
            + 40 * (request.headers().len() + response.headers().len());
        raw.clear();
        raw.reserve(size.min(2 * MAX_TEXT));
        let mut ends = [0; 4];
        // Bodies are cut far below the range of the numbers.
        let end = |raw: &Vec<u8>| u32::try_from(raw.len()).unwrap_or(u32::MAX);
        raw.extend_from_slice(path.as_bytes());
        ends[0] = end(&raw);
        keep_headers(request.headers(), &mut raw);
        ends[1] = end(&raw);
        keep_body(request.body(), &mut raw);
        ends[2] = end(&raw);
        keep_headers(response.headers(), &mut raw);
        ends[3] = end(&raw);
        keep_body(response.body(), &mut raw);
        let Remarks { findings, fault, cause } = remarks;
        let (method, status) = (request.method().clone(), response.status());
        Self { number, provider, method, status, findings, at, fault, cause, raw, ends }
    }

    /// Its memory, for another one.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.raw
    }

    /// Approximate size in memory.
    pub(super) fn size(&self) -> usize {
        200 + self.raw.capacity() + self.findings.len() * 200
    }

    /// The exchange without credentials.
    pub(crate) fn redacted(&self) -> RedactedExchange {
        let [path, headers, body, response_headers] = self.ends;
        let parts = redact::Parts {
            path: self.part(0, path).into_owned(),
            headers: self.part(path, headers).into_owned(),
            body: self.part(headers, body).into_owned(),
            response_headers: self.part(body, response_headers).into_owned(),
            response: self.part(response_headers, u32::MAX).into_owned(),
        };
        parts.redacted()
    }

    fn part(&self, start: u32, end: u32) -> Cow<'_, str> {
        let part = self.raw.get(index(start)..index(end).min(self.raw.len()));
        String::from_utf8_lossy(part.unwrap_or_default())
    }
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// As lines of `name:value`, as they are; no header has a line's end in it.
fn keep_headers(headers: &HeaderMap, to: &mut Vec<u8>) {
    for (name, value) in headers {
        to.extend_from_slice(name.as_str().as_bytes());
        to.push(b':');
        to.extend_from_slice(value.as_bytes());
        to.push(b'\n');
    }
}

fn keep_body(body: &[u8], to: &mut Vec<u8>) {
    match body.get(..MAX_TEXT) {
        Some(head) if body.len() > MAX_TEXT => {
            to.extend_from_slice(String::from_utf8_lossy(head).as_bytes());
            to.extend_from_slice(format!("… ({} bytes)", body.len()).as_bytes());
        }
        _ => to.extend_from_slice(body),
    }
}

/// The parts of an exchange without credentials.
pub(crate) type RedactedExchange = redact::Parts;

impl Serialize for Exchange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let redacted = self.redacted();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("provider", &self.provider)?;
        map.serialize_entry("method", self.method.as_str())?;
        map.serialize_entry("path", &redacted.path)?;
        map.serialize_entry("headers", &Headers(|| redacted.headers()))?;
        map.serialize_entry("body", &MaybeJson(&redacted.body))?;
        map.serialize_entry("status", &self.status.as_u16())?;
        map.serialize_entry("response_headers", &Headers(|| redacted.response_headers()))?;
        map.serialize_entry("response", &MaybeJson(&redacted.response))?;
        map.serialize_entry("findings", &self.findings)?;
        map.serialize_entry("at", &crate::core::time::rfc3339(self.at))?;
        if let Some(fault) = self.fault {
            map.serialize_entry("fault", fault)?;
        }
        if let Some(cause) = &self.cause {
            map.serialize_entry("cause", cause)?;
        }
        map.end()
    }
}

struct Headers<F>(F);

impl<'a, I: Iterator<Item = (&'a str, &'a str)>, F: Fn() -> I> Serialize for Headers<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map((self.0)())
    }
}

/// JSON stays JSON, digit for digit; nothing becomes null, and anything else a string.
struct MaybeJson<'a>(&'a str);

impl Serialize for MaybeJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            return serializer.serialize_none();
        }
        // Raw text is checked less strictly than a value is: half a surrogate pair, or a depth that no reader follows,
        // would make the whole journal unreadable.
        match (serde_json::from_str::<&RawValue>(self.0), serde_json::from_str::<Value>(self.0)) {
            (Ok(json), Ok(_)) => json.serialize(serializer),
            _ => serializer.serialize_str(self.0),
        }
    }
}
