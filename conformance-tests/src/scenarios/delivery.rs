//! Failures between adapter and provider, and the caller's conclusions.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use transom::layers::Retry;
use transom::time::Clock;
use transom::{Capability, Client, ErrorKind, Sent};

use crate::assertions::{Check, Failure, accepted, ensure, equal, failed, unexpected};
use crate::harness::{Harness, peer, text};

scenarios! { "delivery":
    lost_response_is_unknown_and_not_retried "If the response is lost, the outcome is unknown and the adapter makes no second request."
        needs Text;
    connection_reset_is_unknown "If the connection is reset after the request, the outcome is unknown."
        needs Text;
    timeout_is_unknown "If the response does not arrive within the timeout, the outcome is unknown."
        needs Text;
    timeout_before_accept_is_unknown "If the provider hangs before it accepts the message, the outcome is unknown."
        needs Text;
    truncated_response_is_unknown "If the response is cut off, the outcome is unknown and the error keeps the HTTP status."
        needs Text;
    success_without_json_is_unknown "If a successful response is not JSON, the outcome is unknown."
        needs Text;
    success_with_web_page_is_unknown "If a successful response is a web page, the outcome is unknown."
        needs Text;
    gateway_error_is_unknown_and_not_retried "After a 408 or a 5xx the outcome is unknown, and the adapter makes no second request."
        needs Text covers doubt;
    /// A gateway may repeat the provider's words; only the provider itself proves that nothing was sent.
    gateway_error_with_rejection_body_is_unknown "After a 502 or 504 the outcome is unknown, even if the body is a documented rejection."
        needs Text covers documented_refusals;
    redirect_is_not_followed "A redirect (301, 302, 303, 307, 308) is not followed, and the outcome is unknown."
        needs Text;
    refused_connection_proves_nothing_sent "If the connection is refused, nothing was sent and a retry is safe."
        needs Text;
    unknown_host_proves_nothing_sent "If the host does not exist, nothing was sent."
        needs Text;
    non_http_response_is_unknown "If the response is not HTTP, the outcome is unknown."
        needs Text;
    close_without_response_is_unknown "If the peer closes the connection without a response, the outcome is unknown."
        needs Text;
    retry_repeats_unknown_only_with_key "A retry layer repeats a send with unknown outcome only under an idempotency key, with the same key and body."
        needs Text;
    retry_waits_for_throttle_and_sends_once "A retry layer waits as long as the provider asks, and the message arrives once."
        needs Text covers pace;
    retry_repeats_refused_connection "A retry layer repeats a send whose connection was refused."
        needs Text;
    failure_does_not_affect_next_message "A failed send does not affect the next message."
        needs Text;
}

/// Short, since a hang takes real time.
const PATIENCE: &str = "150ms";

async fn fault(harness: &Harness, fault: Value) -> Check {
    harness.contact_writes().await?;
    Ok(harness.control.fault(harness.provider(), fault).await?)
}

/// Passes if the one send ends with unknown outcome like this, and this many messages were delivered.
async fn outcome_unknown(
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
    harness.connect(&harness.config()?.with_value("timeout", PATIENCE))
}

async fn lost_response_is_unknown_and_not_retried(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "lose_reply", "next": 1 })).await?;
    let error = outcome_unknown(harness, &harness.client, ErrorKind::ProviderUnavailable, 1).await?;
    equal("the status", &error.status(), &None)
}

async fn connection_reset_is_unknown(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "reset", "next": 1 })).await?;
    outcome_unknown(harness, &harness.client, ErrorKind::ProviderUnavailable, 1).await.map(drop)
}

async fn timeout_is_unknown(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "hang", "next": 1 })).await?;
    outcome_unknown(harness, &impatient(harness)?, ErrorKind::ProviderUnavailable, 1).await.map(drop)
}

async fn timeout_before_accept_is_unknown(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "hang", "next": 1, "after_accept": false })).await?;
    outcome_unknown(harness, &impatient(harness)?, ErrorKind::ProviderUnavailable, 0).await.map(drop)
}

