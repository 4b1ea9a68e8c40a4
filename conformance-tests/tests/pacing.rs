//! Paced sends, one by one and concurrent, against each provider's simulator with its usual limits, on a virtual clock.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]
#![allow(clippy::unchecked_time_subtraction, reason = "the times of a test are its own")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use transom::adapter::{Context, Provider, Rate, Scope};
use transom::config::{ChannelConfig, process_env};
use transom::layers::RateLimit;
use transom::time::Clock;
use transom::transport::Transport;
use transom::{Client, Message, Registry};
use transom_mock_server::{ConfigChange, InboundMessage, Simulator};

/// The simulator without a socket, on a clock that only waits advance.
#[derive(Debug)]
struct World {
    simulator: Mutex<Simulator>,
    begun: tokio::time::Instant,
    /// The duration of a response.
    latency: Duration,
    /// The sends with their times.
    sends: Mutex<Vec<(Duration, String)>>,
    refusals: Mutex<usize>,
}

impl World {
    fn new() -> Arc<Self> {
        Self::with_latency(Duration::ZERO)
    }

    fn with_latency(latency: Duration) -> Arc<Self> {
        let simulator = Mutex::new(Simulator::new(start()));
        let begun = tokio::time::Instant::now();
        Arc::new(Self { simulator, begun, latency, sends: Mutex::default(), refusals: Mutex::default() })
    }

    fn passed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Contacts that have just written, at an account with enough balance.
    fn opens(&self, provider: &str, people: &[String]) {
        let mut simulator = self.simulator.lock().unwrap();
        for person in people {
            simulator.receive(self.now(), &InboundMessage::text(provider, person, "hi")).unwrap();
        }
        if provider == "autocalls" {
            let change = ConfigChange { balance: Some(1_000_000.0), ..ConfigChange::default() };
            simulator.configure(self.now(), &change).unwrap();
        }
    }

    /// The times of the messages whose text begins with this.
    fn times(&self, text: &str) -> Vec<(Duration, String)> {
        let sends = self.sends.lock().unwrap();
        sends.iter().filter(|(_, body)| body.contains(text)).cloned().collect()
    }
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

#[async_trait]
impl Transport for World {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        if request.method() == Method::POST {
            let body = String::from_utf8_lossy(request.body()).into_owned();
            self.sends.lock().unwrap().push((self.passed(), body));
        }
        let response = self.simulator.lock().unwrap().step(self.now(), &request).response;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            *self.refusals.lock().unwrap() += 1;
        }
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
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
        tokio::time::sleep(duration).await;
    }
}

fn client(world: &Arc<World>, provider: Provider, uri: &str) -> Client {
    let registry = Registry::default().with_provider(provider);
    let channel = ChannelConfig::from_uri("c", uri, registry.providers(), process_env()).unwrap();
    let context =
        Context { transport: Arc::clone(world) as Arc<dyn Transport>, clock: Arc::clone(world) as Arc<dyn Clock> };
    registry.connect_with(&channel, context).unwrap()
}

fn limit(world: &Arc<World>, provider: &Provider) -> RateLimit {
    paced_by(world, provider.rates)
}

fn paced_by(world: &Arc<World>, rates: &[Rate]) -> RateLimit {
    let forever = Duration::from_secs(1_000_000_000);
    RateLimit::new(rates).with_clock(Arc::clone(world) as Arc<dyn Clock>).with_max_wait(forever)
}

const AUTOCALLS: &str = "autocalls://key@127.0.0.1?sender_id=12";

/// Each provider with its own channel and the account's limit in the seeded world.
fn providers() -> [(Provider, &'static str, u32, Duration); 4] {
    let within = Duration::from_secs;
    [
        (transom_autocalls::PROVIDER, AUTOCALLS, 5, within(1)),
        (transom_exotel::PROVIDER, "exotel://key:token@127.0.0.1/acme?from=919876500001", 200, within(60)),
        (transom_gosendapi::PROVIDER, "gosendapi://key@127.0.0.1?phone_number_id=555123456789", 100, within(1)),
        (transom_messangi::PROVIDER, "messangi://key@127.0.0.1?from=5215500001111", 100, within(300)),
    ]
}

fn people(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("+54911555{n:05}")).collect()
}

