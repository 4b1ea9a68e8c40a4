//! A content for each capability.

use transom::message::{Location, Media, Reaction};
use transom::{Capability, Content, Template};

use crate::harness::text;

/// A content that needs exactly this capability.
pub(crate) fn sample(capability: Capability) -> Option<Content> {
    let link = |name: &str| Media::link(format!("https://files.example.net/{name}"));
    let json = |text: &str| serde_json::from_str::<Content>(text).ok();
    Some(match capability {
        Capability::Text => text().content,
        Capability::Image => Content::Image(link("a.png").caption("Shelf 3")),
        Capability::Video => Content::Video(link("b.mp4").caption("Tour")),
        Capability::Audio => Content::Audio(link("c.mp3")),
        Capability::Document => Content::Document(link("inv-19.pdf").filename("inv-19.pdf")),
        Capability::Sticker => Content::Sticker(link("d.webp")),
        Capability::Location => {
            Content::Location(Location::new(19.4326, -99.1332).name("Depot 4").address("Harbour Rd"))
        }
        Capability::Contacts => json(CONTACTS)?,
        Capability::Buttons => json(BUTTONS)?,
        Capability::List => json(LIST)?,
        Capability::Reaction => Content::Reaction(Reaction::new("wamid.HBgLMzQ2", "👍")),
        Capability::Template => Content::Template(Template::new("visit_reminder").body(["Ana", "12/02"])),
        _ => return None,
    })
}

const CONTACTS: &str = r#"{"type":"contacts","contacts":[{"name":{"formatted_name":"Ana Ruiz","first_name":"Ana"},
    "phones":[{"phone":"+34600111222","type":"WORK"}],"emails":[{"email":"a@example.net","type":"WORK"}]}]}"#;
const BUTTONS: &str = r#"{"type":"buttons","body":"Keep Friday 15:00?","header":{"type":"text","text":"Clinic"},"footer":"Reply today",
    "buttons":[{"id":"yes","title":"Keep"},{"id":"no","title":"Move"}]}"#;
const LIST: &str = r#"{"type":"list","body":"Pick a slot","button":"Slots","footer":"Reply today",
    "sections":[{"title":"Mon","rows":[{"id":"m9","title":"09:00","description":"Room A"}]},{"title":"Tue","rows":[{"id":"t9","title":"09:00"}]}]}"#;
