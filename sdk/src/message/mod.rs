//! Messages, and the receipt of an accepted message.

pub(crate) mod contacts;
pub(crate) mod content;
pub(crate) mod definition;
pub(crate) mod id;
pub(crate) mod interactive;
pub(crate) mod key;
pub(crate) mod media;
pub(crate) mod receipt;
pub(crate) mod status_callback;
pub(crate) mod template;
pub(crate) mod validate;
mod values;

use serde::{Deserialize, Serialize};

pub use contacts::{
    Contact, ContactAddress, ContactEmail, ContactName, ContactOrg, ContactPhone, ContactUrl, Contacts,
};
pub use content::{Content, Location, Reaction, Text};
pub use definition::{ButtonDefinition, HeaderDefinition, PartDefinition, TemplateDefinition};
pub use id::MessageId;
pub use interactive::{Button, Buttons, List, Row, Section};
pub use media::{Header, HeaderText, Media, MediaSource};
pub use receipt::Receipt;
pub use status_callback::StatusCallback;
pub use template::{Card, LimitedTimeOffer, Parameters, Template, TemplateButton};

use crate::phone::PhoneNumber;

/// A message to a contact.
///
/// `transom send --message` reads its JSON form. Unknown members are refused.
///
/// ```
/// use transom::{Message, Template};
///
/// let message = Message::text("+919876543210".parse()?, "Your parcel leaves today.")
///     .with_fallback(Template::new("follow_up").body(["your parcel"]))
///     .with_reference("order-17");
/// assert_eq!(message.reference.as_deref(), Some("order-17"));
/// # Ok::<(), transom::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Message {
    /// The contact.
    pub to: PhoneNumber,
    /// The content.
    pub content: Content,
    /// The fallback template, sent instead if the session window is closed.
    #[serde(default, with = "fallback", skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Template>,
    /// The message that this one quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// The application's own name for the message, unique to it: two messages under one reference cannot be told apart.
    /// It comes back in delivery reports where the provider carries it. Where the provider has idempotency keys it is
    /// the key as it is, if it has 1 to 64 of `[A-Za-z0-9._:-]` and does not end in `-template`; else the key is a fixed
    /// hash of it and the contact. The key of the fallback is the message's and `-template`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The address for the delivery reports of this message, in place of the channel's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_callback: Option<StatusCallback>,
    /// The idempotency key, once [`Client::prepare`](crate::Client::prepare) or a send has made it. A message that is stored with its key
    /// and loaded again is sent under the same key. Leave it empty in a new message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

impl Message {
    /// A message with any content.
    pub const fn new(to: PhoneNumber, content: Content) -> Self {
        Self {
            to,
            content,
            fallback: None,
            reply_to: None,
            reference: None,
            status_callback: None,
            idempotency_key: None,
        }
    }

    /// A free text.
    pub fn text(to: PhoneNumber, text: impl Into<Text>) -> Self {
        Self::new(to, Content::Text(text.into()))
    }

    /// An image: a link, or a [`Media`].
    pub fn image(to: PhoneNumber, media: impl Into<Media>) -> Self {
        Self::new(to, Content::Image(media.into()))
    }

    /// A video: a link, or a [`Media`].
    pub fn video(to: PhoneNumber, media: impl Into<Media>) -> Self {
        Self::new(to, Content::Video(media.into()))
    }

    /// Audio: a link, or a [`Media`] without a caption.
    pub fn audio(to: PhoneNumber, media: impl Into<Media>) -> Self {
        Self::new(to, Content::Audio(media.into()))
    }

    /// A document: a link, or a [`Media`] with a file name.
    pub fn document(to: PhoneNumber, media: impl Into<Media>) -> Self {
        Self::new(to, Content::Document(media.into()))
    }

    /// A sticker: a link, or a [`Media`] without a caption.
    pub fn sticker(to: PhoneNumber, media: impl Into<Media>) -> Self {
        Self::new(to, Content::Sticker(media.into()))
    }

    /// A location.
    pub const fn location(to: PhoneNumber, location: Location) -> Self {
        Self::new(to, Content::Location(location))
    }

    /// Contact cards.
    pub fn contacts(to: PhoneNumber, contacts: impl IntoIterator<Item = Contact>) -> Self {
        Self::new(to, Content::Contacts(Contacts::new(contacts)))
    }

    /// A question with reply buttons.
    pub const fn buttons(to: PhoneNumber, buttons: Buttons) -> Self {
        Self::new(to, Content::Buttons(buttons))
    }

    /// A list to choose from.
    pub const fn list(to: PhoneNumber, list: List) -> Self {
        Self::new(to, Content::List(list))
    }

    /// An emoji on an earlier message.
    pub const fn reaction(to: PhoneNumber, reaction: Reaction) -> Self {
        Self::new(to, Content::Reaction(reaction))
    }

    /// An approved template. Allowed at any time; every other content needs an open session window.
    pub const fn template(to: PhoneNumber, template: Template) -> Self {
        Self::new(to, Content::Template(template))
    }

    /// Sends `template` instead if the session window is closed.
    #[must_use]
    pub fn with_fallback(mut self, template: Template) -> Self {
        self.fallback = Some(template);
        self
    }

    /// Quotes an earlier message.
    #[must_use]
    pub fn with_reply_to(mut self, id: impl Into<MessageId>) -> Self {
        self.reply_to = Some(id.into());
        self
    }

