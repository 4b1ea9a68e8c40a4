//! The built-in adapters as adapters.

mod autocalls;
mod exotel;
mod gosendapi;
mod messangi;

use transom::ErrorKind;

pub use autocalls::AUTOCALLS;
pub use exotel::EXOTEL;
pub use gosendapi::GOSENDAPI;
pub use messangi::MESSANGI;

use crate::{Refusal, AdapterUnderTest};

/// Every built-in adapter.
pub const ALL: &[&AdapterUnderTest] = &[&AUTOCALLS, &EXOTEL, &GOSENDAPI, &MESSANGI];

const fn refusal(status: u16, body: &'static str, kind: ErrorKind, code: Option<&'static str>) -> Refusal {
    Refusal { status, body, kind, code }
}
