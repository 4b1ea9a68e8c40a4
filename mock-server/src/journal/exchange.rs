//! One request and its answer, in one piece of memory; what it prints as is made when somebody asks.

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Remarks;
use crate::{Finding, mask};

/// What is longer is cut in the journal.
const MAX_TEXT: usize = 256 * 1024;

/// One request and its answer. Credentials are not in it.
pub(crate) struct Exchange {
    /// Counts the exchanges since the last reset, from 1.
    pub(crate) number: u64,
    /// None if no provider has the path.
    pub(crate) provider: Option<&'static str>,
    pub(crate) method: Method,
    pub(crate) status: StatusCode,
    pub(crate) findings: Vec<Finding>,
    pub(crate) at: SystemTime,
    pub(crate) fault: Option<&'static str>,
    pub(crate) cause: Option<Box<str>>,
    /// Path, headers, body, headers of the response and its body, one behind the other: a copy, for holding on to the server's own buffers would pin
    /// far more memory than the texts need.
    text: String,
    ends: [u32; 4],
}

impl Exchange {
    pub(super) fn of(
        number: u64,
        provider: Option<&'static str>,
        at: SystemTime,
        request: &Request<Bytes>,
        response: &Response<Bytes>,
        remarks: Remarks,
        mut text: String,
    ) -> Self {
        let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let size = path.len()
            + request.body().len()
            + response.body().len()
            + 40 * (request.headers().len() + response.headers().len());
        text.clear();
        text.reserve(size.min(2 * MAX_TEXT));
        let mut ends = [0; 4];
        // Texts are cut far below what the numbers hold.
        let end = |text: &String| u32::try_from(text.len()).unwrap_or(u32::MAX);
        text.push_str(&mask::path(path));
        ends[0] = end(&text);
        mask::write_headers(request.headers(), &mut text);
        ends[1] = end(&text);
        mask::write_body(&cut(request.body()), &mut text);
        ends[2] = end(&text);
        mask::write_headers(response.headers(), &mut text);
        ends[3] = end(&text);
        text.push_str(&cut(response.body()));
        let Remarks { findings, fault, cause } = remarks;
        let (method, status) = (request.method().clone(), response.status());
        Self { number, provider, method, status, findings, at, fault, cause, text, ends }
    }

    /// Its memory, for another one.
    pub(super) fn into_buffer(self) -> String {
        self.text
    }

    /// About what it takes in memory.
    pub(super) fn size(&self) -> usize {
        200 + self.text.capacity() + self.findings.len() * 200
    }

    pub(crate) fn path(&self) -> &str {
        self.part(0, self.ends[0])
    }

    /// Name and value, in the order of the wire but for repeated names.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.part(self.ends[0], self.ends[1]).lines().filter_map(|line| line.split_once(':'))
    }

    pub(crate) fn body(&self) -> &str {
        self.part(self.ends[1], self.ends[2])
    }

    /// Those of the response, but for the `Date` and what frames it on the way.
    pub(crate) fn response_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.part(self.ends[2], self.ends[3]).lines().filter_map(|line| line.split_once(':'))
    }

    pub(crate) fn response(&self) -> &str {
        self.text.get(index(self.ends[3])..).unwrap_or_default()
    }

    fn part(&self, start: u32, end: u32) -> &str {
        self.text.get(index(start)..index(end)).unwrap_or_default()
    }
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Serialize for Exchange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("provider", &self.provider)?;
        map.serialize_entry("method", self.method.as_str())?;
        map.serialize_entry("path", self.path())?;
        map.serialize_entry("headers", &Headers(|| self.headers()))?;
        map.serialize_entry("body", &MaybeJson(self.body()))?;
        map.serialize_entry("status", &self.status.as_u16())?;
        map.serialize_entry("response_headers", &Headers(|| self.response_headers()))?;
        map.serialize_entry("response", &MaybeJson(self.response()))?;
        map.serialize_entry("findings", &self.findings)?;
        map.serialize_entry("at", &crate::rfc3339(self.at))?;
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
        // Raw text is checked less strictly than a value is: half a surrogate pair, or a depth that no reader follows, would
        // make the whole journal unreadable.
        match (serde_json::from_str::<&RawValue>(self.0), serde_json::from_str::<Value>(self.0)) {
            (Ok(json), Ok(_)) => json.serialize(serializer),
            _ => serializer.serialize_str(self.0),
        }
    }
}

fn cut(bytes: &Bytes) -> Cow<'_, str> {
    match bytes.get(..MAX_TEXT) {
        Some(head) if bytes.len() > MAX_TEXT => {
            format!("{}… ({} bytes)", String::from_utf8_lossy(head), bytes.len()).into()
        }
        // Text it is nearly always, and that is seen fast.
        _ => std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed),
    }
}
