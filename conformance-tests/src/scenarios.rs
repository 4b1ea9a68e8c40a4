//! The list of scenarios: each group is a file, and each scenario states its contract in the table of its group.

#[macro_use]
mod scenario;

mod configuration;
mod content;
mod content_rules;
mod delivery;
mod errors;
mod evidence;
mod failover;
mod failures;
mod hostile;
mod inbound;
mod inbound_calls;
mod lists;
mod pacing;
mod samples;
mod secrets;
mod sending;
mod template_parts;
mod templates;
mod webhooks;
mod window;
mod window_rows;

use transom::account::ConversationFilter;
use transom::message::Media;
use transom::{Capability, Content, Error, ErrorKind, Message, Sent};

use crate::assertions::{Check, Failure, ensure, equal};
use crate::harness::{Harness, contact, text};
use samples::sample;
pub(crate) use scenario::{Need, Scenario};

/// Every scenario, group by group.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    [
        sending::ALL,
        content::ALL,
        content_rules::ALL,
        window::ALL,
        templates::ALL,
        template_parts::ALL,
        lists::ALL,
        errors::ALL,
        delivery::ALL,
        pacing::ALL,
        failover::ALL,
        webhooks::ALL,
        inbound::ALL,
        window_rows::ALL,
        failures::ALL,
        configuration::ALL,
        secrets::ALL,
        hostile::ALL,
        evidence::ALL,
    ]
    .into_iter()
    .flatten()
}

/// Replaces a scenario whose capability the adapter does not declare: the call must be refused as unsupported, without a
/// request. For provider features that are no call of ours, the adapter must not act as if they existed.
pub(crate) async fn refusal(harness: &Harness, capability: Capability) -> Check {
    match capability {
        Capability::Inbound => return webhooks::nothing_inbound_is_told(harness).await,
        Capability::WebhookSignature => return webhooks::nothing_is_verified(harness).await,
        Capability::Idempotency => return sending::no_key_travels(harness).await,
        _ => {}
    }
    let error = provoke(harness, capability).await?;
    equal("the kind", &error.kind(), &ErrorKind::Unsupported)?;
    equal("whether it may have been sent", &error.sent(), &Sent::No)?;
    equal("attempts", &error.attempts(), &0)?;
    // A provider without images refuses an uploaded image as an image.
    let named = capability.as_str();
    let names_it =
        error.message().contains(named) || (capability == Capability::MediaUpload && error.message().contains("image"));
    ensure(names_it, format_args!("the error names no {named}: {error}"))?;
    harness.untouched().await
}

async fn provoke(harness: &Harness, capability: Capability) -> Result<Error, Failure> {
    let client = &harness.client;
    let refused = match capability {
        Capability::Session => client.session(&contact()).await.err(),
        Capability::Senders => client.senders().await.err(),
        Capability::Templates => client.templates().await.err(),
        Capability::Conversations => client.conversations(&ConversationFilter::default()).await.err(),
        Capability::DeliveryStatus => client.webhook(&http::Request::new(bytes::Bytes::from_static(b"{}"))).err(),
        Capability::Reply => client.send(&text().with_reply_to("wamid.1")).await.err(),
        Capability::MarkRead => client.mark_read(&"wamid.1".into()).await.err(),
        Capability::Typing => client.show_typing(&"wamid.1".into()).await.err(),
        Capability::StatusCallback => {
            client.send(&text().with_status_callback("https://hooks.example.net/dlr")).await.err()
        }
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
