//! Every value of every switch of the mock, through the adapter: a send has the same outcome, and a webhook call the same
//! meaning.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use transom::adapter::Context;
use transom::config::{ChannelConfig, process_env};
use transom::transport::Transport;
use transom::{Client, ErrorKind, Message, Receipt, Registry, Sent, Template};
use transom_conformance::{SimulatorTransport, adapters};
use transom_mock_server::{ConfigChange, DeliveryOutcome, InboundMessage, NewWebhook};

const WROTE: &str = "+5491155550123";
const NEVER_WROTE: &str = "+5491155550124";
const SECRET: &str = "0123456789abcdef-secret";

/// 11 May 2026, 09:20 UTC.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_778_491_200)
}

/// A provider with one switch set, its adapter, and its webhook.
struct Harness {
    provider: &'static str,
    /// The name of the case.
    about: String,
    mock: Arc<SimulatorTransport>,
    client: Client,
}

impl Harness {
    fn open(provider: &'static str, switch: &str, value: &str) -> Self {
        let settings = match provider {
            "autocalls" => json!({ "api_key": "k", "sender_id": 12 }),
            "exotel" => json!({ "api_key": "k", "api_token": "t", "account_sid": "acme", "from": "+919876500001" }),
            "gosendapi" => json!({ "api_key": "gsk_test_k", "phone_number_id": "555123456789" }),
            _ => json!({ "api_key": "k", "from": "5215500001111" }),
        };
        let mut settings: BTreeMap<String, Value> = serde_json::from_value(settings).unwrap();
        let mut hook = NewWebhook::new(provider, "http://127.0.0.1:9000/hook");
        if provider != "messangi" {
            settings.insert("webhook_secret".to_owned(), json!([SECRET]));
            hook = hook.secret(SECRET);
        }
        let registry = adapters::ALL
            .iter()
            .fold(Registry::default(), |registry, adapter| registry.with_provider(adapter.provider));
        let config = ChannelConfig::new("switched", provider, settings.into_iter().collect(), process_env());
        let mock = SimulatorTransport::new(now());
        let context = Context::new(Arc::<SimulatorTransport>::clone(&mock));
        let client = Client::new(registry.messenger(&config, context).unwrap());
        let harness = Self { provider, about: format!("{provider} {switch}={value}"), mock, client };
        harness.mock.with(|simulator, now| {
            simulator.freeze(now, true);
            simulator.register_webhook(hook).unwrap();
        });
        if !switch.is_empty() {
            harness.set(switch, value);
        }
        let inbound = InboundMessage { name: Some("Asha".to_owned()), ..InboundMessage::text(provider, WROTE, "hi") };
        harness.mock.with(|simulator, now| simulator.receive(now, &inbound)).unwrap();
        harness
    }

    /// With one more switch set.
    fn and(self, switch: &str, value: &str) -> Self {
        self.set(switch, value);
        Self { about: format!("{} {switch}={value}", self.about), ..self }
    }

    fn set(&self, switch: &str, value: &str) {
        let change = ConfigChange::switch(self.provider, switch, value);
        self.mock.with(|simulator, now| simulator.configure(now, &change)).unwrap();
    }

    async fn text_to(&self, number: &str) -> transom::Result<Receipt> {
        let message = Message::text(number.parse().unwrap(), "Your parcel leaves today.");
        self.client.send(&message.with_reference("order17")).await
    }

    async fn template_to(&self, number: &str) -> transom::Result<Receipt> {
        self.client.send(&Message::template(number.parse().unwrap(), Template::new("re_engagement_v1"))).await
    }

    /// The ids of the delivered messages, as callbacks have them.
    fn reached(&self) -> Vec<String> {
        self.mock.messages(self.provider).iter().map(|line| line["message_id"].as_str().unwrap().to_owned()).collect()
    }

    /// The events of the next ten seconds, as the adapter reads them.
    fn webhook_calls(&self) -> Vec<Value> {
        self.mock.with(|simulator, now| simulator.advance(now, Duration::from_secs(10))).unwrap();
        let mut items = Vec::new();
        loop {
            let due = self.mock.with(|simulator, now| {
                let delivery = simulator.due(now)?;
                simulator.delivered(delivery.id, DeliveryOutcome::Answered(StatusCode::OK));
                Some(delivery)
            });
            let Some(delivery) = due else { return items };
            let events = self.client.webhook(&delivery.request);
            let events = events.unwrap_or_else(|error| panic!("{}: {error}: {:?}", self.about, delivery.request));
            assert_eq!(events.verified, self.provider != "messangi", "{}", self.about);
            items.extend(events.events.iter().map(|event| event.to_json(self.provider, events.verified)));
        }
    }
}

