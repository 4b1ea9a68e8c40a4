//! The key that sends go under: configured, or got by a login and kept for as long as it lives.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use http::{Response, StatusCode};
use tokio::sync::Mutex;
use transom::adapter::Context;
use transom::time::date_of;
use transom::{Error, ErrorKind, Result, Secret};

use crate::config::{Config, Credential};
use crate::{request, response};

/// How long a key is used: ten minutes less than the 24 hours that it lives [docs, Access your API Key].
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60 - 10 * 60);

/// A key, and where it is from.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) secret: Secret,
    /// Which login it came from; 0 for a configured key.
    pub(super) login: u64,
    /// When it was given, by the provider's clock.
    since: SystemTime,
}

/// The keys of one account.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The key of the last login. Locked while one is under way, so that however many callers need a key, one of them
    /// fetches it.
    login: Mutex<Login>,
    /// How many logins have ended, readable while one is under way.
    logins: AtomicU64,
    /// The provider's clock as last seen. A key ages by it, since it is the provider who ends it.
    seen: std::sync::Mutex<Option<Seen>>,
}

#[derive(Debug, Default)]
struct Login {
    key: Option<Key>,
    /// Why the last login failed, for those who waited for it.
    failure: Option<Failure>,
}

/// The same instant by the provider's clock and by ours.
#[derive(Clone, Copy, Debug)]
struct Seen {
    theirs: SystemTime,
    ours: SystemTime,
}

impl Keys {
    /// The key to send under: the configured one, or that of a login that is neither too old nor the `refused` one.
    pub(super) async fn get(&self, config: &Config, context: &Context, refused: Option<u64>) -> Result<Key> {
        let (username, password) = match &config.credential {
            Credential::ApiKey(key) => {
                return Ok(Key { secret: key.clone(), login: 0, since: SystemTime::UNIX_EPOCH });
            }
            Credential::Login { username, password } => (username, password),
        };
        let before = self.logins.load(Ordering::Acquire);
        let mut login = self.login.lock().await;
        if let Some(key) = &login.key
            && Some(key.login) != refused
            && key.is_usable(self.now(context))
        {
            return Ok(key.clone());
        }
        // Somebody else's login failed while this caller waited for it: trying again at once for each of them would be
        // a burst of refused logins, which may lock the account.
        let ended = self.logins.load(Ordering::Acquire);
        if let Some(failure) = login.failure.as_ref().filter(|_| ended != before) {
            return Err(failure.to_error());
        }
        let answer = self.log_in(config, context, username, password).await;
        let number = ended.saturating_add(1);
        self.logins.store(number, Ordering::Release);
        match answer {
            Ok(secret) => {
                let key = Key { secret, login: number, since: self.now(context) };
                *login = Login { key: Some(key.clone()), failure: None };
                Ok(key)
            }
            Err(error) => {
                *login = Login { key: None, failure: Some(Failure::of(&error)) };
                Err(error)
            }
        }
    }

    /// Keeps the `Date` of an answer, if it has one.
    pub(super) fn note_time<B>(&self, response: &Response<B>, context: &Context) {
        if let Some(theirs) = date_of(response) {
            let seen = Seen { theirs, ours: context.clock.now() };
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        }
    }

    async fn log_in(&self, config: &Config, context: &Context, username: &Secret, password: &Secret) -> Result<Secret> {
        let request = request::encode_login(config, username, password)?;
        let response = context.transport.send(request).await.map_err(Error::mark_unsent)?;
        self.note_time(&response, context);
        response::decode_login(&response, context.now(&response))
    }

    /// The present by the provider's clock: its last `Date`, and what has passed here since. Ours, before it gave one.
    fn now(&self, context: &Context) -> SystemTime {
        let ours = context.clock.now();
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = seen.and_then(|seen| {
            // A clock that was set back says nothing of how much has passed.
            seen.theirs.checked_add(ours.duration_since(seen.ours).unwrap_or_default())
        });
        theirs.unwrap_or(ours)
    }
}

impl Key {
    fn is_usable(&self, now: SystemTime) -> bool {
        // A clock that was set back makes no key too old; if it is, the provider says so.
        !now.duration_since(self.since).is_ok_and(|age| age >= KEY_LIFETIME)
    }
}

/// An error in parts, since several callers get one each.
#[derive(Debug)]
struct Failure {
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    retry_after: Option<Duration>,
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
