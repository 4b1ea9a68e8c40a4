//! Going as fast as the provider allows, and no faster. Waiting turns the provider's clock, and takes no time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::json;
use transom::layers::{RateLimitInfo, Retry};
use transom::adapter::RateLimitInfo;
use transom::{ErrorKind, Message, Messenger as _, Sent};
use transom::adapter::{Certainty, Rate, Scope};
use transom_mock_server::fixtures::Fixture;

use crate::check::{Check, accepted, ensure, equal, failed};
use crate::evidence::{documented, of_rate, of_sample};
use crate::played::Played;
use crate::stage::{Clock, Stage, number, text};

scenarios! { "pacing":
    /// Each limit of the pages, alone: the quota goes at once, and what is over it when the window has passed. Where the pages
    /// have none but that of a sample's headers, which is an example, it is kept as soon as an answer states it.
    every_documented_limit_is_kept_to_the_send needs Text covers pace;
    /// Two windows' worth of sends under the provider's own limits.
    paced_sends_meet_no_refusal needs Text covers pace;
    /// The provider allows less than its pages say: what it answers counts.
    a_limiter_learns_from_what_the_provider_answers needs Text covers pace;
    clients_that_share_a_limiter_share_its_count needs Text;
    a_send_that_would_wait_too_long_is_refused_with_the_time_to_come_back needs Text;
}

const FOREVER: Duration = Duration::from_secs(1_000_000);

fn limit(rates: &[Rate], clock: &Clock) -> RateLimitInfo {
    RateLimitInfo::new(rates).with_clock(Arc::new(clock.clone())).with_max_wait(FOREVER)
}

const fn account(quota: u32, seconds: u64) -> Rate {
    let window = Duration::from_secs(seconds);
    Rate { scope: Scope::Account, quota, window, codes: &[], source: "the suite", certainty: Certainty::Inferred }
}

/// A frozen world in which these many people have just written.
async fn people(stage: &Stage, count: usize) -> Result<Vec<Message>, crate::Broken> {
    stage.control.freeze().await?;
    let mut messages = Vec::new();
    for n in 0..count {
        let person = format!("+54911555{n:05}");
        stage.control.inbound(stage.provider(), &person).await?;
        messages.push(Message::text(number(&person), format!("Number {n}")));
    }
    Ok(messages)
}

