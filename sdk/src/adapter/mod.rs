//! The toolkit for adapter authors. Applications do not need it.

pub(crate) mod answer;
pub(crate) mod cached;
pub mod cloud_api;
pub(crate) mod error_code;
pub mod json;
pub(crate) mod limits;
pub(crate) mod media_limits;
pub mod platform_codes;
pub(crate) mod rate;
pub mod request;
pub(crate) mod send_answer;
pub(crate) mod template_cache;

pub use answer::{first_code, reasons};
pub use cached::{Cached, Entry};
pub use error_code::{Certainty, ErrorCode, beside, count_beside};
pub use limits::{Limits, check_recipient};
pub use media_limits::MediaLimit;
pub use rate::{Rate, Scope};
pub use request::{BaseUrl, BaseUrlError, RequestBuilder};
pub use send_answer::{IdPlaces, SendAnswer, is_refusing_word};
pub use template_cache::{RequestedTemplate, TemplateCache, other_languages};

pub use crate::client::attempt::Attempt;
pub use crate::config::{ChannelRates, Connect, Connected, Context, Provider};
pub use crate::error::RateLimitInfo;
pub use crate::message::validate::{MAX_TEXT_CHARS, over_length};
pub use crate::messenger::unsupported;
pub use crate::transport::Operation;
