//! The built-in adapters as adapters under test.

mod adapter_under_test;
mod autocalls;
mod exotel;
mod gosendapi;
mod messangi;
mod webhook_forms;

pub use autocalls::AUTOCALLS;
pub use exotel::EXOTEL;
pub use gosendapi::GOSENDAPI;
pub use messangi::MESSANGI;

pub use adapter_under_test::{
    AdapterUnderTest, CodeChannel, CodeSample, CodeTable, ContentRules, Refusal, WebhookFeatures,
};
pub use webhook_forms::{ErrorSample, FailureSample, InboundSample, WebhookForms};

/// Every built-in adapter.
pub const ALL: &[&AdapterUnderTest] = &[&AUTOCALLS, &EXOTEL, &GOSENDAPI, &MESSANGI];
