//! The documented answers, read from the fixtures.

use serde_json::Value;
use transom_mock_server::fixtures;

use super::{Observed, shape};

/// A documented answer to a call.
#[derive(Clone, Debug)]
pub struct Documented {
    /// The fixture's name.
    pub name: String,
    method: String,
    path: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers that have to be there, with their values where those are fixed.
    pub headers: Vec<(String, Option<String>)>,
    /// The body. `null` anywhere in it stands for anything.
    pub body: Value,
    /// Pointers into the body whose values are fixed.
    exact: Vec<String>,
    page: String,
    certainty: String,
}

/// Every documented answer of a provider.
pub fn of_provider(provider: &str) -> Vec<Documented> {
    fixtures::of(provider).into_iter().filter_map(|fixture| read(&fixture.name, &fixture.json)).collect()
}

fn read(name: &str, json: &Value) -> Option<Documented> {
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let headers = json.pointer("/response/headers").and_then(Value::as_object);
    let headers =
        headers.into_iter().flatten().map(|(name, value)| (name.to_lowercase(), value.as_str().map(str::to_owned)));
    Some(Documented {
        name: name.to_owned(),
        method: text("/request/method")?,
        path: text("/request/path")?.split('?').next()?.to_owned(),
        status: json
            .pointer("/response/status")
            .and_then(Value::as_u64)
            .and_then(|status| u16::try_from(status).ok())?,
        headers: headers.collect(),
        body: json.pointer("/response/body").cloned().unwrap_or_default(),
        exact: json
            .pointer("/response/exact")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        page: text("/source/page")?,
        certainty: text("/response/certainty").or_else(|| text("/source/certainty"))?,
    })
}

impl Documented {
    /// Whether this is an answer to the call that was observed.
    pub(super) fn is_about(&self, observed: &Observed) -> bool {
        self.method == observed.method && without_ids(&self.path) == without_ids(&observed.path)
    }

    /// How little the answer resembles this one: differences of shape, values that are fixed here and others there, and members
    /// that are null on one side only.
    pub(super) fn unlike(&self, observed: &Observed) -> usize {
        let Some(body) = &observed.body else { return usize::MAX };
        let other_value = |pointer: &&String| match (self.body.pointer(pointer), body.pointer(pointer)) {
            // Another type is a difference of shape already.
            (Some(ours), Some(theirs)) => {
                std::mem::discriminant(ours) == std::mem::discriminant(theirs) && ours != theirs
            }
            _ => false,
        };
        // Two differences of shape are one renamed member, and say less than a value of another answer.
        shape::differences(&self.body, Some(body)).len()
            + 3 * (self.exact.iter().filter(other_value).count() + shape::one_sided_nulls(&self.body, body))
    }

    /// The call, with ids left out.
    pub(super) fn call(&self) -> String {
        format!("{} {}", self.method, without_ids(&self.path))
    }

    /// The page, with its certainty.
    pub(super) fn source(&self) -> String {
        format!("{}, {}; {}", self.page, self.certainty, self.name)
    }
}

/// A path in which what names an account or a thing is `*`: it differs from account to account.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_words_and_loses_its_ids() {
        for (path, without) in [
            ("/v2/accounts/my-account/messages", "/v2/accounts/*/messages"),
            ("/v1/wabas/8/templates", "/v1/wabas/*/templates"),
            ("/api/user/whatsapp/senders/12/templates", "/api/user/whatsapp/senders/*/templates"),
            ("/oberyn/v2/notification", "/oberyn/v2/notification"),
        ] {
            assert_eq!(without_ids(path), without);
        }
    }

    #[test]
    fn every_provider_has_documented_answers() {
        for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
            assert!(of_provider(provider).len() >= 20, "{provider}");
        }
    }
}
