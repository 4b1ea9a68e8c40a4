//! The mock on a port: control plane, console, connections, namespaces and webhook calls.

pub(crate) mod control;

mod body;
mod connection;
mod connection_registry;
mod console;
mod events;
mod mock_server;
mod namespaces;
mod real_time;
mod serve;
mod state;
mod tls;
mod tracked_stream;
mod wait;
mod webhook_desk;
mod webhook_worker;

pub use mock_server::{MockServer, MockServerBuilder};
pub use serve::{serve, serve_and_save, serve_until};
pub use tls::{Endpoint, Tls, TlsError, WebhookRoots};
