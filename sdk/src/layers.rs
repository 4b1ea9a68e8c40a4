//! Policies between the application and the provider, one small file each.

mod retry;
mod window;

pub use retry::{LONGEST_WAIT, Retry};
pub use window::{WindowGuard, WindowPolicy};
