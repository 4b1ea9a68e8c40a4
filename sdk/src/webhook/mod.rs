//! Webhook events, and the verification of a webhook call's signature.

pub(crate) mod event;
pub(crate) mod signature;

pub use event::{DeliveryStatus, Event, Inbound, StatusUpdate, WebhookEvents};
pub use signature::verify_hmac_sha256;
