//! Larkwire's requests and answers. Pure: no network, no clock.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use transom::adapter::RateLimitInfo;
use transom::adapter::RequestBuilder;
use transom::adapter::json::Members;
use transom::adapter::{Limits, Operation, json, unsupported};
use transom::transport::unreadable;
use transom::{Capability, Content, Error, ErrorKind, Message, PhoneNumber, Receipt, Result};

use crate::NAME;
use crate::config::Config;
use crate::error;

/// The page gives no limit of its own [docs, larkwire.example/docs/send]; WhatsApp's is 4096 characters.
const LIMITS: Limits = Limits::WHATSAPP;

/// What is posted to send a message [docs, larkwire.example/docs/send].
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
            if template.header.is_some() || !template.buttons.is_empty() {
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

/// What the answer to a send says.
pub(crate) fn decode_send(response: &Response<Bytes>, now: SystemTime) -> Result<Receipt> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now));
    }
    let answer: Answer = json::decode(response, Operation::Send)?;
    match (answer.code.as_deref(), answer.datum("id")) {
        (Some("0"), Some(id)) => {
            Ok(Receipt::new(NAME, id).with_limits(RateLimitInfo::from_headers(response.headers(), now)))
        }
        (Some("0") | None, _) => {
            Err(unreadable(response.status(), Operation::Send, "there is no `data.id` under code 0 in the answer"))
        }
        // A 200 says that the request was understood; whether the message was taken stands in `code`.
        (Some(_), _) => Err(error::refusal(response, now)),
    }
}

/// The envelope of every answer [docs, larkwire.example/docs/send]. Any member may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) code: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    pub(crate) msg: Option<String>,
    /// Kept as it came: ids are whole numbers of up to 20 digits, more than a float holds.
    data: Option<Box<RawValue>>,
}

impl Answer {
    /// A member of `data`.
    pub(crate) fn datum(&self, name: &str) -> Option<String> {
        Members::from_raw(self.data.as_deref()?)?.text(&[name])
    }
}

/// Reads a number as Larkwire writes it.
pub(crate) fn undialled(text: &str) -> Option<PhoneNumber> {
    text.strip_prefix("00")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_0_with_an_id_is_a_success() {
        let decode = |body: &'static str| {
            decode_send(&Response::new(Bytes::from_static(body.as_bytes())), SystemTime::UNIX_EPOCH)
        };
        let taken = decode(r#"{"code":0,"msg":"accepted","data":{"id":18446744073709551615}}"#).unwrap();
        assert_eq!(taken.message_id.as_str(), "18446744073709551615");
        for body in [
            r#"{"code":4103,"data":{"id":18446744073709551615}}"#,
            r#"{"code":null,"data":{"id":18446744073709551615}}"#,
            r#"{"data":{"id":18446744073709551615}}"#,
            r#"{"code":0,"data":null}"#,
        ] {
            assert!(decode(body).unwrap_err().may_have_been_sent(), "{body}");
        }
    }
}
