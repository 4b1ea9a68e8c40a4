//! The content of messages.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::capability::Capability;
use crate::message::contacts::Contacts;
use crate::message::id::MessageId;
use crate::message::interactive::{Buttons, List};
use crate::message::media::Media;
use crate::message::template::Template;

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
#[non_exhaustive]
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
#[non_exhaustive]
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

/// An emoji on an earlier message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Reaction {
    /// The message reacted to.
    pub message_id: MessageId,
    /// The emoji; an empty one removes the reaction.
    pub emoji: String,
}

impl Text {
    /// A text. A link in it gets no preview.
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), preview_url: false }
    }

    /// Sets whether a link in the text gets a preview.
    #[must_use]
    pub const fn preview_url(mut self, preview_url: bool) -> Self {
        self.preview_url = preview_url;
        self
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(body: T) -> Self {
        Self::new(body)
    }
}

impl Location {
    /// A point in degrees: latitude -90 to 90, longitude -180 to 180.
    pub const fn new(latitude: f64, longitude: f64) -> Self {
        Self { latitude, longitude, name: None, address: None }
    }

    /// Sets the name of the place.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the postal address.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }
}

impl Reaction {
    /// This emoji on the message with this id.
    pub fn new(message_id: impl Into<MessageId>, emoji: impl Into<String>) -> Self {
        Self { message_id: message_id.into(), emoji: emoji.into() }
    }
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
    pub(crate) fn placed_media(&self) -> impl Iterator<Item = (Cow<'static, str>, Capability, &Media)> {
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
        let own = own.map(|media| (Cow::Borrowed(""), self.capability(), media));
        let header = header.and_then(|header| Some((Cow::Borrowed("header."), header.capability()?, header.media()?)));
        let cards = match self {
            Self::Template(template) => template.carousel.as_slice(),
            _ => &[],
        };
        let cards = cards.iter().enumerate().filter_map(|(index, card)| {
            let header = card.header.as_ref()?;
            Some((Cow::Owned(format!("carousel[{index}].header.")), header.capability()?, header.media()?))
        });
        own.into_iter().chain(header).chain(cards)
    }

