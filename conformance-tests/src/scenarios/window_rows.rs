//! The rows of the window ledger: the session window belongs to one sender and one contact.

use serde_json::{Value, json};
use transom::Window;
use transom::session::MemoryLedger;
use transom::webhook::{Event, WebhookEvents};

use super::inbound_calls::{events, message, only_inbound, received_at, rows, sample, text, with};
use super::webhooks;
use crate::adapters::InboundSample;
use crate::assertions::{Check, ensure, equal, unexpected};
use crate::harness::{CONTACT, Harness, contact, number};

scenarios! { "window_rows":
    message_of_a_contact_makes_one_row "A message of a contact to this channel's sender makes one row, with the time of the message."
        needs Inbound;
    message_to_other_sender_makes_no_row "A message to another sender of the account is told, and makes no row of this channel."
        needs Inbound;
    changed_number_is_told_and_makes_no_row "A notice of WhatsApp makes no row; after a change of number, it has the new number."
        needs Inbound;
    group_message_is_told_and_makes_no_row "A message in a group has the group's id and makes no row."
        needs Inbound;
    echo_of_our_message_makes_no_row "An echo of a message that we sent is no inbound message and makes no row."
        needs Inbound;
    opened_chat_makes_no_row "A chat that a contact opened without writing makes no row."
        needs Inbound;
    status_makes_no_row "Statuses of our messages make no row."
        needs DeliveryStatus;
    row_is_found_under_any_spelling "A contact's row is found under every spelling of the number, and no other number finds it."
        needs Inbound;
    late_message_does_not_turn_row_back "A message that arrives late, or a second time, turns no row back."
        needs Inbound;
    /// The other spelling may be the one on record there.
    session_query_tries_every_spelling "The session query says `never` only if it looked for every spelling of the number."
        needs Session;
}

async fn message_of_a_contact_makes_one_row(harness: &Harness) -> Check {
    let written = super::inbound_calls::after_1970(1_789_999_940);
    for message in
        [text(), message("brand_new", json!({ "n": 1 })), message("reaction", json!({ "message_id": "wamid.1" }))]
    {
        let kind = message["type"].clone();
        let rows = rows(events(harness, &sample(message))?).await?;
        equal(&format!("the rows of {kind}"), &rows, &vec![(contact(), written)])?;
    }
    Ok(())
}

/// Passes if the calls about `sample` tell messages of contacts and make no row. Returns the event of the first as JSON.
async fn told_without_row(harness: &Harness, sample: &InboundSample) -> Result<Value, crate::assertions::Failure> {
    let events = events(harness, sample)?;
    equal("the rows", &rows(events.clone()).await?, &Vec::new())?;
    Ok(Event::from(only_inbound(events)?).to_json(harness.provider(), true))
}

async fn message_to_other_sender_makes_no_row(harness: &Harness) -> Check {
    let told = told_without_row(harness, &InboundSample { is_to_other_sender: true, ..sample(text()) }).await?;
    equal("the contact", &told["from"], &json!(CONTACT))?;
    equal("the text", &told["content"]["body"], &json!("Hello"))?;
    ensure(told["to"] != json!(harness.adapter.sender), "it is told as a message to this channel's sender")
}

async fn changed_number_is_told_and_makes_no_row(harness: &Harness) -> Check {
    let changed = |member: &str| {
        let mut notice = json!({ "body": "User A changed", "type": "user_changed_number" });
        notice[member] = "34600999888".into();
        notice
    };
    for notice in [changed("wa_id"), changed("new_wa_id")] {
        let content = told_without_row(harness, &sample(message("system", notice))).await?["content"].clone();
        equal("the type", &content["type"], &json!("system"))?;
        equal("the notice", &content["event"], &json!("user_changed_number"))?;
        equal("the new number", &content["new_number"], &json!("+34600999888"))?;
    }
    let other = json!({ "body": "changed", "type": "customer_identity_changed", "wa_id": "34600999888" });
    let content = told_without_row(harness, &sample(message("system", other))).await?["content"].clone();
    equal("a new number without a change", &content["new_number"], &Value::Null)
}

