//! Policies between the application and the provider, one small file each.

mod limit;
mod retry;
#[cfg(feature = "trace")]
mod trace;
mod window;

pub use limit::Limit;
pub use retry::Retry;
#[cfg(feature = "trace")]
pub use trace::Trace;
pub use window::{WindowGuard, WindowPolicy};
