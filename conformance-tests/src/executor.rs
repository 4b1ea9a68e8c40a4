//! Plays many cases at once.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime};

use crate::adapters::AdapterUnderTest;
use crate::harness::Backend;
use crate::suite::{Case, Outcome};

/// Cases that were played together.
#[derive(Clone, Debug)]
pub struct Run {
    /// Each case with its outcome, in the order of the request.
    pub played: Vec<(Case, Outcome)>,
    /// The backend that the cases were played against.
    pub target: String,
    /// When the run began.
    pub began: SystemTime,
    /// How long it took.
    pub duration: Duration,
    /// How many cases ran at the same time.
    pub threads: usize,
}

impl Run {
    /// The adapters that were played, each once.
    pub fn adapters(&self) -> Vec<&'static AdapterUnderTest> {
        let mut adapters: Vec<&'static AdapterUnderTest> = Vec::new();
        for (case, _) in &self.played {
            if adapters.iter().all(|known| known.provider.name != case.provider()) {
                adapters.push(case.adapter());
            }
        }
        adapters
    }
}

/// Plays `cases`, several at a time, and calls `on_outcome` with each outcome as soon as it is known. The result is in the order
/// of `cases`.
pub fn play(cases: &[Case], backend: &Backend, mut on_outcome: impl FnMut(&Case, &Outcome)) -> Run {
    let (began, clock) = (SystemTime::now(), Instant::now());
    let available = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = available.min(cases.len()).max(1);
    let next = AtomicUsize::new(0);
    let mut outcomes: Vec<Option<Outcome>> = vec![None; cases.len()];
    std::thread::scope(|scope| {
        let (done, ended) = mpsc::channel();
        for _ in 0..threads {
            let (done, next) = (done.clone(), &next);
            scope.spawn(move || {
                while let Some((at, case)) = take(cases, next) {
                    // The receiver is gone only if the run is being aborted.
                    let _ = done.send((at, play_one(case, backend)));
                }
            });
        }
        drop(done);
        for (at, outcome) in ended {
            if let (Some(case), Some(place)) = (cases.get(at), outcomes.get_mut(at)) {
                on_outcome(case, &outcome);
                *place = Some(outcome);
            }
        }
    });
    let played = cases.iter().copied().zip(outcomes);
    Run {
        played: played.filter_map(|(case, outcome)| Some((case, outcome?))).collect(),
        target: backend.to_string(),
        began,
        duration: clock.elapsed(),
        threads,
    }
}

fn take<'c>(cases: &'c [Case], next: &AtomicUsize) -> Option<(usize, &'c Case)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, cases.get(at)?))
}

/// Plays one case on its own runtime.
pub(crate) fn play_one(case: &Case, backend: &Backend) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(case.play(backend)),
        Err(error) => Outcome::without_stage(format!("no runtime: {error}").into(), Duration::ZERO),
    }
}
