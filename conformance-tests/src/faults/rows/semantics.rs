//! The meaning of responses, and concurrent callers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use transom::adapter::Context;
use transom::session::MemoryLedger;
use transom::transport::Transport;
use transom::webhook::{DeliveryStatus, Event};
use transom::{ErrorKind, Message, PhoneNumber, Registry, Sent};
use transom_exotel::Exotel;
use transom_mock_server::{ConfigChange, NewWebhook, RateLimitChange};

use super::status::JSON;
use crate::assertions::{Check, ensure, unexpected};
use crate::faults::case::FaultCase;
use crate::faults::harness::{CallResult, FaultHarness};
use crate::faults::oracle::{accepted, agrees, claim_of, described, failed};
use crate::faults::profile::{self, FaultProfile};
use crate::faults::row::{Row, each, left_out, once};
use crate::faults::script::{Gate, Step, answer, says};

pub(super) const MEANINGS: &[Row] = &[
    once("S24", "several messages in one request, one of them rejected", || {
        vec![FaultCase::own(&profile::EXOTEL, "one of two", mixed).plays([Step::Take, answer()])]
    }),
    each("M1", "accepted, and reported as failed later", fails_later),
    each("M2", "the window closes between the check and the send", |s| {
        let gate = Gate::default();
        let at = gate.clone();
        let case = FaultCase::own(s, "at the provider's door", move |harness| closes_under_way(harness, at.clone()));
        vec![case.plays([Step::Gate(gate), Step::Take, answer()]).plays([Step::Take, answer()])]
    }),
    left_out(
        "M3",
        "sources differ on what opens the window",
        "no wire is involved; the window layer's own tests hold it",
    ),
    each("M4", "the provider rewrites the recipient's number", |s| {
        let body = |c: &crate::faults::canary::Canaries| match s.name() {
            "gosendapi" => {
                let (country, rest) = c.to.split_at(2);
                json!({ "contacts": [{ "input": c.to, "wa_id": format!("{country}9{rest}") }], "messages": [{ "id": "m1" }] })
            }
            _ => json!({ "data": { "id": "m1", "to": c.to.replacen("549", "54", 1), "status": "QUEUE" } }),
        };
        match s.name() {
            "gosendapi" | "messangi" => {
                let case = FaultCase::send(s, "another form of it");
                let body = body(&case.setup.canaries).to_string();
                vec![case.plays([Step::Take, says(200, JSON, body)])]
            }
            _ => Vec::new(),
        }
    }),
    each("M5", "a plus sign in a query", |s| {
        if s.name() != "autocalls" {
            return Vec::new();
        }
        let case = FaultCase::own(s, "asking for the window", |harness| async move {
            let session = harness.client.session(&harness.to()?).await.map_err(|error| format!("{error:?}"))?;
            ensure(session.window.is_open(), format_args!("another number was looked up: {session:?}"))?;
            let seen = harness.listener.seen();
            let query = seen.requests.first().and_then(|request| request.uri().query()).unwrap_or_default();
            ensure(query.contains("%2B") && !query.contains('+') && !query.contains("%252B"), query.to_owned())
        });
        vec![case.plays([Step::Take, answer()])]
    }),
    left_out(
        "M6",
        "codes whose meaning depends on the page",
        "no wire is involved; the adapter's tables are tested beside it",
    ),
    left_out("M7", "the third of five parts of a text fails", "no text is sent in parts"),
    each("M8", "the same reference again: the provider answers with the first id", |s| {
        if !s.is_keyed() {
            return Vec::new();
        }
        let case = FaultCase::own(s, "twice", |harness| async move {
            let message = harness.message(1)?;
            let first = accepted(harness.send(&message).await?)?;
            let second = accepted(harness.send(&message).await?)?;
            ensure(first == second, format_args!("two ids for one message: {first} and {second}"))
        });
        vec![case.plays([Step::Take, answer()])]
    }),
    each("M9", "too many messages to one contact; others are sent", |s| {
        if s.name() != "gosendapi" {
            return Vec::new();
        }
        let pair = r#"{"error":{"message":"(#131056) (Business Account, Consumer Account) pair rate limit hit","code":131056}}"#;
        let case = FaultCase::send(s, "and then it goes");
        let again = case.plays([Step::ReadRequest, says(400, JSON, pair)]).plays([Step::Take, answer()]).sent_after(2);
        vec![again.with(|case| case.expect.hints = vec![std::time::Duration::from_secs(6)])]
    }),
];

