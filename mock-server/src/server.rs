//! The control plane and the console, and with the feature `server` the mock on a port.

#[cfg(feature = "client")]
pub(crate) mod client;
pub(crate) mod console;
pub(crate) mod control;

#[cfg(feature = "server")]
mod body;
#[cfg(feature = "server")]
mod connection;
#[cfg(feature = "server")]
mod connection_registry;
#[cfg(feature = "server")]
mod events;
#[cfg(feature = "server")]
mod mock_server;
#[cfg(feature = "server")]
mod namespaces;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "server")]
mod state;
#[cfg(feature = "server")]
mod tracked_stream;
#[cfg(feature = "server")]
mod wait;
#[cfg(feature = "server")]
mod webhook_worker;

#[cfg(feature = "server")]
pub use mock_server::{MockServer, MockServerBuilder};
#[cfg(feature = "server")]
pub use serve::{serve, serve_and_save, serve_until};
