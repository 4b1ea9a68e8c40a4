//! `webhooks`: where a provider's statuses and inbound messages go, and what was tried.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::members::Members;
use super::{Refusal, json_list, provider};
use crate::Simulator;
use crate::webhook::{Registration, Secret, Target};

/// Registers a webhook, in place of the provider's former one.
pub(super) fn register(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let mut members = Members::of_body(request)?;
    let provider = provider(simulator, &members.needed_text("provider", "a provider's name")?)?;
    let url = members.needed_text("url", "a loopback URL such as \"http://127.0.0.1:9000/hook\"")?;
    let target = Target::parse(&url).map_err(|error| members.error(&format!("`url` {error}")))?;
    let secret = secret(&mut members)?;
    members.finish(&["provider", "url", "secret"])?;
    let registration = Registration { target, secret };
    let answer = print(simulator, provider, &registration);
    simulator.webhooks.register(provider, registration);
    Ok(answer)
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
