//! Layers: policies between the application and the provider.

pub(crate) mod layer;
#[cfg(feature = "opentelemetry")]
mod metrics;
pub(crate) mod rate_limit;
pub(crate) mod retry;
#[cfg(feature = "tracing")]
mod tracing;
pub(crate) mod window_guard;

pub use layer::{Layer, Next};
#[cfg(feature = "opentelemetry")]
pub use metrics::{Metrics, RequestMetrics};
pub use rate_limit::RateLimit;
#[doc(hidden)]
pub use retry::policy;
pub use retry::{Retry, RetryBudget};
#[cfg(feature = "tracing")]
pub use tracing::Tracing;
pub use window_guard::{WindowGuard, WindowPolicy};
