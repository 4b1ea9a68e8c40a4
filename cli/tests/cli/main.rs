//! Tests of the built command.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    clippy::too_many_lines,
    reason = "a test that cannot go on should stop"
)]

mod bad_messages;
mod conform;
mod conform_live;
mod failover;
mod faults;
mod listen_load;
mod lookups_and_webhooks;
mod mock_command;
mod new_adapter;
mod newcomer;
mod numbers;
mod published_samples;
mod real_clients;
mod secrets;
mod sending;
mod shared_files;
mod signals;
mod support;
mod terminal;
mod webhooks;
