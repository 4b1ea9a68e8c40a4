//! Finds differences between a response and the provider's documentation: in body, status, headers and codes.
//!
//! The documentation is the mock's fixtures. A response is compared with the documented responses to the same call and with
//! those to any call, preferring those with the same status. The most similar one decides which members are missing. A
//! member is new, or of another type, only if no other documented response has it so. A header is missing if any of them
//! has it.

mod difference;
mod documented;
mod form;
pub mod live;
mod observed;
mod shape;

use serde_json::Value;

pub use difference::{Drift, DriftKind};
pub use documented::{Documented, Pages, of_provider};
pub use observed::Observed;

use observed::is_usual;
use shape::Rules;

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