/// Each provider with each value of each of its switches.
fn each_value() -> Vec<(&'static str, String, String)> {
    let mut all = Vec::new();
    for adapter in adapters::ALL {
        let provider = adapter.provider.name;
        let config = SimulatorTransport::new(now()).with(|simulator, _| simulator.config(Some(provider))).unwrap();
        for switch in &config.switches {
            assert!(switch.source.ends_with(']') && switch.about.ends_with('.'), "{}: {}", switch.name, switch.source);
            assert!(switch.allowed.contains(&switch.default), "{}", switch.name);
            all.extend(switch.allowed.iter().map(|value| (provider, switch.name.to_owned(), (*value).to_owned())));
        }
    }
    all
}

#[test]
fn every_documented_ambiguity_has_a_switch() {
    let all = each_value();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (provider, _, _) in &all {
        *counts.entry(provider).or_default() += 1;
    }
    for (provider, least) in [("autocalls", 24), ("exotel", 40), ("gosendapi", 45), ("messangi", 35)] {
        assert!(counts[provider] >= least, "{provider} has {} values, expected {least} at the least", counts[provider]);
    }
}

/// Whether every message is accepted and fails later.
fn fails_later(switch: &str, value: &str) -> bool {
    switch == "last_status" && matches!(value, "failed" | "undelivered")
}

#[tokio::test]
async fn text_is_accepted_with_id_of_callbacks() {
    for (provider, switch, value) in each_value() {
        let harness = Harness::open(provider, &switch, &value);
        let sent = harness.text_to(WROTE).await;
        let reached = harness.reached();
        if fails_later(&switch, &value) {
            assert!(sent.is_ok() && reached.is_empty(), "{}: {sent:?} {reached:?}", harness.about);
            continue;
        }
        assert_eq!(reached.len(), 1, "{}: {sent:?}", harness.about);
        match (switch.as_str(), value.as_str()) {
            ("response_shape", "no_id") => {
                let error = sent.unwrap_err();
                assert_eq!(
                    (error.kind(), error.sent()),
                    (ErrorKind::MalformedResponse, Sent::Maybe),
                    "{}",
                    harness.about
                );
            }
            // The vendor's own id, since Meta's is not known yet.
            ("response_shape", "record_without_wamid") => {
                let id = sent.unwrap().message_id.as_str().to_owned();
                assert!(reached[0].ends_with(&id), "{}: {id}", harness.about);
            }
            _ => {
                let receipt = sent.unwrap_or_else(|error| panic!("{}: {error}", harness.about));
                assert_eq!(receipt.message_id.as_str(), reached[0], "{}", harness.about);
            }
        }
    }
}

#[tokio::test]
async fn template_to_a_new_contact_is_accepted() {
    for (provider, switch, value) in each_value() {
        if value == "no_id" {
            continue;
        }
        let harness = Harness::open(provider, &switch, &value);
        let sent = harness.template_to(NEVER_WROTE).await;
        assert!(sent.is_ok(), "{}: {sent:?}", harness.about);
        let expected = usize::from(!fails_later(&switch, &value));
        assert_eq!(harness.reached().len(), expected, "{}", harness.about);
    }
}

#[tokio::test]
async fn text_outside_window_is_rejected_or_reported_failed() {
    for (provider, switch, value) in each_value() {
        let harness = Harness::open(provider, &switch, &value);
        harness.webhook_calls();
        let sent = harness.text_to(NEVER_WROTE).await;
        assert_eq!(harness.reached(), Vec::<String>::new(), "{}: {sent:?}", harness.about);
        if (switch.as_str(), value.as_str()) == ("window_error", "callback") {
            let receipt = sent.unwrap_or_else(|error| panic!("{}: {error}", harness.about));
            expect_window_failure(&harness, receipt.message_id.as_str());
        } else {
            let error = sent.unwrap_err();
            // A rejection without a body, or with a gateway's, is still a rejection.
            let is_reported = !matches!((switch.as_str(), value.as_str()), ("error_body", "empty" | "html"));
            assert_eq!(error.is_window_closed(), is_reported, "{}: {error:?}", harness.about);
            assert_eq!(error.sent(), Sent::No, "{}: {error:?}", harness.about);
        }
    }
}

