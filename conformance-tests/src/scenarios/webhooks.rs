//! Webhook calls, and the trust in them.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Request};
use serde_json::{Value, json};
use transom::reconcile::{PendingSend, Resolution};
use transom::session::MemoryLedger;
use transom::webhook::{DeliveryStatus, Event, StatusUpdate, WebhookEvents};
use transom::{Capability, Client, ErrorKind, Sent, Window};

use crate::assertions::{Check, Failure, accepted, ensure, equal, failed, unexpected};
use crate::harness::{CONTACT, Harness, WebhookReceiver, contact, text};

scenarios! { "webhooks":
    status_events_have_receipt_id_and_order "Status events report sent, delivered and read in this order, each with the receipt's id, the contact's number and a time."
        needs DeliveryStatus covers reported_statuses;
    status_event_has_reference_if_supported "A status event has our reference if the provider sends it, and no reference if not."
        needs DeliveryStatus covers reported_statuses;
    statuses_merge_to_same_end_in_any_order "Status events in any order, and with copies, merge to the same final status."
        needs DeliveryStatus;
    /// A provider that repeats calls does so after a 500.
    repeated_call_gives_same_events "A repeated webhook call gives the same events again."
        needs DeliveryStatus;
    /// The event is matched by id, or by reference where the provider sends it.
    only_verified_status_settles_unknown_send "A status event settles a send with unknown outcome only if its signature is verified."
        needs DeliveryStatus;
    inbound_text_has_sender_time_and_body "An inbound text has the contact's number, our number where the provider sends it, the time and the body."
        needs Inbound covers reported_texts;
    inbound_content_of_each_kind_is_read "Inbound content of each kind that the provider forwards is read with its type, and with its id, link, title or body."
        needs Inbound covers reported_contents;
    inbound_without_time_has_time_of_receipt "An inbound message without any readable time has the time of receipt, and says so."
        needs Inbound;
    odd_characters_cost_nothing_else "A byte order mark before a webhook call, and half a surrogate pair in a text, cost nothing else of the message."
        needs Inbound;
    dedupe_key_is_the_same_for_a_copy_only "The dedupe key of an inbound message is the same in a repeated call, and another one for the contact's next message."
        needs Inbound;
    verified_inbound_opens_window_for_24_hours "A verified inbound message opens the session window in the ledger for 24 hours."
        needs Inbound;
    unverified_inbound_opens_no_window "An unverified inbound message opens no session window in the ledger unless the channel trusts unsigned calls."
        needs Inbound;
    valid_signature_is_verified "A webhook call with a valid signature is verified."
        needs WebhookSignature covers signed_calls;
    /// While secrets are rotated, both are in use.
    either_of_two_secrets_verifies_call "Either of two configured secrets verifies a webhook call, and no other secret does."
        needs WebhookSignature;
    missing_signature_is_refused_with_secret "A webhook call without a signature is refused as `unauthenticated` if a secret is configured."
        needs WebhookSignature;
    wrong_signature_is_refused "A webhook call with a wrong signature is refused as `unauthenticated`."
        needs WebhookSignature;
    changed_body_is_refused "A signed webhook call whose body differs by one bit is refused as `unauthenticated`."
        needs WebhookSignature;
    call_without_secret_is_read_as_unverified "Without a configured secret, a webhook call is read and its events are not verified."
        needs DeliveryStatus;
    non_json_call_is_malformed "A webhook call that is not JSON is `malformed_response`, and gives no event."
        needs DeliveryStatus;
    unknown_event_keeps_raw_body "An unknown webhook event is kept as it came."
        needs DeliveryStatus;
}

/// As long as a secret may be, with a character that a header cannot contain.
const SECRET: &str = "canary-0123456789-ñ";

/// A client with the secret, if the provider signs, and the receiver of the calls.
async fn listening(harness: &Harness) -> Result<(Client, WebhookReceiver), Failure> {
    let signs = harness.capabilities().contains(Capability::WebhookSignature);
    let receiver = harness.webhook_receiver(signs.then_some(SECRET)).await?;
    let config = harness.config()?;
    let client = harness.connect(&if signs { config.with_value("webhook_secret", SECRET) } else { config })?;
    Ok((client, receiver))
}

