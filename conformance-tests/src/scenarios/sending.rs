//! A text from the application to a person, inside the window.

use serde_json::json;
use transom::{ErrorKind, Message, Messenger as _, Sent};

use crate::check::{Check, accepted, ensure, equal, failed};
use crate::stage::{CONTACT, OTHER, Stage, contact, number, text};

scenarios! { "sending":
    a_text_reaches_the_person_once_as_it_was_written needs Text;
    the_receipt_carries_the_id_of_the_message_that_was_delivered needs Text;
    every_script_and_every_line_break_arrives_intact needs Text;
    the_longest_text_is_sent_whole needs Text;
    a_longer_text_is_refused_before_a_byte_leaves needs Text;
    an_empty_text_is_refused_before_a_byte_leaves needs Text;
    the_reference_travels_where_the_provider_carries_one needs Text;
    a_reference_that_is_no_plain_word_is_no_obstacle needs Text;
    a_reference_with_a_line_break_is_refused_before_a_byte_leaves needs Text;
    two_messages_to_one_person_are_two needs Text;
    two_persons_get_their_own_messages needs Text;
    one_send_is_one_request needs Text;
    the_declared_capabilities_are_the_pinned_ones;
    the_provider_has_the_name_of_its_scheme;
}

/// The text that reached the person is the text that was sent, from our number to theirs.
async fn a_text_reaches_the_person_once_as_it_was_written(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let receipt = accepted(stage.send(&text()).await)?;
    equal("attempts", &receipt.attempts, &1)?;
    ensure(!receipt.template_fallback, "the text itself went, not a template")?;
    equal("the provider on the receipt", &receipt.provider, &stage.provider())?;
    let delivered = stage.delivered().await?;
    stage.reached(1).await?;
    for message in delivered {
        equal("from", &message["from"], &json!(stage.subject.sender))?;
        equal("to", &message["to"], &json!(CONTACT))?;
        equal("the text", &message["content"]["body"], &json!("Your parcel leaves today."))?;
    }
    Ok(())
}

/// The receipt's id is the one that delivery events will carry, so it must be the delivered message's.
async fn the_receipt_carries_the_id_of_the_message_that_was_delivered(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let receipt = accepted(stage.send(&text()).await)?;
    let ids: Vec<_> = stage.delivered().await?.into_iter().map(|message| message["message_id"].clone()).collect();
    equal("the delivered messages' ids", &ids, &vec![json!(receipt.message_id.as_str())])
}

async fn every_script_and_every_line_break_arrives_intact(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let body = "Ñandú — «שלום» नमस्ते 👩‍👩‍👧 \"quoted\" \\ back\nline\ttab e\u{301} \u{200f}end";
    accepted(stage.send(&Message::text(contact(), body)).await)?;
    let delivered = stage.delivered().await?;
    let bodies: Vec<_> = delivered.iter().map(|message| &message["content"]["body"]).collect();
    equal("the text", &bodies, &vec![&json!(body)])
}

async fn the_longest_text_is_sent_whole(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    // Two bytes in UTF-8 and two units in UTF-16 for some, so that only a count of characters fits.
    let body: String = "ñ😀".chars().cycle().take(stage.subject.text_max).collect();
    accepted(stage.send(&Message::text(contact(), body.as_str())).await)?;
    let delivered = stage.delivered().await?;
    let bodies: Vec<_> = delivered.iter().map(|message| &message["content"]["body"]).collect();
    equal("the text", &bodies, &vec![&json!(body)])
}

async fn a_longer_text_is_refused_before_a_byte_leaves(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let limit = stage.subject.text_max;
    let body: String = std::iter::repeat_n('ñ', limit + 1).collect();
    let error = stage.refused(stage.send(&Message::text(contact(), body)).await, ErrorKind::InvalidRequest).await?;
    for part in ["body", &limit.to_string(), &(limit + 1).to_string()] {
        ensure(error.to_string().contains(part), format_args!("the error names no {part}: {error}"))?;
    }
    equal("attempts", &error.attempts(), &0)?;
    stage.untouched().await
}

async fn an_empty_text_is_refused_before_a_byte_leaves(stage: &Stage) -> Check {
    for body in ["", "   ", "\n"] {
        failed(stage.send(&Message::text(contact(), body)).await, ErrorKind::InvalidRequest, Sent::No)?;
    }
    stage.untouched().await
}

/// Where the provider carries our reference, delivery events can be matched by it; where not, it must not be lost
/// silently into some other member.
async fn the_reference_travels_where_the_provider_carries_one(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    accepted(stage.send(&text().with_reference("order-17")).await)?;
    let expected = if stage.subject.carries_reference { json!("order-17") } else { json!(null) };
    let references: Vec<_> = stage.delivered().await?.into_iter().map(|message| message["reference"].clone()).collect();
    equal("the reference", &references, &vec![expected])
}

async fn a_reference_that_is_no_plain_word_is_no_obstacle(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    accepted(stage.send(&text().with_reference("Bestellung 17 / Größe ü")).await)?;
    stage.reached(1).await
}

async fn a_reference_with_a_line_break_is_refused_before_a_byte_leaves(stage: &Stage) -> Check {
    failed(stage.send(&text().with_reference("a\r\nx-evil: 1")).await, ErrorKind::InvalidRequest, Sent::No)?;
    stage.untouched().await
}

async fn two_messages_to_one_person_are_two(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let first = accepted(stage.send(&text()).await)?;
    let second = accepted(stage.send(&text()).await)?;
    ensure(first.message_id != second.message_id, "two messages have two ids")?;
    stage.reached(2).await
}

async fn two_persons_get_their_own_messages(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    stage.control.inbound(stage.provider(), OTHER, "hi").await?;
    accepted(stage.send(&Message::text(contact(), "for one")).await)?;
    accepted(stage.send(&Message::text(number(OTHER), "for the other")).await)?;
    let got: Vec<_> =
        stage.delivered().await?.into_iter().map(|m| (m["to"].clone(), m["content"]["body"].clone())).collect();
    equal("who got what", &got, &vec![(json!(CONTACT), json!("for one")), (json!(OTHER), json!("for the other"))])
}

async fn one_send_is_one_request(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    accepted(stage.send(&text()).await)?;
    let requests = stage.control.requests(stage.provider()).await?;
    equal("requests of any kind", &requests.len(), &1)?;
    stage.asked(1).await
}

/// Refusing is always legal, so an adapter that silently loses a capability would pass everything else.
async fn the_declared_capabilities_are_the_pinned_ones(stage: &Stage) -> Check {
    equal("capabilities", &stage.capabilities(), &stage.subject.capabilities)
}

async fn the_provider_has_the_name_of_its_scheme(stage: &Stage) -> Check {
    equal("the provider", &stage.client.provider(), &stage.provider())?;
    let scheme = stage.subject.uri.split("://").next().unwrap_or_default();
    equal("the scheme", &scheme, &stage.provider())
}
