//! Reads channels from a file, and sends through the second one because the first one cannot be reached.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::Path;

use transom::config::{ConfigFile, process_env};
use transom::{Message, Registry};
use transom_mock_server::MockServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockServer::start().await?;
    mock.control().inbound("autocalls", "+919876543210", "hi").await?;

    // The file names a fixed port; this mock has a free one.
    let text = include_str!("failover.toml").replace("http://127.0.0.1:4010", &mock.url());
    let registry =
        Registry::default().with_provider(transom_exotel::PROVIDER).with_provider(transom_autocalls::PROVIDER);
    let file = ConfigFile::parse(&text, Path::new("."), registry.providers(), &process_env())?;
    let client = registry.open(&file, "any")?;

    let message = Message::text("+919876543210".parse()?, "Your parcel leaves today.");
    let receipt = client.send(&message).await?;
    for failed in &receipt.earlier {
        println!("passed over: {failed:?}");
    }
    println!("accepted through {:?}", receipt.channel);
    Ok(())
}
