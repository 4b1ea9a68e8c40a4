//! A message on its way out, and the receipt that comes back.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::attempt::FailedAttempt;
use crate::error::rate_limit::RateLimitInfo;
use crate::error::{Error, ErrorKind, Result};
use crate::message::content::{Content, Text};
use crate::message::media::Media;
use crate::message::template::Template;
use crate::phone::PhoneNumber;
use crate::session::Session;

/// A message to one person.
///
/// Its JSON form is what `transom send --message` reads; unknown members are refused.
///
/// ```
/// use transom::{Message, Template};
///
/// let message = Message::text("+919876543210".parse()?, "Your parcel leaves today.")
///     .with_fallback(Template::new("follow_up", "en").body(["your parcel"]))
///     .with_reference("order-17");
/// assert_eq!(message.reference.as_deref(), Some("order-17"));
/// # Ok::<(), transom::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Message {
    /// The person.
    pub to: PhoneNumber,
    /// What they get.
    pub content: Content,
    /// What goes instead when the 24-hour window is closed.
    #[serde(default, with = "fallback", skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Template>,
    /// The message that this one quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Your own name for this message. It comes back in delivery events and, where the provider dedupes by a key, is
    /// that key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The key by which a provider dedupes this message, made once by [`Client`](crate::Client) before the first
    /// attempt. Leave it empty.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

impl Message {
    /// Any content to a person.
    pub const fn new(to: PhoneNumber, content: Content) -> Self {
        Self { to, content, fallback: None, reply_to: None, reference: None, idempotency_key: None }
    }

    /// Free text. Needs an open window.
    pub fn text(to: PhoneNumber, body: impl Into<String>) -> Self {
        Self::new(to, Content::Text(Text { body: body.into(), preview_url: false }))
    }

    /// An image by link. Needs an open window.
    pub fn image(to: PhoneNumber, link: impl Into<String>) -> Self {
        Self::new(to, Content::Image(Media::link(link)))
    }

    /// A document by link. Needs an open window.
    pub fn document(to: PhoneNumber, link: impl Into<String>) -> Self {
        Self::new(to, Content::Document(Media::link(link)))
    }

    /// An approved template. May go at any time.
    pub const fn template(to: PhoneNumber, template: Template) -> Self {
        Self::new(to, Content::Template(template))
    }

    /// Sends `template` instead when the window is closed.
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

    /// Gives the message your own name.
    #[must_use]
    pub fn with_reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// The message that goes instead of this one when the window is closed: the same person and reference, the
    /// fallback as content, a key of its own. `None` without a fallback.
    pub fn as_fallback(&self) -> Option<Self> {
        let template = self.fallback.clone()?;
        Some(Self {
            to: self.to.clone(),
            content: Content::Template(template),
            fallback: None,
            reply_to: None,
            reference: self.reference.clone(),
            idempotency_key: self.idempotency_key.as_ref().map(|key| format!("{key}-template")),
        })
    }

    /// Checks what is the same for every provider, so that a message that no provider takes is refused before a byte
    /// leaves. Every problem is named, with field, limit and value.
    pub fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        self.content.check("content", &mut problems);
        if let Some(fallback) = &self.fallback {
            fallback.check("fallback", &mut problems);
        }
        if self.reference.as_ref().is_some_and(|reference| !is_header_safe(reference)) {
            problems.push("reference: expected 1 to 256 printable characters without line breaks".to_owned());
        }
        if self.reply_to.as_ref().is_some_and(|id| !is_header_safe(&id.0)) {
            problems.push("reply_to: expected a message id of 1 to 256 printable characters".to_owned());
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid(ErrorKind::InvalidRequest, problems)) }
    }
}

/// What travels in headers and webhooks must not be able to break out of them.
fn is_header_safe(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 256 && !text.chars().any(char::is_control)
}

/// The id by which a provider knows a message. Opaque text, every digit kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(String);

impl MessageId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for MessageId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The provider took the message. Taken is not delivered: that comes later, as an [`Event`](crate::webhook::Event).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Who took it.
    pub provider: &'static str,
    /// The id that the provider's delivery events will carry.
    pub message_id: MessageId,
    /// Whether the fallback template went instead of the content.
    pub template_fallback: bool,
    /// Whether the provider had refused the content for the window before its fallback template went.
    pub window_refused: bool,
    /// How many send requests it took, re-shaped and fallback ones included; probes and logins are not counted.
    pub attempts: u32,
    /// What the provider said of the window in the same breath.
    pub session: Option<Session>,
    /// What the answer said of the provider's limits.
    pub limits: RateLimitInfo,
    /// The channel that took it, where a [`Failover`](crate::Failover) chose one.
    pub channel: Option<String>,
    /// What went wrong on the channels that a [`Failover`](crate::Failover) tried or passed over before, oldest first.
    pub earlier: Vec<FailedAttempt>,
}

impl Receipt {
    /// A receipt for one request.
    pub fn new(provider: &'static str, message_id: impl Into<MessageId>) -> Self {
        Self {
            provider,
            message_id: message_id.into(),
            template_fallback: false,
            window_refused: false,
            attempts: 1,
            session: None,
            limits: RateLimitInfo::default(),
            channel: None,
            earlier: Vec::new(),
        }
    }

    /// Adds what the provider said of the window.
    #[must_use]
    pub fn with_session(mut self, session: Option<Session>) -> Self {
        self.session = session;
        self
    }

    /// Adds what the answer said of the provider's limits.
    #[must_use]
    pub fn with_limits(mut self, limits: RateLimitInfo) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the number of send requests made.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }
}

/// A fallback is written as a template content, `{"type":"template", …}`, since one day other types may be allowed.
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
    fn the_fallback_goes_under_a_key_of_its_own_and_has_no_fallback_itself() {
        let mut message = Message::text("+919876543210".parse().unwrap(), "Hi")
            .with_fallback(Template::new("follow_up", "en"))
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
        assert_eq!(message.check().unwrap_err().kind(), ErrorKind::InvalidRequest);
    }
}
