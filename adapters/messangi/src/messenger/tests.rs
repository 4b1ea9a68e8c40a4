//! Logins, keys and attempts.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use http::{Request, Response};
use transom::time::Clock;
use transom::transport::Transport;
use transom::{ErrorKind, Secret, Sent};

use super::*;
use crate::error::tests::{answer, text};
use crate::request::tests::config;

type Answers = VecDeque<Result<Response<Bytes>>>;

/// Answers logins and sends from a script each, and remembers what was asked: `login`, or the key of a send.
#[derive(Debug)]
struct Script {
    logins: std::sync::Mutex<Answers>,
    sends: std::sync::Mutex<Answers>,
    asked: std::sync::Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        // Other callers get their turn while a request is under way.
        tokio::task::yield_now().await;
        let key = request.headers().get("authorization").map(|key| key.to_str().unwrap().to_owned());
        let is_login = request.uri().path() == "/kingslanding/login";
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(key.unwrap_or_else(|| "login".into()));
        let script = if is_login { &self.logins } else { &self.sends };
        script.lock().unwrap().pop_front().expect("one request more than the script answers")
    }
}

#[derive(Debug)]
struct Hands(std::sync::Mutex<SystemTime>);

#[async_trait]
impl Clock for Hands {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
    async fn sleep(&self, _duration: Duration) {}
}

struct Stage {
    messangi: Messangi,
    script: Arc<Script>,
    clock: Arc<Hands>,
}

fn stage<const L: usize, const S: usize>(logins: [Result<Response<Bytes>>; L], sends: [(u16, &str); S]) -> Stage {
    let script = Arc::new(Script {
        logins: std::sync::Mutex::new(logins.into()),
        sends: std::sync::Mutex::new(sends.into_iter().map(|(status, body)| Ok(answer(status, body))).collect()),
        asked: std::sync::Mutex::default(),
    });
    let clock = Arc::new(Hands(std::sync::Mutex::new(SystemTime::UNIX_EPOCH)));
    let mut config = config();
    config.credential = Credential::Login { username: Secret::new("u"), password: Secret::new("p") };
    let context = Context { transport: Arc::clone(&script) as _, clock: Arc::clone(&clock) as _ };
    Stage { messangi: Messangi::new(config, context), script, clock }
}

impl Stage {
    fn asked(&self) -> Vec<String> {
        self.script.asked.lock().unwrap().clone()
    }