async fn truncated_response_is_unknown(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "truncate", "next": 1 })).await?;
    let error = harness.send(&text()).await.err().ok_or("expected an error")?;
    ensure(error.may_have_been_sent(), format_args!("{error:?}"))?;
    let kinds = [ErrorKind::ProviderUnavailable, ErrorKind::MalformedResponse];
    ensure(kinds.contains(&error.kind()), format_args!("{error:?}"))?;
    ensure(error.status().is_some(), "the head of the answer had a status")?;
    harness.asked(1).await?;
    harness.reached(1).await
}

async fn success_without_json_is_unknown(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "garbage", "next": 1 })).await?;
    outcome_unknown(harness, &harness.client, ErrorKind::MalformedResponse, 1).await.map(drop)
}

async fn success_with_web_page_is_unknown(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "html", "next": 1 })).await?;
    outcome_unknown(harness, &harness.client, ErrorKind::MalformedResponse, 1).await.map(drop)
}

async fn gateway_error_is_unknown_and_not_retried(harness: &Harness) -> Check {
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

async fn gateway_error_with_rejection_body_is_unknown(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    let client = harness.connect(&harness.config()?.with_value("probe", false))?;
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

async fn redirect_is_not_followed(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    for (n, status) in [301, 302, 303, 307, 308].into_iter().enumerate() {
        harness.control.fault(harness.provider(), json!({ "fault": "redirect", "status": status, "next": 1 })).await?;
        let error = failed(harness.send(&text()).await, ErrorKind::MalformedResponse, Sent::Maybe)?;
        equal("the status", &error.status(), &Some(status))?;
        equal("requests of any kind", &harness.control.requests(harness.provider()).await?.len(), &(n + 1))?;
    }
    harness.reached(0).await
}

async fn refused_connection_proves_nothing_sent(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    // A free port without a listener.
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(unexpected)?;
    let address = listener.local_addr().map_err(unexpected)?;
    drop(listener);
    let client = harness.elsewhere(&address.to_string())?;
    let error = harness.refused(client.send(&text()).await, ErrorKind::ProviderUnavailable).await?;
    ensure(error.is_safe_to_retry(), "a message that never left may go again")?;
    harness.untouched().await
}

async fn unknown_host_proves_nothing_sent(harness: &Harness) -> Check {
    let config = harness.config()?.with_value("base_url", "https://no-such-host.invalid").with_value("timeout", "2s");
    let client = harness.connect(&config)?;
    let error = harness.refused(client.send(&text()).await, ErrorKind::ProviderUnavailable).await?;
    ensure(!error.to_string().contains("https://"), format_args!("a URL is in the error: {error}"))
}

async fn non_http_response_is_unknown(harness: &Harness) -> Check {
    let client = harness.elsewhere(&peer("SSH-2.0-OpenSSH_9.6\r\n").await?)?;
    failed(client.send(&text()).await, ErrorKind::MalformedResponse, Sent::Maybe).map(drop)
}

async fn close_without_response_is_unknown(harness: &Harness) -> Check {
    let client = harness.elsewhere(&peer("").await?)?;
    failed(client.send(&text()).await, ErrorKind::ProviderUnavailable, Sent::Maybe).map(drop)
}

/// A clock on which waits take no time.
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

async fn retry_repeats_unknown_only_with_key(harness: &Harness) -> Check {
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
    // The first two faults spoil the response to an accepted message.
    harness.reached(if is_keyed { 4 } else { 2 }).await
}

async fn retry_waits_for_throttle_and_sends_once(harness: &Harness) -> Check {
    // A window short enough for the retry layer to wait.
    harness.control.limit(harness.provider(), 1_000, 5).await?;
    fault(harness, json!({ "fault": "rate_limited", "next": 2 })).await?;
    let receipt = accepted(persistent(&harness.client).send(&text()).await)?;
    equal("attempts", &receipt.attempts, &3)?;
    harness.asked(3).await?;
    harness.reached(1).await
}

async fn retry_repeats_refused_connection(harness: &Harness) -> Check {
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

async fn failure_does_not_affect_next_message(harness: &Harness) -> Check {
    fault(harness, json!({ "fault": "lose_reply", "next": 1 })).await?;
    failed(harness.send(&text()).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
    accepted(harness.send(&text()).await)?;
    harness.reached(2).await
}
