//! The list. Each group is a file; each scenario is a function whose name is the contract. What a name cannot say stands above
//! it in the list of its group, and so in reports.

macro_rules! scenarios {
    ($group:literal: $($(#[doc = $note:literal])* $name:ident $(needs $capability:ident)? $(covers $facts:ident)?;)+) => {
        pub(super) const ALL: &[crate::scenarios::Scenario] = &[$(crate::scenarios::Scenario {
            group: $group,
            name: stringify!($name),
            note: concat!($($note),*),
            need: need!($($capability)?),
            covers: covers!($($facts)?),
            play: |stage| Box::pin($name(stage)),
        }),+];
    };
}

macro_rules! need {
    () => {
        crate::scenarios::Need::Nothing
    };
    ($capability:ident) => {
        crate::scenarios::Need::Capability(transom::Capability::$capability)
    };
}

macro_rules! covers {
    () => {
        crate::evidence::rests_on::nothing
    };
    ($facts:ident) => {
        crate::evidence::rests_on::$facts
    };
}

mod configuration;
mod content;
mod delivery;
mod errors;
mod evidence;
mod failover;
mod hostile;
mod lists;
mod pacing;
mod secrets;
mod sending;
mod templates;
mod webhooks;
mod window;

use std::pin::Pin;

use transom::{Capability, Content, Error, ErrorKind, Message, Messenger as _, Sent, Template};
use transom::account::ConversationFilter;
use transom::message::{Location, Media, MessageId, Reaction};

use crate::Subject;
use crate::check::{Broken, Check, ensure, equal};
use crate::evidence::Evidence;
use crate::stage::{Stage, contact, text};

/// A contract that every adapter must keep, or refuse to be asked for.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    /// What the name does not say.
    pub(crate) note: &'static str,
    pub(crate) need: Need,
    /// The facts about the provider that it rests on.
    pub(crate) covers: fn(&Subject) -> Vec<Evidence>,
    pub(crate) play: for<'a> fn(&'a Stage) -> Pin<Box<dyn Future<Output = Check> + Send + 'a>>,
}

/// What an adapter must be able to do for a scenario to make sense.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    Nothing,
    Capability(Capability),
}

/// Every scenario, group by group.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    [
        sending::ALL,
        content::ALL,
        window::ALL,
        templates::ALL,
        lists::ALL,
        errors::ALL,
        delivery::ALL,
        pacing::ALL,
        failover::ALL,
        webhooks::ALL,
        configuration::ALL,
        secrets::ALL,
        hostile::ALL,
        evidence::ALL,
    ]
    .into_iter()
    .flatten()
}

/// What must happen in place of a scenario whose capability the adapter does not declare: the call is refused as
/// unsupported, nothing was sent, and the provider saw no request. What is no call of ours, but the provider's to do, must not
/// be taken for done.
pub(crate) async fn refusal(stage: &Stage, capability: Capability) -> Check {
    match capability {
        Capability::Inbound => return webhooks::nothing_inbound_is_told(stage).await,
        Capability::WebhookSignature => return webhooks::nothing_is_verified(stage).await,
        Capability::Idempotency => return sending::no_key_travels(stage).await,
        _ => {}
    }
    let error = provoke(stage, capability).await?;
    equal("the kind", &error.kind(), &ErrorKind::Unsupported)?;
    equal("whether it may have been sent", &error.sent(), &Sent::No)?;
    equal("attempts", &error.attempts(), &0)?;
    // A provider that lacks images, too, refuses an uploaded one as an image.
    let named = capability.as_str();
    let names_it =
        error.message().contains(named) || (capability == Capability::MediaUpload && error.message().contains("image"));
    ensure(names_it, format_args!("the error names no {named}: {error}"))?;
    stage.untouched().await
}

async fn provoke(stage: &Stage, capability: Capability) -> Result<Error, Broken> {
    let client = &stage.client;
    let refused = match capability {
        Capability::Session => client.session(&contact()).await.err(),
        Capability::Senders => client.senders().await.err(),
        Capability::Templates => client.templates().await.err(),
        Capability::Conversations => client.conversations(&ConversationFilter::default()).await.err(),
        Capability::DeliveryStatus => client.webhook(&http::Request::new(bytes::Bytes::from_static(b"{}"))).err(),
        Capability::Reply => client.send(&text().with_reply_to("wamid.1")).await.err(),
        Capability::MediaUpload => {
            client.send(&Message::new(contact(), Content::Image(Media::id("770011223344556")))).await.err()
        }
        sendable => {
            let content = sample(sendable).ok_or_else(|| format!("the suite cannot provoke {sendable}"))?;
            client.send(&Message::new(contact(), content)).await.err()
        }
    };
    refused.ok_or_else(|| format!("expected {capability} to be refused as unsupported, it was accepted").into())
}

/// A content that needs exactly this capability.
pub(crate) fn sample(capability: Capability) -> Option<Content> {
    let link = |name: &str| Media::link(format!("https://files.example.net/{name}"));
    let json = |text: &str| serde_json::from_str::<Content>(text).ok();
    Some(match capability {
        Capability::Text => text().content,
        Capability::Image => Content::Image(link("a.png").caption("Shelf 3")),
        Capability::Video => Content::Video(link("b.mp4").caption("Tour")),
        Capability::Audio => Content::Audio(link("c.mp3")),
        Capability::Document => {
            let mut document = link("inv-19.pdf");
            document.filename = Some("inv-19.pdf".to_owned());
            Content::Document(document)
        }
        Capability::Sticker => Content::Sticker(link("d.webp")),
        Capability::Location => Content::Location(Location {
            latitude: 19.4326,
            longitude: -99.1332,
            name: Some("Depot 4".to_owned()),
            address: Some("Harbour Rd".to_owned()),
        }),
        Capability::Contacts => json(CONTACTS)?,
        Capability::Buttons => json(BUTTONS)?,
        Capability::List => json(LIST)?,
        Capability::Reaction => {
            Content::Reaction(Reaction { message_id: MessageId::from("wamid.HBgLMzQ2"), emoji: "👍".to_owned() })
        }
        Capability::Template => Content::Template(Template::new("visit_reminder", "en").body(["Ana", "12/02"])),
        _ => return None,
    })
}

const CONTACTS: &str = r#"{"type":"contacts","contacts":[{"name":{"formatted_name":"Ana Ruiz","first_name":"Ana"},
    "phones":[{"phone":"+34600111222","type":"WORK"}],"emails":[{"email":"a@example.net","type":"WORK"}]}]}"#;
const BUTTONS: &str = r#"{"type":"buttons","body":"Keep Friday 15:00?","header":{"type":"text","text":"Clinic"},"footer":"Reply today",
    "buttons":[{"id":"yes","title":"Keep"},{"id":"no","title":"Move"}]}"#;
const LIST: &str = r#"{"type":"list","body":"Pick a slot","button":"Slots","footer":"Reply today",
    "sections":[{"title":"Mon","rows":[{"id":"m9","title":"09:00","description":"Room A"}]},{"title":"Tue","rows":[{"id":"t9","title":"09:00"}]}]}"#;
