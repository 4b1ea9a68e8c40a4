//! The documented responses, read from the fixtures.

use serde_json::Value;
use transom_mock_server::fixtures;

use super::form::Form;
use super::observed::{Observed, without_ids};
use super::shape::{self, Rules};

/// A documented response.
#[derive(Clone, Debug)]
pub struct Documented {
    /// The fixture's name.
    pub name: String,
    /// The possible statuses; most responses have one.
    pub statuses: Vec<u16>,
    /// The body, if the page shows one. `null` stands for any value.
    pub body: Option<Value>,
    /// Method and path of the call; none if the response may come to any call.
    pub(super) call: Option<(String, String)>,
    /// The required headers, with their values if those are fixed.
    pub(super) headers: Vec<(String, Option<String>)>,
    pub(super) rules: Rules,
    /// Pointers into the body whose values are fixed.
    exact: Vec<String>,
    page: String,
    certainty: String,
}

/// A header that any response of a provider may or must have.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) form: Form,
    /// Whether the header is required; if it is about the body, only with a body.
    pub(super) is_due: bool,
    pub(super) is_about_the_body: bool,
    pub(super) source: String,
}

/// All documented facts about a provider's responses.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    pub(super) answers: Vec<Documented>,
    pub(super) headers: Vec<Header>,
}

/// Every documented response of a provider.
pub fn of_provider(provider: &str) -> Pages {
    let everywhere = documented_everywhere(provider);
    let answers = fixtures::of(provider).into_iter().filter_map(|fixture| read(&fixture.name, &fixture.json));
    let anywhere = list(&everywhere, "/answers").iter().enumerate().filter_map(|(n, answer)| {
        let name = format!("any answer {}", n + 1);
        Some(Documented { call: None, ..of_response(&name, answer, answer, Some(answer.get("statuses")?))? })
    });
    let headers = list(&everywhere, "/headers").iter().filter_map(|header| {
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        Some(Header {
            name: text("name")?.to_owned(),
            form: Form::named(text("form")?)?,
            is_due: header.get("due").and_then(Value::as_bool).unwrap_or_default(),
            is_about_the_body: text("name") == Some("content-type"),
            source: format!("{}, {}", text("page")?, text("certainty")?),
        })
    });
    Pages { answers: answers.chain(anywhere).collect(), headers: headers.collect() }
}

fn list<'v>(value: &'v Value, place: &str) -> &'v [Value] {
    value.pointer(place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn texts(value: &Value, place: &str) -> impl Iterator<Item = String> {
    list(value, place).iter().filter_map(Value::as_str).map(str::to_owned)
}

fn read(name: &str, fixture: &Value) -> Option<Documented> {
    let text = |place: &str| fixture.pointer(place).and_then(Value::as_str);
    let response = fixture.get("response")?;
    let call = (text("/request/method")?.to_owned(), text("/request/path")?.split('?').next()?.to_owned());
    let answer = of_response(name, response, fixture.get("source")?, response.get("status"))?;
    let certainty = text("/response/certainty").map_or(answer.certainty, str::to_owned);
    Some(Documented { call: Some(call), certainty, ..answer })
}

fn of_response(name: &str, response: &Value, source: &Value, statuses: Option<&Value>) -> Option<Documented> {
    let statuses: Vec<u64> = match statuses? {
        Value::Array(list) => list.iter().filter_map(Value::as_u64).collect(),
        one => one.as_u64().into_iter().collect(),
    };
    let members = |place: &str| response.get(place).and_then(Value::as_object).into_iter().flatten();
    let words = members("words").map(|(place, words)| (place.clone(), texts(words, "").collect()));
    let headers = members("headers").map(|(name, value)| (name.to_lowercase(), value.as_str().map(str::to_owned)));
    let of_source = |name: &str| source.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Documented {
        name: name.to_owned(),
        statuses: statuses.into_iter().filter_map(|status| u16::try_from(status).ok()).collect(),
        body: response.get("body").cloned().or_else(|| response.get("raw_body").map(|_| Value::Null)),
        call: None,
        headers: headers.collect(),
        rules: Rules {
            optional: texts(response, "/optional").collect(),
            may_be_empty: texts(response, "/may_be_empty").collect(),
            words: words.collect(),
        },
        exact: texts(response, "/exact").collect(),
        page: of_source("page")?,
        certainty: of_source("certainty")?,
    })
}

impl Documented {
    /// Whether this is a response to the observed call, or to any call.
    pub(super) fn is_about(&self, observed: &Observed) -> bool {
        self.call
            .as_ref()
            .is_none_or(|(method, path)| *method == observed.method && without_ids(path) == without_ids(&observed.path))
    }

    /// How much the response differs from this one: in shape, in fixed values, and in members or lists that one side lacks.
    pub(super) fn unlike(&self, body: &Value) -> usize {
        let Some(own) = &self.body else { return usize::MAX };
        let other_value = |pointer: &&String| match (own.pointer(pointer), body.pointer(pointer)) {
            // Another type already counts as a difference of shape.
            (Some(ours), Some(theirs)) => {
                std::mem::discriminant(ours) == std::mem::discriminant(theirs) && ours != theirs
            }
            _ => false,
        };
        let values = self.exact.iter().filter(other_value).count();
        let one_sided = shape::one_sided_nulls(own, body) + shape::one_sided_lists(own, body);
        // A renamed member makes two differences of shape, so they weigh less than a fixed value of another response.
        shape::differences(own, &[], body, &self.rules).len() + 3 * (values + one_sided)
    }

    /// The call with ids removed.
    pub(super) fn call(&self) -> Option<String> {
        self.call.as_ref().map(|(method, path)| format!("{method} {}", without_ids(path)))
    }

    /// The page, with its certainty.
    pub(super) fn source(&self) -> String {
        format!("{}, {}; {}", self.page, self.certainty, self.name)
    }
}

/// The facts that the fixtures state about every response of a provider.
fn documented_everywhere(provider: &str) -> Value {
    let all: Value = serde_json::from_str(transom_mock_server::fixtures::every_answer()).unwrap_or_default();
    all.get(provider).cloned().unwrap_or_default()
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
    fn every_provider_has_documented_responses() {
        for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
            let pages = of_provider(provider);
            assert!(pages.answers.len() >= 20, "{provider}");
            assert!(pages.answers.iter().any(|answer| answer.call.is_none()), "{provider}");
            let everywhere = documented_everywhere(provider);
            assert_eq!(
                pages.headers.len(),
                list(&everywhere, "/headers").len(),
                "{provider}: a header that is not read"
            );
        }
    }

    #[test]
    fn every_rule_names_a_place_of_a_sample() {
        for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
            let pages = of_provider(provider).answers;
            for page in pages.iter().filter(|page| page.call.is_some()) {
                let rules = &page.rules;
                for place in rules.optional.iter().chain(&rules.may_be_empty).chain(rules.words.keys()) {
                    let shown = pages.iter().filter(|other| other.call() == page.call());
                    let mut bodies = shown.filter_map(|other| other.body.as_ref());
                    let pointer = place.replace('*', "0");
                    assert!(bodies.any(|body| body.pointer(&pointer).is_some()), "{provider} {}: {place}", page.name);
                }
            }
        }
    }
}
