//! Tests against the in-process mock, which keeps a clock of its own: a day passes within a millisecond.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use transom::config::{ChannelConfig, process_env};
use transom::{ErrorKind, Message, Registry};
use transom_mock_server::{InboundMessage, MessageFilter, MockServer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockServer::builder().strict().seed(7).start().await?;
    let registry = Registry::default().with_provider(transom_exotel::PROVIDER);
    let uri = format!("exotel://demo-key:demo-token@{}/acme?from=919876500001", mock.address());
    let channel = ChannelConfig::from_uri("india", &uri, registry.providers(), process_env())?;
    let client = registry.connect(&channel)?;
    let text = Message::text("+919876543210".parse()?, "Your parcel leaves today.");

    let inbound = InboundMessage::text("exotel", "+919876543210", "hi");
    mock.with(|simulator, now| simulator.receive(now, &inbound))?;
    client.send(&text).await?;
    println!("within 24 hours: accepted");

    mock.advance(Duration::from_secs(25 * 3_600)).await?;
    let kind = client.send(&text).await.err().map(|error| error.kind());
    assert_eq!(kind, Some(ErrorKind::SessionExpired));
    println!("25 hours later: {}", ErrorKind::SessionExpired);

    // What reached the contact, as the provider would know it.
    let count =
        mock.with(|simulator, _| simulator.messages(&MessageFilter::of("exotel")).map(|messages| messages.len()))?;
    assert_eq!(count, 1);
    println!("messages that reached the contact: {count}");
    Ok(())
}
