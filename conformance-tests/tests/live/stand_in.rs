//! A stand-in for a live provider, and an account at it.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use transom::adapter::{Context, Provider};
use transom::config::{ChannelConfig, process_env};
use transom::transport::Transport;
use transom::{Client, Registry};
use transom_conformance::drift::DriftKind;
use transom_conformance::drift::live::{self, Permission, Recorder, Step, StepReport};
use transom_mock_server::{Simulator, control_response};

pub(crate) const CONTACT: &str = "+5491155550123";

/// Edits a response on its way.
pub(crate) type Distortion = Box<dyn Fn(&mut Response<Bytes>) + Send>;

/// The mock without a socket, with an editor of responses.
pub(crate) struct StandIn {
    simulator: Mutex<Simulator>,
    pub(crate) distortion: Mutex<Option<Distortion>>,
    /// The genuine responses, with their calls.
    pub(crate) answered: Mutex<Vec<(String, Response<Bytes>)>>,
}

impl StandIn {
    pub(crate) fn new(provider: &str) -> Arc<Self> {
        let simulator = Mutex::new(Simulator::new(SystemTime::now()));
        let stand_in = Self { simulator, distortion: Mutex::default(), answered: Mutex::default() };
        // A contact without a name, as the documentation allows.
        stand_in.control("inbound", &json!({ "provider": provider, "from": CONTACT, "text": "hi" }));
        Arc::new(stand_in)
    }

    /// Spoils every response from now on.
    pub(crate) fn distort(&self, distortion: impl Fn(&mut Response<Bytes>) + Send + 'static) {
        *self.distortion.lock().unwrap() = Some(Box::new(distortion));
    }

    pub(crate) fn control(&self, call: &str, body: &Value) {
        let request = Request::post(format!("/_mock/{call}")).body(Bytes::from(body.to_string())).unwrap();
        let response = control_response(&mut self.simulator.lock().unwrap(), SystemTime::now(), &request).unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    }
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StandIn")
    }
}

#[async_trait]
impl Transport for StandIn {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        let mut response = self.simulator.lock().unwrap().step(SystemTime::now(), &request).response;
        let call = format!("{} {}", request.method(), request.uri().path());
        self.answered.lock().unwrap().push((call, response.clone()));
        if let Some(distort) = &*self.distortion.lock().unwrap() {
            distort(&mut response);
        }
        Ok(response)
    }
}

pub(crate) const PROVIDERS: [(Provider, &str); 4] = [
    (transom_autocalls::PROVIDER, "autocalls://key@127.0.0.1?sender_id=12"),
    (transom_exotel::PROVIDER, "exotel://key:token@127.0.0.1/acme?from=919876500001&waba_id=8"),
    (transom_gosendapi::PROVIDER, "gosendapi://key@127.0.0.1?phone_number_id=555123456789"),
    (transom_messangi::PROVIDER, "messangi://key@127.0.0.1?from=5215500001111"),
];

pub(crate) fn permission(messages: usize) -> Permission {
    let mut permission = Permission::default();
    permission.contacts.push(CONTACT.parse().unwrap());
    permission.messages = messages;
    permission
}

/// An account at a stand-in.
pub(crate) struct Account {
    provider: Provider,
    pub(crate) client: Client,
    recorder: Arc<Recorder>,
    runtime: tokio::runtime::Runtime,
}

impl Account {
    pub(crate) fn of(stand_in: &Arc<StandIn>, provider: Provider, uri: &str) -> Self {
        let registry = Registry::default().with_provider(provider);
        let channel = ChannelConfig::from_uri("c", uri, registry.providers(), process_env()).unwrap();
        let recorder = Recorder::new(Arc::clone(stand_in) as Arc<dyn Transport>);
        let context = Context::new(Arc::clone(&recorder) as Arc<dyn Transport>);
        let client = registry.connect_with(&channel, context).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { provider, client, recorder, runtime }
    }

    pub(crate) fn take(&self, step: &Step) -> StepReport {
        self.runtime.block_on(live::take(&self.provider, &self.client, &self.recorder, step))
    }
}

/// The kind of difference, and its place.
pub(crate) type SendRecord<'d> = (DriftKind, &'d str);

/// Every step of a plan, done at a stand-in.
pub(crate) fn run(stand_in: &Arc<StandIn>, provider: Provider, uri: &str, permission: &Permission) -> Vec<StepReport> {
    let account = Account::of(stand_in, provider, uri);
    live::plan(account.client.capabilities(), permission).iter().map(|step| account.take(step)).collect()
}

pub(crate) fn drifts(reports: &[StepReport]) -> Vec<SendRecord<'_>> {
    reports.iter().flat_map(|report| &report.drift).map(|drift| (drift.kind, drift.place.as_str())).collect()
}
