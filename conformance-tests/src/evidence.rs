//! The facts about a provider that the suite rests on: the rows of the adapter's tables and the documented samples.

use serde::Serialize;
use serde_json::Value;
use transom::{CodeFact, ErrorKind, Rate, Scope, Sent};
use transom_mock_server::fixtures::{self, Fixture};

use crate::Subject;
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

/// The rows of the tables of codes, each with its table's place.
pub(crate) fn rows(subject: &Subject) -> impl Iterator<Item = (&'static crate::Place, &'static CodeFact)> {
    let places = subject.places.iter().zip(subject.provider.codes);
    places.flat_map(|(place, table)| table.iter().map(move |fact| (place, fact)))
}

/// A row as evidence.
pub(crate) fn of_row(place: &crate::Place, fact: &CodeFact) -> Evidence {
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
    fixtures::of(subject.provider.name).iter().map(of_sample).collect()
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
    WebhookFixture::of(subject.provider.name).unwrap_or_default().iter().map(of_webhook).collect()
}

/// No fact of the provider's: the contract is the sdk's own.
pub(crate) const fn nothing(_subject: &Subject) -> Vec<Evidence> {
    Vec::new()
}

/// The rows and samples about the 24-hour window.
pub(crate) fn window(subject: &Subject) -> Vec<Evidence> {
    let rows = about(subject, &[ErrorKind::SessionExpired, ErrorKind::NoActiveSession]);
    [rows, samples_with(subject, |sample| ["session", "window"].iter().any(|word| sample.name.contains(word)))].concat()
}

/// The rows and samples about templates.
pub(crate) fn templates(subject: &Subject) -> Vec<Evidence> {
    let rows = about(subject, &[ErrorKind::TemplateRejected]);
    [rows, samples_with(subject, |sample| content(sample) == "template")].concat()
}

/// The samples of requests for what the provider lists.
pub(crate) fn lists(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| sample.json.pointer("/request/method").is_some_and(|method| method == "GET"))
}

/// The samples of texts that are sent.
pub(crate) fn texts(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| content(sample) == "text")
}

/// The samples of messages that are neither text nor template.
pub(crate) fn contents(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| !matches!(content(sample), "" | "text" | "template"))
}

/// The rows about credentials.
pub(crate) fn credentials(subject: &Subject) -> Vec<Evidence> {
    about(subject, &[ErrorKind::Unauthenticated])
}

/// The rows about senders.
pub(crate) fn senders(subject: &Subject) -> Vec<Evidence> {
    about(subject, &[ErrorKind::SenderNotFound, ErrorKind::SenderUnavailable])
}

/// The rows about the balance.
pub(crate) fn balance(subject: &Subject) -> Vec<Evidence> {
    about(subject, &[ErrorKind::InsufficientBalance])
}

/// The documented limits, and the rows about going too fast.
pub(crate) fn pace(subject: &Subject) -> Vec<Evidence> {
    [rates(subject), about(subject, &[ErrorKind::RateLimited])].concat()
}

/// The rows after which nobody knows.
pub(crate) fn doubt(subject: &Subject) -> Vec<Evidence> {
    rows(subject).filter(|(_, fact)| fact.sent == Sent::Maybe).map(|(place, fact)| of_row(place, fact)).collect()
}

fn about(subject: &Subject, kinds: &[ErrorKind]) -> Vec<Evidence> {
    rows(subject).filter(|(_, fact)| kinds.contains(&fact.kind)).map(|(place, fact)| of_row(place, fact)).collect()
}

fn samples_with(subject: &Subject, fits: impl Fn(&Fixture) -> bool) -> Vec<Evidence> {
    fixtures::of(subject.provider.name).iter().filter(|sample| fits(sample)).map(of_sample).collect()
}

/// The type of the message that an adapter sends for a sample; empty if it sends none.
fn content(sample: &Fixture) -> &str {
    sample.json.pointer("/message/content/type").and_then(Value::as_str).unwrap_or_default()
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
}
