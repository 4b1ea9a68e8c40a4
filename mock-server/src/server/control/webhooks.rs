//! `webhooks`: where a provider's statuses and inbound messages go, and what was tried.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::{Refusal, json_list, provider};
use crate::core::members::Members;
use crate::core::simulator::Simulator;
use crate::core::time::{exact_duration, parse_duration};
use crate::core::webhook::{DeliveryFaults, Registration, Secret, Signature, Target};

const MEMBERS: [&str; 10] =
    ["provider", "url", "sink", "secret", "announcements", "copies", "reorder", "signature", "lose_every", "delay"];
/// A day, after which every provider has given up.
const LONGEST_DELAY: Duration = Duration::from_secs(86_400);

/// Registers a webhook, in place of the provider's former one.
pub(super) fn register(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let mut members = Members::of_body(request)?;
    let provider = provider(simulator, &members.needed_text("provider", "a provider's name")?)?;
    let target = if members.flag("sink")?.unwrap_or(false) {
        if members.text("url")?.is_some() {
            return Err(members.error("there are `sink` and `url`, expected one of them"));
        }
        None
    } else {
        let url = members.needed_text("url", "a loopback URL such as \"http://127.0.0.1:9000/hook\", or `sink`")?;
        let target = Target::parse(&url, simulator.webhooks.nets());
        Some(target.map_err(|error| members.error(&format!("`url` {error}")))?)
    };
    let secret = secret(&mut members)?;
    let trouble = trouble(&mut members)?;
    let announcements = members.flag("announcements")?.unwrap_or(false);
    let dialect = simulator.simulators.iter().find(|dialect| dialect.name() == provider);
    if announcements && !dialect.is_some_and(|dialect| dialect.has_account_events()) {
        let error = format!("`announcements` is true, expected false: {provider} tells of messages alone");
        return Err(members.error(&error));
    }
    members.finish(&MEMBERS)?;
    let registration = Registration::new(target, secret, trouble, announcements);
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
fn trouble(members: &mut Members) -> Result<DeliveryFaults, Refusal> {
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
    let lose_every = members.number("lose_every", 1, u64::MAX)?;
    let expected = "a duration of at most 24h such as \"5s\"";
    let delay =
        members.parsed("delay", expected, |text| parse_duration(text).filter(|delay| *delay <= LONGEST_DELAY))?;
    Ok(DeliveryFaults { copies, reorder, signature, lose_every, delay: delay.unwrap_or_default() })
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

/// Every call that waits to be made, in the order in which it falls due, or the last so many.
pub(super) fn waiting(simulator: &Simulator, (only, last): (Option<&str>, usize)) -> Response<Bytes> {
    json_list(&simulator.webhooks.waiting_calls(only).collect::<Vec<_>>(), last)
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
    let DeliveryFaults { copies, reorder, signature, lose_every, delay } = registration.trouble;
    let signature = match signature {
        Signature::Good => "good",
        Signature::Wrong => "wrong",
        Signature::Missing => "missing",
    };
    json!({
        "provider": provider, "url": registration.target.as_ref().map(Target::masked),
        "sink": registration.target.is_none(), "signed": signed,
        "announcements": registration.announcements, "copies": copies, "reorder": reorder,
        "signature": signature, "lose_every": lose_every, "delay": exact_duration(delay),
    })
}
