//! Settles a send whose outcome is unknown: the delivery report, which carries the message's reference, says what became of it.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::post;
use serde_json::json;
use transom::axum::Webhook;
use transom::config::{ChannelConfig, process_env};
use transom::reconcile::{DeliveryReportLog, PendingSend, Resolution};
use transom::{Client, Message, Registry};
use transom_mock_server::MockServer;

#[derive(Clone)]
struct App {
    client: Client,
    /// A delivery report often comes before a timeout ends, so the application keeps recent ones.
    reports: Arc<DeliveryReportLog>,
}

impl FromRef<App> for Client {
    fn from_ref(app: &App) -> Self {
        app.client.clone()
    }
}

async fn handler(State(app): State<App>, Webhook(events): Webhook) {
    app.reports.record(&events, false);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockServer::start().await?;
    let registry = Registry::default().with_provider(transom_exotel::PROVIDER);
    let uri = format!("exotel://KEY:TOKEN@{}/acme?from=919876500001", mock.address());
    let channel = ChannelConfig::from_uri("india", &uri, registry.providers(), process_env())?;
    let client = registry.connect(&channel.with_value("webhook_secret", "a secret of both sides"))?;

    let reports = Arc::new(DeliveryReportLog::default());
    let app = App { client: client.clone(), reports: Arc::clone(&reports) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let hook = format!("http://{}/hooks/india", listener.local_addr()?);
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/hooks/india", post(handler)).with_state(app)).await
    });
    mock.control().webhook("exotel", &hook, Some("a secret of both sides")).await?;
    mock.control().inbound("exotel", "+919876543210", "hi").await?;

    // The provider accepts the message, and its answer never comes.
    mock.control().fault("exotel", json!({ "fault": "lose_reply", "next": 1 })).await?;
    let message = Message::text("+919876543210".parse()?, "Your parcel leaves today.").with_reference("order-17");
    let begun = SystemTime::now();
    let Err(error) = client.send(&message).await else { return Err("the answer was to be lost".into()) };
    let Some(mut pending) = PendingSend::new(&message, &error, begun) else { return Err(error.into()) };
    println!("after the send: {:?}", pending.resolution());

    // A minute later, by the mock's clock, its report is out.
    mock.control().advance("1m").await?;
    while pending.check_log(&reports) == Resolution::Unknown {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if let Resolution::Sent { status, .. } = pending.resolution() {
        println!("after the report: sent, {status:?}");
    }
    Ok(())
}