    fn advance(&self, hours: u64) {
        *self.clock.0.lock().unwrap() += Duration::from_secs(hours * 3_600);
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the script also holds failures")]
fn key(key: &str) -> Result<Response<Bytes>> {
    Ok(Response::builder().header("authorization", format!("Bearer {key}")).body(Bytes::new()).unwrap())
}

const TAKEN: (u16, &str) = (200, r#"{"data":{"id":"6c1e","status":"QUEUE"}}"#);
const REFUSED: (u16, &str) = (401, "");

#[tokio::test]
async fn a_key_is_fetched_once_and_not_counted_as_an_attempt() {
    let stage = stage([key("k1")], [TAKEN, TAKEN]);
    for _ in 0..2 {
        assert_eq!(stage.messangi.send(&text()).await.unwrap().attempts, 1);
    }
    assert_eq!(stage.asked(), ["login", "Bearer k1", "Bearer k1"]);
}

#[tokio::test]
async fn a_key_is_fetched_anew_before_its_24_hours_are_over() {
    let stage = stage([key("k1"), key("k2")], [TAKEN, TAKEN, TAKEN]);
    stage.messangi.send(&text()).await.unwrap();
    stage.advance(23);
    stage.messangi.send(&text()).await.unwrap();
    stage.advance(1);
    stage.messangi.send(&text()).await.unwrap();
    assert_eq!(stage.asked(), ["login", "Bearer k1", "Bearer k1", "login", "Bearer k2"]);
}

/// This answer, so many minutes after the first one by the provider's clock.
#[allow(clippy::unnecessary_wraps, reason = "the script also holds failures")]
fn at(minutes: u64, mut answer: Response<Bytes>) -> Result<Response<Bytes>> {
    let first = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let date = httpdate::fmt_http_date(first + Duration::from_secs(minutes * 60));
    answer.headers_mut().insert("date", date.parse().unwrap());
    Ok(answer)
}

#[tokio::test]
async fn a_key_ages_by_the_providers_clock_whatever_ours_says() {
    const DAY: u64 = 24 * 60;
    let keys = [at(0, key("k1").unwrap()), at(DAY - 9, key("k2").unwrap())];
    let stage = stage(keys, []);
    // Ours stands still: the provider's clock is virtual, or moves while this machine sleeps.
    for minutes in [1, DAY - 11, DAY - 10, DAY - 8] {
        stage.script.sends.lock().unwrap().push_back(at(minutes, answer(TAKEN.0, TAKEN.1)));
    }
    for _ in 0..4 {
        stage.messangi.send(&text()).await.unwrap();
    }
    assert_eq!(stage.asked(), ["login", "Bearer k1", "Bearer k1", "Bearer k1", "login", "Bearer k2"]);
    // What passes here counts on from there.
    stage.script.sends.lock().unwrap().push_back(Ok(answer(TAKEN.0, TAKEN.1)));
    stage.script.logins.lock().unwrap().push_back(key("k3"));
    stage.advance(24);
    stage.messangi.send(&text()).await.unwrap();
    assert_eq!(stage.asked().split_off(6), ["login", "Bearer k3"]);
}

#[tokio::test]
async fn a_clock_that_is_far_off_or_set_back_costs_no_login() {
    let stage = stage([at(0, key("k1").unwrap())], []);
    stage.advance(1_000_000);
    for minutes in [1, 2] {
        stage.script.sends.lock().unwrap().push_back(at(minutes, answer(TAKEN.0, TAKEN.1)));
        stage.messangi.send(&text()).await.unwrap();
        *stage.clock.0.lock().unwrap() = SystemTime::UNIX_EPOCH;
    }
    assert_eq!(stage.asked(), ["login", "Bearer k1", "Bearer k1"]);
}

#[tokio::test]
async fn abandoned_login_lets_the_next_caller_log_in() {
    let stage = stage([key("k1")], [TAKEN]);
    let message = text();
    let mut given_up = Box::pin(stage.messangi.send(&message));
    let mut other = Box::pin(stage.messangi.send(&message));
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    assert!(given_up.as_mut().poll(&mut context).is_pending());
    assert!(other.as_mut().poll(&mut context).is_pending());
    drop(given_up);
    assert!(other.await.is_ok());
    assert_eq!(stage.asked(), ["login", "Bearer k1"]);
}

#[tokio::test]
async fn key_replaced_during_a_send_is_not_fetched_again() {
    let stage = stage([key("k1"), key("k2")], [REFUSED, TAKEN, REFUSED, TAKEN]);
    let message = text();
    let first = stage.messangi.send(&message);
    assert_eq!(first.await.unwrap().attempts, 2);
    // This one was sent under the old key, and its refusal comes late.
    let late = stage.messangi.keys.get(&stage.messangi.config, &stage.messangi.context, Some(1)).await.unwrap();
    assert_eq!(late.secret.expose(), "k2");
    assert_eq!(stage.asked().iter().filter(|asked| *asked == "login").count(), 2);
}

#[tokio::test]
async fn a_refused_key_is_replaced_once_and_both_sends_count() {
    let stage = stage([key("k1"), key("k2")], [REFUSED, TAKEN]);
    assert_eq!(stage.messangi.send(&text()).await.unwrap().attempts, 2);
    assert_eq!(stage.asked(), ["login", "Bearer k1", "login", "Bearer k2"]);
}

#[tokio::test]
async fn a_second_refusal_is_the_answer() {
    let stage = stage([key("k1"), key("k2")], [REFUSED, REFUSED]);
    let error = stage.messangi.send(&text()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Unauthenticated, Sent::No, 2));
}

#[tokio::test]
async fn only_a_401_is_followed_by_a_login() {
    for other in [(403, ""), (500, ""), (200, "<html>")] {
        let stage = stage([key("k1")], [other]);
        assert_eq!(stage.messangi.send(&text()).await.unwrap_err().attempts(), 1);
        assert_eq!(stage.asked().len(), 2);
    }
}

#[tokio::test]
async fn rejected_key_is_returned_without_probe_or_login() {
    let mut without = stage([key("k1")], [REFUSED]);
    without.messangi.config.probe = false;
    let mut configured = stage([], [REFUSED]);
    configured.messangi.config.credential = Credential::ApiKey(Secret::new("k1"));
    for stage in [without, configured] {
        let error = stage.messangi.send(&text()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 1));
    }
}

#[tokio::test]
async fn a_failed_login_sends_nothing_and_is_no_attempt() {
    let lost = Error::new(ErrorKind::ProviderUnavailable, "timed out").maybe_sent();
    for (login, kind) in [
        (Ok(answer(403, "")), ErrorKind::Unauthenticated),
        (Ok(answer(401, "")), ErrorKind::Unauthenticated),
        (Ok(answer(200, "")), ErrorKind::MalformedResponse),
        (Err(lost), ErrorKind::ProviderUnavailable),
    ] {
        let stage = stage([login], []);
        let error = stage.messangi.send(&text()).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::No, 0));
    }
}

