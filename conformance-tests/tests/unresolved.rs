//! A lost response, settled by the provider's status event: the mock accepts the message, loses the response, and calls the
//! webhook of an axum application.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::time::{Duration, SystemTime};

use axum::extract::{FromRef, State};
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use transom::adapter::{Operation, Provider};
use transom::axum::Webhook;
use transom::config::{ChannelConfig, process_env};
use transom::reconcile::{DeliveryReportLog, PendingSend, Resolution};
use transom::transport::Transport;
use transom::transport::{HttpOptions, HttpTransport};
use transom::webhook::{DeliveryStatus, Event, WebhookEvents};
use transom::{Client, Error, ErrorKind, Message, Registry, Sent};
use transom_mock_server::MockServer;

const CONTACT: &str = "+5491155550123";
const SECRET: &str = "0123456789abcdef-secret";

/// The maximum time until a status event arrives.
const PATIENCE: Duration = Duration::from_secs(10);

struct Harness {
    provider: Provider,
    client: Client,
    mock: MockServer,
    events: mpsc::UnboundedReceiver<WebhookEvents>,
}

#[derive(Clone)]
struct App {
    client: Client,
    events: mpsc::UnboundedSender<WebhookEvents>,
}

impl FromRef<App> for Client {
    fn from_ref(app: &App) -> Self {
        app.client.clone()
    }
}

async fn hear(State(app): State<App>, Webhook(events): Webhook) {
    // The test may have ended already.
    let _ = app.events.send(events);
}

impl Harness {
    async fn open(provider: Provider, uri: &str) -> Self {
        let mock = MockServer::start().await.unwrap();
        let registry = Registry::default().with_provider(provider);
        let uri = uri.replace("HOST", &mock.address().to_string());
        let signs = matches!(provider.name, "exotel" | "gosendapi");
        let mut channel = ChannelConfig::from_uri("c", &uri, registry.providers(), process_env()).unwrap();
        if signs {
            channel = channel.with_value("webhook_secret", SECRET);
        }
        let client = registry.connect(&channel).unwrap();

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, events) = mpsc::unbounded_channel();
        let app = axum::Router::new()
            .route("/hook", axum::routing::post(hear))
            .with_state(App { client: client.clone(), events: sender });
        tokio::spawn(async move { axum::serve(listener, app).await });

        let harness = Self { provider, client, mock, events };
        let mut registration = json!({ "provider": provider.name, "url": hook });
        if signs {
            registration["secret"] = SECRET.into();
        }
        harness.control("webhooks", &registration).await;
        harness.control("inbound", &json!({ "provider": provider.name, "from": CONTACT, "text": "hi" })).await;
        harness
    }

    async fn control(&self, call: &str, body: &Value) {
        let transport = HttpTransport::new(HttpOptions::default()).unwrap();
        let mut request =
            Request::post(format!("{}/_mock/{call}", self.mock.url())).body(Bytes::from(body.to_string())).unwrap();
        request.extensions_mut().insert(Operation::Read);
        let response = transport.send(request).await.unwrap();
        assert!(response.status().is_success(), "{call}: {:?}", response.body());
    }

    async fn see(&self, call: &str) -> Value {
        let transport = HttpTransport::new(HttpOptions::default()).unwrap();
        let mut request = Request::get(format!("{}/_mock/{call}", self.mock.url())).body(Bytes::new()).unwrap();
        request.extensions_mut().insert(Operation::Read);
        let response = transport.send(request).await.unwrap();
        assert!(response.status().is_success(), "{call}: {:?}", response.body());
        serde_json::from_slice(response.body()).unwrap()
    }

    /// Sends a text whose response is lost.
    async fn lose(&self, message: &Message) -> (Message, Error, PendingSend) {
        self.control("faults", &json!([{ "provider": self.provider.name, "fault": "lose_reply", "next": 1 }])).await;
        let begun = SystemTime::now();
        let prepared = self.client.prepare(message).unwrap();
        let error = self.client.send(&prepared).await.unwrap_err();
        assert_eq!(error.sent(), Sent::Maybe);
        let unresolved = PendingSend::new(&prepared, &error, begun).unwrap();
        assert_eq!(unresolved.resolution(), Resolution::Unknown);
        (prepared, error, unresolved)
    }

    /// Reads status events until one settles the message.
    async fn settle(&mut self, unresolved: &mut PendingSend) -> Resolution {
        // The mock's clock must pass until the message is delivered.
        self.control("clock", &json!({ "advance": "1m" })).await;
        while unresolved.resolution() == Resolution::Unknown {
            let heard = tokio::time::timeout(PATIENCE, self.events.recv()).await;
            unresolved.record_events(&heard.unwrap().unwrap(), true);
        }
        unresolved.resolution()
    }
}