/// Advances the clock, and reads all calls with `client`.
async fn heard(harness: &Harness, client: &Client, receiver: &WebhookReceiver) -> Result<Vec<WebhookEvents>, Failure> {
    let calls = harness.webhook_calls(receiver, "10s").await?;
    calls.iter().map(|call| harness.read(client, call).map_err(unexpected)).collect()
}

fn updates(calls: &[WebhookEvents]) -> Vec<&StatusUpdate> {
    let events = calls.iter().flat_map(|call| &call.events);
    events.filter_map(|event| if let Event::Status(update) = event { Some(update) } else { None }).collect()
}

/// The status events of a text that was delivered and read, with the id of its receipt.
pub(super) async fn reports(harness: &Harness) -> Result<(Vec<WebhookEvents>, String), Failure> {
    let (client, receiver) = listening(harness).await?;
    harness.contact_writes().await?;
    harness.control.config(harness.provider(), json!({ "last_status": "read" })).await?;
    // The inbound message also causes a call, which is discarded here.
    harness.webhook_calls(&receiver, "10s").await?;
    let receipt = accepted(client.send(&text().with_reference("order-17")).await)?;
    Ok((heard(harness, &client, &receiver).await?, receipt.message_id.as_str().to_owned()))
}

async fn status_events_have_receipt_id_and_order(harness: &Harness) -> Check {
    let (calls, id) = reports(harness).await?;
    let updates = updates(&calls);
    let steps: Vec<_> = updates.iter().map(|update| update.status.clone()).collect();
    equal("the steps", &steps, &vec![DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read])?;
    for update in updates {
        equal("the id", &update.message_id.as_str(), &id.as_str())?;
        equal("the person", &update.to, &Some(contact()))?;
        ensure(update.at.is_some(), "a report without a time")?;
        equal("the error", &update.error, &None)?;
    }
    Ok(())
}

async fn status_event_has_reference_if_supported(harness: &Harness) -> Check {
    let (calls, _) = reports(harness).await?;
    let references: Vec<_> = updates(&calls).iter().map(|update| update.reference.as_deref()).collect();
    ensure(!references.is_empty(), "no report came")?;
    let expected = harness.adapter.webhook_features.reference.then_some("order-17");
    equal("the references", &references, &vec![expected; references.len()])
}

async fn statuses_merge_to_same_end_in_any_order(harness: &Harness) -> Check {
    let (calls, _) = reports(harness).await?;
    let steps: Vec<DeliveryStatus> = updates(&calls).iter().map(|update| update.status.clone()).collect();
    let end = |steps: Vec<DeliveryStatus>| steps.into_iter().reduce(DeliveryStatus::merge);
    let reversed = steps.iter().rev().chain(&steps).cloned().collect();
    equal("the end", &end(reversed), &Some(DeliveryStatus::Read))?;
    equal("the end", &end(steps), &Some(DeliveryStatus::Read))
}

async fn repeated_call_gives_same_events(harness: &Harness) -> Check {
    let (client, receiver) = listening(harness).await?;
    harness.contact_writes().await?;
    harness.webhook_calls(&receiver, "10s").await?;
    accepted(client.send(&text()).await)?;
    receiver.fail(1);
    let calls = harness.webhook_calls(&receiver, "5m").await?;
    let first = calls.first().ok_or("no call came")?;
    let copies: Vec<_> = calls.iter().skip(1).filter(|call| call.body() == first.body()).collect();
    equal("whether the call was repeated", &!copies.is_empty(), &harness.adapter.webhook_features.repeats_calls)?;
    let said = harness.read(&client, first).map_err(unexpected)?;
    // Even if the provider repeats no call, a stored call may be read twice.
    for copy in copies.into_iter().chain([first]) {
        equal("the events of a copy", &harness.read(&client, copy).map_err(unexpected)?, &said)?;
    }
    let steps = calls.iter().filter(|call| call.body() != first.body()).count();
    equal("the later steps", &steps, &1)
}

