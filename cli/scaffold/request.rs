//! Larkwire's requests. Pure: no network, no clock.

use bytes::Bytes;
use http::Request;
use transom::adapter::{Limits, unsupported};
use transom::{Content, Error, ErrorKind, Message, Result};

use crate::config::{Config, NAME};

/// The page gives no limit of its own [docs, larkwire.example/docs/send]; WhatsApp's is 4096 characters.
const LIMITS: Limits = Limits::WHATSAPP;

/// The request that sends `message`: `POST /wa/send`.
///
/// Still to be written: [`RequestBuilder`](transom::adapter::RequestBuilder) makes one from `config` and `message`.
pub(crate) fn encode_send(_config: &Config, message: &Message) -> Result<Request<Bytes>> {
    LIMITS.check(message)?;
    match &message.content {
        Content::Text(_) => unwritten("a text"),
        Content::Template(_) => unwritten("a template"),
        other => unsupported(NAME, other.capability()),
    }
}

/// Refuses a content that `encode_send` does not write yet, so that nothing is sent and the caller learns why.
fn unwritten<T>(content: &str) -> Result<T> {
    Err(Error::new(ErrorKind::Unsupported, format!("`encode_send` in src/request.rs does not write {content} yet")))
}
