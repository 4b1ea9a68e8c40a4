//! Rate limits. Waiting advances the provider's clock and takes no time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::json;
use transom::adapter::RateLimitInfo;
use transom::adapter::{Rate, Scope};
use transom::layers::{RateLimit, Retry};
use transom::{ErrorKind, Message, Sent};
use transom_mock_server::fixtures::Fixture;

use crate::assertions::{Check, accepted, ensure, equal, failed};
use crate::evidence::coverage::FactLog;
use crate::evidence::facts::{documented, of_rate, of_sample};
use crate::harness::{Clock, Harness, number, text};

scenarios! { "pacing":
    /// If the documentation has a limit only in the headers of a sample, the limiter keeps it once a response states it.
    limiter_keeps_every_documented_limit "A limiter sends the whole quota of every documented limit at once, and the next message when the window has passed."
        needs Text covers pace;
    paced_sends_are_never_throttled "Sends under the provider's own limits are never throttled, over two windows."
        needs Text covers pace;
    limiter_learns_lower_limit_from_responses "A limiter adopts a limit that is lower than documented from the provider's responses."
        needs Text covers pace;
    clients_share_limiter_count "Clients that share a limiter share its count."
        needs Text;
    too_long_wait_is_refused_locally "A send that would wait too long is refused without a request, and the error has the wait."
        needs Text;
}

const FOREVER: Duration = Duration::from_secs(1_000_000);

fn limit(rates: &[Rate], clock: &Clock) -> RateLimit {
    RateLimit::new(rates).with_clock(Arc::new(clock.clone())).with_max_wait(FOREVER)
}

const fn account(quota: u32, seconds: u64) -> Rate {
    Rate::new(quota, Duration::from_secs(seconds))
}

/// A frozen world in which so many contacts have just written.
async fn people(harness: &Harness, count: usize) -> Result<Vec<Message>, crate::Failure> {
    harness.control.freeze().await?;
    let mut messages = Vec::new();
    for n in 0..count {
        let person = format!("+54911555{n:05}");
        harness.control.inbound(harness.provider(), &person, "hi").await?;
        messages.push(Message::text(number(&person), format!("Number {n}")));
    }
    Ok(messages)
}

async fn limiter_keeps_every_documented_limit(harness: &Harness) -> Check {
    let mut played = FactLog::new(&harness.coverage);
    for rate in harness.adapter.provider.rates {
        harness.reset().await?;
        let people = people(harness, 3).await?;
        // The limiter must hold back before the provider throttles.
        harness.control.limit(harness.provider(), 100_000, 1).await?;
        if harness.provider() == "autocalls" {
            harness.control.config(harness.provider(), json!({ "balance": 1_000 })).await?;
        }
        let clock = harness.clock();
        let client = harness.client.clone().layer(limit(&[*rate], &clock));
        let kept = async {
            let quota = usize::try_from(rate.quota).unwrap_or(usize::MAX);
            // A pair is one contact; an account or a sender is all of them.
            let to = if rate.scope == Scope::Pair { 1 } else { people.len() };
            let mut messages = people.iter().take(to).cycle();
            for message in messages.by_ref().take(quota) {
                accepted(client.send(message).await)?;
            }
            equal("waited within the quota", &clock.passed(), &Duration::ZERO)?;
            if let Some(one_more) = messages.next() {
                accepted(client.send(one_more).await)?;
            }
            waited(&clock, rate.window)
        };
        let kept = kept.await;
        played.add(of_rate(rate), kept);
    }
    if harness.adapter.provider.rates.is_empty() {
        for (sample, policy) in documented(harness.adapter).iter().filter_map(|sample| Some((sample, stated(sample)?)))
        {
            let kept = is_kept_once_stated(harness, policy).await;
            played.add(of_sample(sample), kept);
        }
    }
    played.finish()
}

/// The quota and the window in the response of an accepted sample.
fn stated(sample: &Fixture) -> Option<(u32, Duration)> {
    let response = sample.json.get("response")?;
    response.get("status")?.as_u64().filter(|status| *status < 300)?;
    let headers: http::HeaderMap = response
        .get("headers")?
        .as_object()?
        .iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value.as_str()?.parse().ok()?)))
        .collect::<Vec<(http::HeaderName, http::HeaderValue)>>()
        .into_iter()
        .collect();
    let limits = RateLimitInfo::from_headers(&headers, SystemTime::UNIX_EPOCH);
    let policy = limits.policies.first()?;
    Some((policy.quota.try_into().ok()?, policy.window?))
}