    /// Whether the content needs an open session window.
    pub const fn is_free_form(&self) -> bool {
        !matches!(self, Self::Template(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{
        Button, Contact, ContactAddress, ContactEmail, ContactOrg, ContactPhone, Header, Message, Row, Section,
        Template, TemplateButton,
    };

    #[test]
    fn each_constructor_makes_the_documented_form() {
        let to = || "+919876543210".parse().unwrap();
        let link = "https://x.example/a";
        let card = Contact::new("Ana Ruiz")
            .first_name("Ana")
            .last_name("Ruiz")
            .phone(ContactPhone::new("+34600111222").kind("WORK"))
            .phone("112")
            .email(ContactEmail::new("a@example.net").kind("HOME"))
            .address(ContactAddress::default().street("Calle 1").city("Lima").country_code("PE").kind("WORK"))
            .org(ContactOrg::default().company("Acme").title("Chemist"))
            .url("https://example.net")
            .birthday("1990-02-03");
        let buttons = Buttons::new("?", [Button::new("yes", "Yes")]).header(Header::image(link)).footer("f");
        let rows = [Row::new("m9", "09:00").description("d")];
        let list = List::new("?", "Slots", [Section::new(rows).title("Mon")]).header(Header::text("h"));
        let template = Template::new("visit_reminder")
            .language("es")
            .body(["Ana"])
            .header(Header::document(Media::id("7")))
            .button(TemplateButton::url(0, "88"))
            .button(TemplateButton::quick_reply(1, "OK"));
        for (message, json) in [
            (Message::text(to(), "Hi"), r#"{"type":"text","body":"Hi","preview_url":false}"#),
            (
                Message::text(to(), Text::new("Hi").preview_url(true)),
                r#"{"type":"text","body":"Hi","preview_url":true}"#,
            ),
            (Message::image(to(), link), r#"{"type":"image","link":"https://x.example/a"}"#),
            (Message::video(to(), Media::id("7").caption("c")), r#"{"type":"video","id":"7","caption":"c"}"#),
            (Message::audio(to(), link), r#"{"type":"audio","link":"https://x.example/a"}"#),
            (
                Message::document(to(), Media::link(link).filename("a.pdf")),
                r#"{"type":"document","link":"https://x.example/a","filename":"a.pdf"}"#,
            ),
            (Message::sticker(to(), link), r#"{"type":"sticker","link":"https://x.example/a"}"#),
            (
                Message::location(to(), Location::new(13.08, 80.27).name("n").address("a")),
                r#"{"type":"location","latitude":13.08,"longitude":80.27,"name":"n","address":"a"}"#,
            ),
            (
                Message::contacts(to(), [card]),
                r#"{"type":"contacts","contacts":[{"name":{"formatted_name":"Ana Ruiz","first_name":"Ana","last_name":"Ruiz"},"phones":[{"phone":"+34600111222","type":"WORK"},{"phone":"112"}],"emails":[{"email":"a@example.net","type":"HOME"}],"addresses":[{"street":"Calle 1","city":"Lima","country_code":"PE","type":"WORK"}],"org":{"company":"Acme","title":"Chemist"},"urls":[{"url":"https://example.net"}],"birthday":"1990-02-03"}]}"#,
            ),
            (
                Message::buttons(to(), buttons),
                r#"{"type":"buttons","body":"?","header":{"type":"image","link":"https://x.example/a"},"footer":"f","buttons":[{"id":"yes","title":"Yes"}]}"#,
            ),
            (
                Message::list(to(), list),
                r#"{"type":"list","body":"?","button":"Slots","header":{"type":"text","text":"h"},"sections":[{"title":"Mon","rows":[{"id":"m9","title":"09:00","description":"d"}]}]}"#,
            ),
            (
                Message::reaction(to(), Reaction::new("wamid.1", "👍")),
                r#"{"type":"reaction","message_id":"wamid.1","emoji":"👍"}"#,
            ),
            (
                Message::template(to(), template),
                r#"{"type":"template","name":"visit_reminder","language":"es","body":["Ana"],"header":{"type":"document","id":"7"},"buttons":[{"type":"url","index":0,"text":"88"},{"type":"quick_reply","index":1,"payload":"OK"}]}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&message.content).unwrap(), json);
            assert!(message.check().is_ok(), "{json}");
        }
    }

    #[test]
    fn invalid_values_are_found_by_the_check() {
        let to = || "+919876543210".parse().unwrap();
        for (message, named) in [
            (Message::location(to(), Location::new(f64::NAN, 181.0)), "latitude"),
            (Message::buttons(to(), Buttons::new("", [])), "body"),
            (Message::list(to(), List::new("?", "b", [])), "rows"),
            (Message::contacts(to(), []), "contacts"),
            (Message::contacts(to(), [Contact::new("Ana").birthday("1990-13-03")]), "birthday"),
            (Message::image(to(), "ftp://x"), "link"),
            (Message::sticker(to(), Media::id("7").caption("c")), "caption"),
            (Message::template(to(), Template::new("").button(TemplateButton::url(255, ""))), "255"),
        ] {
            let error = message.check().unwrap_err();
            assert!(error.problems().iter().any(|line| line.contains(named)), "{named}: {error:?}");
        }
    }

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
            r#"{"type":"template","name":"sale","language":"en","buttons":[{"type":"copy_code","index":0,"coupon_code":"SAVE25"},{"type":"flow","index":1},{"type":"flow","index":2,"flow_token":"0000","flow_action_data":{"a":1}}],"limited_time_offer":{"expires_at":"2026-05-12T08:20:00Z"},"carousel":[{"header":{"type":"image","id":"7"},"body":["5"],"buttons":[{"type":"url","index":0,"text":"88"}]}]}"#,
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
            (r#"{"type":"template","name":"t","carousel":[{"title":"x"}]}"#, "title"),
            (r#"{"type":"template","name":"t","limited_time_offer":{"expires_at":"tomorrow"}}"#, "RFC 3339"),
            (r#"{"type":"template","name":"t","buttons":[{"type":"copy_code","index":0}]}"#, "coupon_code"),
            (r#"{"type":"buttons","body":"?","header":{"type":"text","text":"h","x":1},"buttons":[]}"#, "x"),
        ] {
            let error = serde_json::from_str::<Content>(json).unwrap_err().to_string();
            assert!(error.contains(named), "{json}: {error}");
        }
    }
}
