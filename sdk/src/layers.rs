//! Policies between the application and the provider, one small file each.

mod limit;
#[cfg(feature = "opentelemetry")]
mod metrics;
mod retry;
#[cfg(feature = "tracing")]
mod trace;
mod window;

pub use limit::Limit;
#[cfg(feature = "opentelemetry")]
pub use metrics::{Metrics, RequestMetrics};
pub use retry::Retry;
#[cfg(feature = "tracing")]
pub use trace::Trace;
pub use window::{WindowGuard, WindowPolicy};
