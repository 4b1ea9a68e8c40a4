//! `limits`: how many requests a provider takes, and what is left.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::{Refusal, provider};
use crate::core::limiter::Limiter;
use crate::core::members::Members;
use crate::core::simulator::Simulator;
use crate::core::time::rfc3339;
use crate::core::world::BucketOwner;

/// A month, and no window is longer.
const LONGEST_WINDOW_S: u64 = 31 * 24 * 60 * 60;

/// Every provider's limit, with what each key and account that asked has left of it.
pub(super) fn show(simulator: &Simulator, real_now: SystemTime, only: Option<&str>) -> Value {
    let (now, world) = (simulator.clock.now(real_now), &simulator.world);
    let accounts = world.accounts().filter(|(provider, _)| only.is_none_or(|only| only == *provider));
    let print = |whose: Option<&BucketOwner>, limiter: &Limiter| {
        let quota = limiter.peek(now);
        let used = quota.limit - quota.remaining;
        let mut json = json!({
            "used": used, "remaining": quota.remaining, "resets_at": (used > 0).then(|| rfc3339(now + quota.reset_after)),
        });
        if let Value::Object(members) = &mut json {
            members.extend(whose.map(BucketOwner::member));
        }
        json
    };
    let limits = accounts.map(|(provider, account)| {
        let limit = &account.limiter;
        let own = world.buckets().filter(|bucket| bucket.provider == provider);
        let own = own.map(|bucket| print(Some(&bucket.whose), &bucket.limiter(limit)));
        let whole = (limit.used > 0).then(|| print(None, limit));
        json!({
            "provider": provider, "limit": (!limit.off).then_some(limit.limit), "window_s": limit.window.as_secs(),
            "buckets": whole.into_iter().chain(own).collect::<Vec<_>>(),
        })
    });
    limits.collect()
}

/// Replaces a provider's rate limit, or switches it off; the new one starts with a full quota for everybody.
pub(super) fn change(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let mut members = Members::of_body(request)?;
    let provider = provider(simulator, &members.needed_text("provider", "a provider's name")?)?;
    let off = members.is_null("limit");
    let limit = members.number("limit", 0, u64::from(u32::MAX))?.and_then(|limit| u32::try_from(limit).ok());
    let seconds = members.number("window_s", 1, LONGEST_WINDOW_S)?;
    let present = &simulator.world.account(provider).limiter;
    let limiter = if off {
        let window = seconds.map_or(present.window, Duration::from_secs);
        Limiter { off: true, ..Limiter::new(present.limit, window) }
    } else {
        let limit = limit.ok_or_else(|| members.missing("limit", "a number of requests, or null for no limit"))?;
        let seconds = seconds.ok_or_else(|| members.missing("window_s", "a number of seconds"))?;
        Limiter::new(limit, Duration::from_secs(seconds))
    };
    members.finish(&["provider", "limit", "window_s"])?;
    let answer = json!({"provider": provider, "limit": limit, "window_s": limiter.window.as_secs()});
    simulator.world.set_limit(provider, limiter);
    Ok(answer)
}
