//! The four providers that are built in. None shares a type with the adapter of the same name: both are written from the
//! provider's pages, so that one misreading does not go unnoticed on both sides.

mod autocalls;
mod cloud_api;
mod credentials;
mod exotel;
mod gosendapi;
mod messangi;

mod rate_headers;
mod seed;

pub(crate) use cloud_api::checked_components;

pub use autocalls::Autocalls;
pub use exotel::Exotel;
pub use gosendapi::GoSendApi;
pub use messangi::Messangi;

use std::time::SystemTime;

use crate::core::provider_simulator::ProviderSimulator;
use crate::core::simulator::Simulator;

/// Every built-in simulator.
pub fn all() -> Vec<Box<dyn ProviderSimulator>> {
    vec![Box::new(Autocalls), Box::new(Exotel), Box::new(GoSendApi), Box::new(Messangi)]
}

impl Simulator {
    /// The four built-in providers in their seeded world; the clock shows real time and runs.
    pub fn new(real_now: SystemTime) -> Self {
        Self::with_providers(real_now, all())
    }
}
