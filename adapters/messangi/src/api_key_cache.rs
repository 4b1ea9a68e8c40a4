//! The API key: configured, or made by a login and kept for its lifetime.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::Response;
use transom::adapter::{Cached, Context, Entry};
use transom::time::date_of;
use transom::{Error, Result, Secret};

use crate::config::{Config, Credential};
use crate::{request, response};

/// How long a key is used: ten minutes less than the 24 hours that it lives [docs, Access your API Key].
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60 - 10 * 60);

/// An API key, and which login it came from.
#[derive(Clone, Debug)]
pub(super) struct ApiKey {
    pub(super) secret: Secret,
    /// The number of the login; 0 for a configured key.
    pub(super) login: u64,
}

/// The API keys of one account.
#[derive(Debug, Default)]
pub(super) struct ApiKeyCache {
    /// The key of the last login, and when Messangi made it, by its clock.
    login: Cached<(Secret, SystemTime)>,
    /// Messangi's clock as last seen. A key ages by it, because Messangi expires it.
    seen: Mutex<Option<Seen>>,
}

/// The same instant by Messangi's clock and by ours.
#[derive(Clone, Copy, Debug)]
struct Seen {
    theirs: SystemTime,
    ours: SystemTime,
}

impl ApiKeyCache {
    /// Returns the configured key, or that of a login that is neither too old nor the `refused` one. Callers that wait
    /// for a login share its result, also if it fails: a burst of refused logins may lock the account.
    pub(super) async fn get(&self, config: &Config, context: &Context, refused: Option<u64>) -> Result<ApiKey> {
        let (username, password) = match &config.credential {
            Credential::ApiKey(key) => return Ok(ApiKey { secret: key.clone(), login: 0 }),
            Credential::Login { username, password } => (username, password),
        };
        let usable =
            |key: &Entry<(Secret, SystemTime)>| Some(key.read) != refused && is_young(key.value.1, self.now(context));
        let read = async {
            let secret = self.log_in(config, context, username, password).await;
            // After a failed login, the old key must not be used again.
            let secret = secret.inspect_err(|_| self.login.invalidate())?;
            Ok((secret, self.now(context)))
        };
        let key = self.login.get(&*context.clock, usable, read).await?;
        Ok(ApiKey { secret: key.value.0, login: key.read })
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

    /// The present time by Messangi's clock: its last `Date` plus the time since then. Before the first `Date`, our
    /// clock.
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

fn is_young(since: SystemTime, now: SystemTime) -> bool {
    // A clock that was set back makes no key too old. If it is too old, Messangi rejects it.
    !now.duration_since(since).is_ok_and(|age| age >= KEY_LIFETIME)
}
