//! Where an answer differs from what the provider's pages document: the shape of its body, its status, its headers, its codes.
//!
//! The pages are the fixtures of the mock. An answer is held against the documented answers to the same call: those with the
//! same status if there are any, of which the one that it resembles most decides which members are missing and which have
//! another type. A member is new only if none of them has it; a header is missing if any of them has it.

mod documented;
mod shape;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

pub use documented::{Documented, of_provider};

/// An answer as it came.
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
    /// The body; none if it is no JSON.
    pub body: Option<Value>,
}

impl Observed {
    /// The answer as the `response` of a fixture has it, to be merged by hand: every member with its type, and nobody's data.
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

/// One difference between an answer and the pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The call: method and path, with ids left out.
    pub call: String,
    /// What kind of difference.
    pub kind: DriftKind,
    /// The place: a pointer into the body, a header's name, or empty.
    pub place: String,
    /// What the pages have.
    pub documented: String,
    /// What came.
    pub observed: String,
    /// The page, with its certainty; none where there is no page.
    pub source: Option<String>,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// No page shows this call.
    UndocumentedCall,
    /// No page shows this status for the call.
    OtherStatus,
    /// The body is no JSON, and the documented one is.
    NotJson,
    /// A documented member is not there.
    MissingMember,
    /// A member that no page shows.
    NewMember,
    /// A member has another type than documented.
    ChangedType,
    /// A documented header is not there.
    MissingHeader,
    /// A header that no page shows and that is none of HTTP's own.
    NewHeader,
    /// A code that no table has.
    UnknownCode,
}

impl DriftKind {
    /// Every kind, the gravest first.
    pub const ALL: &'static [Self] = &[
        Self::UndocumentedCall,
        Self::OtherStatus,
        Self::NotJson,
        Self::MissingMember,
        Self::NewMember,
        Self::ChangedType,
        Self::MissingHeader,
        Self::NewHeader,
        Self::UnknownCode,
    ];

    /// The name in reports: `missing_member`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UndocumentedCall => "undocumented_call",
            Self::OtherStatus => "other_status",
            Self::NotJson => "not_json",
            Self::MissingMember => "missing_member",
            Self::NewMember => "new_member",
            Self::ChangedType => "changed_type",
            Self::MissingHeader => "missing_header",
            Self::NewHeader => "new_header",
            Self::UnknownCode => "unknown_code",
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.kind.as_str().replace('_', " "))?;
        if !self.place.is_empty() {
            write!(f, " {}", self.place)?;
        }
        write!(f, ": documented {}, got {}", self.documented, self.observed)?;
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}

/// What HTTP, and what stands in front of a service, say without any provider's page mentioning it.
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

fn is_usual(header: &str) -> bool {
    USUAL_HEADERS.contains(&header) || header.starts_with("access-control-")
}

/// Every difference between `observed` and what is documented of its call.
pub fn compare(documented: &[Documented], observed: &Observed) -> Vec<Drift> {
    let same_call: Vec<&Documented> = documented.iter().filter(|known| known.is_about(observed)).collect();
    let call = same_call.first().map_or_else(
        || format!("{} {}", observed.method, documented::without_ids(&observed.path)),
        |known| known.call(),
    );
    let drift = |kind, place: &str, documented: String, observed: String, source: Option<String>| Drift {
        call: call.clone(),
        kind,
        place: place.to_owned(),
        documented,
        observed,
        source,
    };
    if same_call.is_empty() {
        return vec![drift(DriftKind::UndocumentedCall, "", "nothing".into(), observed.status.to_string(), None)];
    }
    let mut found = Vec::new();
    let mut pages: Vec<&Documented> =
        same_call.iter().copied().filter(|known| known.status == observed.status).collect();
    if pages.is_empty() {
        let mut statuses: Vec<u16> = same_call.iter().map(|known| known.status).collect();
        statuses.sort_unstable();
        statuses.dedup();
        let listed = statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let source = same_call.first().map(|known| known.source());
        found.push(drift(DriftKind::OtherStatus, "", listed, observed.status.to_string(), source));
        // A success under another number should still look like one.
        pages = same_call.iter().copied().filter(|known| known.status / 100 == observed.status / 100).collect();
    }
    let resembling = pages.iter().copied().min_by_key(|page| page.unlike(observed));
    let Some(page) = resembling else { return found };
    match &observed.body {
        None if page.body.is_null() => {}
        None => found.push(drift(DriftKind::NotJson, "", "JSON".into(), "something else".into(), Some(page.source()))),
        Some(body) => {
            for difference in shape::differences(&page.body, Some(body)) {
                let known_elsewhere = || pages.iter().any(|page| shape::has(&page.body, &difference.place));
                if difference.kind == DriftKind::NewMember && known_elsewhere() {
                    continue;
                }
                let shape::Difference { kind, place, documented, observed } = difference;
                found.push(drift(kind, &place, documented, observed, Some(page.source())));
            }
        }
    }
    let mut missing: Vec<&str> = Vec::new();
    for (page, name, value) in
        pages.iter().flat_map(|page| page.headers.iter().map(move |(name, value)| (page, name, value)))
    {
        if !observed.headers.contains_key(name) && !missing.contains(&name.as_str()) {
            missing.push(name);
            let documented = value.clone().unwrap_or_else(|| "a value".to_owned());
            found.push(drift(DriftKind::MissingHeader, name, documented, "none".into(), Some(page.source())));
        }
    }
    for name in observed.headers.keys() {
        let is_known =
            is_usual(name) || documented.iter().any(|page| page.headers.iter().any(|(known, _)| known == name));
        if !is_known {
            found.push(drift(DriftKind::NewHeader, name, "none".into(), "a value".into(), None));
        }
    }
    found
}
