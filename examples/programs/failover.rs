//! Reads channels from a file, gives each member of a failover layers of its own, and sends through the second one because
//! the first one cannot be reached.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::Path;

use transom::config::{ConfigFile, process_env};
use transom::layers::{RateLimit, Retry};
use transom::{Client, Message, Registry};
use transom_mock_server::MockServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockServer::start().await?;
    mock.control().inbound("autocalls", "+919876543210", "hi").await?;

    // The file names a fixed port; this mock has a free one.
    let text = include_str!("failover.toml").replace("http://127.0.0.1:4010", &mock.url());
    // These layers go into the client of each channel, so that no member exceeds its provider's limits.
    let registry = Registry::default()
        .with_provider(transom_exotel::PROVIDER)
        .with_provider(transom_autocalls::PROVIDER)
        .with_layers(|provider, channel, client| client.layer(RateLimit::new(provider.rates_for(channel))));
    let file = ConfigFile::parse(&text, Path::new("."), registry.providers(), &process_env())?;
    // Retries within a member would delay the change to the next one, so only the last member repeats a send. Without
    // layers for single members, `registry.open(&file, "any")` makes the same client.
    let failover = registry.failover(&file, "any")?.map_client("support", |client| client.layer(Retry::attempts(2)))?;
    let client = Client::new(failover);

    let message = Message::text("+919876543210".parse()?, "Your parcel leaves today.");
    let receipt = client.send(&message).await?;
    for failed in &receipt.earlier {
        println!("passed over: {failed:?}");
    }
    println!("accepted through {:?}", receipt.channel);
    Ok(())
}