/// The status event reports the failure of this message, and of no other.
fn expect_window_failure(harness: &Harness, id: &str) {
    let events = harness.webhook_calls();
    let [failed] = events.as_slice() else { panic!("{}: {events:?}", harness.about) };
    let error = &failed["error"];
    assert_eq!((&failed["status"], &error["kind"]), (&json!("failed"), &json!("session_expired")), "{}", harness.about);
    assert_eq!(failed["message_id"], id, "{}", harness.about);
}

#[tokio::test]
async fn failure_is_read_from_each_callback_form() {
    for (provider, switch, values) in [
        ("exotel", "callback_form", &["wrapped", "flat", "event", "typed"][..]),
        ("exotel", "callback_to", &["digits", "e164"]),
        ("exotel", "signature_form", &["prefixed", "bare"]),
        ("gosendapi", "event_name_member", &["event", "type", "event_type"]),
        ("gosendapi", "signature_header", &["x-gosendapi-signature", "x-signature"]),
        ("messangi", "final_statuses", &["words", "smpp", "undelivered", "rejected", "expired"]),
        ("messangi", "callback_date", &["iso", "dashed"]),
    ] {
        for value in values {
            let harness = Harness::open(provider, switch, value).and("window_error", "callback");
            harness.webhook_calls();
            let receipt = harness.text_to(NEVER_WROTE).await.unwrap();
            expect_window_failure(&harness, receipt.message_id.as_str());
        }
    }
}

#[tokio::test]
async fn webhook_means_the_same_in_every_form() {
    for (provider, switch, value) in each_value() {
        // This switch decides the last status of a message.
        if switch == "last_status" {
            continue;
        }
        let usual = Harness::open(provider, "", "");
        let switched = Harness::open(provider, &switch, &value);
        let (mut expected, mut got) = (Vec::new(), Vec::new());
        for (harness, events) in [(&usual, &mut expected), (&switched, &mut got)] {
            // A text whose outcome only a status event reports counts, too.
            let _ = harness.text_to(WROTE).await;
            *events = harness.webhook_calls();
        }
        if (switch.as_str(), value.as_str()) == ("inbound_processing", "off") {
            expected.retain(|event| event["type"] != "inbound");
        }
        // This switch adds the events of conversations.
        if switch == "announcements" {
            got.retain(|event| event["type"] != "conversation");
        }
        // Three of the four simulators have no member for the caller's reference.
        if switch == "callback_form" && value != "wrapped" {
            for event in expected.iter_mut().filter(|event| event["type"] == "status") {
                event["reference"] = Value::Null;
            }
        }
        // Without a time the time of receipt counts.
        if (switch.as_str(), value.as_str()) == ("callback_time", "absent") {
            for event in got.iter_mut().filter(|event| event["type"] == "inbound") {
                assert_eq!(event["at_source"], "receipt", "{}", switched.about);
                event["at_source"] = "provider".into();
            }
            let at = |events: &[Value]| events.iter().map(|event| event["at"].clone()).collect::<Vec<_>>();
            for (event, at) in got.iter_mut().zip(at(&expected)) {
                event["at"] = at;
            }
        }
        // If more requests were needed, the ids differ.
        for (harness, events) in [(&usual, &mut expected), (&switched, &mut got)] {
            let reached = harness.reached();
            for event in events.iter_mut().filter(|event| event["type"] == "status") {
                assert_eq!(event["message_id"], reached[0].as_str(), "{}", harness.about);
                event["message_id"] = "the one that was sent".into();
                // Only a record has the provider's own id besides.
                event["provider_message_id"] = Value::Null;
                // It is derived from the id.
                event["dedupe_key"] = Value::Null;
            }
        }
        assert!(expected.len() >= 2, "{}: {expected:?}", switched.about);
        assert_eq!(got, expected, "{}", switched.about);
    }
}

