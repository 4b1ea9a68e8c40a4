//! Sends a text to a contact whose 24-hour window is closed: alone it is rejected, with a fallback template it arrives.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use transom::config::{ChannelConfig, process_env};
use transom::{Message, Registry, Template};
use transom_mock_server::MockServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // This contact has never written to the mock's number.
    let mock = MockServer::start().await?;
    let registry = Registry::default().with_provider(transom_exotel::PROVIDER);
    let uri = format!("exotel://KEY:TOKEN@{}/acme?from=919876500001", mock.address());
    let channel = ChannelConfig::from_uri("india", &uri, registry.providers(), process_env())?;
    let client = registry.connect(&channel)?;

    let text = Message::text("+919876543210".parse()?, "Your parcel leaves today.");
    if let Err(error) = client.send(&text).await {
        println!("text alone: {} (window closed: {})", error.kind(), error.is_window_closed());
    }

    // The template is approved at the provider, and has one parameter.
    let message = text.with_fallback(Template::new("follow_up").body(["your parcel"]));
    let receipt = client.send(&message).await?;
    println!("with fallback: accepted, as template: {}", receipt.template_fallback);
    Ok(())
}