pub(super) const CROWDS: &[Row] = &[
    each("Z5", "the end of the window, by the ledger", edges),
    left_out("Z6", "two clocks in one run", "nothing on the wire tells; one instant is taken for each decision"),
    left_out("Z8", "an unreadable time in a webhook call", "no provider signs a time"),
    each("N1", "two tasks, one reference", |s| {
        if !s.is_keyed() {
            return Vec::new();
        }
        let same = FaultCase::own(s, "the same body", |harness| async move {
            let message = harness.message(1)?;
            let (first, second) = tokio::join!(harness.send(&message), harness.send(&message));
            let (first, second) = (accepted(first?)?, accepted(second?)?);
            ensure(first == second, format_args!("two ids for one message: {first} and {second}"))
        });
        let other = FaultCase::own(s, "another body", |harness| async move {
            let message = harness.message(1)?;
            accepted(harness.send(&message).await?)?;
            let other = Message::text(message.to.clone(), "Something else.");
            let other = other.with_reference(message.reference.clone().unwrap_or_default());
            let error = failed(harness.send(&other).await?)?;
            ensure((error.kind(), error.sent()) == (ErrorKind::Conflict, Sent::No), format_args!("{error:?}"))
        });
        [same, other].map(|case| case.plays([Step::Take, answer()])).into()
    }),
    left_out("N2", "two processes, one row", "comes with the outbox"),
    left_out(
        "N3",
        "many callers, one limit",
        "no wire is involved; `conformance-tests/tests/pacing.rs` holds it, many tasks against each simulator",
    ),
    left_out(
        "N4",
        "the webhook call comes before the response",
        "the mock posts it and the answer is lost, in the conformance crate: `status_before_lost_response_settles_send`",
    ),
    once("N5", "statuses in any order, with copies", || {
        vec![FaultCase::own(&profile::EXOTEL, "every order", |_| async { every_order() })]
    }),
    each("N6", "a hundred callers, one login", |s| {
        if s.name() != "messangi" {
            return Vec::new();
        }
        let case = FaultCase::own(s, "a hundred", crowd).with(|case| case.setup.is_reading = true);
        vec![case.plays([Step::Take, answer()])]
    }),
    left_out("N7", "shutdown with sends in flight", "comes with the outbox"),
    left_out("N8", "the store dies in the middle of a commit", "comes with the outbox"),
    left_out("N9", "a consumer that is too slow", "there is no queue"),
];

/// One verdict for each message: one is taken, the other one's window is not open.
async fn mixed(harness: Arc<FaultHarness>) -> Check {
    let context = Context::new(Arc::clone(&harness.transport) as Arc<dyn Transport>);
    let account = Exotel::connect(&harness.config, context).map_err(unexpected)?;
    let other = PhoneNumber::from_e164(&harness.canaries.other()).map_err(|_| "no number")?;
    let messages = [harness.message(1)?, Message::text(other, "Your parcel leaves today.")];
    let verdicts = account.send_batch(&messages).await.map_err(|error| format!("{error:?}"))?;
    let [Ok(receipt), Err(error)] = verdicts.as_slice() else { return Err(format!("{verdicts:?}").into()) };
    let ledger = harness.provider.ledger();
    ensure(
        ledger.len() == 1 && ledger.iter().all(|line| line.message_id == receipt.message_id.as_str()),
        format_args!("{ledger:?} is in the ledger, the receipt is {receipt:?}"),
    )?;
    crate::faults::canary::in_error(error)?;
    ensure(error.is_window_closed() && !error.may_have_been_sent(), format_args!("{error:?}"))
}

/// Where the provider has a switch for it: a refusal for the window comes by webhook, after a yes. Nothing is sent again.
fn fails_later(s: &'static FaultProfile) -> Vec<FaultCase> {
    if s.name() == "autocalls" {
        return Vec::new();
    }
    let case = FaultCase::own(s, "by webhook", |harness| async move {
        let name = harness.profile.name();
        let by_callback = ConfigChange::switch(name, "window_error", "callback");
        harness.provider.control(|simulator, now| simulator.configure(now, &by_callback))?;
        let hook = NewWebhook::new(name, "http://127.0.0.1:9/hook");
        harness.provider.control(|simulator, _| simulator.register_webhook(hook))?;
        let id = accepted(harness.send(&harness.message(1)?).await?)?;
        harness.provider.control(|simulator, now| simulator.advance(now, Duration::from_secs(60)))?;
        let mut statuses = Vec::new();
        while let Some(request) = harness.provider.webhook() {
            let request: Request<Bytes> = request;
            let events = harness.client.webhook(&request).map_err(|error| format!("{error:?}"))?;
            for event in events.events {
                if let Event::Status(update) = event {
                    ensure(update.message_id.as_str() == id, "a status of another message")?;
                    statuses.push(update.status);
                }
            }
        }
        let last = statuses.iter().cloned().reduce(DeliveryStatus::merge);
        ensure(last == Some(DeliveryStatus::Failed), format_args!("expected it to have failed, got {statuses:?}"))?;
        ensure(harness.sends_seen() == 1, "it was sent again")
    });
    vec![case.with(|case| case.setup.is_window_open = false).plays([Step::Take, answer()])]
}

