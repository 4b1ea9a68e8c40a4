//! The cases of an adapter, and the outcome of a case.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use transom::Capability;

use crate::adapters::AdapterUnderTest;
use crate::assertions::Failure;
use crate::evidence::CoveredFact;
use crate::evidence::Evidence;
use crate::harness::Backend;
use crate::harness::Exchange;
use crate::harness::Harness;
use crate::harness::Trace;
use crate::scenarios::{self, Need, Scenario};

/// A case fails if it takes longer than this in real time.
const LONGEST: Duration = Duration::from_secs(60);

/// Every case of an adapter, group by group. Every adapter has the same cases.
pub fn cases(adapter: &'static AdapterUnderTest) -> Vec<Case> {
    scenarios::all().map(|scenario| Case { adapter, scenario, seed: DEFAULT_SEED }).collect()
}

/// The default seed of the random cases.
pub const DEFAULT_SEED: u64 = 20_261_121;

/// A scenario, or its refusal, for one adapter.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    adapter: &'static AdapterUnderTest,
    scenario: &'static Scenario,
    seed: u64,
}

/// Whether the contract holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The contract holds.
    Passed,
    /// The contract is broken.
    Failed,
}

/// The outcome of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether the contract holds.
    pub verdict: Verdict,
    /// How the contract is broken; none if it holds.
    pub problem: Option<Failure>,
    /// The facts that the case checked one by one.
    pub covered: Vec<CoveredFact>,
    /// Every request that the provider received, in order.
    pub exchanges: Vec<Exchange>,
    /// The results reported to the caller and the delivered messages, in words that are the same for every provider.
    pub trace: Trace,
    /// The real time that it took.
    pub duration: Duration,
    /// By how much the case advanced the mock's clock, to the second.
    pub virtual_time: Duration,
}

