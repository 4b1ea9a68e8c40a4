//! A stand-in for a live provider, and an account at it.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use transom::adapter::{Context, Provider};
use transom::config::{ChannelConfig, process_env};
use transom::transport::Transport;
use transom::{Client, Registry};
use transom_conformance::SimulatorTransport;
use transom_conformance::drift::DriftKind;
use transom_conformance::drift::live::{self, Permission, Recorder, Step, StepReport};
use transom_mock_server::Simulator;

pub(crate) const CONTACT: &str = "+5491155550123";

/// Edits a response on its way.
pub(crate) type Distortion = Box<dyn Fn(&mut Response<Bytes>) + Send>;

/// The mock without a socket, with an editor of responses.
pub(crate) struct StandIn {
    mock: Arc<SimulatorTransport>,
    pub(crate) distortion: Mutex<Option<Distortion>>,
    /// The genuine responses, with their calls.
    pub(crate) answered: Mutex<Vec<(String, Response<Bytes>)>>,
}

impl StandIn {
    pub(crate) fn new(provider: &str) -> Arc<Self> {
        let mock = SimulatorTransport::new(SystemTime::now());
        // A contact without a name, as the documentation allows.
        mock.receive(provider, CONTACT).unwrap();
        Arc::new(Self { mock, distortion: Mutex::default(), answered: Mutex::default() })
    }

    /// Edits every response from now on.
    pub(crate) fn distort(&self, distortion: impl Fn(&mut Response<Bytes>) + Send + 'static) {
        *self.distortion.lock().unwrap() = Some(Box::new(distortion));
    }

    /// Steers the mock.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Simulator, SystemTime) -> T) -> T {
        self.mock.with(work)
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
        let method_and_path = format!("{} {}", request.method(), request.uri().path());
        let mut response = self.mock.send(request).await?;
        // A provider knows no findings.
        response.headers_mut().remove("x-transom-finding");
        self.answered.lock().unwrap().push((method_and_path, response.clone()));
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