/// Sends `count` texts in turn to 100 contacts, through the clients in turn, and returns the duration.
async fn send(world: &World, provider: &str, clients: &[Client], count: usize) -> Duration {
    let people = people(100);
    world.opens(provider, &people);
    let begun = world.passed();
    for ((person, client), n) in people.iter().cycle().zip(clients.iter().cycle()).zip(0..count) {
        let message = Message::text(person.parse().unwrap(), format!("Number {n}"));
        client.send(&message).await.unwrap();
    }
    world.passed().saturating_sub(begun)
}

#[tokio::test(start_paused = true)]
async fn thousand_paced_sends_are_not_throttled() {
    for (provider, uri, quota, window) in providers() {
        let world = World::new();
        let client = client(&world, provider, uri).layer(limit(&world, &provider));
        let took = send(&world, provider.name, &[client], 1_000).await.as_secs_f64();
        assert_eq!(*world.refusals.lock().unwrap(), 0, "{}", provider.name);
        // The first quota is sent at once; the rest shows the pace.
        let quota = f64::from(quota);
        let used = (1_000.0 - quota) / took / (quota / window.as_secs_f64());
        println!(
            "{}: 1000 sends in {took:.1} s of virtual time, {:.1} % of the allowed rate",
            provider.name,
            used * 100.0
        );
        assert!((0.98..=1.0).contains(&used), "{}: {used}", provider.name);
    }
}

#[tokio::test(start_paused = true)]
async fn concurrent_sends_keep_limits_and_contact_order() {
    const GAP: Duration = Duration::from_secs(6);
    let pair = Rate::new(1, GAP).with_scope(Scope::Pair);
    for (provider, uri, quota, window) in providers() {
        let world = World::with_latency(Duration::from_millis(30));
        let account = provider.rates.iter().copied().filter(|rate| rate.scope == Scope::Account);
        let rates: Vec<_> = account.chain([pair]).collect();
        let shared = paced_by(&world, &rates);
        let clients = [(); 2].map(|()| client(&world, provider, uri).layer(shared.clone()));
        let people = people(10);
        world.opens(provider.name, &people);
        let mut tasks = tokio::task::JoinSet::new();
        for round in 0..12 {
            for ((n, person), client) in people.iter().enumerate().zip(clients.iter().cycle()) {
                let message = Message::text(person.parse().unwrap(), format!("to{n:02} number {round:02}"));
                let client = client.clone();
                tasks.spawn(async move { client.send(&message).await });
                tokio::task::yield_now().await;
            }
        }
        while let Some(sent) = tasks.join_next().await {
            sent.unwrap().unwrap();
        }

        assert_eq!(*world.refusals.lock().unwrap(), 0, "{}", provider.name);
        let all = world.times("to");
        assert_eq!(all.len(), 120, "{}", provider.name);
        for over in all.windows(usize::try_from(quota).unwrap() + 1) {
            let [first, .., last] = over else { unreachable!() };
            assert!(last.0 - first.0 >= window, "{}: {first:?} to {last:?}", provider.name);
        }
        for n in 0..people.len() {
            let own = world.times(&format!("to{n:02}"));
            for (round, (_, body)) in own.iter().enumerate() {
                assert!(body.contains(&format!("number {round:02}")), "{}: {own:?}", provider.name);
            }
            for two in own.windows(2) {
                assert!(two[1].0 - two[0].0 >= GAP, "{}: {two:?}", provider.name);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn clients_that_share_limiter_are_not_throttled() {
    let world = World::new();
    let provider = transom_autocalls::PROVIDER;
    let shared = limit(&world, &provider);
    let clients = [(); 2].map(|()| client(&world, provider, AUTOCALLS).layer(shared.clone()));
    send(&world, "autocalls", &clients, 200).await;
    assert_eq!(*world.refusals.lock().unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn independent_limiters_are_throttled() {
    let world = World::new();
    let provider = transom_autocalls::PROVIDER;
    let own = || client(&world, provider, AUTOCALLS).layer(limit(&world, &provider));
    let clients = [own(), own()];
    let people = people(1);
    world.opens("autocalls", &people);
    for client in clients.iter().cycle().take(20) {
        // The test expects throttled sends here.
        let _ = client.send(&Message::text(people[0].parse().unwrap(), "hi")).await;
    }
    assert!(*world.refusals.lock().unwrap() > 0, "the simulator enforces its limit");
}