#[tokio::test]
async fn a_failed_login_after_a_refused_send_counts_that_send() {
    let stage = stage([key("k1"), Ok(answer(403, ""))], [REFUSED]);
    let error = stage.messangi.send(&text()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Unauthenticated, Sent::No, 1));
}

#[tokio::test]
async fn many_callers_share_one_login_and_one_refresh() {
    let stage = stage([key("k1"), key("k2")], [REFUSED, REFUSED, REFUSED, TAKEN, TAKEN, TAKEN]);
    let message = text();
    let send = || stage.messangi.send(&message);
    let (a, b, c) = tokio::join!(send(), send(), send());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(stage.asked().iter().filter(|asked| *asked == "login").count(), 2);
}

#[tokio::test]
async fn waiters_share_login_failure_and_next_caller_retries() {
    let stage = stage([Ok(answer(403, "")), key("k1")], [TAKEN]);
    let message = text();
    let send = || stage.messangi.send(&message);
    let (a, b, c) = tokio::join!(send(), send(), send());
    for error in [a.unwrap_err(), b.unwrap_err(), c.unwrap_err()] {
        assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthenticated, Some(403)));
    }
    assert!(send().await.is_ok());
    assert_eq!(stage.asked(), ["login", "login", "Bearer k1"]);
}

#[tokio::test]
async fn a_message_that_cannot_go_asks_for_no_key() {
    let stage = stage([], []);
    let long = Message::text("+5215599992222".parse().unwrap(), "x".repeat(1025));
    assert_eq!(stage.messangi.send(&long).await.unwrap_err().attempts(), 0);
    assert!(stage.asked().is_empty());
}

#[tokio::test]
async fn our_own_number_is_masked_in_what_the_provider_says_of_it() {
    let stage = stage([key("k1")], [(400, r#"{"errors":{"reason":"from 5215500001111 is unknown"}}"#)]);
    let error = stage.messangi.send(&text()).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::SenderNotFound, "from •••1111 is unknown"));
}

#[tokio::test]
async fn identity_is_proved_by_a_login_alone() {
    let proved = stage([key("k1")], [TAKEN]);
    assert_eq!(proved.messangi.identify().await.unwrap(), Some(Identity::default()));
    proved.messangi.send(&text()).await.unwrap();
    assert_eq!(proved.asked(), ["login", "Bearer k1"]);
    let refused = stage([Ok(answer(403, ""))], []);
    assert_eq!(refused.messangi.identify().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let mut silent = stage([], []);
    silent.messangi.config.credential = Credential::ApiKey(Secret::new("k"));
    assert_eq!(silent.messangi.identify().await.unwrap(), None);
}
