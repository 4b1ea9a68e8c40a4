//! Capabilities of providers, as a set for code, tests and documentation.

use std::fmt;

/// A capability of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// Send free text.
    Text,
    /// Send an image.
    Image,
    /// Send a video.
    Video,
    /// Send audio.
    Audio,
    /// Send a document.
    Document,
    /// Send a sticker.
    Sticker,
    /// Send a location.
    Location,
    /// Send contact cards.
    Contacts,
    /// Send reply buttons.
    Buttons,
    /// Send a list to choose from.
    List,
    /// React to a message with an emoji.
    Reaction,
    /// Quote a message (`reply_to`).
    Reply,
    /// Mark a received message as read.
    MarkRead,
    /// Show the contact that an answer is being typed.
    Typing,
    /// Send an approved template.
    Template,
    /// Query the session window to a contact.
    Session,
    /// List the numbers that may send.
    Senders,
    /// List the templates and their states.
    Templates,
    /// List the conversations.
    Conversations,
    /// Send media by an uploaded id.
    MediaUpload,
    /// Report delivery by webhook.
    DeliveryStatus,
    /// Report the delivery of one message to an address of its own (`status_callback`).
    StatusCallback,
    /// Report inbound messages by webhook.
    Inbound,
    /// Sign its webhooks.
    WebhookSignature,
    /// Recognise repeated sends by a documented idempotency key.
    Idempotency,
    /// Take several messages in one request.
    Batch,
}

impl Capability {
    /// Every capability, in the order in which tables list them.
    pub const ALL: &'static [Self] = &[
        Self::Text,
        Self::Image,
        Self::Video,
        Self::Audio,
        Self::Document,
        Self::Sticker,
        Self::Location,
        Self::Contacts,
        Self::Buttons,
        Self::List,
        Self::Reaction,
        Self::Reply,
        Self::MarkRead,
        Self::Typing,
        Self::Template,
        Self::Session,
        Self::Senders,
        Self::Templates,
        Self::Conversations,
        Self::MediaUpload,
        Self::DeliveryStatus,
        Self::StatusCallback,
        Self::Inbound,
        Self::WebhookSignature,
        Self::Idempotency,
        Self::Batch,
    ];

    /// The name used in JSON and tables: `delivery_status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
            Self::Location => "location",
            Self::Contacts => "contacts",
            Self::Buttons => "buttons",
            Self::List => "list",
            Self::Reaction => "reaction",
            Self::Reply => "reply",
            Self::MarkRead => "mark_read",
            Self::Typing => "typing",
            Self::Template => "template",
            Self::Session => "session",
            Self::Senders => "senders",
            Self::Templates => "templates",
            Self::Conversations => "conversations",
            Self::MediaUpload => "media_upload",
            Self::DeliveryStatus => "delivery_status",
            Self::StatusCallback => "status_callback",
            Self::Inbound => "inbound",
            Self::WebhookSignature => "webhook_signature",
            Self::Idempotency => "idempotency",
            Self::Batch => "batch",
        }
    }

    const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of capabilities.
///
/// ```
/// use transom::{Capability, Capabilities};
///
/// const MINE: Capabilities = Capabilities::new(&[Capability::Text, Capability::Template]);
/// assert!(MINE.contains(Capability::Text) && !MINE.contains(Capability::Image));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(u32);

impl Capabilities {
    /// The set of the capabilities in `list`.
    pub const fn new(list: &[Capability]) -> Self {
        let mut bits = 0;
        let mut rest = list;
        while let [first, tail @ ..] = rest {
            bits |= first.bit();
            rest = tail;
        }
        Self(bits)
    }

    /// Whether `capability` is in the set.
    pub const fn contains(self, capability: Capability) -> bool {
        self.0 & capability.bit() != 0
    }

    /// The union of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The capabilities in the set, in the order of [`Capability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(move |&capability| self.contains(capability))
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(list: I) -> Self {
        list.into_iter().fold(Self::default(), |set, capability| set.union(Self::new(&[capability])))
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_capability_has_a_bit_of_its_own() {
        for (at, &one) in Capability::ALL.iter().enumerate() {
            let set = Capabilities::new(&[one]);
            assert_eq!(set.iter().collect::<Vec<_>>(), [one]);
            assert_eq!(one as usize, at, "ALL is in declaration order");
        }
    }

    #[test]
    fn debug_names_what_is_in_the_set() {
        let set: Capabilities = [Capability::Text, Capability::Session].into_iter().collect();
        assert_eq!(format!("{set:?}"), "{Text, Session}");
    }
}
