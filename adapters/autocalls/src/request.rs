//! Requests of Autocalls. Pure: no network, no clock.

pub(crate) mod calls;
pub(crate) mod template;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use serde::Serialize;
use transom::account::ConversationFilter;
use transom::adapter::RequestBuilder;
use transom::adapter::{Limits, Operation};
use transom::message::Text;
use transom::{Message, PhoneNumber, Result};

use crate::config::Config;
use template::RequestedTemplate;

/// Texts are held to 4096 characters by the page of free-form messages [seed].
const LIMITS: Limits = Limits::WHATSAPP.without_template_body();

/// The largest page of conversations [docs, List Conversations].
const PER_PAGE: &str = "100";

/// The request that sends free text: `POST /user/whatsapp/send-freeform` [seed].
pub(crate) fn encode_text(config: &Config, message: &Message, text: &Text) -> Result<Request<Bytes>> {
    #[derive(Serialize)]
    struct Body<'a> {
        sender_id: u64,
        recipient_phone: &'a str,
        message: &'a str,
    }
    LIMITS.check(message)?;
    let body = Body { sender_id: config.sender_id, recipient_phone: message.to.as_str(), message: &text.body };
    post(config, &["send-freeform"]).json(Operation::Send, &body)
}

/// The request that sends a template: `POST /user/whatsapp/send`. The page is called send-template, its path is not
/// [docs, Send Template Message].
pub(crate) fn encode_template(
    config: &Config,
    to: &PhoneNumber,
    requested: &RequestedTemplate<'_>,
    id: u64,
) -> Result<Request<Bytes>> {
    #[derive(Serialize)]
    struct Body<'a> {
        sender_id: u64,
        template_id: u64,
        recipient_phone: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        recipient_name: Option<&'a str>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        variables: &'a BTreeMap<String, &'a str>,
    }
    let body = Body {
        sender_id: config.sender_id,
        template_id: id,
        recipient_phone: to.as_str(),
        recipient_name: requested.recipient_name,
        variables: &requested.variables,
    };
    post(config, &["send"]).json(Operation::Send, &body)
}

/// The request that asks for the window: `GET /user/whatsapp/session-status`. It costs nothing [seed].
pub(crate) fn encode_session(config: &Config, contact: &PhoneNumber) -> Result<Request<Bytes>> {
    get(config, &["whatsapp", "session-status"])
        .query("sender_id", &config.sender_id.to_string())
        .query("recipient_phone", contact.as_str())
        .empty(Operation::Read)
}

/// `GET /user/whatsapp/senders`. Without `status=all` those that are offline are left out [docs, Get Senders].
pub(crate) fn encode_senders(config: &Config) -> Result<Request<Bytes>> {
    get(config, &["whatsapp", "senders"]).query("status", "all").empty(Operation::Read)
}

/// `GET /user/whatsapp/senders/{senderId}/templates`. Without `status=all` those that are not approved are left out
/// [docs, Get Templates].
pub(crate) fn encode_templates(config: &Config) -> Result<Request<Bytes>> {
    let sender = config.sender_id.to_string();
    get(config, &["whatsapp", "senders", &sender, "templates"]).query("status", "all").empty(Operation::Read)
}

/// `GET /user/conversations`, one page. The cursor of the first is empty.
pub(crate) fn encode_conversations(
    config: &Config,
    filter: &ConversationFilter,
    cursor: Option<&str>,
) -> Result<Request<Bytes>> {
    let mut request = get(config, &["conversations"]).query("type", "whatsapp").query("per_page", PER_PAGE);
    if let Some(contact) = &filter.contact {
        request = request.query("customer_phone", contact.as_str());
    }
    if let Some(cursor) = cursor {
        request = request.query("cursor", cursor);
    }
    request.empty(Operation::Read)
}

fn get(config: &Config, path: &[&str]) -> RequestBuilder {
    with_key(config, RequestBuilder::get(&config.base_url, &[&["api", "user"], path].concat()))
}

fn post(config: &Config, path: &[&str]) -> RequestBuilder {
    with_key(config, RequestBuilder::post(&config.base_url, &[&["api", "user", "whatsapp"], path].concat()))
}

