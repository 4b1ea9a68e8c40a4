//! Every test of this target opens a page; `cargo xtask test` counts them by this module's name.

mod client;
mod looks;
mod story;
mod trust;