async fn every_documented_limit_is_kept_to_the_send(stage: &Stage) -> Check {
    let mut played = Played::on(stage);
    for rate in stage.subject.provider.rates {
        stage.reset().await?;
        let people = people(stage, 3).await?;
        // So that it is the limiter that holds back, and not the provider.
        stage.control.limit(stage.provider(), 100_000, 1).await?;
        if stage.provider() == "autocalls" {
            stage.control.config(stage.provider(), json!({ "balance": 1_000 })).await?;
        }
        let clock = stage.clock();
        let client = stage.client.clone().layer(limit(&[*rate], &clock));
        let kept = async {
            let quota = usize::try_from(rate.quota).unwrap_or(usize::MAX);
            // A pair is one person; an account or a sender is everybody.
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
    if stage.subject.provider.rates.is_empty() {
        for (sample, policy) in documented(stage.subject).iter().filter_map(|sample| Some((sample, stated(sample)?))) {
            let kept = is_kept_once_stated(stage, policy).await;
            played.add(of_sample(sample), kept);
        }
    }
    played.judged()
}

/// The quota and the window that the answer of a taken sample states.
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

/// Holds if a limiter that was told of no limit keeps the one that the provider's answers state.
async fn is_kept_once_stated(stage: &Stage, (quota, window): (u32, Duration)) -> Check {
    stage.reset().await?;
    let people = people(stage, 1).await?;
    let seconds = u32::try_from(window.as_secs()).unwrap_or(u32::MAX);
    stage.control.limit(stage.provider(), quota, seconds).await?;
    let clock = stage.clock();
    let client = stage.client.clone().layer(limit(&[], &clock));
    let mut messages = people.iter().cycle();
    for message in messages.by_ref().take(usize::try_from(quota).unwrap_or(usize::MAX)) {
        accepted(client.send(message).await)?;
    }
    equal("waited within the quota", &clock.passed(), &Duration::ZERO)?;
    if let Some(one_more) = messages.next() {
        accepted(client.send(one_more).await)?;
    }
    equal("refusals", &refusals(stage).await?, &0)?;
    waited(&clock, window)
}

/// Holds if about `window` was waited: not less, and not more than the little that clocks may differ by.
fn waited(clock: &Clock, window: Duration) -> Check {
    let passed = clock.passed();
    let is_about = passed >= window && passed <= window.mul_f64(1.02);
    ensure(is_about, format_args!("expected a wait of about {window:?}, got {passed:?}"))
}

/// How many of the sends were refused for going too fast.
async fn refusals(stage: &Stage) -> Result<usize, crate::Broken> {
    Ok(stage.sends().await?.iter().filter(|request| request["status"] == 429).count())
}

async fn paced_sends_meet_no_refusal(stage: &Stage) -> Check {
    let people = people(stage, 8).await?;
    stage.control.limit(stage.provider(), 12, 30).await?;
    let clock = stage.clock();
    let client = stage.client.clone().layer(limit(&[account(12, 30)], &clock));
    for message in people.iter().cycle().take(30) {
        accepted(client.send(message).await)?;
    }
    equal("refusals", &refusals(stage).await?, &0)?;
    waited(&clock, Duration::from_secs(60))?;
    stage.reached(30).await
}

async fn a_limiter_learns_from_what_the_provider_answers(stage: &Stage) -> Check {
    let people = people(stage, 5).await?;
    stage.control.limit(stage.provider(), 4, 20).await?;
    let clock = stage.clock();
    let retry = Retry::attempts(4).with_time(Arc::new(clock.clone()), || 0.5);
    // It was told twenty times the truth.
    let client = stage.client.clone().layer(retry).layer(limit(&[account(80, 20)], &clock));
    for message in people.iter().cycle().take(12) {
        accepted(client.send(message).await)?;
    }
    stage.reached(12).await?;
    let refused = refusals(stage).await?;
    ensure(refused <= 2, format_args!("expected one refusal a window at the most, got {refused}"))
}

async fn clients_that_share_a_limiter_share_its_count(stage: &Stage) -> Check {
    let people = people(stage, 2).await?;
    stage.control.limit(stage.provider(), 5, 10).await?;
    let clock = stage.clock();
    let shared = limit(&[account(5, 10)], &clock);
    let clients = [(); 2].map(|()| stage.client.clone().layer(shared.clone()));
    for (message, client) in people.iter().cycle().zip(clients.iter().cycle()).take(10) {
        accepted(client.send(message).await)?;
    }
    equal("refusals", &refusals(stage).await?, &0)?;
    waited(&clock, Duration::from_secs(10))
}

async fn a_send_that_would_wait_too_long_is_refused_with_the_time_to_come_back(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    // Where the provider states its limit in each answer, it states this one.
    stage.control.limit(stage.provider(), 1, 3_600).await?;
    let clock = stage.clock();
    let impatient = RateLimitInfo::new(&[account(1, 3_600)]).with_clock(Arc::new(clock.clone()));
    let client = stage.client.clone().layer(impatient);
    accepted(client.send(&text()).await)?;
    let error = failed(client.send(&text()).await, ErrorKind::RateLimited, Sent::No)?;
    equal("attempts", &error.attempts(), &0)?;
    let wait = error.retry_after().ok_or("expected the time to come back")?;
    ensure(wait >= Duration::from_secs(3_600), format_args!("an hour is to be waited, the error says {wait:?}"))?;
    ensure(error.is_safe_to_retry(), "a message that was held back may go later")?;
    stage.asked(1).await?;
    stage.reached(1).await
}
