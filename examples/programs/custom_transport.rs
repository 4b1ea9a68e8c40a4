//! Brings a transport of its own: one that notes each request, over an HTTP client that the application made.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use transom::adapter::{Context, Operation};
use transom::config::{ChannelConfig, process_env};
use transom::transport::Transport;
use transom::transport::{HttpOptions, HttpTransport};
use transom::{Message, Registry};
use transom_mock_server::MockServer;

/// Notes what a request does and how it ended. An inner transport carries it.
#[derive(Debug)]
struct Noting<T>(T);

#[async_trait]
impl<T: Transport> Transport for Noting<T> {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        // The path may hold an account's id, the query a phone number: neither belongs into a log.
        let (operation, method) = (Operation::of(&request), request.method().clone());
        let answered = self.0.send(request).await;
        match &answered {
            Ok(response) => println!("{operation:?} by {method}: {}", response.status()),
            Err(error) => println!("{operation:?} by {method}: {:?}", error.phase()),
        }
        answered
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockServer::start().await?;
    mock.control().inbound("exotel", "+919876543210", "hi").await?;

    // `HttpTransport::with_client` takes a `reqwest::Client` of the application's in place of these options.
    let http = HttpTransport::new(HttpOptions { timeout: Some(Duration::from_secs(20)), ..HttpOptions::default() })?;
    let registry = Registry::default().with_provider(transom_exotel::PROVIDER);
    let uri = format!("exotel://KEY:TOKEN@{}/acme?from=919876500001", mock.address());
    let channel = ChannelConfig::from_uri("india", &uri, registry.providers(), process_env())?;
    let client = registry.connect_with(&channel, Context::new(Arc::new(Noting(http))))?;

    let message = Message::text("+919876543210".parse()?, "Your parcel leaves today.");
    println!("accepted as {}", client.send(&message).await?.message_id);
    Ok(())
}
