//! Receives webhook calls in an axum application. The handler sees only calls whose signature is right.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::post;
use tokio::sync::Notify;
use transom::axum::Webhook;
use transom::config::{ChannelConfig, process_env};
use transom::webhook::Event;
use transom::{Client, Registry};
use transom_mock_server::MockServer;

/// The state of the application. The extractor takes the channel's client from it.
#[derive(Clone)]
struct App {
    client: Client,
    received: Arc<Notify>,
}

impl FromRef<App> for Client {
    fn from_ref(app: &App) -> Self {
        app.client.clone()
    }
}

async fn handler(State(app): State<App>, Webhook(events): Webhook) {
    for event in &events.events {
        if let Event::Inbound(inbound) = event {
            // Debug forms show no text of a contact, so that logs do not keep it. The content itself has it.
            println!("verified: {}, message {:?}: {}", events.verified, inbound.message_id, inbound.content.to_json());
            app.received.notify_one();
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockServer::start().await?;
    let registry = Registry::default().with_provider(transom_exotel::PROVIDER);
    let uri = format!("exotel://KEY:TOKEN@{}/acme?from=919876500001", mock.address());
    let channel = ChannelConfig::from_uri("india", &uri, registry.providers(), process_env())?;
    let client = registry.connect(&channel.with_value("webhook_secret", "a secret of both sides"))?;

    let received = Arc::new(Notify::new());
    let app = App { client, received: Arc::clone(&received) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let hook = format!("http://{}/hooks/india", listener.local_addr()?);
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/hooks/india", post(handler)).with_state(app)).await
    });

    mock.control().webhook("exotel", &hook, Some("a secret of both sides")).await?;
    mock.control().inbound("exotel", "+919876543210", "Where is my parcel?").await?;
    received.notified().await;
    Ok(())
}
