//! Two channels as one: another is asked only if it is certain that nothing was sent.

use serde_json::json;
use tokio::net::TcpListener;
use transom::{Client, ErrorKind, Failover, Message, Messenger as _, Sent, Template};

use crate::assertions::{Check, Failure, accepted, ensure, equal, failed, unexpected};
use crate::harness::{Harness, contact, text};

scenarios! { "failover":
    a_channel_that_cannot_be_reached_hands_on_to_the_next needs Template;
    /// The sharpest edge: the first channel may have sent it.
    an_unknown_outcome_ends_the_search needs Template covers doubt;
    a_refusal_of_the_message_itself_ends_the_search needs Template covers rejected_templates;
    a_channel_whose_credential_is_refused_hands_on_to_the_next needs Template covers credentials;
    a_throttled_channel_hands_on_to_the_next needs Template covers pace;
    a_channel_with_an_empty_account_hands_on_to_the_next needs Template covers balance;
    /// The window belongs to a number, and nobody knows of one to the other.
    on_another_number_a_free_text_goes_as_its_template needs Template;
    a_free_text_without_a_template_is_not_sent_from_another_number needs Text;
}

fn template() -> Message {
    Message::template(contact(), Template::new("re_engagement_v1", "en"))
}

/// `first`, and behind it the channel that works.
fn either(harness: &Harness, first: Client) -> Client {
    Client::new(Failover::new("first", first).then("second", harness.client.clone()))
}

/// A channel at whose address nobody listens.
async fn away(harness: &Harness) -> Result<Client, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(unexpected)?;
    let address = listener.local_addr().map_err(unexpected)?;
    drop(listener);
    harness.elsewhere(&address.to_string())
}

/// Holds if the second channel sent the template after the first had failed like this.
async fn handed_on(harness: &Harness, client: &Client, kind: ErrorKind) -> Check {
    let receipt = accepted(client.send(&template()).await)?;
    equal("the channel", &receipt.channel.as_deref(), &Some("second"))?;
    let earlier: Vec<_> = receipt.earlier.iter().map(|attempt| (attempt.channel.as_str(), attempt.kind)).collect();
    equal("what went before", &earlier, &vec![("first", kind)])?;
    harness.reached(1).await
}

async fn a_channel_that_cannot_be_reached_hands_on_to_the_next(harness: &Harness) -> Check {
    let client = either(harness, away(harness).await?);
    handed_on(harness, &client, ErrorKind::ProviderUnavailable).await?;
    harness.asked(1).await
}

async fn an_unknown_outcome_ends_the_search(harness: &Harness) -> Check {
    harness.control.fault(harness.provider(), json!({ "fault": "lose_reply", "next": 1 })).await?;
    let client = either(harness, harness.client.clone());
    failed(client.send(&template()).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
    harness.asked(1).await?;
    harness.reached(1).await
}

async fn a_refusal_of_the_message_itself_ends_the_search(harness: &Harness) -> Check {
    let paused = json!({ "template": "re_engagement_v1", "status": "paused" });
    harness.control.config(harness.provider(), paused).await?;
    let client = either(harness, harness.client.clone());
    harness.refused(client.send(&template()).await, ErrorKind::TemplateRejected).await?;
    // What a list of templates tells beforehand, nobody is asked to send.
    harness.asked(usize::from(!harness.lists_templates())).await
}

async fn a_channel_whose_credential_is_refused_hands_on_to_the_next(harness: &Harness) -> Check {
    let stranger = harness.connect(&harness.config_of(harness.adapter.uri_with_bad_credential)?)?;
    handed_on(harness, &either(harness, stranger), ErrorKind::Unauthenticated).await
}

async fn a_throttled_channel_hands_on_to_the_next(harness: &Harness) -> Check {
    harness.control.fault(harness.provider(), json!({ "fault": "rate_limited", "next": 1 })).await?;
    let client = either(harness, harness.client.clone());
    handed_on(harness, &client, ErrorKind::RateLimited).await?;
    harness.asked(2).await
}

async fn a_channel_with_an_empty_account_hands_on_to_the_next(harness: &Harness) -> Check {
    harness.answer_with(402, json!({})).await?;
    let client = either(harness, harness.client.clone());
    handed_on(harness, &client, ErrorKind::InsufficientBalance).await?;
    harness.asked(2).await
}

async fn on_another_number_a_free_text_goes_as_its_template(harness: &Harness) -> Check {
    let client = either(harness, away(harness).await?);
    let message = text().with_fallback(Template::new("re_engagement_v1", "en"));
    let receipt = accepted(client.send(&message).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    harness.reached(1).await?;
    for message in harness.delivered().await? {
        equal("what arrived", &message["content"]["type"], &json!("template"))?;
    }
    Ok(())
}

async fn a_free_text_without_a_template_is_not_sent_from_another_number(harness: &Harness) -> Check {
    let client = either(harness, away(harness).await?);
    let error = client.send(&text()).await.err().ok_or("it was sent from a number that the person never wrote to")?;
    equal("whether it may have been sent", &error.sent(), &Sent::No)?;
    harness.asked(0).await?;
    harness.reached(0).await
}
