//! Policies between the application and the provider, one small file each.

mod window;

pub use window::{WindowGuard, WindowPolicy};
