//! Failover: another channel is tried only if nothing was sent.

use serde_json::json;
use tokio::net::TcpListener;
use transom::{Client, ErrorKind, Failover, Message, Sent, Template};

use crate::assertions::{Check, Failure, accepted, ensure, equal, failed, unexpected};
use crate::harness::{Harness, contact, text};

scenarios! { "failover":
    unreachable_channel_fails_over "If a channel cannot be reached, the next channel sends the message."
        needs Template;
    /// The first channel may have sent the message.
    unknown_outcome_does_not_fail_over "If the outcome at a channel is unknown, no other channel is tried."
        needs Template covers doubt;
    rejected_message_does_not_fail_over "If a channel rejects the message itself, no other channel is tried."
        needs Template covers rejected_templates;
    unauthenticated_channel_fails_over "If a channel's credential is rejected, the next channel sends the message."
        needs Template covers credentials;
    throttled_channel_fails_over "If a channel is throttled, the next channel sends the message."
        needs Template covers pace;
    empty_account_fails_over "If a channel's account has no balance, the next channel sends the message."
        needs Template covers balance;
    /// The session window belongs to one sender, and the state at the other one is not known.
    other_sender_uses_fallback_template "From another sender, the fallback template is sent instead of the text."
        needs Template;
    other_sender_sends_no_text_without_fallback "From another sender, a text without a fallback template is not sent."
        needs Text;
}

fn template() -> Message {
    Message::template(contact(), Template::new("re_engagement_v1"))
}

/// `first`, followed by the channel that works.
fn either(harness: &Harness, first: Client) -> Client {
    Client::new(Failover::new("first", first).with_channel("second", harness.client.clone()))
}

/// A channel whose address has no listener.
async fn away(harness: &Harness) -> Result<Client, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(unexpected)?;
    let address = listener.local_addr().map_err(unexpected)?;
    drop(listener);
    harness.elsewhere(&address.to_string())
}

/// Passes if the second channel sent the template after the first had failed like this.
async fn handed_on(harness: &Harness, client: &Client, kind: ErrorKind) -> Check {
    let receipt = accepted(client.send(&template()).await)?;
    equal("the channel", &receipt.channel.as_deref(), &Some("second"))?;
    let earlier: Vec<_> = receipt.earlier.iter().map(|attempt| (attempt.channel.as_str(), attempt.kind)).collect();
    equal("what went before", &earlier, &vec![("first", kind)])?;
    harness.reached(1).await
}

async fn unreachable_channel_fails_over(harness: &Harness) -> Check {
    let client = either(harness, away(harness).await?);
    handed_on(harness, &client, ErrorKind::ProviderUnavailable).await?;
    harness.asked(1).await
}

async fn unknown_outcome_does_not_fail_over(harness: &Harness) -> Check {
    harness.control.fault(harness.provider(), json!({ "fault": "lose_reply", "next": 1 })).await?;
    let client = either(harness, harness.client.clone());
    failed(client.send(&template()).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
    harness.asked(1).await?;
    harness.reached(1).await
}

async fn rejected_message_does_not_fail_over(harness: &Harness) -> Check {
    let paused = json!({ "template": "re_engagement_v1", "status": "paused" });
    harness.control.config(harness.provider(), paused).await?;
    let client = either(harness, harness.client.clone());
    harness.refused(client.send(&template()).await, ErrorKind::TemplateRejected).await?;
    // If a template list shows the status, no send request is made.
    harness.asked(usize::from(!harness.lists_templates())).await
}

async fn unauthenticated_channel_fails_over(harness: &Harness) -> Check {
    let stranger = harness.connect(&harness.config_of(harness.adapter.uri_with_bad_credential)?)?;
    handed_on(harness, &either(harness, stranger), ErrorKind::Unauthenticated).await
}

async fn throttled_channel_fails_over(harness: &Harness) -> Check {
    harness.control.fault(harness.provider(), json!({ "fault": "rate_limited", "next": 1 })).await?;
    let client = either(harness, harness.client.clone());
    handed_on(harness, &client, ErrorKind::RateLimited).await?;
    harness.asked(2).await
}

async fn empty_account_fails_over(harness: &Harness) -> Check {
    harness.answer_with(402, json!({})).await?;
    let client = either(harness, harness.client.clone());
    handed_on(harness, &client, ErrorKind::InsufficientBalance).await?;
    harness.asked(2).await
}

async fn other_sender_uses_fallback_template(harness: &Harness) -> Check {
    let client = either(harness, away(harness).await?);
    let message = text().with_fallback(Template::new("re_engagement_v1"));
    let receipt = accepted(client.send(&message).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    harness.reached(1).await?;
    for message in harness.delivered().await? {
        equal("what arrived", &message["content"]["type"], &json!("template"))?;
    }
    Ok(())
}

async fn other_sender_sends_no_text_without_fallback(harness: &Harness) -> Check {
    let client = either(harness, away(harness).await?);
    let error = client.send(&text()).await.err().ok_or("it was sent from a number that the person never wrote to")?;
    equal("whether it may have been sent", &error.sent(), &Sent::No)?;
    harness.asked(0).await?;
    harness.reached(0).await
}
