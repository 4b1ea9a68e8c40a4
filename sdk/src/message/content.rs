//! The content of messages.

use serde::{Deserialize, Serialize};

use crate::capability::Capability;
use crate::message::template::Template;
use crate::message::{Header, Media};

/// The content of a message. Every type but [`Template`](Self::Template) needs an open 24-hour window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Content {
    /// Free text.
    Text(Text),
    /// An image, with or without a caption.
    Image(Media),
    /// A video, with or without a caption.
    Video(Media),
    /// Audio. It has no caption.
    Audio(Media),
    /// A document, with or without a caption and a file name.
    Document(Media),
    /// A sticker. It has no caption.
    Sticker(Media),
    /// A location.
    Location(Location),
    /// Contact cards.
    Contacts(Contacts),
    /// Up to three reply buttons.
    Buttons(Buttons),
    /// A list of up to ten rows to choose from.
    List(List),
    /// An emoji on an earlier message.
    Reaction(Reaction),
    /// An approved template.
    Template(Template),
}

/// Free text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// 1 to 4096 characters; a provider may allow fewer.
    pub body: String,
    /// Whether a link in the text gets a preview, where the provider offers a choice.
    #[serde(default)]
    pub preview_url: bool,
}

/// A location on earth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Degrees, -90 to 90.
    pub latitude: f64,
    /// Degrees, -180 to 180.
    pub longitude: f64,
    /// The name of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Contact cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contacts {
    /// At least one card.
    pub contacts: Vec<Contact>,
}

/// A contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The name.
    pub name: ContactName,
    /// The phone numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<ContactPhone>,
    /// The e-mail addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<ContactEmail>,
}

/// The name on a contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactName {
    /// The whole name, as it is shown.
    pub formatted_name: String,
    /// The given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
}

/// A phone on a contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactPhone {
    /// The number as shown; it need not be in E.164.
    pub phone: String,
    /// `HOME`, `WORK` and the like.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// An e-mail address on a contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactEmail {
    /// The address.
    pub email: String,
    /// `HOME`, `WORK` and the like.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// Up to three reply buttons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buttons {
    /// The question.
    pub body: String,
    /// A line or a medium above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// A line below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// One to three buttons.
    pub buttons: Vec<Button>,
}

/// A reply button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// The id in the contact's reply.
    pub id: String,
    /// The label, up to 20 characters.
    pub title: String,
}

/// A list to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The question.
    pub body: String,
    /// The label of the button that opens the list, up to 20 characters.
    pub button: String,
    /// A line above the question. Lists take a text only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// A line below the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// The rows, grouped; ten rows at the most over all sections.
    pub sections: Vec<Section>,
}

/// A group of rows in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The heading; needed when there is more than one section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A row in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The id in the contact's reply.
    pub id: String,
    /// The title, up to 24 characters.
    pub title: String,
    /// A second, smaller line, up to 72 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An emoji on an earlier message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// The message reacted to.
    pub message_id: crate::message::id::MessageId,
    /// The emoji; an empty one removes the reaction.
    pub emoji: String,
}

impl Content {
    /// The capability that this content needs. The match is exhaustive, so a new content type needs a capability.
    pub const fn capability(&self) -> Capability {
        match self {
            Self::Text(_) => Capability::Text,
            Self::Image(_) => Capability::Image,
            Self::Video(_) => Capability::Video,
            Self::Audio(_) => Capability::Audio,
            Self::Document(_) => Capability::Document,
            Self::Sticker(_) => Capability::Sticker,
            Self::Location(_) => Capability::Location,
            Self::Contacts(_) => Capability::Contacts,
            Self::Buttons(_) => Capability::Buttons,
            Self::List(_) => Capability::List,
            Self::Reaction(_) => Capability::Reaction,
            Self::Template(_) => Capability::Template,
        }
    }

    /// All media in the content, including the header's.
    pub fn media(&self) -> impl Iterator<Item = &Media> {
        self.placed_media().map(|(_, _, media)| media)
    }

    /// As [`media`](Self::media), each with its place and kind.
    pub(crate) fn placed_media(&self) -> impl Iterator<Item = (&'static str, Capability, &Media)> {
        let header = match self {
            Self::Buttons(Buttons { header, .. })
            | Self::List(List { header, .. })
            | Self::Template(Template { header, .. }) => header.as_ref(),
            _ => None,
        };
        let own = match self {
            Self::Image(media)
            | Self::Video(media)
            | Self::Audio(media)
            | Self::Document(media)
            | Self::Sticker(media) => Some(media),
            _ => None,
        };
        let own = own.map(|media| ("", self.capability(), media));
        let header = header.and_then(|header| Some(("header.", header.capability()?, header.media()?)));
        own.into_iter().chain(header)
    }

    /// Whether the content needs an open session window.
    pub const fn is_free_form(&self) -> bool {
        !matches!(self, Self::Template(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_reads_and_writes_back_the_same() {
        for json in [
            r#"{"type":"text","body":"Hi","preview_url":true}"#,
            r#"{"type":"image","link":"https://x.example/a.png","caption":"c"}"#,
            r#"{"type":"video","id":"77"}"#,
            r#"{"type":"document","link":"https://x.example/a.pdf","filename":"a.pdf"}"#,
            r#"{"type":"sticker","link":"https://x.example/a.webp"}"#,
            r#"{"type":"location","latitude":13.08,"longitude":80.27,"name":"n","address":"a"}"#,
            r#"{"type":"contacts","contacts":[{"name":{"formatted_name":"Ana Ruiz","first_name":"Ana"},"phones":[{"phone":"+34600111222","type":"WORK"}],"emails":[{"email":"a@example.net","type":"WORK"}]}]}"#,
            r#"{"type":"buttons","body":"?","header":{"type":"text","text":"h"},"footer":"f","buttons":[{"id":"yes","title":"Yes"}]}"#,
            r#"{"type":"list","body":"?","button":"Slots","sections":[{"title":"Mon","rows":[{"id":"m9","title":"09:00","description":"d"}]}]}"#,
            r#"{"type":"reaction","message_id":"wamid.1","emoji":"👍"}"#,
            r#"{"type":"template","name":"visit_reminder","language":"en","body":["Ana","12/02"],"header":{"type":"image","link":"https://x.example/h.png"},"buttons":[{"type":"url","index":0,"text":"88"},{"type":"quick_reply","index":1,"payload":"OK"}]}"#,
            r#"{"type":"template","name":"visit_reminder","language":"en","body":{"customer":"Ana","day":"12/02"}}"#,
        ] {
            let content: Content = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
            assert_eq!(serde_json::to_string(&content).unwrap(), json);
        }
    }

    #[test]
    fn an_unknown_type_or_member_is_refused_by_name() {
        for (json, named) in [
            (r#"{"type":"poll","body":"?"}"#, "poll"),
            (r#"{"type":"image","url":"https://x.example"}"#, "url"),
            (r#"{"type":"image","link":"https://x.example","id":"7"}"#, "exclude"),
            (r#"{"type":"image"}"#, "link"),
            (r#"{"type":"list","body":"?","button":"b","sections":[{"rows":[{"id":"a","title":"t","x":1}]}]}"#, "x"),
            (r#"{"type":"template","name":"t","parameters":[]}"#, "parameters"),
            (r#"{"type":"buttons","body":"?","header":{"type":"text","text":"h","x":1},"buttons":[]}"#, "x"),
        ] {
            let error = serde_json::from_str::<Content>(json).unwrap_err().to_string();
            assert!(error.contains(named), "{json}: {error}");
        }
    }
}