async fn group_message_is_told_and_makes_no_row(harness: &Harness) -> Check {
    let told = told_without_row(harness, &sample(with(text(), json!({ "group_id": "Y2FwaV9ncm91cA" })))).await?;
    equal("the group", &told["group_id"], &json!("Y2FwaV9ncm91cA"))?;
    equal("the text", &told["content"]["body"], &json!("Hello"))
}

async fn echo_of_our_message_makes_no_row(harness: &Harness) -> Check {
    let own = harness.adapter.sender.trim_start_matches('+');
    for echo in [
        with(text(), json!({ "from": own, "to": CONTACT.trim_start_matches('+') })),
        with(text(), json!({ "direction": "outbound" })),
        with(text(), json!({ "from": own, "direction": "OUTBOUND" })),
    ] {
        let events = events(harness, &sample(echo.clone()))?;
        equal(&format!("the rows of {echo}"), &rows(events.clone()).await?, &Vec::new())?;
        let told = events.iter().any(|event| matches!(event, Event::Inbound(_)));
        ensure(!told, format_args!("{echo} is told as a message of a contact"))?;
    }
    Ok(())
}

async fn opened_chat_makes_no_row(harness: &Harness) -> Check {
    let opened = with(text(), json!({ "type": "request_welcome", "text": null }));
    equal("the rows", &rows(events(harness, &sample(opened))?).await?, &Vec::new())
}

async fn status_makes_no_row(harness: &Harness) -> Check {
    let calls = webhooks::reports(harness).await?.0;
    ensure(calls.iter().any(|call| !call.events.is_empty()), "no report came")?;
    for call in calls {
        equal("the rows", &rows(call.events).await?, &Vec::new())?;
    }
    Ok(())
}

/// Two spellings of one number each; mobile numbers.
const SPELLINGS: &[(&str, &str)] =
    &[("+5491145678901", "+541145678901"), ("+5215512345678", "+525512345678"), ("+5511987654321", "+551187654321")];

async fn row_is_found_under_any_spelling(harness: &Harness) -> Check {
    for (one, other) in SPELLINGS.iter().flat_map(|&(one, other)| [(one, other), (other, one)]) {
        let ledger = MemoryLedger::default();
        let message = with(text(), json!({ "from": one.trim_start_matches('+') }));
        let events = WebhookEvents::new(true, events(harness, &sample(message))?);
        events.record(&ledger, false, received_at()).await.map_err(unexpected)?;
        for asked in [one, other] {
            let found = ledger.last_inbound_at(&number(asked)).is_some();
            ensure(found, format_args!("the message of {one} is not found for {asked}"))?;
        }
        // A landline of São Paulo, another number, and the same digits in another country.
        for stranger in ["+551134567890", "+5491145678902", "+441145678901"] {
            let found = ledger.last_inbound_at(&number(stranger)).is_some();
            ensure(!found, format_args!("the message of {one} is found for {stranger}"))?;
        }
    }
    Ok(())
}

async fn late_message_does_not_turn_row_back(harness: &Harness) -> Check {
    let ledger = MemoryLedger::default();
    for (seconds, expected) in [
        (1_789_990_000_u64, 1_789_990_000),
        (1_789_999_000, 1_789_999_000),
        (1_789_980_000, 1_789_999_000),
        (1_789_999_000, 1_789_999_000),
    ] {
        let message = with(text(), json!({ "timestamp": seconds.to_string(), "id": format!("wamid.{seconds}") }));
        let events = WebhookEvents::new(true, events(harness, &sample(message))?);
        events.record(&ledger, false, received_at()).await.map_err(unexpected)?;
        let row = ledger.last_inbound_at(&contact());
        equal("the row", &row, &Some(super::inbound_calls::after_1970(expected)))?;
    }
    Ok(())
}

async fn session_query_tries_every_spelling(harness: &Harness) -> Check {
    for (one, other) in SPELLINGS.iter().flat_map(|&(one, other)| [(one, other), (other, one)]) {
        harness.reset().await?;
        harness.control.inbound(harness.provider(), one, "hi").await?;
        for asked in [one, other] {
            let session = harness.client.session(&number(asked)).await.map_err(unexpected)?;
            let is_open = matches!(session.window, Window::Open { .. });
            ensure(is_open, format_args!("{one} wrote; the window of {asked} is {:?}", session.window))?;
            equal("the contact", &session.contact, &number(asked))?;
        }
    }
    Ok(())
}