    /// Sets the application's own name for the message.
    #[must_use]
    pub fn with_reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// Sets the address for the delivery reports of this message, in place of the channel's.
    #[must_use]
    pub fn with_status_callback(mut self, url: impl Into<StatusCallback>) -> Self {
        self.status_callback = Some(url.into());
        self
    }

    /// The fallback as a message: the same contact and reference, the template as content, and its own idempotency key.
    /// `None` without a fallback.
    pub fn as_fallback(&self) -> Option<Self> {
        let template = self.fallback.clone()?;
        Some(Self {
            to: self.to.clone(),
            content: Content::Template(template),
            fallback: None,
            reply_to: None,
            reference: self.reference.clone(),
            status_callback: self.status_callback.clone(),
            idempotency_key: self.idempotency_key.as_deref().map(key::of_fallback),
        })
    }
}

/// The JSON form of a fallback is a template content, `{"type":"template", …}`, so that other types can be added.
mod fallback {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Template;

    #[derive(Serialize, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Tagged<T> {
        Template(T),
    }

    #[allow(clippy::ref_option, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(template: &Option<Template>, serializer: S) -> Result<S::Ok, S::Error> {
        template.as_ref().map(Tagged::Template).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Template>, D::Error> {
        let tagged: Option<Tagged<Template>> = Option::deserialize(deserializer)?;
        Ok(tagged.map(|Tagged::Template(template)| template))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> std::result::Result<Message, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_message_reads_from_its_json_form_and_writes_back() {
        let json = r#"{"to":"+919876543210","content":{"type":"text","body":"Hi","preview_url":false},"fallback":{"type":"template","name":"follow_up","language":"en","body":["x"]},"reference":"order-17"}"#;
        let message = parse(json).unwrap();
        assert_eq!(message.fallback.as_ref().unwrap().name, "follow_up");
        assert_eq!(serde_json::to_string(&message).unwrap(), json);
    }

    #[test]
    fn json_form_demands_the_plus_of_the_number() {
        let form = |to: &str| parse(&format!(r#"{{"to":"{to}","content":{{"type":"text","body":"Hi"}}}}"#));
        assert_eq!(form("+44 (0)7700 900123").unwrap().to.as_str(), "+447700900123");
        for to in ["919812345670", "9812345670"] {
            let error = form(to).unwrap_err();
            assert!(error.contains("there is no `+` and country code") && !error.contains("98123"), "{error}");
        }
    }

    #[test]
    fn an_unknown_member_is_refused_by_name_wherever_it_stands() {
        for json in [
            r#"{"to":"+919876543210","bogus":1,"content":{"type":"text","body":"Hi"}}"#,
            r#"{"to":"+919876543210","content":{"type":"text","body":"Hi","bogus":1}}"#,
            r#"{"to":"+919876543210","content":{"type":"text","body":"Hi"},"fallback":{"type":"template","name":"t","bogus":1}}"#,
        ] {
            let error = parse(json).unwrap_err();
            assert!(error.contains("bogus"), "{error}");
        }
    }

    #[test]
    fn a_fallback_of_another_type_is_refused() {
        let error = parse(
            r#"{"to":"+919876543210","content":{"type":"text","body":"Hi"},"fallback":{"type":"text","body":"x"}}"#,
        )
        .unwrap_err();
        assert!(error.contains("template"), "{error}");
    }

    #[test]
    fn fallback_has_own_key_and_no_fallback() {
        let mut message = Message::text("+919876543210".parse().unwrap(), "Hi")
            .with_fallback(Template::new("follow_up"))
            .with_reference("order-17")
            .with_reply_to("wamid.1");
        message.idempotency_key = Some("order-17".into());
        let fallback = message.as_fallback().unwrap();
        assert_eq!(fallback.idempotency_key.as_deref(), Some("order-17-template"));
        assert_eq!(fallback.reference.as_deref(), Some("order-17"));
        assert!(fallback.as_fallback().is_none());
    }

    #[test]
    fn a_reference_cannot_smuggle_a_header() {
        let message = Message::text("+919876543210".parse().unwrap(), "Hi").with_reference("a\r\nx-evil: 1");
        assert_eq!(message.check().unwrap_err().kind(), crate::ErrorKind::InvalidRequest);
    }

    #[test]
    fn idempotency_key_is_written_once_it_is_made() {
        let form = |key: &str| {
            format!(r#"{{"to":"+919876543210","content":{{"type":"text","body":"Hi","preview_url":false}}{key}}}"#)
        };
        let keyed = parse(&form(r#","idempotency_key":"k-1""#)).unwrap();
        assert_eq!(keyed.idempotency_key.as_deref(), Some("k-1"));
        assert_eq!(serde_json::to_string(&keyed).unwrap(), form(r#","idempotency_key":"k-1""#));
        for absent in ["", r#","idempotency_key":null"#] {
            let message = parse(&form(absent)).unwrap();
            assert_eq!(message.idempotency_key, None);
            assert_eq!(serde_json::to_string(&message).unwrap(), form(""));
        }
    }

    #[test]
    fn a_stored_key_that_no_header_can_hold_is_refused() {
        for key in ["", "a b", "a\r\nx-evil: 1", "ключ", &"k".repeat(257)] {
            let mut message = Message::text("+919876543210".parse().unwrap(), "Hi");
            message.idempotency_key = Some(key.to_owned());
            let error = message.check().unwrap_err();
            assert!(error.message().starts_with("idempotency_key: expected 1 to 256"), "{error}");
        }
    }
}
