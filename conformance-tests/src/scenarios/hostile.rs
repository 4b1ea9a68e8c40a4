//! Hostile responses: a typed error, and never a panic, a hang or a false success.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use transom::layers::Retry;
use transom::{ErrorKind, Sent};

use crate::assertions::{Check, Failure, accepted, ensure, equal, failed};
use crate::evidence::WebhookFixture;
use crate::harness::{Harness, peer, text};

scenarios! { "hostile":
    success_of_wrong_shape_is_unknown "If a successful response has the wrong shape, the outcome is unknown."
        needs Text;
    rejection_of_any_shape_is_rejection "A 400 with a body of any shape is a rejection, and nothing was sent."
        needs Text;
    endless_body_is_cut_off "A response body over the limit is not read to its end, and the error stays short."
        needs Text;
    unusual_status_is_unknown "After an unusual HTTP status (299, 599, 999) the outcome is unknown."
        needs Text;
    /// 200 bodies made from the run's seed, under statuses of each class.
    random_body_is_error_without_panic "A random response body is never a success and causes no panic."
        needs Text;
    /// Each member in turn is replaced by a value of another type.
    damaged_success_has_id_or_is_unknown "A successful response with one damaged member is accepted with a real id, or the outcome is unknown."
        needs Text;
    success_with_extra_members_is_read "A successful response with many additional members is accepted."
        needs Text;
    unreadable_wait_is_returned_to_caller "A throttle with an unreadable or absurd wait is returned to the caller within 90 seconds."
        needs Text covers pace;
    /// Documented calls, cut, doubled or with changed bytes, made from the run's seed.
    damaged_webhook_call_is_never_verified "A damaged webhook call is never verified and causes no panic."
        needs DeliveryStatus covers webhooks;
}

/// Bodies of the wrong shape, without an id in the documented place.
fn bodies() -> Vec<String> {
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    let deep_object = format!("{}1{}", "{\"response\":".repeat(500), "}".repeat(500));
    let mut bodies: Vec<String> = [
        "",
        " ",
        "null",
        "true",
        "7",
        "\"ok\"",
        "[]",
        "{}",
        "[[]]",
        "{\"",
        "{\"success\":tr",
        "{} trailing",
        "NaN",
        "{\"success\":true,\"success\":false}",
        "{\"success\":\"true\"}",
        "{\"success\":null,\"whatsapp_message_id\":null}",
        "{\"success\":true,\"whatsapp_message_id\":{}}",
        "{\"response\":{\"whatsapp\":{\"messages\":{}}}}",
        "{\"response\":{\"whatsapp\":{\"messages\":[null]}}}",
        "{\"response\":{\"whatsapp\":{\"messages\":[{\"status\":\"success\",\"data\":[]}]}}}",
        "{\"messages\":[]}",
        "{\"messages\":[{}]}",
        "{\"messages\":{\"id\":\"x\"}}",
        "{\"messages\":[{\"id\":null}]}",
        "{\"data\":[]}",
        "{\"data\":null}",
        "{\"data\":{\"id\":\"\"}}",
        "{\"data\":{\"id\":{}}}",
        "{\"meta\":{}}",
        "\u{feff}",
        "\u{0}\u{1}\u{2}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":1e400}",
    ]
    .map(str::to_owned)
    .to_vec();
    bodies.extend([deep, deep_object, "x".repeat(100_000)]);
    bodies
}

async fn success_of_wrong_shape_is_unknown(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 10_000, 1).await?;
    for body in bodies() {
        for status in [200, 202] {
            let fault = json!({ "fault": "status", "status": status, "body": body, "next": 1 });
            harness.control.fault(harness.provider(), fault).await?;
            let head: String = body.chars().take(80).collect();
            failed(harness.send(&text()).await, ErrorKind::MalformedResponse, Sent::Maybe)
                .map_err(|failure| failure.at(format_args!("{status} {head:?}")))?;
        }
    }
    Ok(())
}

