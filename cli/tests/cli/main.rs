//! The built command, from outside.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    clippy::too_many_lines,
    reason = "a test that cannot go on should stop"
)]

mod bad_messages;
mod commands;
mod conform;
mod conform_live;
mod failover;
mod faults;
mod mock_command;
mod more_commands;
mod new_adapter;
mod published_samples;
mod real_clients;
mod support;
mod webhooks;
