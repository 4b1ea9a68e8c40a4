//! Rate limits: what is left of each, and a new one.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::read::{Time, nullable};
use crate::core::error::ControlError;
use crate::core::limiter::Limiter;
use crate::core::simulator::Simulator;
use crate::core::world::BucketOwner;

/// A month; no window is longer.
const LONGEST_WINDOW_S: u64 = 31 * 24 * 60 * 60;

/// A provider's new rate limit, with a full quota for everybody.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[allow(clippy::option_option, reason = "absent, null and a value are three cases")]
pub struct RateLimitChange {
    /// The provider.
    pub provider: String,
    /// Requests in a window; `Some(None)`, in JSON null, switches the limit off.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<u32>)]
    pub limit: Option<Option<u32>>,
    /// Seconds in a window, at most a month.
    #[schema(minimum = 1, maximum = 2_678_400)]
    pub window_s: Option<u64>,
}

impl RateLimitChange {
    /// So many requests in so many seconds.
    pub fn new(provider: &str, limit: u32, window_s: u64) -> Self {
        Self { provider: provider.to_owned(), limit: Some(Some(limit)), window_s: Some(window_s) }
    }

    /// No limit.
    pub fn off(provider: &str) -> Self {
        Self { provider: provider.to_owned(), limit: Some(None), window_s: None }
    }
}

/// A provider's rate limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RateLimit {
    /// The provider.
    pub provider: &'static str,
    /// Requests in a window; none if the limit is off.
    pub limit: Option<u32>,
    /// Seconds in a window.
    pub window_s: u64,
}

/// A provider's rate limit with what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RateLimitUse {
    /// The provider.
    pub provider: &'static str,
    /// Requests in a window; none if the limit is off.
    pub limit: Option<u32>,
    /// Seconds in a window.
    pub window_s: u64,
    /// One for each key or account that has asked, where the provider counts by those.
    pub buckets: Vec<RateBucket>,
}

/// What one key or account has used of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RateBucket {
    /// Requests in the present window.
    pub used: u32,
    /// Requests left in it.
    pub remaining: u32,
    /// When the quota is full again; none if nothing is used.
    pub resets_at: Option<Time>,
    /// The fingerprint of an API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// An account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl Simulator {
    /// Every provider's rate limit, or one provider's.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn rate_limits(&self, real_now: SystemTime, provider: Option<&str>) -> Result<Vec<RateLimitUse>, ControlError> {
        let now = self.clock.now(real_now);
        let bucket = |owner: Option<&BucketOwner>, limiter: &Limiter| {
            let quota = limiter.peek(now);
            let used = quota.limit - quota.remaining;
            let (key, account) = owner.map_or((None, None), BucketOwner::names);
            let resets_at = (used > 0).then(|| (now + quota.reset_after).into());
            RateBucket { used, remaining: quota.remaining, resets_at, key, account }
        };
        let limits = self.accounts_of(provider)?.map(|(provider, account)| {
            let limit = &account.limiter;
            let own = self.world.buckets().filter(|bucket| bucket.provider == provider);
            let own = own.map(|one| bucket(Some(&one.whose), &one.limiter(limit)));
            let whole = (limit.used > 0).then(|| bucket(None, limit));
            let RateLimit { provider, limit, window_s } = shown(provider, limit);
            RateLimitUse { provider, limit, window_s, buckets: whole.into_iter().chain(own).collect() }
        });
        Ok(limits.collect())
    }

    /// Replaces a provider's rate limit and starts new windows.
    ///
    /// # Errors
    ///
    /// There is no such provider, or the window is too long.
    pub fn set_rate_limit(&mut self, change: &RateLimitChange) -> Result<RateLimit, ControlError> {
        let provider = self.provider(&change.provider)?;
        let seconds = change.window_s;
        if let Some(seconds) = seconds.filter(|seconds| !(1..=LONGEST_WINDOW_S).contains(seconds)) {
            let expected = format!("a whole number from 1 to {LONGEST_WINDOW_S}");
            return Err(ControlError::invalid("window_s", seconds, expected));
        }
        let present = &self.world.account(provider).limiter;
        let limiter = match (change.limit, seconds) {
            (Some(None), seconds) => {
                let window = seconds.map_or(present.window, Duration::from_secs);
                Limiter { off: true, ..Limiter::new(present.limit, window) }
            }
            (Some(Some(limit)), Some(seconds)) => Limiter::new(limit, Duration::from_secs(seconds)),
            (Some(Some(_)), None) => return Err(ControlError::missing("window_s", "a number of seconds")),
            (None, _) => return Err(ControlError::missing("limit", "a number of requests, or null for no limit")),
        };
        let shown = shown(provider, &limiter);
        self.world.set_limit(provider, limiter);
        self.note("limits");
        Ok(shown)
    }
}

fn shown(provider: &'static str, limiter: &Limiter) -> RateLimit {
    RateLimit { provider, limit: (!limiter.off).then_some(limiter.limit), window_s: limiter.window.as_secs() }
}
