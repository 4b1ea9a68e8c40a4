//! Policies between the application and the provider, one small file each.

mod limit;
#[cfg(feature = "metrics")]
mod metrics;
mod retry;
#[cfg(feature = "trace")]
mod trace;
mod window;

pub use limit::Limit;
#[cfg(feature = "metrics")]
pub use metrics::{Metrics, RequestMetrics};
pub use retry::Retry;
#[cfg(feature = "trace")]
pub use trace::Trace;
pub use window::{WindowGuard, WindowPolicy};
