//! What happens between the adapter and the provider, and what the caller may conclude from it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use transom::layers::Retry;
use transom::time::Clock;
use transom::{Capability, Client, ErrorKind, Messenger as _, Sent};

use crate::assertions::{Check, Failure, accepted, ensure, equal, failed, unexpected};
use crate::harness::{Harness, peer, text};

scenarios! { "delivery":
    a_lost_answer_may_have_been_sent_and_is_not_repeated needs Text;
    a_reset_connection_may_have_been_sent needs Text;
    an_answer_that_never_comes_may_have_been_sent needs Text;
    a_provider_that_hangs_before_taking_the_message_proves_nothing needs Text;
    a_cut_answer_may_have_been_sent needs Text;
    a_success_that_is_not_json_may_have_been_sent needs Text;
    a_success_that_is_a_web_page_may_have_been_sent needs Text;
    a_gateways_error_may_have_been_sent_and_is_not_repeated needs Text covers doubt;
    /// A gateway may repeat what it was told; only the provider itself says that nothing was sent.
    a_gateways_error_with_the_words_of_a_refusal_proves_nothing needs Text covers documented_refusals;
    a_redirect_is_not_followed_and_sent_nothing needs Text;
    a_see_other_says_that_the_message_was_handled needs Text;
    a_refused_connection_proves_that_nothing_was_sent needs Text;
    a_host_that_does_not_exist_proves_that_nothing_was_sent needs Text;
    a_peer_that_speaks_no_http_may_have_been_sent needs Text;
    a_peer_that_hangs_up_without_a_word_may_have_been_sent needs Text;
    a_retry_layer_repeats_an_unknown_outcome_only_under_a_key needs Text;
    a_retry_layer_waits_out_a_throttle_and_sends_once needs Text covers pace;
    a_retry_layer_reaches_a_provider_that_was_away needs Text;
    after_a_failure_the_next_message_goes_as_if_nothing_had_been needs Text;
}

/// Short, since a hang is waited for in real time.
const PATIENCE: &str = "150ms";

async fn fault(harness: &Harness, fault: Value) -> Check {
    harness.contact_writes().await?;
    harness.control.fault(harness.provider(), fault).await
}

/// Holds if the one send ended in doubt like this, and this many messages reached the person.
async fn in_doubt(
    harness: &Harness,
    client: &Client,
    kind: ErrorKind,
    reached: usize,
) -> Result<transom::Error, Failure> {
    let error = failed(client.send(&text()).await, kind, Sent::Maybe)?;
    equal("attempts", &error.attempts(), &1)?;
    harness.asked(1).await?;
    harness.reached(reached).await?;
    Ok(error)
}

fn impatient(harness: &Harness) -> Result<Client, Failure> {
    harness.connect(&harness.config()?.with("timeout", PATIENCE))
}

async fn a_lost_answer_may_have_been_sent_and_is_not_repeated(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "lose_reply", "next": 1 })).await?;
    let error = in_doubt(harness, &harness.client, ErrorKind::ProviderUnavailable, 1).await?;
    equal("the status", &error.status(), &None)
}

async fn a_reset_connection_may_have_been_sent(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "reset", "next": 1 })).await?;
    in_doubt(harness, &harness.client, ErrorKind::ProviderUnavailable, 1).await.map(drop)
}

async fn an_answer_that_never_comes_may_have_been_sent(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "hang", "next": 1 })).await?;
    in_doubt(harness, &impatient(harness)?, ErrorKind::ProviderUnavailable, 1).await.map(drop)
}

async fn a_provider_that_hangs_before_taking_the_message_proves_nothing(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "hang", "next": 1, "after_accept": false })).await?;
    in_doubt(harness, &impatient(harness)?, ErrorKind::ProviderUnavailable, 0).await.map(drop)
}

async fn a_cut_answer_may_have_been_sent(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "truncate", "next": 1 })).await?;
    let error = harness.send(&text()).await.err().ok_or("expected an error")?;
    ensure(error.may_have_been_sent(), format_args!("{error:?}"))?;
    let kinds = [ErrorKind::ProviderUnavailable, ErrorKind::MalformedResponse];
    ensure(kinds.contains(&error.kind()), format_args!("{error:?}"))?;
    ensure(error.status().is_some(), "the head of the answer had a status")?;
    harness.asked(1).await?;
    harness.reached(1).await
}

async fn a_success_that_is_not_json_may_have_been_sent(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "garbage", "next": 1 })).await?;
    in_doubt(harness, &harness.client, ErrorKind::MalformedResponse, 1).await.map(drop)
}

async fn a_success_that_is_a_web_page_may_have_been_sent(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "html", "next": 1 })).await?;
    in_doubt(harness, &harness.client, ErrorKind::MalformedResponse, 1).await.map(drop)
}

