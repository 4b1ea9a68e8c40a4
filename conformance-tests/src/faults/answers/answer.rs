//! A response to a send.

use std::fmt;

use bytes::Bytes;

/// A response to a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A body labelled as JSON.
    pub(crate) fn json(status: u16, body: impl fmt::Display) -> Self {
        Self { status, headers: vec![("content-type", "application/json")], body: body.to_string().into() }
    }

    /// A web page.
    pub(crate) fn page(status: u16, text: &str) -> Self {
        let body = format!("<!doctype html><html><body><h1>{text}</h1></body></html>");
        Self { status, headers: vec![("content-type", "text/html")], body: body.into() }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, String::from_utf8_lossy(&self.body))?;
        self.headers.iter().skip(1).try_for_each(|(name, value)| write!(f, ", {name}: {value}"))
    }
}