fn with_key(config: &Config, request: RequestBuilder) -> RequestBuilder {
    request.secret_header(AUTHORIZATION, &format!("Bearer {}", config.api_key.expose()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use transom::message::{Header, TemplateButton};
    use transom::{Content, ErrorKind, Template};

    use super::*;
    use crate::config::NAME;
    use crate::error::tests::{config, to};

    fn body(request: &Request<Bytes>) -> Value {
        serde_json::from_slice(request.body()).unwrap()
    }

    fn templates(mapping: &str) -> Config {
        let values = format!(r#"{{"api_key":"k","sender_id":12,"templates":{mapping}}}"#);
        let values = serde_json::from_str(&values).unwrap();
        let env: transom::config::Env = std::sync::Arc::new(|_| None);
        Config::read(transom::config::ChannelConfig::new("support", NAME, values, env).reader()).unwrap()
    }

    fn check(config: &Config, template: &Template, expected: &Value) {
        let requested = RequestedTemplate::of(config, template).unwrap();
        let request = encode_template(config, &to(), &requested, requested.id.unwrap_or(310)).unwrap();
        assert_eq!(request.uri(), "https://app.autocalls.ai/api/user/whatsapp/send");
        assert_eq!(body(&request), *expected);
    }

    #[test]
    fn a_text_is_the_free_form_page() {
        let message = Message::text(to(), "Your parcel is at the front desk.");
        let Content::Text(text) = &message.content else { panic!() };
        let request = encode_text(&config(), &message, text).unwrap();
        assert_eq!(request.uri(), "https://app.autocalls.ai/api/user/whatsapp/send-freeform");
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer 7|key");
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
        assert_eq!(request.headers()["accept"], "application/json");
        let expected = json!({
            "sender_id": 77, "recipient_phone": "+447700900123", "message": "Your parcel is at the front desk.",
        });
        assert_eq!(body(&request), expected);
    }

    #[test]
    fn a_text_over_4096_characters_is_refused() {
        for (length, fits) in [(4096, true), (4097, false)] {
            let message = Message::text(to(), "é".repeat(length));
            let Content::Text(text) = &message.content else { panic!() };
            assert_eq!(encode_text(&config(), &message, text).is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn positional_values_are_keyed_by_their_places() {
        check(
            &templates(r#"{"visit":{"id":310}}"#),
            &Template::new("visit").body(["Mara", "12 May", "16:30"]),
            &json!({
                "sender_id": 12, "template_id": 310, "recipient_phone": "+447700900123",
                "variables": { "1": "Mara", "2": "12 May", "3": "16:30" },
            }),
        );
    }

    #[test]
    fn values_are_keyed_by_the_names_that_the_channel_gives() {
        check(
            &templates(r#"{"visit":{"id":311,"params":["first_name","day"]}}"#),
            &Template::new("visit").body(["Mara", "12 May"]),
            &json!({
                "sender_id": 12, "template_id": 311, "recipient_phone": "+447700900123",
                "variables": { "first_name": "Mara", "day": "12 May" },
            }),
        );
    }

    #[test]
    fn a_template_without_values_has_no_variables() {
        check(
            &templates(r#"{"again":{"id":312}}"#),
            &Template::new("again"),
            &json!({ "sender_id": 12, "template_id": 312, "recipient_phone": "+447700900123" }),
        );
    }

    #[test]
    fn name_of_the_recipient_stands_beside_its_number() {
        let config = templates(r#"{"visit":{"id":310}}"#);
        let template = Template::new("visit").body(["Mara", "12 May"]);
        let requested = RequestedTemplate::of(&config, &template).unwrap();
        let requested = RequestedTemplate { recipient_name: Some("Mara Voss"), ..requested };
        let request = encode_template(&config, &to(), &requested, 310).unwrap();
        let expected = json!({
            "sender_id": 12, "template_id": 310, "recipient_phone": "+447700900123", "recipient_name": "Mara Voss",
            "variables": { "1": "Mara", "2": "12 May" },
        });
        assert_eq!(body(&request), expected);
    }

    #[test]
    fn what_a_template_cannot_carry_is_refused() {
        let config = config();
        let refused = |template: &Template| RequestedTemplate::of(&config, template).unwrap_err();
        let header = Template::new("visit").header(Header::text("x"));
        let button = Template::new("visit").button(TemplateButton::quick_reply(0, "OK"));
        assert_eq!(refused(&header).kind(), ErrorKind::Unsupported);
        assert_eq!(refused(&button).kind(), ErrorKind::Unsupported);
        let offer = Template::new("visit").offer_expires_at(std::time::SystemTime::UNIX_EPOCH);
        assert_eq!(refused(&offer).kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn the_plus_of_a_number_is_encoded_in_the_query() {
        let request = encode_session(&config(), &to()).unwrap();
        let expected =
            "https://app.autocalls.ai/api/user/whatsapp/session-status?sender_id=77&recipient_phone=%2B447700900123";
        assert_eq!(request.uri(), expected);
        assert_eq!(Operation::of(&request), Operation::Read);
    }

    #[test]
    fn lists_ask_for_what_the_service_hides_by_default() {
        let base = "https://app.autocalls.ai/api/user";
        let uri = |request: Result<Request<Bytes>>| request.unwrap().uri().to_string();
        assert_eq!(uri(encode_senders(&config())), format!("{base}/whatsapp/senders?status=all"));
        assert_eq!(uri(encode_templates(&config())), format!("{base}/whatsapp/senders/77/templates?status=all"));
        let filter = ConversationFilter::with_contact(to());
        assert_eq!(
            uri(encode_conversations(&config(), &filter, Some("a=b"))),
            format!("{base}/conversations?type=whatsapp&per_page=100&customer_phone=%2B447700900123&cursor=a%3Db")
        );
    }
}
