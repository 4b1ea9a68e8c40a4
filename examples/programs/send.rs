//! Sends a text to a contact, and tells the three possible outcomes apart.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use transom::config::{ChannelConfig, process_env};
use transom::{Message, Registry};
use transom_mock_server::MockServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // In place of a provider: the mock, where this contact has just written.
    let mock = MockServer::start().await?;
    mock.control().inbound("exotel", "+919876543210", "Where is my parcel?").await?;

    // In an application, the URI is a line of configuration, with the host `default`.
    let registry = Registry::default().with_provider(transom_exotel::PROVIDER);
    let uri = format!("exotel://KEY:TOKEN@{}/acme?from=919876500001", mock.address());
    let channel = ChannelConfig::from_uri("india", &uri, registry.providers(), process_env())?;
    let client = registry.connect(&channel)?;

    let message = Message::text("+919876543210".parse()?, "Your parcel leaves today.").with_reference("order-17");
    match client.send(&message).await {
        Ok(receipt) => println!("accepted: the provider's id is {}", receipt.message_id),
        Err(error) if error.may_have_been_sent() => println!("outcome unknown, do not send again: {error}"),
        Err(error) => println!("not sent, kind {}: {error}", error.kind()),
    }
    Ok(())
}