fn text() -> Message {
    Message::text(CONTACT.parse().unwrap(), "Your parcel leaves today.").with_reference("order-17")
}

#[tokio::test]
async fn status_with_reference_settles_lost_response() {
    for (provider, uri) in [
        (transom_exotel::PROVIDER, "exotel://key:token@HOST/acme?from=919876500001"),
        (transom_messangi::PROVIDER, "messangi://key@HOST?from=5215500001111"),
    ] {
        let mut harness = Harness::open(provider, uri).await;
        let (_, _, mut unresolved) = harness.lose(&text()).await;
        let resolution = harness.settle(&mut unresolved).await;
        assert!(matches!(resolution, Resolution::Sent { .. }), "{}: {resolution:?}", provider.name);
    }
}

#[tokio::test]
async fn status_before_lost_response_settles_send() {
    let uri = "exotel://key:token@HOST/acme?from=919876500001";
    let mut harness = Harness::open(transom_exotel::PROVIDER, uri).await;
    // The message is accepted, and the response held.
    let held = json!([{ "provider": "exotel", "fault": "gate", "gate": "answer", "next": 1 }]);
    harness.control("faults", &held).await;
    let (client, begun) = (harness.client.clone(), SystemTime::now());
    let sending = tokio::spawn(async move { client.send(&text()).await });
    harness.see("wait?for=gate&gate=answer&provider=exotel").await;
    harness.control("clock", &json!({ "advance": "1m" })).await;

    let reports = DeliveryReportLog::default();
    let mut has_reported = false;
    while !has_reported {
        let heard = tokio::time::timeout(PATIENCE, harness.events.recv()).await.unwrap().unwrap();
        has_reported = heard.events.iter().any(|event| matches!(event, Event::Status(_)));
        reports.record(&heard, false);
    }
    assert!(!sending.is_finished(), "it is still waited for");

    // The provider stops, and the response is lost.
    drop(harness.mock);
    let error = sending.await.unwrap().unwrap_err();
    assert_eq!(error.sent(), Sent::Maybe);
    let mut unresolved = PendingSend::new(&text(), &error, begun).unwrap();
    assert_eq!(unresolved.resolution(), Resolution::Unknown);
    assert!(matches!(unresolved.check_log(&reports), Resolution::Sent { .. }), "{unresolved:?}");
}

#[tokio::test]
async fn failed_status_settles_send_only_under_its_id() {
    let mut harness = Harness::open(transom_exotel::PROVIDER, "exotel://key:token@HOST/acme?from=919876500001").await;
    harness.control("config", &json!({ "provider": "exotel", "window_error": "callback" })).await;
    harness.control("clock", &json!({ "advance": "25h" })).await;
    let (_, _, mut unresolved) = harness.lose(&text()).await;
    harness.control("clock", &json!({ "advance": "1m" })).await;
    let failed = loop {
        let events = tokio::time::timeout(PATIENCE, harness.events.recv()).await.unwrap().unwrap();
        unresolved.record_events(&events, true);
        let failed = events.events.into_iter().find_map(|event| match event {
            Event::Status(update) if update.status == DeliveryStatus::Failed => Some(update),
            _ => None,
        });
        if let Some(failed) = failed {
            break failed;
        }
    };
    // It may be the late failure of an earlier message under the same reference.
    assert_eq!(unresolved.resolution(), Resolution::Unknown);
    let resolution = unresolved.with_message_id(failed.message_id).resolution();
    let Resolution::NotSent { reason: Some((kind, code)) } = resolution else { panic!("{resolution:?}") };
    assert_eq!((kind, code.as_str()), (ErrorKind::SessionExpired, "30018"));
}