/// Passes if a limiter without a configured limit keeps the one that responses state.
async fn is_kept_once_stated(harness: &Harness, (quota, window): (u32, Duration)) -> Check {
    harness.reset().await?;
    let people = people(harness, 1).await?;
    let seconds = u32::try_from(window.as_secs()).unwrap_or(u32::MAX);
    harness.control.limit(harness.provider(), quota, seconds).await?;
    let clock = harness.clock();
    let client = harness.client.clone().layer(limit(&[], &clock));
    let mut messages = people.iter().cycle();
    for message in messages.by_ref().take(usize::try_from(quota).unwrap_or(usize::MAX)) {
        accepted(client.send(message).await)?;
    }
    equal("waited within the quota", &clock.passed(), &Duration::ZERO)?;
    if let Some(one_more) = messages.next() {
        accepted(client.send(one_more).await)?;
    }
    equal("refusals", &refusals(harness).await?, &0)?;
    waited(&clock, window)
}

/// Passes if about `window` was waited: not less, and at most 2 % more.
fn waited(clock: &Clock, window: Duration) -> Check {
    let passed = clock.passed();
    let is_about = passed >= window && passed <= window.mul_f64(1.02);
    ensure(is_about, format_args!("expected a wait of about {window:?}, got {passed:?}"))
}

/// The number of throttled sends.
async fn refusals(harness: &Harness) -> Result<usize, crate::Failure> {
    Ok(harness.sends().await?.iter().filter(|request| request["status"] == 429).count())
}

async fn paced_sends_are_never_throttled(harness: &Harness) -> Check {
    let people = people(harness, 8).await?;
    harness.control.limit(harness.provider(), 12, 30).await?;
    let clock = harness.clock();
    let client = harness.client.clone().layer(limit(&[account(12, 30)], &clock));
    for message in people.iter().cycle().take(30) {
        accepted(client.send(message).await)?;
    }
    equal("refusals", &refusals(harness).await?, &0)?;
    waited(&clock, Duration::from_secs(60))?;
    harness.reached(30).await
}

async fn limiter_learns_lower_limit_from_responses(harness: &Harness) -> Check {
    let people = people(harness, 5).await?;
    harness.control.limit(harness.provider(), 4, 20).await?;
    let clock = harness.clock();
    let retry = Retry::attempts(4).with_time(Arc::new(clock.clone()), || 0.5);
    // The limiter starts with 20 times the real limit.
    let client = harness.client.clone().layer(retry).layer(limit(&[account(80, 20)], &clock));
    for message in people.iter().cycle().take(12) {
        accepted(client.send(message).await)?;
    }
    harness.reached(12).await?;
    let refused = refusals(harness).await?;
    ensure(refused <= 2, format_args!("expected one refusal a window at the most, got {refused}"))
}

async fn clients_share_limiter_count(harness: &Harness) -> Check {
    let people = people(harness, 2).await?;
    harness.control.limit(harness.provider(), 5, 10).await?;
    let clock = harness.clock();
    let shared = limit(&[account(5, 10)], &clock);
    let clients = [(); 2].map(|()| harness.client.clone().layer(shared.clone()));
    for (message, client) in people.iter().cycle().zip(clients.iter().cycle()).take(10) {
        accepted(client.send(message).await)?;
    }
    equal("refusals", &refusals(harness).await?, &0)?;
    waited(&clock, Duration::from_secs(10))
}

async fn too_long_wait_is_refused_locally(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    // A provider that states its limit in responses states this one.
    harness.control.limit(harness.provider(), 1, 3_600).await?;
    let clock = harness.clock();
    let impatient = RateLimit::new(&[account(1, 3_600)]).with_clock(Arc::new(clock.clone()));
    let client = harness.client.clone().layer(impatient);
    accepted(client.send(&text()).await)?;
    let error = failed(client.send(&text()).await, ErrorKind::RateLimited, Sent::No)?;
    equal("attempts", &error.attempts(), &0)?;
    let wait = error.retry_after().ok_or("expected the time to come back")?;
    ensure(wait >= Duration::from_secs(3_600), format_args!("an hour is to be waited, the error says {wait:?}"))?;
    ensure(error.is_safe_to_retry(), "a message that was held back may go later")?;
    harness.asked(1).await?;
    harness.reached(1).await
}