async fn rejection_of_any_shape_is_rejection(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 10_000, 1).await?;
    for body in bodies() {
        let fault = json!({ "fault": "status", "status": 400, "body": body, "next": 1 });
        harness.control.fault(harness.provider(), fault).await?;
        let error = harness.send(&text()).await.err().ok_or("expected a refusal")?;
        let head: String = body.chars().take(80).collect();
        ensure(error.sent() == Sent::No, format_args!("{head:?}: {error:?}"))?;
        ensure(
            error.to_string().len() < 2_000,
            format_args!("{head:?}: the error is {} bytes long", error.to_string().len()),
        )?;
    }
    Ok(())
}

async fn endless_body_is_cut_off(harness: &Harness) -> Check {
    for (status, sent) in [(200, Sent::Maybe), (400, Sent::No)] {
        let body = "x".repeat(3 * 1024 * 1024);
        let client = harness
            .elsewhere(&peer(format!("HTTP/1.1 {status} ?\r\ncontent-length: 99999999\r\n\r\n{body}")).await?)?;
        let error = client.send(&text()).await.err().ok_or("expected an error")?;
        ensure(error.sent() == sent, format_args!("{status}: {error:?}"))?;
        ensure(error.to_string().len() < 2_000, format_args!("the error is {} bytes long", error.to_string().len()))?;
    }
    Ok(())
}

async fn unusual_status_is_unknown(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    for status in [299, 599, 999] {
        harness
            .control
            .fault(harness.provider(), json!({ "fault": "status", "status": status, "body": "?", "next": 1 }))
            .await?;
        let error = harness.send(&text()).await.err().ok_or("expected an error")?;
        ensure(error.may_have_been_sent(), format_args!("{status}: {error:?}"))?;
    }
    Ok(())
}

/// The characters of JSON.
const JSON: &[u8] = b"{}[]\",:0123456789.eE-truefalsn \\";

async fn random_body_is_error_without_panic(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 10_000, 1).await?;
    let mut random = Rng::with_seed(harness.seed);
    for n in 0..200 {
        let length = random.usize(1..400);
        // Characters of JSON, or any others.
        let body: String = (0..length)
            .map(|_| {
                if random.bool() { random.choice(JSON).map_or(' ', |byte| char::from(*byte)) } else { random.char(..) }
            })
            .collect();
        let status = [200, 202, 207, 400, 403, 404, 422, 429, 500, 503][n % 10];
        harness.answer_with(status, json!(body)).await?;
        let place = || format!("body {n} of seed {} with {status}", harness.seed);
        let error = harness.send(&text()).await.err().ok_or_else(|| Failure::from(format!("{}: accepted", place())))?;
        let is_refusal = (400..500).contains(&status);
        let expected = if is_refusal { Sent::No } else { Sent::Maybe };
        ensure(error.sent() == expected, format_args!("{}: sent {}: {error}", place(), error.sent().as_str()))?;
        ensure(
            error.to_string().len() < 2_000,
            format_args!("{}: an error of {} bytes", place(), error.to_string().len()),
        )?;
    }
    harness.reached(0).await
}

/// A genuine success of the provider.
async fn success(harness: &Harness) -> Result<(u16, Value), Failure> {
    harness.contact_writes().await?;
    accepted(harness.send(&text()).await)?;
    let request = harness.sends().await?.pop().ok_or("no request was made")?;
    let status = request["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
    Ok((status, request["response"].clone()))
}

/// Every place in a value, outer ones first.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut visit = |name: &str, member: &Value| {
        let place = format!("{at}/{name}");
        found.push(place.clone());
        places(member, &place, found);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| visit(name, member)),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| visit(&n.to_string(), item)),
        _ => {}
    }
}

