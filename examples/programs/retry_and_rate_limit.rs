//! Repeats a send where that is safe, and keeps to the provider's rate limit.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use serde_json::json;
use transom::config::{ChannelConfig, process_env};
use transom::layers::{RateLimit, Retry};
use transom::{Message, Registry};
use transom_mock_server::MockServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockServer::start().await?;
    mock.control().inbound("exotel", "+919876543210", "hi").await?;

    let registry = Registry::default().with_provider(transom_exotel::PROVIDER);
    let uri = format!("exotel://KEY:TOKEN@{}/acme?from=919876500001", mock.address());
    let channel = ChannelConfig::from_uri("india", &uri, registry.providers(), process_env())?;
    // The first layer is the outermost: each attempt that `Retry` makes waits its turn in the rate limit.
    let client =
        registry.connect(&channel)?.layer(Retry::default()).layer(RateLimit::new(transom_exotel::PROVIDER.rates));

    // The provider rejects the first attempt for sending too fast. It proves that nothing was sent, so `Retry` repeats it.
    mock.control()
        .fault("exotel", json!({ "fault": "status", "status": 429, "headers": { "retry-after": "1" }, "next": 1 }))
        .await?;
    let to: transom::PhoneNumber = "+919876543210".parse()?;
    let receipt = client.send(&Message::text(to.clone(), "Your parcel leaves today.")).await?;
    println!("throttled once: accepted after {} attempts", receipt.attempts);

    // The provider accepts the message and its answer is lost. Repeating it could reach the contact twice.
    mock.control().fault("exotel", json!({ "fault": "lose_reply", "next": 1 })).await?;
    if let Err(error) = client.send(&Message::text(to, "It is at your door.")).await {
        println!("answer lost: {} attempt, may have been sent: {}", error.attempts(), error.may_have_been_sent());
    }
    Ok(())
}
