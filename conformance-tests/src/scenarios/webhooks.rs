//! What the provider tells by webhook, and how far that is believed.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Request};
use serde_json::{Value, json};
use transom::{Capability, Client, ErrorKind, Messenger as _, Sent, Window};
use transom::reconcile::{PendingSend, Resolution};
use transom::session::{MemoryLedger, WindowLedger as _};
use transom::webhook::{DeliveryStatus, Event, StatusUpdate, WebhookEvents};

use crate::check::{Broken, Check, accepted, ensure, equal, failed, told};
use crate::stage::{CONTACT, Inbox, Stage, contact, text};

scenarios! { "webhooks":
    /// Sent, delivered, read: in that order, each with the id on the receipt, the person's number and a time.
    a_message_is_reported_step_by_step_under_the_receipts_id needs DeliveryStatus covers told_statuses;
    /// On every report of a provider that tells it, and on none of another's.
    a_report_carries_our_reference_where_the_provider_tells_it needs DeliveryStatus covers told_statuses;
    statuses_in_any_order_and_with_copies_come_to_the_same_end needs DeliveryStatus;
    /// Whoever answers a call with an error gets it again where the provider repeats calls, and must not see another event in
    /// it.
    a_call_that_is_repeated_says_the_same_again needs DeliveryStatus;
    /// The reference, or the id, finds the message; what no signature vouches for settles nothing.
    a_report_settles_a_message_of_which_nobody_knew_only_if_it_is_verified needs DeliveryStatus;
    a_contacts_message_is_told_with_its_writer_its_time_and_its_words needs Inbound covers told_texts;
    /// Files, answers to buttons and lists: each kind that the provider hands on comes, with its type and what matters of it;
    /// of the others nothing is read.
    every_kind_of_message_that_the_provider_hands_on_is_told needs Inbound covers told_contents;
    a_verified_message_opens_the_window_in_the_ledger_for_24_hours needs Inbound;
    an_unverified_message_opens_no_window_unless_the_channel_trusts_it needs Inbound;
    a_call_with_the_right_signature_is_verified needs WebhookSignature covers signed_calls;
    /// While secrets rotate there are two.
    either_of_two_secrets_vouches_for_a_call needs WebhookSignature;
    a_call_without_its_signature_is_refused_where_a_secret_is_configured needs WebhookSignature;
    a_call_with_a_wrong_signature_is_refused needs WebhookSignature;
    /// One bit of the body, anywhere in it.
    a_call_with_a_changed_body_is_refused needs WebhookSignature;
    without_a_secret_a_call_is_read_and_says_that_nothing_vouches_for_it needs DeliveryStatus;
    a_call_that_is_no_json_is_malformed_and_no_event needs DeliveryStatus;
    an_event_that_nobody_knows_is_kept_as_it_came needs DeliveryStatus;
}

/// As long as a secret may be, and with what a header could not hold.
const SECRET: &str = "canary-0123456789-ñ";

/// A client that knows the secret, where the provider signs, and the inbox of what the provider tells.
async fn listening(stage: &Stage) -> Result<(Client, Inbox), Broken> {
    let signs = stage.capabilities().contains(Capability::WebhookSignature);
    let inbox = stage.inbox(signs.then_some(SECRET)).await?;
    let config = stage.config()?;
    let client = stage.connect(&if signs { config.with("webhook_secret", SECRET) } else { config })?;
    Ok((client, inbox))
}

/// Everything that the provider has told by now, read by `client`.
async fn heard(stage: &Stage, client: &Client, inbox: &Inbox) -> Result<Vec<WebhookEvents>, Broken> {
    let calls = stage.told(inbox, "10s").await?;
    calls.iter().map(|call| stage.read(client, call).map_err(told)).collect()
}

fn updates(calls: &[WebhookEvents]) -> Vec<&StatusUpdate> {
    let events = calls.iter().flat_map(|call| &call.events);
    events.filter_map(|event| if let Event::Status(update) = event { Some(update) } else { None }).collect()
}