async fn damaged_success_has_id_or_is_unknown(harness: &Harness) -> Check {
    let (status, body) = success(harness).await?;
    harness.control.limit(harness.provider(), 10_000, 1).await?;
    let mut found = Vec::new();
    places(&body, "", &mut found);
    for place in found {
        for spoilt in [Value::Null, json!(true), json!(-1.5), json!(""), json!([]), json!({}), json!([[{}]])] {
            let mut body = body.clone();
            if let Some(member) = body.pointer_mut(&place) {
                *member = spoilt.clone();
            }
            harness.answer_with(status, body).await?;
            match harness.send(&text()).await {
                Ok(receipt) => {
                    let id = receipt.message_id.as_str();
                    let is_one = !id.trim().is_empty() && !matches!(id, "null" | "true" | "{}" | "[]");
                    ensure(is_one, format_args!("{place} is {spoilt}: accepted under the id {id:?}"))?;
                }
                // A documented rejection inside a success is a rejection; anything else proves nothing.
                Err(error) => ensure(
                    error.may_have_been_sent()
                        || error.code().is_some()
                        || error.kind() != ErrorKind::MalformedResponse,
                    format_args!("{place} is {spoilt}: {error} says that nothing was sent"),
                )?,
            }
        }
    }
    harness.reached(1).await
}

async fn success_with_extra_members_is_read(harness: &Harness) -> Check {
    let (status, mut body) = success(harness).await?;
    body["x_more"] = json!((0..4_000).map(|n| json!({ "n": n, "text": "ñ".repeat(20) })).collect::<Vec<_>>());
    harness.answer_with(status, body).await?;
    accepted(harness.send(&text()).await).map(drop)
}

async fn unreadable_wait_is_returned_to_caller(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    harness.control.limit(harness.provider(), 10_000, 1).await?;
    for wait in ["-1", "NaN", "soon", "", "99999999999999999999", "1e400", "Thu, 01 Jan 1970 00:00:00 GMT", "1, 2"] {
        let clock = harness.clock();
        let client = harness.client.clone().layer(Retry::attempts(3).with_time(Arc::new(clock.clone()), || 0.5));
        let headers = json!({ "retry-after": wait, "x-ratelimit-reset": wait, "ratelimit-reset": wait, "ratelimit-policy": wait });
        let fault = json!({ "fault": "status", "status": 429, "body": {}, "headers": headers, "next": 3 });
        let before = harness.sends().await?.len();
        harness.control.fault(harness.provider(), fault.clone()).await?;
        let error = failed(client.send(&text()).await, ErrorKind::RateLimited, Sent::No)?;
        let asked = harness.sends().await?.len() - before;
        equal(&format!("{wait:?}: attempts"), &(error.attempts() as usize), &asked)?;
        ensure(clock.passed() <= Duration::from_secs(90), format_args!("{wait:?}: waited {:?}", clock.passed()))?;
        // Uses up the rest of the fault.
        for _ in asked..3 {
            failed(harness.send(&text()).await, ErrorKind::RateLimited, Sent::No)?;
        }
    }
    harness.reached(0).await
}

async fn damaged_webhook_call_is_never_verified(harness: &Harness) -> Check {
    let mut random = Rng::with_seed(harness.seed);
    let client = harness.connect(&harness.config()?.with_value("webhook_secret", "a-secret"))?;
    for call in WebhookFixture::for_adapter(harness.adapter)? {
        let body = call.body.get().as_bytes();
        for _ in 0..20 {
            let mut spoilt = body.to_vec();
            match random.u8(0..4) {
                0 => spoilt.truncate(random.usize(..body.len())),
                1 => spoilt.extend_from_slice(body),
                _ => {
                    for _ in 0..random.usize(1..6) {
                        let at = random.usize(..spoilt.len());
                        spoilt[at] = random.u8(..);
                    }
                }
            }
            let request = call.request(spoilt)?;
            // With a secret configured, nothing unverified passes.
            failed(client.webhook(&request), ErrorKind::Unauthenticated, Sent::No)
                .map_err(|failure| failure.at(&call.name))?;
            match harness.client.webhook(&request) {
                Ok(events) => ensure(!events.verified, format_args!("{}: a spoilt call is believed", call.name))?,
                Err(error) => ensure(error.sent() == Sent::No, format_args!("{}: {error}", call.name))?,
            }
        }
    }
    Ok(())
}