#[tokio::test]
async fn lost_response_with_key_is_settled_by_resend() {
    let uri = "gosendapi://key@HOST?phone_number_id=555123456789";
    let harness = Harness::open(transom_gosendapi::PROVIDER, uri).await;
    let (_, _, mut unresolved) = harness.lose(&text()).await;
    let life = transom_gosendapi::PROVIDER.key_life.unwrap();
    let resolution = unresolved.resend(&harness.client, life, SystemTime::now()).await.unwrap();
    assert!(matches!(resolution, Resolution::Sent { .. }), "{resolution:?}");
    // The mock's ledger has the message once.
    let messages = harness.see("messages").await;
    let messages = messages.as_array().unwrap();
    assert_eq!(messages.len(), 1);
}

#[tokio::test]
async fn stored_message_is_repeated_under_its_key() {
    let uri = "gosendapi://key@HOST?phone_number_id=555123456789";
    let harness = Harness::open(transom_gosendapi::PROVIDER, uri).await;
    // Without a reference the key is random, so that only the stored form can know it.
    let message = Message::text(CONTACT.parse().unwrap(), "Your parcel leaves today.");
    let stored = serde_json::to_string(&harness.client.prepare(&message).unwrap()).unwrap();
    let load = || serde_json::from_str::<Message>(&stored).unwrap();
    harness.control("faults", &json!([{ "provider": "gosendapi", "fault": "lose_reply", "next": 1 }])).await;
    assert_eq!(harness.client.send(&load()).await.unwrap_err().sent(), Sent::Maybe);
    harness.client.send(&load()).await.unwrap();

    let requests = harness.see("requests?provider=gosendapi").await;
    let sends = requests.as_array().unwrap().iter().filter(|request| request["path"] == "/v1/messages");
    let keys: Vec<_> = sends.map(|request| request["headers"]["idempotency-key"].clone()).collect();
    let key = serde_json::from_str::<Value>(&stored).unwrap()["idempotency_key"].clone();
    assert!(key.is_string());
    assert_eq!(keys, [key.clone(), key]);
    assert_eq!(harness.see("messages").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn status_lookup_by_id_settles_unknown_send() {
    let uri = "gosendapi://key@HOST?phone_number_id=555123456789";
    let harness = Harness::open(transom_gosendapi::PROVIDER, uri).await;
    let receipt = harness.client.send(&text()).await.unwrap();
    let lost =
        Error::new(ErrorKind::ProviderUnavailable, "the process ended before it could be written down").maybe_sent();
    let mut unresolved =
        PendingSend::new(&text(), &lost, SystemTime::now()).unwrap().with_message_id(receipt.message_id.clone());

    let uri = uri.replace("HOST", &harness.mock.address().to_string());
    let channel = ChannelConfig::from_uri("c", &uri, &[transom_gosendapi::PROVIDER], process_env()).unwrap();
    let context = transom::adapter::Context::new(transom::config::http_transport(channel.reader().common()).unwrap());
    let gosendapi = transom_gosendapi::GoSendApi::connect(&channel, context).unwrap();
    let unknown = gosendapi.message_status(&"424242".into()).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    unresolved.record_update(&gosendapi.message_status(&receipt.message_id).await.unwrap());
    assert!(matches!(unresolved.resolution(), Resolution::Sent { .. }));
}
