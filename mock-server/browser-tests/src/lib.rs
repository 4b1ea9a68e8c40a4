//! A headless Chromium with one page, for tests.
//!
//! Each call waits for a condition on the page. After 30 seconds it fails and prints what the page shows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::future_not_send,
    reason = "this crate is part of tests, which panic when they fail"
)]

mod chromium;
mod page;
mod protocol;

pub use page::{Key, Page, Screen, browse};