async fn closes_under_way(harness: Arc<FaultHarness>, gate: Gate) -> Check {
    let message = harness.message(1)?;
    let sender = Arc::clone(&harness);
    let send = tokio::spawn(async move { sender.send(&message).await });
    gate.reached().await;
    harness.provider.control(|simulator, now| simulator.advance(now, Duration::from_secs(25 * 3_600)))?;
    gate.open();
    let outcome = send.await.map_err(unexpected)??;
    agrees(claim_of(&outcome), harness.provider.ledger().len())?;
    let error = failed(outcome)?;
    ensure((error.kind(), error.sent()) == (ErrorKind::SessionExpired, Sent::No), format_args!("{error:?}"))?;
    ensure(error.attempts() == 1 && harness.sends_seen() == 1, "there was more than one attempt")
}

/// Seconds until the window ends, and whether a free text may go. Far enough from the edges for a slow machine.
const POINTS: [(i64, bool); 10] = [
    (86_000, true),
    (3_600, true),
    (120, true),
    (90, true),
    (50, false),
    (30, false),
    (10, false),
    (-10, false),
    (-3_600, false),
    (-86_400, false),
];

/// Where the provider cannot be asked, our record decides, and its last minute is not relied upon.
fn edges(s: &'static FaultProfile) -> Vec<FaultCase> {
    if s.reads != crate::faults::profile::Reads::Templates && s.reads != crate::faults::profile::Reads::Login {
        return Vec::new();
    }
    let case = |(left, may_go): (i64, bool)| {
        let case =
            FaultCase::own(s, format!("{left} s before its end"), move |harness| at_the_edge(harness, left, may_go));
        case.key("window_policy", "strict").plays([Step::Take, answer()])
    };
    POINTS.map(case).into()
}

async fn at_the_edge(harness: Arc<FaultHarness>, left: i64, may_go: bool) -> Check {
    const DAY: i64 = 86_400;
    let ledger = Arc::new(MemoryLedger::default());
    let age = std::time::Duration::from_secs((DAY - left).unsigned_abs());
    ledger.record(&harness.to()?, std::time::SystemTime::now() - age);
    let registry = Registry::default().with_provider(harness.profile.adapter.provider).with_ledger(ledger);
    let context = Context::new(Arc::clone(&harness.transport) as Arc<dyn Transport>);
    let client = registry.connect_with(&harness.config, context).map_err(unexpected)?;
    let answer = client.send(&harness.message(1)?).await;
    let lines = harness.provider.ledger().len();
    match answer {
        Ok(_) => ensure(may_go && lines == 1, format_args!("it went, with {lines} lines in the ledger")),
        Err(error) => {
            crate::faults::canary::in_error(&error)?;
            ensure(!may_go && error.is_window_closed() && !error.may_have_been_sent(), format_args!("{error:?}"))?;
            ensure(lines == 0 && harness.listener.seen().connections == 0, "a request was made")
        }
    }
}

/// Five statuses and a copy of one in every order come to the same.
fn every_order() -> Check {
    use DeliveryStatus::{Delivered, Queued, Read, Sent as Gone};
    fn orders(rest: &[DeliveryStatus], order: &mut Vec<DeliveryStatus>, all: &mut Vec<Vec<DeliveryStatus>>) {
        if rest.is_empty() {
            all.push(order.clone());
        }
        for (at, next) in rest.iter().enumerate() {
            let others: Vec<_> = rest.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, s)| s.clone()).collect();
            order.push(next.clone());
            orders(&others, order, all);
            order.pop();
        }
    }
    for (reported, comes_to) in [
        (vec![Queued, Gone, Gone, Delivered, Read], Read),
        (vec![Queued, Gone, DeliveryStatus::Failed, Gone], DeliveryStatus::Failed),
        (vec![Gone, DeliveryStatus::Failed, Delivered, Queued], Delivered),
    ] {
        let mut all = Vec::new();
        orders(&reported, &mut Vec::new(), &mut all);
        for order in all {
            let end = order.iter().cloned().reduce(DeliveryStatus::merge);
            ensure(end.as_ref() == Some(&comes_to), format_args!("{order:?} comes to {end:?}"))?;
        }
    }
    Ok(())
}

/// A hundred sends at once by an account that has to log in first.
async fn crowd(harness: Arc<FaultHarness>) -> Check {
    const CALLERS: u32 = 100;
    let limit = RateLimitChange::new(harness.profile.name(), 1_000, 1);
    harness.provider.control(|simulator, _| simulator.set_rate_limit(&limit))?;
    let mut sends = tokio::task::JoinSet::new();
    for number in 1..=CALLERS {
        let harness = Arc::clone(&harness);
        sends.spawn(async move { harness.send(&harness.message(number)?).await });
    }
    while let Some(send) = sends.join_next().await {
        let outcome: CallResult = send.map_err(unexpected)??;
        ensure(matches!(outcome, CallResult::Answered(_)), described(&outcome))?;
    }
    let all = harness.listener.seen().requests.len();
    let posts = harness.sends_seen();
    ensure(posts == CALLERS as usize && all == posts + 1, format_args!("{all} requests, of which {posts} sends"))?;
    ensure(harness.provider.ledger().len() == posts, "not all messages were delivered")
}
