//! Webhook events, the verification of a webhook call's signature, and the readers that adapters share.

pub(crate) mod body;
mod debug;
mod dedupe;
pub(crate) mod event;
mod inbound;
pub(crate) mod inbound_content;
pub mod platform;
mod seen;
pub(crate) mod signature;
pub(crate) mod status;

pub use body::{json_body, lenient_json};
pub use event::{ConversationUpdate, Event, TemplateUpdate, WebhookEvents};
pub use inbound::{Inbound, Referral, TimeSource};
pub use inbound_content::{InboundContent, InboundMedia, InboundReply, OrderItem, SystemNotice};
pub use seen::{MemorySeen, Seen};
pub use signature::verify_hmac_sha256;
pub use status::{DeliveryFailure, DeliveryStatus, StatusUpdate};
