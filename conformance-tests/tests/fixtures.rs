//! The adapter sends each documented request, member for member, for the message beside it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use transom::adapter::Context;
use transom::config::{ChannelConfig, process_env};
use transom::transport::Transport;
use transom::{Client, Message, Registry};
use transom_conformance::adapters;
use transom_mock_server::{Simulator, control_response};

/// A transport that calls the mock without a socket, and keeps the requests.
#[derive(Debug)]
struct Direct {
    simulator: Mutex<Simulator>,
    asked: Mutex<Vec<Request<Bytes>>>,
}

#[async_trait]
impl Transport for Direct {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        self.asked.lock().unwrap().push(request.clone());
        Ok(self.simulator.lock().unwrap().step(SystemTime::now(), &request).response)
    }
}

fn fixtures() -> Vec<(PathBuf, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mock-server/fixtures");
    let mut fixtures = Vec::new();
    for folder in std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
        {
            let fixture = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
            fixtures.push((file, fixture));
        }
    }
    fixtures.sort_by(|(a, _), (b, _)| a.cmp(b));
    fixtures
}

fn plain(call: &Value) -> Request<Bytes> {
    let body = match &call["body"] {
        Value::Null => call["raw_body"].as_str().unwrap_or_default().to_owned(),
        body => body.to_string(),
    };
    let mut request = Request::builder().method(call["method"].as_str().unwrap()).uri(call["path"].as_str().unwrap());
    for (name, value) in call["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.body(Bytes::from(body)).unwrap()
}

/// The adapter's requests for the fixture's message, in the fixture's world.
fn asked(fixture: &Value) -> Vec<Request<Bytes>> {
    let mut simulator = Simulator::new(SystemTime::now());
    for call in fixture["given"].as_array().into_iter().flatten() {
        let (now, call) = (SystemTime::now(), plain(call));
        if control_response(&mut simulator, now, &call).is_none() {
            simulator.step(now, &call);
        }
    }
    let direct = Arc::new(Direct { simulator: Mutex::new(simulator), asked: Mutex::default() });
    let registry =
        adapters::ALL.iter().fold(Registry::default(), |registry, adapter| registry.with_provider(adapter.provider));
    let mut channel = fixture["channel"].as_object().unwrap().clone();
    let provider = channel.remove("provider").unwrap();
    // Without the probe, which would refuse some of the documented requests.
    channel.insert("probe".to_owned(), false.into());
    // Keys of any form go to a host that is not the provider's own.
    channel.insert("base_url".to_owned(), "http://127.0.0.1:4010".into());
    let config =
        ChannelConfig::new("fixture", provider.as_str().unwrap(), channel.into_iter().collect(), process_env());
    let context = Context::new(Arc::clone(&direct) as Arc<dyn Transport>);
    // Without the window guard, since the request for this message is documented.
    let client = Client::new(registry.messenger(&config, context).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // The mock has its own tests; only the request counts here.
    if let Some(contact) = fixture["session_of"].as_str() {
        let _ = runtime.block_on(client.session(&contact.parse().unwrap()));
    } else {
        let message: Message = serde_json::from_value(fixture["message"].clone()).unwrap();
        let _ = runtime.block_on(client.send(&message));
    }
    std::mem::take(&mut direct.asked.lock().unwrap())
}

/// The difference between a request and the documented one, if any.
fn difference(request: &Request<Bytes>, documented: &Value) -> Option<String> {
    let path = request.uri().path_and_query().unwrap().as_str();
    if request.method().as_str() != documented["method"] || path != documented["path"] {
        return Some(format!("{} {path}", request.method()));
    }
    for (name, value) in documented["headers"].as_object().into_iter().flatten() {
        let got = request.headers().get(name).map(|got| got.to_str().unwrap());
        if got != value.as_str() {
            return Some(format!("{name}: {got:?}, expected {value}"));
        }
    }
    let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
    (body != documented["body"]).then(|| format!("body {body}\n  expected {}", documented["body"]))
}

#[test]
fn adapter_sends_every_documented_request() {
    let mut problems = Vec::new();
    let mut checked = std::collections::BTreeMap::<String, usize>::new();
    for (file, fixture) in fixtures() {
        if fixture.get("channel").is_none() {
            continue;
        }
        *checked.entry(fixture["channel"]["provider"].as_str().unwrap().to_owned()).or_default() += 1;
        let documented = fixture.get("adapter_request").unwrap_or(&fixture["request"]);
        let differences: Vec<_> = asked(&fixture).iter().map(|request| difference(request, documented)).collect();
        if differences.iter().all(Option::is_some) {
            let name = file.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_or(&file).display().to_string();
            let asked: Vec<_> = differences.into_iter().flatten().collect();
            problems.push(format!("{name}: the adapter asked\n  {}", asked.join("\n  ")));
        }
    }
    assert!(problems.is_empty(), "{} differ:\n{}", problems.len(), problems.join("\n"));
    for adapter in adapters::ALL {
        let count = checked.get(adapter.provider.name).copied().unwrap_or_default();
        assert!(count >= 5, "only {count} documented requests of {} were checked", adapter.provider.name);
    }
}