async fn only_verified_status_settles_unknown_send(harness: &Harness) -> Check {
    let (client, receiver) = listening(harness).await?;
    harness.contact_writes().await?;
    harness.webhook_calls(&receiver, "10s").await?;
    harness.control.fault(harness.provider(), json!({ "fault": "lose_reply", "next": 1 })).await?;
    let message = client.prepare(&text().with_reference("order-17")).map_err(unexpected)?;
    let begun = harness.control.now().await?;
    let error = failed(client.send(&message).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
    let calls = heard(harness, &client, &receiver).await?;
    let id = updates(&calls).first().map(|update| update.message_id.clone()).ok_or("no report came")?;
    let unresolved = PendingSend::new(&message, &error, begun).ok_or("an unknown outcome cannot be settled")?;
    let settled = |mut unresolved: PendingSend, verified: bool| {
        for call in &calls {
            unresolved.record_events(&WebhookEvents::new(verified, call.events.clone()), false);
        }
        matches!(unresolved.resolution(), Resolution::Sent { .. })
    };
    let by_id = unresolved.clone().with_message_id(id);
    ensure(!settled(by_id.clone(), false), "a report that nothing vouches for has settled the message")?;
    ensure(settled(by_id, true), "the report of this very message has settled nothing")?;
    equal("settled by the reference", &settled(unresolved, true), &harness.adapter.webhook_features.reference)
}

/// The one inbound message of the contact.
async fn inbound(harness: &Harness, content: Value) -> Result<(transom::webhook::Inbound, bool), Failure> {
    let told = inbound_if_told(harness, content).await?;
    told.ok_or_else(|| "expected one message of the contact, and there was no call".into())
}

/// As [`inbound`]; none if the provider makes no call for such a message.
async fn inbound_if_told(
    harness: &Harness,
    content: Value,
) -> Result<Option<(transom::webhook::Inbound, bool)>, Failure> {
    let (client, receiver) = listening(harness).await?;
    harness.control.inbound_content(harness.provider(), CONTACT, content).await?;
    let calls = heard(harness, &client, &receiver).await?;
    if calls.is_empty() {
        return Ok(None);
    }
    let verified = calls.iter().all(|call| call.verified);
    let mut events = calls.into_iter().flat_map(|call| call.events);
    match (events.next(), events.next()) {
        (Some(Event::Inbound(inbound)), None) => Ok(Some((*inbound, verified))),
        other => Err(format!("expected one message of the contact, got {other:?}").into()),
    }
}

async fn inbound_text_has_sender_time_and_body(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    let now = harness.control.now().await?;
    let (inbound, _) = inbound(harness, json!({ "type": "text", "body": "¿Dónde está? 👍\nAna" })).await?;
    equal("the contact", &inbound.from, &Some(contact()))?;
    let ours = inbound.to.as_ref().map(transom::PhoneNumber::as_str);
    equal("our number", &ours, &harness.adapter.webhook_features.our_number.then_some(harness.adapter.sender))?;
    equal("the words", &inbound.content.to_json()["body"], &json!("¿Dónde está? 👍\nAna"))?;
    let late = inbound.at.duration_since(now).or_else(|early| Ok::<_, ()>(early.duration())).unwrap_or_default();
    ensure(late <= Duration::from_secs(1), format_args!("the time is off by {late:?}"))
}

async fn inbound_content_of_each_kind_is_read(harness: &Harness) -> Check {
    let file = |kind: &str| json!({ "type": kind, "id": "m1", "link": "https://files.example.net/a", "filename": "a" });
    let reply = |kind: &str| json!({ "type": kind, "id": "yes", "title": "Keep" });
    let files = ["image", "video", "audio", "document", "sticker"].map(|kind| (kind, file(kind)));
    let replies = ["button_reply", "list_reply"].map(|kind| (kind, reply(kind)));
    for (kind, content) in [("text", json!({ "type": "text", "body": "hi" }))].into_iter().chain(files).chain(replies) {
        harness.reset().await?;
        let told = inbound_if_told(harness, content.clone()).await.map_err(|failure| failure.at(kind))?;
        let is_handed_on = kind == "text" || harness.adapter.webhook_features.kinds.contains(&kind);
        equal(&format!("whether {kind} is told"), &told.is_some(), &is_handed_on)?;
        let Some((inbound, _)) = told else { continue };
        equal("the type", &inbound.content.to_json()["type"], &json!(kind))?;
        // A provider sends a file's id or a link.
        let kept = |name: &str| inbound.content.to_json()[name] == content[name];
        let all = match kind {
            "text" => kept("body"),
            _ if kind.ends_with("reply") => kept("id") && kept("title"),
            _ => kept("id") || kept("link"),
        };
        ensure(all, format_args!("{kind}: what matters of {content} is not in {}", inbound.content.to_json()))?;
    }
    Ok(())
}

/// The body of the call about a contact's text.
async fn inbound_body(harness: &Harness) -> Result<String, Failure> {
    let receiver = harness.webhook_receiver(None).await?;
    harness.control.inbound_content(harness.provider(), CONTACT, json!({ "type": "text", "body": TEXT })).await?;
    let calls = harness.webhook_calls(&receiver, "10s").await?;
    let call = calls.first().ok_or("no call came")?;
    String::from_utf8(call.body().to_vec()).map_err(unexpected)
}

const TEXT: &str = "Where is it?";

/// The one inbound message in `body`, received at `at`.
fn inbound_in(harness: &Harness, body: &str, at: SystemTime) -> Result<transom::webhook::Inbound, Failure> {
    let events = harness.client.webhook_at(&call(body.to_owned())?, at).map_err(unexpected)?;
    match <[Event; 1]>::try_from(events.events) {
        Ok([Event::Inbound(inbound)]) => Ok(*inbound),
        other => Err(format!("expected one message of the contact, got {other:?}").into()),
    }
}

/// Removes every member that is a time.
fn without_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let is_time = |value: &Value| match value {
                Value::String(text) => transom::time::parse_instant(text).is_some(),
                Value::Number(number) => transom::time::parse_instant(&number.to_string()).is_some(),
                _ => false,
            };
            // Ids and phone numbers may have as many digits as a time.
            let is_other =
                |name: &str| ["id", "from", "to", "phone", "user", "origin"].iter().any(|part| name.contains(part));
            members.retain(|name, value| !is_time(value) || is_other(name));
            members.values_mut().for_each(without_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}

async fn inbound_without_time_has_time_of_receipt(harness: &Harness) -> Check {
    let mut body: Value = serde_json::from_str(&inbound_body(harness).await?).map_err(unexpected)?;
    let received_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let timed = inbound_in(harness, &body.to_string(), received_at)?;
    equal("the source of the documented time", &timed.at_source.as_str(), &"provider")?;
    without_times(&mut body);
    let inbound = inbound_in(harness, &body.to_string(), received_at)?;
    equal("the time", &inbound.at, &received_at)?;
    equal("its source", &inbound.at_source.as_str(), &"receipt")?;
    equal("the contact", &inbound.from, &Some(contact()))?;
    equal("whether the window opens", &inbound.opens_window, &true)?;
    equal("the text", &inbound.content.to_json()["body"], &json!(TEXT))
}

async fn odd_characters_cost_nothing_else(harness: &Harness) -> Check {
    let body = inbound_body(harness).await?;
    let odd = format!("\u{feff}{}", body.replace(TEXT, "hi \\ud83d"));
    let inbound = inbound_in(harness, &odd, SystemTime::UNIX_EPOCH)?;
    equal("the contact", &inbound.from, &Some(contact()))?;
    equal("the text", &inbound.content.to_json()["body"], &json!("hi \u{fffd}"))
}

async fn dedupe_key_is_the_same_for_a_copy_only(harness: &Harness) -> Check {
    let (first, second) = (inbound_body(harness).await?, inbound_body(harness).await?);
    let key = |body: &str, seconds| -> Result<String, Failure> {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Ok(Event::from(inbound_in(harness, body, at)?).dedupe_key())
    };
    equal("the key of a copy", &key(&first, 60)?, &key(&first, 0)?)?;
    ensure(key(&second, 0)? != key(&first, 0)?, "two messages have one key")
}

async fn verified_inbound_opens_window_for_24_hours(harness: &Harness) -> Check {
    let (inbound, _) = inbound(harness, json!({ "type": "text", "body": "hi" })).await?;
    let (at, ledger) = (inbound.at, MemoryLedger::default());
    let later = |hours: u64| at + Duration::from_secs(hours * 3_600);
    WebhookEvents::new(true, vec![Event::from(inbound)]).record(&ledger, false, at).await.map_err(unexpected)?;
    let last = ledger.last_inbound_at(&contact()).ok_or("the ledger has no record of the contact")?;
    ensure(matches!(Window::after(last, later(23)), Window::Open { .. }), "it is closed after 23 hours")?;
    ensure(matches!(Window::after(last, later(24)), Window::Expired { .. }), "it is open after 24 hours")
}

async fn unverified_inbound_opens_no_window(harness: &Harness) -> Check {
    // The same call, without a secret to verify it.
    let receiver = harness.webhook_receiver(None).await?;
    harness.contact_writes().await?;
    let calls = harness.webhook_calls(&receiver, "10s").await?;
    let ledger = MemoryLedger::default();
    let now = SystemTime::now();
    for call in &calls {
        let events = harness.read(&harness.client, call).map_err(unexpected)?;
        ensure(!events.verified, "nothing vouches for it, and yet it counts as verified")?;
        events.record(&ledger, false, now).await.map_err(unexpected)?;
        equal("the record", &ledger.last_inbound_at(&contact()), &None)?;
        events.record(&ledger, true, now).await.map_err(unexpected)?;
    }
    ensure(ledger.last_inbound_at(&contact()).is_some(), "a trusted message is not on record")
}

/// A call of the provider, signed with [`SECRET`].
async fn signed_call(harness: &Harness) -> Result<Request<Bytes>, Failure> {
    let (client, receiver) = listening(harness).await?;
    harness.contact_writes().await?;
    accepted(client.send(&text()).await)?;
    let calls = harness.webhook_calls(&receiver, "10s").await?;
    calls.into_iter().next_back().ok_or_else(|| "no call came".into())
}

fn with_secret(harness: &Harness, secret: Value) -> Result<Client, Failure> {
    harness.connect(&harness.config()?.with_value("webhook_secret", secret))
}

async fn valid_signature_is_verified(harness: &Harness) -> Check {
    let call = signed_call(harness).await?;
    let events = harness.read(&with_secret(harness, json!(SECRET))?, &call).map_err(unexpected)?;
    ensure(events.verified && !events.events.is_empty(), "the call is not verified")
}

async fn either_of_two_secrets_verifies_call(harness: &Harness) -> Check {
    let call = signed_call(harness).await?;
    for secrets in [json!([SECRET, "another"]), json!(["another", SECRET])] {
        let events = harness.read(&with_secret(harness, secrets)?, &call).map_err(unexpected)?;
        ensure(events.verified, "the call is not verified")?;
    }
    refused(harness, &with_secret(harness, json!(["another", "third"]))?, &call)
}

fn refused(harness: &Harness, client: &Client, call: &Request<Bytes>) -> Check {
    failed(harness.read(client, call), ErrorKind::Unauthenticated, Sent::No).map(drop)
}

/// The header with the signature.
fn signature(call: &Request<Bytes>) -> Result<(http::HeaderName, String), Failure> {
    let header = call.headers().iter().find(|(name, _)| name.as_str().contains("signature"));
    let (name, value) = header.ok_or("the call has no signature")?;
    Ok((name.clone(), value.to_str().map_err(unexpected)?.to_owned()))
}

async fn missing_signature_is_refused_with_secret(harness: &Harness) -> Check {
    let mut call = signed_call(harness).await?;
    let (name, _) = signature(&call)?;
    let client = with_secret(harness, json!(SECRET))?;
    call.headers_mut().insert(name.clone(), HeaderValue::from_static(""));
    refused(harness, &client, &call)?;
    call.headers_mut().remove(name);
    refused(harness, &client, &call)
}

async fn wrong_signature_is_refused(harness: &Harness) -> Check {
    let mut call = signed_call(harness).await?;
    let (name, right) = signature(&call)?;
    let client = with_secret(harness, json!(SECRET))?;
    let turned: String = right.chars().rev().collect();
    let cut = right.get(..right.len() - 2).unwrap_or_default().to_owned();
    let other = right.replace("sha256=", "sha1=");
    for wrong in [turned, cut, format!("{right}00"), "sha256=".to_owned(), "x".to_owned(), other] {
        if wrong == right {
            continue;
        }
        call.headers_mut().insert(name.clone(), HeaderValue::try_from(&wrong).map_err(unexpected)?);
        refused(harness, &client, &call).map_err(|failure| failure.at(&wrong))?;
    }
    Ok(())
}

async fn changed_body_is_refused(harness: &Harness) -> Check {
    let call = signed_call(harness).await?;
    let client = with_secret(harness, json!(SECRET))?;
    let length = call.body().len();
    for at in [0, length / 3, length / 2, length - 1] {
        let mut body = call.body().to_vec();
        body[at] ^= 1;
        refused(harness, &client, &call.clone().map(|_| body.into()))
            .map_err(|failure| failure.at(format_args!("byte {at}")))?;
    }
    // The signature also covers white space.
    let spaced = [call.body().as_ref(), b"\n"].concat();
    refused(harness, &client, &call.map(|_| spaced.into()))
}

async fn call_without_secret_is_read_as_unverified(harness: &Harness) -> Check {
    let call = signed_call(harness).await?;
    let events = harness.read(&harness.client, &call).map_err(unexpected)?;
    ensure(!events.verified, "nothing vouches for it, and yet it counts as verified")?;
    ensure(!events.events.is_empty(), "the call says nothing")
}

fn call(body: impl Into<Bytes>) -> Result<Request<Bytes>, Failure> {
    Request::post("/").header("content-type", "application/json").body(body.into()).map_err(unexpected)
}

async fn non_json_call_is_malformed(harness: &Harness) -> Check {
    for body in ["", "hello", "{\"event\":", "<html></html>", "\u{0}"] {
        let answer = harness.read(&harness.client, &call(body.to_owned())?);
        failed(answer, ErrorKind::MalformedResponse, Sent::No)
            .map_err(|failure| failure.at(format_args!("{body:?}")))?;
    }
    Ok(())
}

async fn unknown_event_keeps_raw_body(harness: &Harness) -> Check {
    let body = json!({ "event": "brand_new", "type": "brand_new", "data": { "note": "ñ", "n": 7 } });
    let events = harness.read(&harness.client, &call(body.to_string())?).map_err(unexpected)?;
    equal("the events", &events.events, &vec![Event::Unknown(body)])
}

/// Replaces scenarios about inbound messages if the provider sends none.
pub(super) async fn nothing_inbound_is_told(harness: &Harness) -> Check {
    let (client, receiver) = listening(harness).await?;
    harness.contact_writes().await?;
    let calls = heard(harness, &client, &receiver).await?;
    let is_inbound = |event: &Event| matches!(event, Event::Inbound(_));
    let told = calls.iter().flat_map(|call| &call.events).any(is_inbound);
    ensure(!told, "the adapter declares no inbound messages, and yet reads one")
}

/// Replaces scenarios about signatures if the provider does not sign: with a secret every call is refused, and without one
/// nothing is verified.
pub(super) async fn nothing_is_verified(harness: &Harness) -> Check {
    let call = signed_call(harness).await?;
    refused(harness, &with_secret(harness, json!(SECRET))?, &call)?;
    let events = harness.read(&harness.client, &call).map_err(unexpected)?;
    ensure(!events.verified, "nothing vouches for it, and yet it counts as verified")
}
