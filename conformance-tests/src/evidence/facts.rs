//! The facts about a provider: rows of code tables, documented limits, samples and webhook calls.

use serde::Serialize;
use serde_json::Value;
use transom::Sent;
use transom::adapter::{ErrorCode, Rate};
use transom_mock_server::fixtures::{self, Fixture};

use super::webhook_fixture::WebhookFixture;
use crate::adapters::{AdapterUnderTest, CodeTable};

/// A fact about a provider, and its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Unique for the provider: `code/answers/SESSION_EXPIRED/403`, `sample/session-open`.
    pub id: String,
    /// The kind of fact.
    pub kind: EvidenceKind,
    /// The fact in a sentence.
    pub fact: String,
    /// The page of the documentation.
    pub source: String,
    /// The certainty: `seed`, `docs`, `field`, `inferred`.
    pub certainty: String,
    /// The day when the page was read, `YYYY-MM-DD`; empty if not recorded.
    pub date: String,
}

/// The kind of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A row of a code table.
    Code,
    /// A documented limit.
    Rate,
    /// A documented request, with its response.
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

/// Every fact on record about the provider.
pub fn all(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    [codes(adapter), rates(adapter), samples(adapter), webhooks(adapter)].concat()
}

/// The documented exchanges of the provider: built-in ones, and those that the adapter under test brings.
pub(crate) fn documented(adapter: &AdapterUnderTest) -> Vec<Fixture> {
    let own = adapter.samples.iter().map(|(name, text)| {
        // A text that is not JSON becomes an exchange that nothing can answer, so the case that plays it fails.
        Fixture { name: (*name).to_owned(), json: serde_json::from_str(text).unwrap_or_default() }
    });
    fixtures::of(adapter.provider.name).into_iter().chain(own).collect()
}

/// The rows of the code tables, each with its table.
pub(crate) fn rows(adapter: &AdapterUnderTest) -> impl Iterator<Item = (&'static CodeTable, &'static ErrorCode)> {
    let tables = adapter.code_tables.iter().zip(adapter.provider.codes);
    tables.flat_map(|(table, codes)| codes.iter().map(move |fact| (table, fact)))
}

/// A row as evidence.
pub(crate) fn of_row(table: &CodeTable, fact: &ErrorCode) -> Evidence {
    let status = fact.status.map(|status| format!("/{status}")).unwrap_or_default();
    let with = fact.status.map(|status| format!(" with HTTP {status}")).unwrap_or_default();
    let name = if fact.name.is_empty() { String::new() } else { format!(" ({})", fact.name) };
    let sent = if fact.sent == Sent::No { "nothing was sent" } else { "it may have been sent" };
    Evidence {
        id: format!("code/{}/{}{status}", table.name, fact.code),
        kind: EvidenceKind::Code,
        fact: format!("{}{name}{with} is {}; {sent}", fact.code, fact.kind),
        source: fact.source.to_owned(),
        certainty: fact.certainty.as_str().to_owned(),
        date: fact.date.to_owned(),
    }
}

/// Every row of every table of codes.
pub(crate) fn codes(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    rows(adapter).map(|(table, fact)| of_row(table, fact)).collect()
}

/// A limit as evidence.
pub(crate) fn of_rate(rate: &Rate) -> Evidence {
    let scope = rate.scope.as_str();
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
pub(crate) fn rates(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    adapter.provider.rates.iter().map(of_rate).collect()
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
pub(crate) fn samples(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    documented(adapter).iter().map(of_sample).collect()
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
pub(crate) fn webhooks(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    // The case that plays an unreadable file fails.
    WebhookFixture::for_adapter(adapter).unwrap_or_default().iter().map(of_webhook).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fact_has_unique_id_sentence_and_source() {
        for adapter in crate::adapters::ALL {
            let facts = all(adapter);
            let ids: BTreeSet<&str> = facts.iter().map(|fact| fact.id.as_str()).collect();
            assert_eq!(ids.len(), facts.len(), "{}", adapter.provider.name);
            for fact in &facts {
                assert!(!fact.fact.is_empty() && !fact.source.is_empty(), "{}", fact.id);
                assert!(matches!(&*fact.certainty, "seed" | "docs" | "field" | "inferred"), "{}", fact.id);
            }
        }
    }

    #[test]
    fn every_code_table_has_samples() {
        for adapter in crate::adapters::ALL {
            assert_eq!(adapter.code_tables.len(), adapter.provider.codes.len(), "{}", adapter.provider.name);
            assert!(rows(adapter).all(|(table, fact)| !(table.samples)(fact).is_empty()), "{}", adapter.provider.name);
        }
    }
}
