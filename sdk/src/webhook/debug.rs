//! Debug forms of webhook events. They end up in logs, so they hold no credential and no phone number: not the words of
//! contacts and providers, only the names of members and their lengths. [`Event::to_json`](super::Event::to_json) shows
//! everything.

use std::fmt::{Debug, Formatter, Result};

use super::{
    ConversationUpdate, DeliveryFailure, DeliveryStatus, Event, Inbound, InboundContent, InboundMedia, InboundReply,
    OrderItem, Referral, StatusUpdate, SystemNotice, TemplateUpdate,
};

/// A shorter word is shown: a credential has 8 characters or more, a phone number 7 digits or more.
const SHOWN_MAX: usize = 6;

/// A text in a debug form: itself if it has at most 6 characters, else its length.
struct Word<'t>(&'t str);

impl Debug for Word<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.chars().count() {
            0..=SHOWN_MAX => Debug::fmt(self.0, f),
            length => write!(f, "<{length} characters>"),
        }
    }
}

fn word<T: AsRef<str>>(text: Option<&T>) -> Option<Word<'_>> {
    text.map(|text| Word(text.as_ref()))
}

impl Debug for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Inbound(inbound) => f.debug_tuple("Inbound").field(inbound).finish(),
            Self::Status(update) => f.debug_tuple("Status").field(update).finish(),
            Self::Conversation(update) => f.debug_tuple("Conversation").field(update).finish(),
            Self::Template(update) => f.debug_tuple("Template").field(update).finish(),
            Self::Challenge(_) => f.debug_struct("Challenge").finish_non_exhaustive(),
            Self::Unknown(_) => f.debug_struct("Unknown").finish_non_exhaustive(),
        }
    }
}

impl Debug for Inbound {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("Inbound")
            .field("message_id", &word(self.message_id.as_ref()))
            .field("from", &self.from)
            .field("user_id", &word(self.user_id.as_ref()))
            .field("to", &self.to)
            .field("name", &word(self.name.as_ref()))
            .field("at", &self.at)
            .field("at_source", &self.at_source)
            .field("reply_to", &word(self.reply_to.as_ref()))
            .field("referral", &self.referral)
            .field("group_id", &word(self.group_id.as_ref()))
            .field("content", &self.content)
            .field("opens_window", &self.opens_window)
            .finish_non_exhaustive()
    }
}

impl Debug for Referral {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("Referral").field("source_type", &word(self.source_type.as_ref())).finish_non_exhaustive()
    }
}

/// The type of the content alone.
impl Debug for InboundContent {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let name = match self {
            Self::Text { .. } => "Text",
            Self::ButtonReply(_) => "ButtonReply",
            Self::ListReply(_) => "ListReply",
            Self::Image(_) => "Image",
            Self::Video(_) => "Video",
            Self::Audio(_) => "Audio",
            Self::Document(_) => "Document",
            Self::Sticker(_) => "Sticker",
            Self::Location(_) => "Location",
            Self::Contacts { .. } => "Contacts",
            Self::Reaction(_) => "Reaction",
            Self::Order { .. } => "Order",
            Self::FlowReply { .. } => "FlowReply",
            Self::System(_) => "System",
            Self::Unknown { .. } => "Unknown",
        };
        f.debug_struct(name).finish_non_exhaustive()
    }
}

impl Debug for InboundReply {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut shown = f.debug_struct("InboundReply");
        shown.field("id", &word(self.id.as_ref())).field("title", &word(self.title.as_ref())).finish_non_exhaustive()
    }
}

impl Debug for InboundMedia {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("InboundMedia")
            .field("id", &word(self.id.as_ref()))
            .field("link", &word(self.link.as_ref()))
            .field("mime_type", &word(self.mime_type.as_ref()))
            .field("voice", &self.voice)
            .field("animated", &self.animated)
            .finish_non_exhaustive()
    }
}

impl Debug for OrderItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut shown = f.debug_struct("OrderItem");
        shown.field("product_retailer_id", &word(self.product_retailer_id.as_ref())).finish_non_exhaustive()
    }
}

impl Debug for SystemNotice {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("SystemNotice")
            .field("event", &word(self.event.as_ref()))
            .field("new_number", &self.new_number)
            .finish_non_exhaustive()
    }
}

impl Debug for StatusUpdate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("StatusUpdate")
            .field("message_id", &Word(self.message_id.as_str()))
            .field("provider_message_id", &word(self.provider_message_id.as_ref()))
            .field("status", &self.status)
            .field("at", &self.at)
            .field("to", &self.to)
            .field("reference", &word(self.reference.as_ref()))
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl Debug for DeliveryFailure {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("DeliveryFailure")
            .field("kind", &self.kind)
            .field("code", &Word(&self.code))
            .field("reason", &word(self.reason.as_ref()))
            .finish_non_exhaustive()
    }
}

impl Debug for DeliveryStatus {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Other(other) => f.debug_tuple("Other").field(&Word(other)).finish(),
            Self::Queued => f.write_str("Queued"),
            Self::Sent => f.write_str("Sent"),
            Self::Delivered => f.write_str("Delivered"),
            Self::Read => f.write_str("Read"),
            Self::Failed => f.write_str("Failed"),
        }
    }
}

impl Debug for ConversationUpdate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("ConversationUpdate")
            .field("id", &Word(&self.id))
            .field("state", &Word(&self.state))
            .field("event", &word(self.event.as_ref()))
            .field("contact", &self.contact)
            .field("reason", &word(self.reason.as_ref()))
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl Debug for TemplateUpdate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("TemplateUpdate")
            .field("name", &Word(&self.name))
            .field("language", &word(self.language.as_ref()))
            .field("status", &Word(&self.status))
            .field("reason", &word(self.reason.as_ref()))
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_form_shows_short_words_and_lengths_of_others() {
        let mut update = StatusUpdate::new("wamid.HBgLMTU1", DeliveryStatus::Other("held".into()));
        update.error = Some(DeliveryFailure::new(crate::ErrorKind::RecipientInvalid, "131026"));
        update.to = Some("+34600111222".parse().unwrap());
        let shown = format!("{:?}", Event::Status(update));
        for expected in ["message_id: <14 characters>", "Other(\"held\")", "code: \"131026\"", "•••1222"] {
            assert!(shown.contains(expected), "{shown}");
        }
        assert_eq!(format!("{:?}", InboundContent::Text { body: "call 5550123".into() }), "Text { .. }");
    }
}
