//! What live providers answered, as a document: the drift report.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use transom::time::rfc3339;

use super::{Generator, SCHEMA_VERSION, html, junit, milliseconds, write_all};
use crate::drift::live::{StepReport, StepVerdict};

/// A drift report. `docs/conformance-report.md` says what each member means.
#[derive(Clone, Debug, Serialize)]
pub struct DriftReport {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What wrote it.
    pub generator: Generator,
    /// What was asked: `live`.
    pub target: &'static str,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// How long it took.
    pub duration_ms: u64,
    /// All steps, counted.
    pub totals: DriftTotals,
    /// Each channel that was asked, in order.
    pub channels: Vec<AskedChannel>,
}

/// Steps, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DriftTotals {
    /// All.
    pub steps: usize,
    /// Those that were answered, and as documented.
    pub as_documented: usize,
    /// The differences found in the others.
    pub differences: usize,
}

/// What one channel answered.
#[derive(Clone, Debug, Serialize)]
pub struct AskedChannel {
    /// The channel's name.
    pub channel: String,
    /// The provider behind it.
    pub provider: &'static str,
    /// What was asked, in order.
    pub steps: Vec<StepReport>,
}

impl DriftReport {
    /// The report of channels that were asked from `began` on.
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

    /// Whether something was asked, and everything was done and answered as documented.
    pub fn is_all_well(&self) -> bool {
        self.verdict() == Some(StepVerdict::AsDocumented)
    }

    /// The gravest verdict of all steps; none if nothing was asked.
    pub fn verdict(&self) -> Option<StepVerdict> {
        self.channels.iter().flat_map(|channel| &channel.steps).map(|step| step.verdict).max()
    }

    /// Writes `report.json`, `junit.xml` and `index.html` into `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// What went wrong with which file.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        write_all(folder, self, &junit::of_drift(self), html::of_drift(self))
    }
}

impl AskedChannel {
    /// Whether nothing that was asked went otherwise than documented.
    pub fn is_all_well(&self) -> bool {
        self.steps.iter().all(StepReport::is_as_documented)
    }
}
