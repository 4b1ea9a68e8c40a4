//! The facts about a provider that the suite rests on: the rows of the adapter's tables and the documented samples.

mod meanings;
pub(crate) mod rests_on;

use serde::Serialize;
use serde_json::Value;
use transom::Sent;
use transom::adapter::{ErrorCode, Rate, Scope};
use transom_mock_server::fixtures::{self, Fixture};

pub(crate) use meanings::Meanings;

use crate::Subject;
use crate::run::Run;
use crate::suite::cases;
use crate::webhooks::WebhookFixture;

/// A fact about a provider, and where it is known from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Names it among the provider's: `code/answers/SESSION_EXPIRED/403`, `sample/session-open`.
    pub id: String,
    /// What it is.
    pub kind: EvidenceKind,
    /// What it says, in a sentence.
    pub fact: String,
    /// The page.
    pub source: String,
    /// How sure it is: `seed`, `docs`, `field`, `inferred`.
    pub certainty: String,
    /// When the page was read, `YYYY-MM-DD`; empty where that is not recorded.
    pub date: String,
}

/// What a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A row of a table of codes.
    Code,
    /// A documented limit.
    Rate,
    /// A documented request, with its answer.
    Sample,
    /// A documented webhook call.
    Webhook,
}

impl EvidenceKind {
    /// The name used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Rate => "rate",
            Self::Sample => "sample",
            Self::Webhook => "webhook",
        }
    }
}

/// Every fact that is on record about a subject's provider.
pub fn all(subject: &Subject) -> Vec<Evidence> {
    [codes(subject), rates(subject), samples(subject), webhooks(subject)].concat()
}

/// A fact on record that no case has played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unplayed {
    /// The provider's name.
    pub provider: &'static str,
    /// The fact.
    pub evidence: Evidence,
}

/// The facts that no case of the run has played, of the adapters of which all cases were in it: of a part of the cases
/// nothing can be said.
pub fn unplayed(run: &Run) -> Vec<Unplayed> {
    let mut unplayed = Vec::new();
    for subject in run.subjects() {
        let provider = subject.provider.name;
        let own = || run.played.iter().filter(|(case, _)| case.provider() == provider);
        if own().count() < cases(subject).len() {
            continue;
        }
        let is_played = |fact: &Evidence| {
            own().any(|(_, outcome)| outcome.covered.iter().any(|covered| covered.evidence.id == fact.id))
        };
        let left = all(subject).into_iter().filter(|fact| !is_played(fact));
        unplayed.extend(left.map(|evidence| Unplayed { provider, evidence }));
    }
    unplayed
}

/// The documented exchanges of a subject's provider: those that are built in, and those that the subject brings.
pub(crate) fn documented(subject: &Subject) -> Vec<Fixture> {
    let own = subject.samples.iter().map(|(name, text)| {
        // A text that is no JSON is an exchange that nothing can answer, and so fails the cases that play it.
        Fixture { name: (*name).to_owned(), json: serde_json::from_str(text).unwrap_or_default() }
    });
    fixtures::of(subject.provider.name).into_iter().chain(own).collect()
}

/// The rows of the tables of codes, each with its table's place.
pub(crate) fn rows(subject: &Subject) -> impl Iterator<Item = (&'static crate::Place, &'static ErrorCode)> {
    let places = subject.places.iter().zip(subject.provider.codes);
    places.flat_map(|(place, table)| table.iter().map(move |fact| (place, fact)))
}

/// A row as evidence.
pub(crate) fn of_row(place: &crate::Place, fact: &ErrorCode) -> Evidence {
    let status = fact.status.map(|status| format!("/{status}")).unwrap_or_default();
    let with = fact.status.map(|status| format!(" with HTTP {status}")).unwrap_or_default();
    let name = if fact.name.is_empty() { String::new() } else { format!(" ({})", fact.name) };
    let sent = if fact.sent == Sent::No { "nothing was sent" } else { "it may have been sent" };
    Evidence {
        id: format!("code/{}/{}{status}", place.name, fact.code),
        kind: EvidenceKind::Code,
        fact: format!("{}{name}{with} is {}; {sent}", fact.code, fact.kind),
        source: fact.source.to_owned(),
        certainty: fact.certainty.as_str().to_owned(),
        date: fact.date.to_owned(),
    }
}

