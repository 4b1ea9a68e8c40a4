//! `webhooks`: where a provider's statuses and inbound messages go, and what was tried.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::members::Members;
use super::{Refusal, json_list, provider};
use crate::Simulator;
use crate::webhook::{Registration, Secret, Signature, Target, Trouble};

/// Registers a webhook, in place of the provider's former one.
pub(super) fn register(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let mut members = Members::of_body(request)?;
    let provider = provider(simulator, &members.needed_text("provider", "a provider's name")?)?;
    let url = members.needed_text("url", "a loopback URL such as \"http://127.0.0.1:9000/hook\"")?;
    let target =
        Target::parse(&url, simulator.webhooks.nets()).map_err(|error| members.error(&format!("`url` {error}")))?;
    let secret = secret(&mut members)?;
    let trouble = trouble(&mut members)?;
    members.finish(&["provider", "url", "secret", "copies", "reorder", "signature"])?;
    let registration = Registration { target, secret, trouble };
    let answer = print(simulator, provider, &registration);
    simulator.webhooks.register(provider, registration);
    Ok(answer)
}

/// Makes the call of a former try once more.
pub(super) fn redeliver(
    simulator: &mut Simulator,
    real_now: SystemTime,
    request: &Request<Bytes>,
) -> Result<Value, Refusal> {
    let mut members = Members::of_body(request)?;
    let number = members.number("number", 1, u64::MAX)?;
    let number = number.ok_or_else(|| members.missing("number", "that of a try in `webhooks/deliveries`"))?;
    members.finish(&["number"])?;
    let now = simulator.clock.now(real_now);
    let refuse = |why| Refusal::bad(format!("the body: `number` is {number}, {why}"));
    simulator.webhooks.redeliver(number, now).map_err(refuse)?;
    Ok(json!({"queued": true}))
}

/// What is to go wrong on the way to the webhook.
fn trouble(members: &mut Members) -> Result<Trouble, Refusal> {
    let copies = members.number("copies", 1, 10)?.and_then(|copies| u32::try_from(copies).ok()).unwrap_or(1);
    let reorder = members.flag("reorder")?.unwrap_or(false);
    let signature = match members.text("signature")?.as_deref() {
        None | Some("good") => Signature::Good,
        Some("wrong") => Signature::Wrong,
        Some("missing") => Signature::Missing,
        Some(other) => {
            return Err(members.error(&format!("`signature` is \"{other}\", expected `good`, `wrong` or `missing`")));
        }
    };
    Ok(Trouble { copies, reorder, signature })
}

/// The registered webhooks, without their secrets.
pub(super) fn list(simulator: &Simulator, only: Option<&str>) -> Value {
    let all = simulator.webhooks.registrations();
    let kept = all.filter(|(provider, _)| only.is_none_or(|only| only == *provider));
    kept.map(|(provider, registration)| print(simulator, provider, registration)).collect()
}

/// Removes a provider's webhook, or every one; what is left is the answer.
pub(super) fn remove(simulator: &mut Simulator, only: Option<&str>) -> Value {
    simulator.webhooks.remove(only);
    list(simulator, None)
}

/// Every try to deliver, newest last, or the last so many.
pub(super) fn deliveries(simulator: &Simulator, (only, last): (Option<&str>, usize)) -> Response<Bytes> {
    json_list(&simulator.webhooks.tries(only).collect::<Vec<_>>(), last)
}

/// The refusal does not repeat what was given: it may be a secret all the same.
fn secret(members: &mut Members) -> Result<Option<Secret>, Refusal> {
    let secret = match members.take("secret") {
        None => return Ok(None),
        Some(Value::String(text)) => Secret::new(text),
        Some(_) => None,
    };
    let expected = "`secret` is not a string of at least one character, expected one, or none at all";
    secret.map(Some).ok_or_else(|| members.error(expected))
}

fn print(simulator: &Simulator, provider: &str, registration: &Registration) -> Value {
    let signs = simulator.webhook_rules(provider).signature_header.is_some();
    let signed = signs && registration.secret.is_some();
    json!({"provider": provider, "url": registration.target.masked(), "signed": signed})
}
