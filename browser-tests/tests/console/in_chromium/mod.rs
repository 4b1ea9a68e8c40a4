//! Every test of this target opens a page; `cargo xtask test` counts them by this module's name.

mod burst;
mod client;
mod copying;
mod looks;
mod settings;
mod steering;
mod story;
mod trust;