/// Every row of every table of codes.
pub(crate) fn codes(subject: &Subject) -> Vec<Evidence> {
    rows(subject).map(|(place, fact)| of_row(place, fact)).collect()
}

/// A limit as evidence.
pub(crate) fn of_rate(rate: &Rate) -> Evidence {
    let scope = match rate.scope {
        Scope::Pair => "pair",
        Scope::Sender => "sender",
        Scope::Account => "account",
    };
    let seconds = rate.window.as_secs_f64();
    Evidence {
        id: format!("rate/{scope}/{}-in-{seconds}s", rate.quota),
        kind: EvidenceKind::Rate,
        fact: format!("at most {} sends a {scope} within {seconds} s", rate.quota),
        source: rate.source.to_owned(),
        certainty: rate.certainty.as_str().to_owned(),
        date: String::new(),
    }
}

/// Every documented limit.
pub(crate) fn rates(subject: &Subject) -> Vec<Evidence> {
    subject.provider.rates.iter().map(of_rate).collect()
}

/// A documented request as evidence.
pub(crate) fn of_sample(sample: &Fixture) -> Evidence {
    let text = |place: &str| sample.json.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
    Evidence {
        id: format!("sample/{}", sample.name),
        kind: EvidenceKind::Sample,
        fact: text("/title"),
        source: format!("{}, {}", text("/source/page"), text("/source/url")),
        certainty: text("/source/certainty"),
        date: text("/source/date"),
    }
}

/// Every documented request.
pub(crate) fn samples(subject: &Subject) -> Vec<Evidence> {
    documented(subject).iter().map(of_sample).collect()
}

/// A documented webhook call as evidence.
pub(crate) fn of_webhook(call: &WebhookFixture) -> Evidence {
    let file = call.name.split('/').next_back().unwrap_or_default().trim_end_matches(".json");
    Evidence {
        id: format!("webhook/{file}"),
        kind: EvidenceKind::Webhook,
        fact: call.title.clone(),
        source: format!("{}, {}", call.source.page, call.source.url),
        certainty: call.source.certainty.clone(),
        date: call.source.date.clone(),
    }
}

/// Every documented webhook call.
pub(crate) fn webhooks(subject: &Subject) -> Vec<Evidence> {
    // A file that cannot be read fails the case that plays it.
    WebhookFixture::of_subject(subject).unwrap_or_default().iter().map(of_webhook).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fact_has_an_id_of_its_own_a_sentence_and_a_source() {
        for subject in crate::subjects::ALL {
            let facts = all(subject);
            let ids: BTreeSet<&str> = facts.iter().map(|fact| fact.id.as_str()).collect();
            assert_eq!(ids.len(), facts.len(), "{}", subject.provider.name);
            for fact in &facts {
                assert!(!fact.fact.is_empty() && !fact.source.is_empty(), "{}", fact.id);
                assert!(matches!(&*fact.certainty, "seed" | "docs" | "field" | "inferred"), "{}", fact.id);
            }
        }
    }

    #[test]
    fn every_table_of_codes_has_a_place() {
        for subject in crate::subjects::ALL {
            assert_eq!(subject.places.len(), subject.provider.codes.len(), "{}", subject.provider.name);
            assert!(rows(subject).all(|(place, fact)| !(place.said)(fact).is_empty()), "{}", subject.provider.name);
        }
    }

    #[test]
    fn what_every_code_means_is_listed_apart_from_the_adapters_tables() {
        for subject in crate::subjects::ALL {
            let meanings = Meanings::of(subject).unwrap();
            for (place, fact) in rows(subject) {
                meanings.check(place, fact).unwrap_or_else(|broken| panic!("{}: {broken}", subject.provider.name));
            }
            assert_eq!(meanings.without_row(subject), Vec::<String>::new(), "{}", subject.provider.name);
        }
    }
}
