//! Webhook events, and the verification of a webhook call's signature.

pub(crate) mod event;
pub(crate) mod inbound_content;
pub(crate) mod signature;

pub use event::{DeliveryStatus, Event, Inbound, StatusUpdate, WebhookEvents};
pub use inbound_content::{InboundContent, InboundMedia, InboundReply};
pub use signature::verify_hmac_sha256;