#[tokio::test]
async fn a_final_status_is_read_however_it_is_spelled() {
    for (provider, switch, values) in [
        ("exotel", "callback_form", &["wrapped", "flat", "event", "typed"][..]),
        ("messangi", "final_statuses", &["words", "smpp"]),
    ] {
        for value in values {
            let harness = Harness::open(provider, switch, value).and("last_status", "read");
            harness.text_to(WROTE).await.unwrap();
            let events = harness.webhook_calls();
            let statuses: Vec<&str> = events.iter().filter_map(|event| event["status"].as_str()).collect();
            assert_eq!(statuses, ["sent", "delivered", "read"], "{}", harness.about);
        }
    }
}

#[tokio::test]
async fn template_that_opens_window_allows_text() {
    for provider in ["autocalls", "gosendapi"] {
        for (value, opens) in [("off", false), ("on", true)] {
            let harness = Harness::open(provider, "template_opens_window", value);
            harness.template_to(NEVER_WROTE).await.unwrap();
            assert_eq!(harness.text_to(NEVER_WROTE).await.is_ok(), opens, "{}", harness.about);
        }
    }
}

#[tokio::test]
async fn template_without_value_is_rejected_or_reported_failed() {
    for value in ["sync", "status", "callback"] {
        let harness = Harness::open("messangi", "missing_placeholder", value);
        harness.webhook_calls();
        let template = Template::new("visit_reminder").body_named([("customer", "Ana")]);
        let sent = harness.client.send(&Message::template(WROTE.parse().unwrap(), template)).await;
        assert_eq!(harness.reached(), Vec::<String>::new(), "{value}");
        if value == "callback" {
            let id = sent.unwrap().message_id.as_str().to_owned();
            let events = harness.webhook_calls();
            assert_eq!(events[0]["error"]["kind"], "template_rejected", "{events:?}");
            assert_eq!(events[0]["message_id"], id.as_str());
        } else {
            assert_eq!(sent.unwrap_err().kind(), ErrorKind::TemplateRejected, "{value}");
        }
    }
}

#[tokio::test]
async fn wrong_credential_is_unauthenticated_for_any_body() {
    for (provider, switch, values) in [
        ("autocalls", "unauthenticated_body", &["message", "error"][..]),
        ("exotel", "auth_error", &["v2", "rest_exception"]),
        ("gosendapi", "code_place", &["code", "errorCode", "error_code", "details.code", "error", "message"]),
        ("messangi", "error_body", &["verbatim", "repaired", "empty", "html"]),
        ("messangi", "refusals", &["status", "ok"]),
    ] {
        for value in values {
            let harness = Harness::open(provider, switch, value);
            let request_of = |error: transom::Error| (error.kind(), error.sent());
            let client = refused_client(&harness);
            let message = Message::text(WROTE.parse().unwrap(), "Hi");
            let error = client.send(&message).await.unwrap_err();
            assert_eq!(request_of(error), (ErrorKind::Unauthenticated, Sent::No), "{}", harness.about);
        }
    }
}

/// A client of the same mock with credentials that the mock rejects.
fn refused_client(harness: &Harness) -> Client {
    #[derive(Debug)]
    struct Refused(Arc<SimulatorTransport>);

    #[async_trait]
    impl Transport for Refused {
        async fn send(&self, mut request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
            let headers = request.headers_mut();
            for (name, value) in [("authorization", "Bearer invalid"), ("x-api-key", "invalid")] {
                if headers.contains_key(name) {
                    let basic = headers[name].to_str().unwrap().starts_with("Basic");
                    let value = if basic { "Basic aW52YWxpZDppbnZhbGlk" } else { value };
                    headers.insert(name, value.parse().unwrap());
                }
            }
            self.0.send(request).await
        }
    }

    let adapter = adapters::ALL.iter().find(|adapter| adapter.provider.name == harness.provider).unwrap();
    let registry = Registry::default().with_provider(adapter.provider);
    let uri = adapter.uri.replace("{host}", "127.0.0.1:9");
    let config = ChannelConfig::from_uri("refused", &uri, registry.providers(), process_env()).unwrap();
    let transport = Arc::new(Refused(Arc::clone(&harness.mock)));
    Client::new(registry.messenger(&config, Context::new(transport)).unwrap())
}
