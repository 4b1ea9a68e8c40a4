//! Finds differences between a response and the provider's documentation: in body, status, headers and codes.
//!
//! The documentation is the mock's fixtures. A response is compared with the documented responses to the same call and with
//! those to any call, preferring those with the same status. The most similar one decides which members are missing. A
//! member is new, or of another type, only if no other documented response has it so. A header is missing if any of them
//! has it.

mod documented;
mod form;
pub mod live;
mod shape;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

pub use documented::{Documented, Pages, of_provider};

use shape::Rules;

/// The facts that the fixtures state about every response of a provider.
fn documented_everywhere(provider: &str) -> Value {
    let all: Value = serde_json::from_str(transom_mock_server::fixtures::every_answer()).unwrap_or_default();
    all.get(provider).cloned().unwrap_or_default()
}

/// A response as it came.
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
    /// The call with ids removed.
    pub fn call(&self) -> String {
        format!("{} {}", self.method, documented::without_ids(&self.path))
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

/// A difference between a response and the documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The call: method and path, with ids removed.
    pub call: String,
    /// The kind of difference.
    pub kind: DriftKind,
    /// A pointer into the body, a header's name, or empty.
    pub place: String,
    /// The documented value.
    pub documented: String,
    /// The observed value.
    pub observed: String,
    /// The page with its certainty; none if there is no page.
    pub source: Option<String>,
}

/// The kind of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// No page shows this call.
    UndocumentedCall,
    /// No page shows this status for the call.
    OtherStatus,
    /// The body is not JSON, and the documented one is.
    NotJson,
    /// A documented member is missing.
    MissingMember,
    /// A member that no page shows.
    NewMember,
    /// A member has another type than documented.
    ChangedType,
    /// A documented header is missing.
    MissingHeader,
    /// A header that no page shows and that is not a usual one of HTTP.
    NewHeader,
    /// A header has another form than documented.
    ChangedHeader,
    /// A code that no table has, or a status word that no page lists.
    UnknownCode,
}

