//! Messangi as a messenger.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use tokio::sync::Mutex;
use transom::{
    Capabilities, Capability, Context, Conversation, ConversationFilter, Error, ErrorKind, Events, Message, Messenger,
    PhoneNumber, Receipt, Result, Secret, Sender, Session, TemplateInfo, unsupported,
};

use crate::config::{Config, Credential};
use crate::wire::{self, Envelope};
use crate::{NAME, webhook};

/// What Messangi can do through this adapter.
pub const CAPABILITIES: Capabilities = Capabilities::of(&[
    Capability::Text,
    Capability::Image,
    Capability::Video,
    Capability::Audio,
    Capability::Document,
    Capability::Location,
    Capability::Contacts,
    Capability::Buttons,
    Capability::List,
    Capability::Reply,
    Capability::Template,
    Capability::DeliveryStatus,
    Capability::Inbound,
]);

/// How long a key is used: ten minutes less than the 24 hours that it lives [docs, Access your API Key].
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60 - 10 * 60);

/// A Messangi account.
#[derive(Debug)]
pub struct Messangi {
    config: Config,
    context: Context,
    /// The key of the last login. Locked while one is under way, so that however many callers need a key, one of them
    /// fetches it.
    login: Mutex<Login>,
    /// How many logins have ended, readable while one is under way.
    logins: AtomicU64,
}

#[derive(Debug, Default)]
struct Login {
    key: Option<Key>,
    /// Why the last login failed, for those who waited for it.
    failure: Option<Failure>,
}

#[derive(Clone, Debug)]
struct Key {
    secret: Secret,
    /// Which login it came from; 0 for a configured key.
    login: u64,
    since: SystemTime,
}

/// An error in parts, since several callers get one each.
#[derive(Debug)]
struct Failure {
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    retry_after: Option<Duration>,
}

impl Messangi {
    /// The account of `config`.
    pub fn new(config: Config, context: Context) -> Self {
        Self { config, context, login: Mutex::default(), logins: AtomicU64::new(0) }
    }

    async fn send_under(&self, key: &Key, body: &Envelope<'_>, message: &Message) -> Result<Receipt> {
        let request = wire::encode_send(&self.config, &key.secret, body)?;
        let answer = match self.context.transport.send(request).await {
            Ok(response) => wire::decode_send(&response, self.context.now(&response), message),
            Err(error) => Err(error),
        };
        // The account's own number is no more for logs than the recipient's.
        answer.map_err(|error| error.without_number(&self.config.from).with_attempts(1))
    }

    /// The key to send under: the configured one, or that of a login that is neither too old nor the `refused` one.
    async fn key(&self, refused: Option<u64>) -> Result<Key> {
        let (username, password) = match &self.config.credential {
            Credential::ApiKey(key) => {
                return Ok(Key { secret: key.clone(), login: 0, since: SystemTime::UNIX_EPOCH });
            }
            Credential::Login { username, password } => (username, password),
        };
        let before = self.logins.load(Ordering::Acquire);
        let mut login = self.login.lock().await;
        let now = self.context.clock.now();
        if let Some(key) = &login.key
            && Some(key.login) != refused
            && key.is_usable(now)
        {
            return Ok(key.clone());
        }
        // Somebody else's login failed while this caller waited for it: trying again at once for each of them would be
        // a burst of refused logins, which may lock the account.
        let ended = self.logins.load(Ordering::Acquire);
        if let Some(failure) = login.failure.as_ref().filter(|_| ended != before) {
            return Err(failure.to_error());
        }
        let answer = self.log_in(username, password).await;
        let number = ended.saturating_add(1);
        self.logins.store(number, Ordering::Release);
        match answer {
            Ok(secret) => {
                let key = Key { secret, login: number, since: now };
                *login = Login { key: Some(key.clone()), failure: None };
                Ok(key)
            }
            Err(error) => {
                *login = Login { key: None, failure: Some(Failure::of(&error)) };
                Err(error)
            }
        }
    }

    async fn log_in(&self, username: &Secret, password: &Secret) -> Result<Secret> {
        let request = wire::encode_login(&self.config, username, password)?;
        let response = self.context.transport.send(request).await.map_err(Error::unsent)?;
        wire::decode_login(&response, self.context.now(&response))
    }

    /// Whether `refused` may be followed by one login and one more send: only its key was at fault, and nothing was
    /// sent.
    fn may_log_in_again(&self, refused: &Error) -> bool {
        self.config.probe
            && matches!(self.config.credential, Credential::Login { .. })
            && refused.status() == Some(StatusCode::UNAUTHORIZED.as_u16())
            && !refused.may_have_been_sent()
    }
}

impl Key {
    fn is_usable(&self, now: SystemTime) -> bool {
        // A clock that was set back makes no key too old; if it is, the provider says so.
        !now.duration_since(self.since).is_ok_and(|age| age >= KEY_LIFETIME)
    }
}

impl Failure {
    fn of(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.message().to_owned(),
            status: error.status(),
            retry_after: error.retry_after(),
        }
    }

    fn to_error(&self) -> Error {
        let mut error = Error::new(self.kind, self.message.as_str());
        if let Some(status) = self.status.and_then(|status| StatusCode::from_u16(status).ok()) {
            error = error.with_status(status);
        }
        match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }
}

#[async_trait]
impl Messenger for Messangi {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        let body = wire::encode_body(&self.config, message)?;
        let key = self.key(None).await?;
        let first = self.send_under(&key, &body, message).await;
        match first {
            Err(refused) if self.may_log_in_again(&refused) => {
                let key = self.key(Some(key.login)).await.map_err(|error| error.with_attempts(1))?;
                match self.send_under(&key, &body, message).await {
                    Ok(receipt) => Ok(receipt.with_attempts(2)),
                    Err(error) => Err(error.with_attempts(2)),
                }
            }
            other => other,
        }
    }

    async fn session(&self, _contact: &PhoneNumber) -> Result<Session> {
        unsupported(NAME, Capability::Session)
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        unsupported(NAME, Capability::Senders)
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        unsupported(NAME, Capability::Templates)
    }

    async fn conversations(&self, _filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        unsupported(NAME, Capability::Conversations)
    }

    fn webhook(&self, request: &http::Request<Bytes>) -> Result<Events> {
        webhook::read(&self.config.webhook_secrets, request)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, PoisonError};

    use http::{Request, Response};
    use transom::time::Clock;
    use transom::{Sent, Transport};

    use super::*;
    use crate::error::tests::{answer, text};
    use crate::wire::tests::config;

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
    async fn without_probe_or_with_a_configured_key_a_refused_key_is_the_answer() {
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
    async fn those_who_waited_for_a_login_share_its_failure_and_the_next_one_tries_again() {
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
}