impl Case {
    /// The same case with another seed for its random values.
    #[must_use]
    pub const fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The adapter under test.
    pub const fn adapter(&self) -> &'static AdapterUnderTest {
        self.adapter
    }

    /// The provider's name.
    pub fn provider(&self) -> &'static str {
        self.adapter.provider.name
    }

    /// The group that the scenario belongs to: `delivery`.
    pub const fn group(&self) -> &'static str {
        self.scenario.group
    }

    /// The scenario's name: `lost_response_is_unknown_and_not_retried`.
    pub const fn name(&self) -> &'static str {
        self.scenario.name
    }

    /// The id in test runs and reports: `exotel::delivery::lost_response_is_unknown_and_not_retried`.
    pub fn id(&self) -> String {
        format!("{}::{}::{}", self.provider(), self.group(), self.name())
    }

    /// The command that runs this case alone. The `transom` command knows the built-in adapters; any other adapter has a
    /// test binary, by convention called `conformance`.
    pub fn command(&self) -> String {
        let (provider, group, name) = (self.provider(), self.group(), self.name());
        if crate::adapters::ALL.iter().any(|adapter| adapter.provider.name == provider) {
            format!("transom conform --channel {provider} --group {group} --name {name}{}", self.seed_argument())
        } else {
            self.test_command("conformance")
        }
    }

    /// The command that runs this case alone in a test binary of this name.
    pub(crate) fn test_command(&self, binary: &str) -> String {
        format!("cargo test --test {binary} -- --exact {}{}", self.id(), self.seed_argument())
    }

    fn seed_argument(&self) -> String {
        if self.seed == DEFAULT_SEED { String::new() } else { format!(" --seed {}", self.seed) }
    }

    /// The facts that a broken contract contradicts: the checked facts that do not hold, or else those that the contract
    /// relies on.
    pub fn contradicted(&self, outcome: &Outcome) -> Vec<Evidence> {
        let broken = outcome.covered.iter().filter(|covered| covered.problem.is_some());
        if outcome.covered.is_empty() {
            self.covers()
        } else {
            broken.map(|covered| covered.evidence.clone()).collect()
        }
    }

    /// The contract of the adapter, in one sentence.
    pub const fn contract(&self) -> &'static str {
        self.scenario.contract
    }

    /// The reason of the contract, or a detail; may be empty.
    pub fn note(&self) -> &'static str {
        self.scenario.note.trim_ascii()
    }

    /// The capability that the scenario needs.
    pub const fn needs(&self) -> Option<Capability> {
        match self.scenario.need {
            Need::Nothing => None,
            Need::Capability(capability) => Some(capability),
        }
    }

    /// The facts about the provider that the contract relies on; none if the contract is the SDK's own.
    pub fn covers(&self) -> Vec<Evidence> {
        (self.scenario.covers)(self.adapter)
    }

    /// Whether the refusal runs, since the adapter lacks the capability.
    pub fn is_refusal(&self) -> bool {
        self.needs().is_some_and(|capability| !self.adapter.capabilities.contains(capability))
    }

    /// Plays the case with its own harness. Needs a Tokio runtime with IO and time enabled.
    pub async fn play(&self, backend: &Backend) -> Outcome {
        let begun = Instant::now();
        let harness = match Harness::open(self.adapter, backend, self.seed).await {
            Ok(harness) => Arc::new(harness),
            Err(problem) => return Outcome::without_stage(problem, begun.elapsed()),
        };
        let opened = harness.control.now().await.ok();
        let problem = self.problem(&harness).await;
        let closed = harness.control.now().await.ok();
        let duration = begun.elapsed();
        let passed = opened.zip(closed).and_then(|(opened, closed)| closed.duration_since(opened).ok());
        // The mock's clock runs, so only the advanced time counts.
        let turned = passed.unwrap_or_default().saturating_sub(duration) + Duration::from_millis(500);
        let exchanges = harness.exchanges().await;
        let delivered = harness.delivered().await.unwrap_or_default();
        Outcome {
            verdict: if problem.is_some() { Verdict::Failed } else { Verdict::Passed },
            problem,
            covered: harness.coverage.take(),
            exchanges: exchanges.iter().map(Exchange::of).collect(),
            trace: harness.trace.take(&delivered),
            duration,
            virtual_time: Duration::from_secs(turned.as_secs()),
        }
    }

    /// How the contract is broken; `None` if it holds. A panic or a timeout breaks it, too.
    async fn problem(&self, harness: &Arc<Harness>) -> Option<Failure> {
        let (scenario, on) = (self.scenario, Arc::clone(harness));
        let played = tokio::spawn(async move {
            match scenario.need {
                Need::Capability(capability) if !on.capabilities().contains(capability) => {
                    scenarios::refusal(&on, capability).await
                }
                Need::Capability(_) | Need::Nothing => (scenario.play)(&on).await,
            }
        });
        let stop = played.abort_handle();
        match tokio::time::timeout(LONGEST, played).await {
            Ok(Ok(Ok(()))) => harness.no_findings().await.err(),
            Ok(Ok(Err(broken))) => Some(broken),
            Ok(Err(panicked)) => Some(format!("it panicked: {}", words_of(panicked)).into()),
            Err(_) => {
                stop.abort();
                Some(format!("it had not ended after {} s", LONGEST.as_secs()).into())
            }
        }
    }
}

impl Outcome {
    pub(crate) fn without_stage(problem: Failure, duration: Duration) -> Self {
        Self {
            verdict: Verdict::Failed,
            problem: Some(problem),
            covered: Vec::new(),
            exchanges: Vec::new(),
            trace: Trace::default(),
            duration,
            virtual_time: Duration::ZERO,
        }
    }

    /// The reason of a failure: the problem, the last request, and the delivered messages.
    pub fn explanation(&self) -> String {
        let mut lines: Vec<String> = self.problem.iter().map(ToString::to_string).collect();
        lines.push(format!("the provider received {} requests", self.exchanges.len()));
        lines.extend(self.exchanges.last().map(|last| {
            let Exchange { method, path, body, status, response, .. } = last;
            format!("  the last: {method} {path} {body} -> {status} {response}")
        }));
        lines.extend(self.trace.reached.iter().map(|message| format!("  delivered: {message}")));
        lines.join("\n")
    }
}

fn words_of(panicked: tokio::task::JoinError) -> String {
    let Ok(payload) = panicked.try_into_panic() else { return "it was cancelled".to_owned() };
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_unique_short_name_and_contract() {
        for adapter in crate::adapters::ALL {
            let mut names: Vec<String> = cases(adapter).iter().map(Case::id).collect();
            let count = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), count, "{}", adapter.provider.name);
            for case in cases(adapter) {
                assert!(case.name().len() <= 60, "{}", case.name());
                assert!(case.contract().contains(' ') && case.contract().ends_with('.'), "{}", case.contract());
            }
        }
    }
}
