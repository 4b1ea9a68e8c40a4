//! A thousand sends through a limiter, against each provider's simulator with its usual limits, on a virtual clock.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;
use transom::config::{ChannelConfig, process_env};
use transom::layers::Limit;
use transom::time::Clock;
use transom::{Client, Context, Message, Messenger as _, Provider, Registry, Transport};
use transom_mock_server::Simulator;

/// The simulator without a socket, and the only clock there is: waiting moves it.
#[derive(Debug)]
struct World {
    simulator: Mutex<Simulator>,
    passed: Mutex<Duration>,
    refusals: Mutex<usize>,
}

impl World {
    fn new() -> Arc<Self> {
        let simulator = Mutex::new(Simulator::new(start()));
        Arc::new(Self { simulator, passed: Mutex::default(), refusals: Mutex::default() })
    }

    fn passed(&self) -> Duration {
        *self.passed.lock().unwrap()
    }

    fn post(&self, call: &str, body: &serde_json::Value) {
        let request = Request::post(format!("/_mock/{call}")).body(Bytes::from(body.to_string())).unwrap();
        let response = self.simulator.lock().unwrap().step(self.now(), &request).response;
        assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    }
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

#[async_trait]
impl Transport for World {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        let response = self.simulator.lock().unwrap().step(self.now(), &request).response;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            *self.refusals.lock().unwrap() += 1;
        }
        Ok(response)
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> SystemTime {
        start() + self.passed()
    }

    async fn sleep(&self, duration: Duration) {
        *self.passed.lock().unwrap() += duration;
    }
}

fn client(world: &Arc<World>, provider: Provider, uri: &str) -> Client {
    let registry = Registry::default().with(provider);
    let channel = ChannelConfig::from_uri("c", uri, registry.providers(), process_env()).unwrap();
    let context =
        Context { transport: Arc::clone(world) as Arc<dyn Transport>, clock: Arc::clone(world) as Arc<dyn Clock> };
    registry.connect_with(&channel, context).unwrap()
}

fn limit(world: &Arc<World>, provider: &Provider) -> Limit {
    let forever = Duration::from_secs(1_000_000_000);
    Limit::new(provider.rates).with_clock(Arc::clone(world) as Arc<dyn Clock>).with_patience(forever)
}

const AUTOCALLS: &str = "autocalls://key@127.0.0.1?sender_id=12";

/// Sends `count` texts in turn to a hundred people, through the clients in turn, and says how long that took.
fn send(world: &World, provider: &str, clients: &[Client], count: usize) -> Duration {
    let people: Vec<String> = (0..100).map(|n| format!("+54911555{n:05}")).collect();
    for person in &people {
        world.post("inbound", &json!({ "provider": provider, "from": person, "text": "hi" }));
    }
    // What a provider charges is no matter here.
    let config = json!({ "provider": provider, "balance": 1_000_000 });
    if provider == "autocalls" {
        world.post("config", &config);
    }
    let begun = world.passed();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for ((person, client), n) in people.iter().cycle().zip(clients.iter().cycle()).zip(0..count) {
        let message = Message::text(person.parse().unwrap(), format!("Number {n}"));
        runtime.block_on(client.send(&message)).unwrap();
    }
    world.passed().saturating_sub(begun)
}

#[test]
fn a_thousand_paced_sends_meet_no_refusal_and_use_what_is_allowed() {
    let cases = [
        (transom_autocalls::PROVIDER, AUTOCALLS, 5.0, 1.0),
        (transom_exotel::PROVIDER, "exotel://key:token@127.0.0.1/acme?from=919876500001", 200.0, 60.0),
        (transom_gosendapi::PROVIDER, "gosendapi://key@127.0.0.1?phone_number_id=555123456789", 100.0, 1.0),
        (transom_messangi::PROVIDER, "messangi://key@127.0.0.1?from=5215500001111", 100.0, 300.0),
    ];
    for (provider, uri, quota, window) in cases {
        let world = World::new();
        let client = client(&world, provider, uri).layer(limit(&world, &provider));
        let took = send(&world, provider.name, &[client], 1_000).as_secs_f64();
        assert_eq!(*world.refusals.lock().unwrap(), 0, "{}", provider.name);
        // The first quota goes at once, as it may; the rest shows the pace.
        let used = (1_000.0 - quota) / took / (quota / window);
        println!(
            "{}: 1000 sends in {took:.1} s of virtual time, {:.1} % of the allowed rate",
            provider.name,
            used * 100.0
        );
        assert!((0.98..=1.0).contains(&used), "{}: {used}", provider.name);
    }
}

#[test]
fn two_clients_that_share_a_limiter_meet_no_refusal_either() {
    let world = World::new();
    let provider = transom_autocalls::PROVIDER;
    let shared = limit(&world, &provider);
    let clients = [(); 2].map(|()| client(&world, provider, AUTOCALLS).layer(shared.clone()));
    send(&world, "autocalls", &clients, 200);
    assert_eq!(*world.refusals.lock().unwrap(), 0);
}

#[test]
fn two_limiters_that_know_nothing_of_each_other_are_refused() {
    let world = World::new();
    let provider = transom_autocalls::PROVIDER;
    let own = || client(&world, provider, AUTOCALLS).layer(limit(&world, &provider));
    let clients = [own(), own()];
    let people = "+5491155500000";
    world.post("inbound", &json!({ "provider": "autocalls", "from": people, "text": "hi" }));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for client in clients.iter().cycle().take(20) {
        // Refused ones among them: that is the point.
        let _ = runtime.block_on(client.send(&Message::text(people.parse().unwrap(), "hi")));
    }
    assert!(*world.refusals.lock().unwrap() > 0, "the simulator enforces its limit");
}
