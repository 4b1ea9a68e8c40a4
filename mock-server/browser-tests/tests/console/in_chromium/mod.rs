//! Each test opens a page. `cargo xtask test` counts them by this module's name.

mod appearance;
mod client;
mod controls;
mod conversation;
mod copying;
mod high_traffic;
mod security;
mod settings;
