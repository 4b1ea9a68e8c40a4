//! Larkwire's requests. Pure: no network, no clock.

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use serde::Serialize;
use transom::adapter::{Limits, Operation, RequestBuilder, unsupported};
use transom::{Capability, Content, Error, ErrorKind, Message, PhoneNumber, Result};

use crate::config::{Config, NAME};

/// The page gives no limit of its own [docs, larkwire.example/docs/send]; WhatsApp's is 4096 characters.
const LIMITS: Limits = Limits::WHATSAPP;

/// The body of a send [docs, larkwire.example/docs/send].
#[derive(Serialize)]
struct Send<'a> {
    line: u64,
    to: String,
    /// The application's own name for the message. It comes back in events.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    body: Body<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Text { text: &'a str },
    Template { template: &'a str, lang: &'a str, values: Vec<&'a str> },
}

/// The request that sends `message`: `POST /wa/send`.
pub(crate) fn encode_send(config: &Config, message: &Message) -> Result<Request<Bytes>> {
    LIMITS.check(message)?;
    if message.reply_to.is_some() {
        return unsupported(NAME, Capability::Reply);
    }
    let body = match &message.content {
        Content::Text(text) => Body::Text { text: &text.body },
        Content::Template(template) => {
            if template.has_components() {
                let why = "this provider takes values for a template's body only, none for its header or buttons";
                return Err(Error::new(ErrorKind::Unsupported, why));
            }
            let known = config.templates.resolve(template);
            Body::Template { template: known.name, lang: known.language, values: known.positional()? }
        }
        other => return unsupported(NAME, other.capability()),
    };
    let send = Send { line: config.line, to: dialled(&message.to), reference: message.reference.as_deref(), body };
    RequestBuilder::post(&config.base_url, &["wa", "send"])
        .secret_header(AUTHORIZATION, &format!("Key {}", config.api_key.expose()))
        .json(Operation::Send, &send)
}

/// A number as Larkwire writes it: digits, with the international prefix `00` in place of the plus.
fn dialled(number: &PhoneNumber) -> String {
    format!("00{}", number.digits())
}
