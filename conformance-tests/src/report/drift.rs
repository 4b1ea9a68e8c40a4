//! The drift report: the responses of live providers, compared with their documentation.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use transom::time::rfc3339;

use super::model::{Generator, SCHEMA_VERSION, milliseconds};
use crate::drift::live::{StepReport, StepVerdict};

/// A drift report. `docs/conformance-report.md` describes each member.
#[derive(Clone, Debug, Serialize)]
pub struct DriftReport {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The program that wrote it.
    pub generator: Generator,
    /// The target: `live`.
    pub target: &'static str,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// How long it took.
    pub duration_ms: u64,
    /// The numbers of all steps.
    pub totals: DriftTotals,
    /// Each channel, in order.
    pub channels: Vec<AskedChannel>,
}

/// Numbers of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DriftTotals {
    /// All.
    pub steps: usize,
    /// The steps that were answered as documented.
    pub as_documented: usize,
    /// The differences in the other steps.
    pub differences: usize,
}

/// The responses of one channel.
#[derive(Clone, Debug, Serialize)]
pub struct AskedChannel {
    /// The channel's name.
    pub channel: String,
    /// The provider behind it.
    pub provider: &'static str,
    /// The steps, in order.
    pub steps: Vec<StepReport>,
}

impl DriftReport {
    /// The report of channels whose check began at `began`.
    pub fn of(channels: Vec<AskedChannel>, began: SystemTime, duration: Duration) -> Self {
        let steps = || channels.iter().flat_map(|channel| &channel.steps);
        let totals = DriftTotals {
            steps: steps().count(),
            as_documented: steps().filter(|step| step.is_as_documented()).count(),
            differences: steps().map(|step| step.drift.len()).sum(),
        };
        Self {
            schema_version: SCHEMA_VERSION,
            generator: Generator { name: "transom conform", version: env!("CARGO_PKG_VERSION") },
            target: "live",
            started_at: rfc3339::format(began),
            duration_ms: milliseconds(duration),
            totals,
            channels,
        }
    }

    /// Whether there was a step, and every step was done and answered as documented.
    pub fn is_all_well(&self) -> bool {
        self.verdict() == Some(StepVerdict::AsDocumented)
    }

    /// The most serious verdict of all steps; none if there was no step.
    pub fn verdict(&self) -> Option<StepVerdict> {
        self.channels.iter().flat_map(|channel| &channel.steps).map(|step| step.verdict).max()
    }
}

impl AskedChannel {
    /// Whether every step was answered as documented.
    pub fn is_all_well(&self) -> bool {
        self.steps.iter().all(StepReport::is_as_documented)
    }
}