/// The reports on one text that arrived and was read, with its receipt's id.
async fn reports(stage: &Stage) -> Result<(Vec<WebhookEvents>, String), Broken> {
    let (client, inbox) = listening(stage).await?;
    stage.contact_writes().await?;
    stage.control.config(stage.provider(), json!({ "last_status": "read" })).await?;
    // What the contact wrote is told, too, and no part of this.
    stage.told(&inbox, "10s").await?;
    let receipt = accepted(client.send(&text().with_reference("order-17")).await)?;
    Ok((heard(stage, &client, &inbox).await?, receipt.message_id.as_str().to_owned()))
}

async fn a_message_is_reported_step_by_step_under_the_receipts_id(stage: &Stage) -> Check {
    let (calls, id) = reports(stage).await?;
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

async fn a_report_carries_our_reference_where_the_provider_tells_it(stage: &Stage) -> Check {
    let (calls, _) = reports(stage).await?;
    let references: Vec<_> = updates(&calls).iter().map(|update| update.reference.as_deref()).collect();
    ensure(!references.is_empty(), "no report came")?;
    let expected = stage.subject.tells.reference.then_some("order-17");
    equal("the references", &references, &vec![expected; references.len()])
}

async fn statuses_in_any_order_and_with_copies_come_to_the_same_end(stage: &Stage) -> Check {
    let (calls, _) = reports(stage).await?;
    let steps: Vec<DeliveryStatus> = updates(&calls).iter().map(|update| update.status.clone()).collect();
    let end = |steps: Vec<DeliveryStatus>| steps.into_iter().reduce(DeliveryStatus::and);
    let reversed = steps.iter().rev().chain(&steps).cloned().collect();
    equal("the end", &end(reversed), &Some(DeliveryStatus::Read))?;
    equal("the end", &end(steps), &Some(DeliveryStatus::Read))
}

async fn a_call_that_is_repeated_says_the_same_again(stage: &Stage) -> Check {
    let (client, inbox) = listening(stage).await?;
    stage.contact_writes().await?;
    stage.told(&inbox, "10s").await?;
    accepted(client.send(&text()).await)?;
    inbox.fail(1);
    let calls = stage.told(&inbox, "5m").await?;
    let first = calls.first().ok_or("no call came")?;
    let copies: Vec<_> = calls.iter().skip(1).filter(|call| call.body() == first.body()).collect();
    equal("whether the call was repeated", &!copies.is_empty(), &stage.subject.tells.again)?;
    let said = stage.read(&client, first).map_err(told)?;
    // Even where the provider repeats nothing, whoever keeps calls may read one twice.
    for copy in copies.into_iter().chain([first]) {
        equal("the events of a copy", &stage.read(&client, copy).map_err(told)?, &said)?;
    }
    let steps = calls.iter().filter(|call| call.body() != first.body()).count();
    equal("the later steps", &steps, &1)
}

async fn a_report_settles_a_message_of_which_nobody_knew_only_if_it_is_verified(stage: &Stage) -> Check {
    let (client, inbox) = listening(stage).await?;
    stage.contact_writes().await?;
    stage.told(&inbox, "10s").await?;
    stage.control.fault(stage.provider(), json!({ "fault": "lose_reply", "next": 1 })).await?;
    let message = client.prepare(&text().with_reference("order-17")).map_err(told)?;
    let begun = stage.control.now().await?;
    let error = failed(client.send(&message).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
    let calls = heard(stage, &client, &inbox).await?;
    let id = updates(&calls).first().map(|update| update.message_id.clone()).ok_or("no report came")?;
    let unresolved = PendingSend::new(&message, &error, begun).ok_or("an unknown outcome cannot be settled")?;
    let settled = |mut unresolved: PendingSend, verified: bool| {
        for call in &calls {
            unresolved.hear(&WebhookEvents::new(verified, call.events.clone()), false);
        }
        matches!(unresolved.resolution(), Resolution::Sent { .. })
    };
    let by_id = unresolved.clone().with_message_id(id);
    ensure(!settled(by_id.clone(), false), "a report that nothing vouches for has settled the message")?;
    ensure(settled(by_id, true), "the report of this very message has settled nothing")?;
    equal("settled by the reference", &settled(unresolved, true), &stage.subject.tells.reference)
}

/// The one message that the contact wrote, as it was told.
async fn inbound(stage: &Stage, content: Value) -> Result<(transom::webhook::Inbound, bool), Broken> {
    let told = inbound_if_told(stage, content).await?;
    told.ok_or_else(|| "expected one message of the contact, and there was no call".into())
}

/// As [`inbound`]; none if the provider makes no call for such a message.
async fn inbound_if_told(stage: &Stage, content: Value) -> Result<Option<(transom::webhook::Inbound, bool)>, Broken> {
    let (client, inbox) = listening(stage).await?;
    stage.control.writes(stage.provider(), CONTACT, content).await?;
    let calls = heard(stage, &client, &inbox).await?;
    if calls.is_empty() {
        return Ok(None);
    }
    let verified = calls.iter().all(|call| call.verified);
    let mut events = calls.into_iter().flat_map(|call| call.events);
    match (events.next(), events.next()) {
        (Some(Event::Inbound(inbound)), None) => Ok(Some((inbound, verified))),
        other => Err(format!("expected one message of the contact, got {other:?}").into()),
    }
}

async fn a_contacts_message_is_told_with_its_writer_its_time_and_its_words(stage: &Stage) -> Check {
    stage.control.freeze().await?;
    let now = stage.control.now().await?;
    let (inbound, _) = inbound(stage, json!({ "type": "text", "body": "¿Dónde está? 👍\nAna" })).await?;
    equal("the writer", &inbound.from, &contact())?;
    let ours = inbound.to.as_ref().map(transom::PhoneNumber::as_str);
    equal("our number", &ours, &stage.subject.tells.our_number.then_some(stage.subject.sender))?;
    equal("the words", &inbound.content["body"], &json!("¿Dónde está? 👍\nAna"))?;
    let late = inbound.at.duration_since(now).or_else(|early| Ok::<_, ()>(early.duration())).unwrap_or_default();
    ensure(late <= Duration::from_secs(1), format_args!("the time is off by {late:?}"))
}

async fn every_kind_of_message_that_the_provider_hands_on_is_told(stage: &Stage) -> Check {
    let file = |kind: &str| json!({ "type": kind, "id": "m1", "link": "https://files.example.net/a", "filename": "a" });
    let reply = |kind: &str| json!({ "type": kind, "id": "yes", "title": "Keep" });
    let files = ["image", "video", "audio", "document", "sticker"].map(|kind| (kind, file(kind)));
    let replies = ["button_reply", "list_reply"].map(|kind| (kind, reply(kind)));
    for (kind, content) in [("text", json!({ "type": "text", "body": "hi" }))].into_iter().chain(files).chain(replies) {
        stage.reset().await?;
        let told = inbound_if_told(stage, content.clone()).await.map_err(|broken| broken.at(kind))?;
        let is_handed_on = kind == "text" || stage.subject.tells.kinds.contains(&kind);
        equal(&format!("whether {kind} is told"), &told.is_some(), &is_handed_on)?;
        let Some((inbound, _)) = told else { continue };
        equal("the type", &inbound.content["type"], &json!(kind))?;
        // A provider hands a file over by its id, or by a link.
        let kept = |name: &str| inbound.content[name] == content[name];
        let all = match kind {
            "text" => kept("body"),
            _ if kind.ends_with("reply") => kept("id") && kept("title"),
            _ => kept("id") || kept("link"),
        };
        ensure(all, format_args!("{kind}: what matters of {content} is not in {}", inbound.content))?;
    }
    Ok(())
}

async fn a_verified_message_opens_the_window_in_the_ledger_for_24_hours(stage: &Stage) -> Check {
    let (inbound, _) = inbound(stage, json!({ "type": "text", "body": "hi" })).await?;
    let (at, ledger) = (inbound.at, MemoryLedger::default());
    let later = |hours: u64| at + Duration::from_secs(hours * 3_600);
    WebhookEvents::new(true, vec![Event::Inbound(inbound)]).record(&ledger, false, at);
    let last = ledger.last_inbound_at(&contact()).ok_or("the ledger has no record of the contact")?;
    ensure(matches!(Window::after(last, later(23)), Window::Open { .. }), "it is closed after 23 hours")?;
    ensure(matches!(Window::after(last, later(24)), Window::Expired { .. }), "it is open after 24 hours")
}

async fn an_unverified_message_opens_no_window_unless_the_channel_trusts_it(stage: &Stage) -> Check {
    // The same call, without a secret that could vouch for it.
    let inbox = stage.inbox(None).await?;
    stage.contact_writes().await?;
    let calls = stage.told(&inbox, "10s").await?;
    let ledger = MemoryLedger::default();
    let now = SystemTime::now();
    for call in &calls {
        let events = stage.read(&stage.client, call).map_err(told)?;
        ensure(!events.verified, "nothing vouches for it, and yet it counts as verified")?;
        events.record(&ledger, false, now);
        equal("the record", &ledger.last_inbound_at(&contact()), &None)?;
        events.record(&ledger, true, now);
    }
    ensure(ledger.last_inbound_at(&contact()).is_some(), "a trusted message is not on record")
}

/// A call of the provider's, signed with [`SECRET`].
async fn signed_call(stage: &Stage) -> Result<Request<Bytes>, Broken> {
    let (client, inbox) = listening(stage).await?;
    stage.contact_writes().await?;
    accepted(client.send(&text()).await)?;
    let calls = stage.told(&inbox, "10s").await?;
    calls.into_iter().next_back().ok_or_else(|| "no call came".into())
}

fn with_secret(stage: &Stage, secret: Value) -> Result<Client, Broken> {
    stage.connect(&stage.config()?.with("webhook_secret", secret))
}

async fn a_call_with_the_right_signature_is_verified(stage: &Stage) -> Check {
    let call = signed_call(stage).await?;
    let events = stage.read(&with_secret(stage, json!(SECRET))?, &call).map_err(told)?;
    ensure(events.verified && !events.events.is_empty(), "the call is not verified")
}

async fn either_of_two_secrets_vouches_for_a_call(stage: &Stage) -> Check {
    let call = signed_call(stage).await?;
    for secrets in [json!([SECRET, "another"]), json!(["another", SECRET])] {
        let events = stage.read(&with_secret(stage, secrets)?, &call).map_err(told)?;
        ensure(events.verified, "the call is not verified")?;
    }
    refused(stage, &with_secret(stage, json!(["another", "third"]))?, &call)
}

fn refused(stage: &Stage, client: &Client, call: &Request<Bytes>) -> Check {
    failed(stage.read(client, call), ErrorKind::Unauthenticated, Sent::No).map(drop)
}

/// The header that holds the signature.
fn signature(call: &Request<Bytes>) -> Result<(http::HeaderName, String), Broken> {
    let header = call.headers().iter().find(|(name, _)| name.as_str().contains("signature"));
    let (name, value) = header.ok_or("the call has no signature")?;
    Ok((name.clone(), value.to_str().map_err(told)?.to_owned()))
}

async fn a_call_without_its_signature_is_refused_where_a_secret_is_configured(stage: &Stage) -> Check {
    let mut call = signed_call(stage).await?;
    let (name, _) = signature(&call)?;
    let client = with_secret(stage, json!(SECRET))?;
    call.headers_mut().insert(name.clone(), HeaderValue::from_static(""));
    refused(stage, &client, &call)?;
    call.headers_mut().remove(name);
    refused(stage, &client, &call)
}

async fn a_call_with_a_wrong_signature_is_refused(stage: &Stage) -> Check {
    let mut call = signed_call(stage).await?;
    let (name, right) = signature(&call)?;
    let client = with_secret(stage, json!(SECRET))?;
    let turned: String = right.chars().rev().collect();
    let cut = right.get(..right.len() - 2).unwrap_or_default().to_owned();
    let other = right.replace("sha256=", "sha1=");
    for wrong in [turned, cut, format!("{right}00"), "sha256=".to_owned(), "x".to_owned(), other] {
        if wrong == right {
            continue;
        }
        call.headers_mut().insert(name.clone(), HeaderValue::try_from(&wrong).map_err(told)?);
        refused(stage, &client, &call).map_err(|broken| broken.at(&wrong))?;
    }
    Ok(())
}

async fn a_call_with_a_changed_body_is_refused(stage: &Stage) -> Check {
    let call = signed_call(stage).await?;
    let client = with_secret(stage, json!(SECRET))?;
    let length = call.body().len();
    for at in [0, length / 3, length / 2, length - 1] {
        let mut body = call.body().to_vec();
        body[at] ^= 1;
        refused(stage, &client, &call.clone().map(|_| body.into()))
            .map_err(|broken| broken.at(format_args!("byte {at}")))?;
    }
    // White space says nothing, and is signed all the same.
    let spaced = [call.body().as_ref(), b"\n"].concat();
    refused(stage, &client, &call.map(|_| spaced.into()))
}

async fn without_a_secret_a_call_is_read_and_says_that_nothing_vouches_for_it(stage: &Stage) -> Check {
    let call = signed_call(stage).await?;
    let events = stage.read(&stage.client, &call).map_err(told)?;
    ensure(!events.verified, "nothing vouches for it, and yet it counts as verified")?;
    ensure(!events.events.is_empty(), "the call says nothing")
}

fn call(body: impl Into<Bytes>) -> Result<Request<Bytes>, Broken> {
    Request::post("/").header("content-type", "application/json").body(body.into()).map_err(told)
}

async fn a_call_that_is_no_json_is_malformed_and_no_event(stage: &Stage) -> Check {
    for body in ["", "hello", "{\"event\":", "<html></html>", "\u{feff}{}", "\u{0}"] {
        let answer = stage.read(&stage.client, &call(body.to_owned())?);
        failed(answer, ErrorKind::MalformedResponse, Sent::No).map_err(|broken| broken.at(format_args!("{body:?}")))?;
    }
    Ok(())
}

async fn an_event_that_nobody_knows_is_kept_as_it_came(stage: &Stage) -> Check {
    let body = json!({ "event": "brand_new", "type": "brand_new", "data": { "note": "ñ", "n": 7 } });
    let events = stage.read(&stage.client, &call(body.to_string())?).map_err(told)?;
    equal("the events", &events.events, &vec![Event::Unknown(body)])
}

/// In place of a scenario about what contacts write, where the provider tells no webhook of that.
pub(super) async fn nothing_inbound_is_told(stage: &Stage) -> Check {
    let (client, inbox) = listening(stage).await?;
    stage.contact_writes().await?;
    let calls = heard(stage, &client, &inbox).await?;
    let is_inbound = |event: &Event| matches!(event, Event::Inbound(_));
    let told = calls.iter().flat_map(|call| &call.events).any(is_inbound);
    ensure(!told, "the adapter declares no inbound messages, and yet reads one")
}

/// In place of a scenario about signatures, where the provider signs nothing: a secret refuses every call, and without one
/// nothing counts as verified.
pub(super) async fn nothing_is_verified(stage: &Stage) -> Check {
    let call = signed_call(stage).await?;
    refused(stage, &with_secret(stage, json!(SECRET))?, &call)?;
    let events = stage.read(&stage.client, &call).map_err(told)?;
    ensure(!events.verified, "nothing vouches for it, and yet it counts as verified")
}