async fn a_gateways_error_may_have_been_sent_and_is_not_repeated(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    for (n, status) in [408, 500, 502, 503, 504, 520].into_iter().enumerate() {
        harness.control.fault(harness.provider(), json!({ "fault": "status", "status": status, "next": 1 })).await?;
        let error = failed(harness.send(&text()).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
        equal("the status", &error.status(), &Some(status))?;
        harness.asked(n + 1).await?;
    }
    harness.reached(0).await
}

async fn a_gateways_error_with_the_words_of_a_refusal_proves_nothing(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    let client = harness.connect(&harness.config()?.with("probe", false))?;
    for refusal in harness.adapter.refusals {
        for status in [502, 504] {
            harness.answer_with(status, json!(refusal.body)).await?;
            let place = |failure: Failure| failure.at(format_args!("{status} {}", refusal.body));
            let error = client.send(&text()).await.err().ok_or("expected an error")?;
            ensure(error.may_have_been_sent(), format_args!("{error} says that nothing was sent")).map_err(place)?;
            equal("the status", &error.status(), &Some(status)).map_err(place)?;
        }
    }
    harness.reached(0).await
}

async fn a_redirect_is_not_followed_and_sent_nothing(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    for (n, status) in [301, 302, 307, 308].into_iter().enumerate() {
        harness.control.fault(harness.provider(), json!({ "fault": "redirect", "status": status, "next": 1 })).await?;
        let error = failed(harness.send(&text()).await, ErrorKind::MalformedResponse, Sent::No)?;
        equal("the status", &error.status(), &Some(status))?;
        equal("requests of any kind", &harness.control.requests(harness.provider()).await?.len(), &(n + 1))?;
    }
    harness.reached(0).await
}

async fn a_see_other_says_that_the_message_was_handled(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "redirect", "status": 303, "next": 1 })).await?;
    failed(harness.send(&text()).await, ErrorKind::MalformedResponse, Sent::Maybe)?;
    equal("requests of any kind", &harness.control.requests(harness.provider()).await?.len(), &1)
}

async fn a_refused_connection_proves_that_nothing_was_sent(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    // Bound and let go: nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(unexpected)?;
    let address = listener.local_addr().map_err(unexpected)?;
    drop(listener);
    let client = harness.elsewhere(&address.to_string())?;
    let error = harness.refused(client.send(&text()).await, ErrorKind::ProviderUnavailable).await?;
    ensure(error.is_safe_to_retry(), "a message that never left may go again")?;
    harness.untouched().await
}

async fn a_host_that_does_not_exist_proves_that_nothing_was_sent(harness: &Harness) -> Check {
    let config = harness.config()?.with("base_url", "https://no-such-host.invalid").with("timeout", "2s");
    let client = harness.connect(&config)?;
    let error = harness.refused(client.send(&text()).await, ErrorKind::ProviderUnavailable).await?;
    ensure(!error.to_string().contains("https://"), format_args!("a URL is in the error: {error}"))
}

async fn a_peer_that_speaks_no_http_may_have_been_sent(harness: &Harness) -> Check {
    let client = harness.elsewhere(&peer("SSH-2.0-OpenSSH_9.6\r\n").await?)?;
    failed(client.send(&text()).await, ErrorKind::MalformedResponse, Sent::Maybe).map(drop)
}

async fn a_peer_that_hangs_up_without_a_word_may_have_been_sent(harness: &Harness) -> Check {
    let client = harness.elsewhere(&peer("").await?)?;
    failed(client.send(&text()).await, ErrorKind::ProviderUnavailable, Sent::Maybe).map(drop)
}

/// A clock on which no wait takes any time.
#[derive(Debug)]
struct NoWaiting;

#[async_trait]
impl Clock for NoWaiting {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    async fn sleep(&self, _duration: Duration) {}
}

fn persistent(client: &Client) -> Client {
    client.clone().layer(Retry::attempts(4).with_time(Arc::new(NoWaiting), || 0.5))
}

async fn a_retry_layer_repeats_an_unknown_outcome_only_under_a_key(harness: &Harness) -> Check {
    let is_keyed = harness.capabilities().contains(Capability::Idempotency);
    harness.contact_writes().await?;
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    let faults = [
        json!({ "fault": "lose_reply", "next": 1 }),
        json!({ "fault": "garbage", "next": 1 }),
        json!({ "fault": "status", "status": 503, "headers": { "retry-after": "1" }, "next": 1 }),
        json!({ "fault": "status", "status": 500, "next": 1 }),
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        harness.control.fault(harness.provider(), fault.clone()).await?;
        let answer = persistent(&harness.client).send(&text()).await;
        if is_keyed {
            equal("attempts", &accepted(answer)?.attempts, &2)?;
            harness.reached(n + 1).await?;
            let sends = harness.sends().await?;
            let [.., first, second] = sends.as_slice() else { return Err(format!("{fault}: {sends:?}").into()) };
            equal("the repeated body", &second["body"], &first["body"])?;
            equal("the repeated key", &second["headers"]["idempotency-key"], &first["headers"]["idempotency-key"])?;
        } else {
            let error = answer.err().ok_or_else(|| format!("{fault}: it was accepted"))?;
            ensure(error.may_have_been_sent(), format_args!("{fault}: {error:?}"))?;
            harness.asked(n + 1).await?;
        }
    }
    // The first two faults spoil the answer to a message that was taken.
    harness.reached(if is_keyed { 4 } else { 2 }).await
}

async fn a_retry_layer_waits_out_a_throttle_and_sends_once(harness: &Harness) -> Check {
    // A window that is short enough for the wait to be waited out.
    harness.control.limit(harness.provider(), 1_000, 5).await?;
    fault(harness, json!({ "fault": "rate_limited", "next": 2 })).await?;
    let receipt = accepted(persistent(&harness.client).send(&text()).await)?;
    equal("attempts", &receipt.attempts, &3)?;
    harness.asked(3).await?;
    harness.reached(1).await
}

async fn a_retry_layer_reaches_a_provider_that_was_away(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(unexpected)?;
    let address = listener.local_addr().map_err(unexpected)?;
    drop(listener);
    let error =
        persistent(&harness.elsewhere(&address.to_string())?).send(&text()).await.err().ok_or("it was accepted")?;
    equal("attempts", &error.attempts(), &4)?;
    equal("whether it may have been sent", &error.sent(), &Sent::No)?;
    accepted(persistent(&harness.client).send(&text()).await)?;
    harness.reached(1).await
}

async fn after_a_failure_the_next_message_goes_as_if_nothing_had_been(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "lose_reply", "next": 1 })).await?;
    failed(harness.send(&text()).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
    accepted(harness.send(&text()).await)?;
    harness.reached(2).await
}