impl DriftKind {
    /// Every kind, the most serious first.
    pub const ALL: &'static [Self] = &[
        Self::UndocumentedCall,
        Self::OtherStatus,
        Self::NotJson,
        Self::MissingMember,
        Self::NewMember,
        Self::ChangedType,
        Self::MissingHeader,
        Self::NewHeader,
        Self::ChangedHeader,
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
            Self::ChangedHeader => "changed_header",
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
const OF_THE_MOCK: &[&str] = &["x-mock-cause", "x-transom-fault"];

fn is_usual(header: &str) -> bool {
    USUAL_HEADERS.contains(&header) || OF_THE_MOCK.contains(&header) || header.starts_with("access-control-")
}

/// Every difference between `observed` and what is documented of its call.
pub fn compare(pages: &Pages, observed: &Observed) -> Vec<Drift> {
    let to_this_call: Vec<&Documented> = pages.answers.iter().filter(|page| page.is_about(observed)).collect();
    let Some(call) = to_this_call.iter().find_map(|page| page.call()) else {
        return vec![Drift {
            call: observed.call(),
            kind: DriftKind::UndocumentedCall,
            place: String::new(),
            documented: "nothing".to_owned(),
            observed: observed.status.to_string(),
            source: None,
        }];
    };
    let mut found = Findings { call, drifts: Vec::new() };
    let with_this_status: Vec<&Documented> =
        to_this_call.iter().copied().filter(|page| page.statuses.contains(&observed.status)).collect();
    let held_against = if with_this_status.is_empty() {
        // A rejection may be a documented one of any call; a success must be this call's own.
        let own = to_this_call.iter().filter(|page| page.call().is_some() || observed.status >= 400);
        let mut listed: Vec<u16> = own.flat_map(|page| page.statuses.iter().copied()).collect();
        listed.sort_unstable();
        listed.dedup();
        let listed = listed.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let source = to_this_call.first().map(|page| page.source());
        found.add(DriftKind::OtherStatus, "", listed, observed.status.to_string(), source);
        // A success with another status should still look like a success, and a rejection like a rejection.
        let is_alike = |page: &&&Documented| page.statuses.iter().any(|status| status / 400 == observed.status / 400);
        to_this_call.iter().filter(is_alike).copied().collect()
    } else {
        with_this_status.clone()
    };
    bodies(&held_against, observed, &mut found);
    // The headers of a rejection with another status are not documented.
    let with_headers = if observed.status < 400 { &held_against } else { &with_this_status };
    headers(pages, with_headers, observed, &mut found);
    found.drifts
}

/// Whether a page shows the body of this response. If not, its members cannot be checked.
pub fn is_shown(pages: &Pages, observed: &Observed) -> bool {
    let mut to_this_call = pages.answers.iter().filter(|page| page.is_about(observed));
    to_this_call.any(|page| page.statuses.contains(&observed.status) && page.body.is_some())
}

struct Findings {
    call: String,
    drifts: Vec<Drift>,
}

impl Findings {
    fn add(&mut self, kind: DriftKind, place: &str, documented: String, observed: String, source: Option<String>) {
        let (call, place) = (self.call.clone(), place.to_owned());
        self.drifts.push(Drift { call, kind, place, documented, observed, source });
    }
}

/// Compares the body with the most similar page, and with the others at the same places.
fn bodies(pages: &[&Documented], observed: &Observed, found: &mut Findings) {
    let Some(body) = observed.body.as_ref().filter(|body| !body.is_null()) else {
        // An empty body is allowed if a page shows one.
        let is_empty = |page: &&Documented| page.body.as_ref().is_some_and(Value::is_null);
        let came = if observed.body.is_none() { "something else" } else { "nothing" };
        let shown = pages.iter().find(|page| page.body.is_some());
        if let Some(page) = shown.filter(|_| observed.body.is_none() || !pages.iter().any(is_empty)) {
            found.add(DriftKind::NotJson, "", "JSON".into(), came.into(), Some(page.source()));
        }
        return;
    };
    let shown = || pages.iter().filter_map(|page| Some((page, page.body.as_ref()?)));
    let Some((page, own)) = shown().min_by_key(|(page, _)| page.unlike(body)) else { return };
    let others: Vec<&Value> = shown().map(|(_, other)| other).filter(|other| !std::ptr::eq(*other, own)).collect();
    let rules = pages.iter().fold(Rules::default(), |rules, page| rules.and(&page.rules));
    for shape::Difference { kind, place, documented, observed } in shape::differences(own, &others, body, &rules) {
        found.add(kind, &place, documented, observed, Some(page.source()));
    }
}

/// Compares the headers with those of these pages and of every response.
fn headers(pages: &Pages, of_this_answer: &[&Documented], observed: &Observed, found: &mut Findings) {
    let has_body = observed.body.as_ref().is_none_or(|body| !body.is_null());
    let mut missing: Vec<&str> = Vec::new();
    for header in &pages.headers {
        let is_due = header.is_due && (has_body || !header.is_about_the_body);
        let source = || Some(header.source.clone());
        match observed.headers.get(&header.name) {
            Some(value) if !header.form.fits(value) => {
                let documented = header.form.in_words().to_owned();
                found.add(DriftKind::ChangedHeader, &header.name, documented, "another form".into(), source());
            }
            None if is_due => {
                missing.push(&header.name);
                found.add(
                    DriftKind::MissingHeader,
                    &header.name,
                    header.form.in_words().into(),
                    "none".into(),
                    source(),
                );
            }
            _ => {}
        }
    }
    for (page, name, value) in
        of_this_answer.iter().flat_map(|page| page.headers.iter().map(move |(name, value)| (page, name, value)))
    {
        if !observed.headers.contains_key(name) && !missing.contains(&name.as_str()) {
            missing.push(name);
            let documented = value.clone().unwrap_or_else(|| "a value".to_owned());
            found.add(DriftKind::MissingHeader, name, documented, "none".into(), Some(page.source()));
        }
    }
    let is_documented = |name: &String| {
        pages.headers.iter().any(|header| header.name == *name)
            || pages.answers.iter().any(|page| page.headers.iter().any(|(known, _)| known == name))
    };
    for name in observed.headers.keys().filter(|name| !is_usual(name) && !is_documented(name)) {
        found.add(DriftKind::NewHeader, name, "none".into(), "a value".into(), None);
    }
}
