//! A text from the application to a person, inside the window.

use serde_json::json;
use tokio::task::JoinSet;
use transom::{Content, ErrorKind, Message, Messenger as _, Sent, Template};

use crate::check::{Broken, Check, accepted, ensure, equal, failed, told};
use crate::stage::{CONTACT, OTHER, Stage, contact, number, text};

scenarios! { "sending":
    /// The text that reached the person is the text that was sent, from our number to theirs.
    a_text_reaches_the_person_once_as_it_was_written needs Text covers accepted_texts;
    /// The receipt's id is the one that delivery events will carry, so it must be the delivered message's.
    the_receipt_carries_the_id_of_the_message_that_was_delivered needs Text covers accepted_texts;
    every_script_and_every_line_break_arrives_intact needs Text covers accepted_texts;
    the_longest_text_is_sent_whole needs Text covers accepted_texts;
    a_longer_text_is_refused_before_a_byte_leaves needs Text covers long_texts;
    an_empty_text_is_refused_before_a_byte_leaves needs Text;
    /// Where the provider carries our reference, delivery events can be matched by it; where not, it must not be lost
    /// silently into some other member.
    the_reference_travels_where_the_provider_carries_one needs Text covers references;
    a_reference_that_is_no_plain_word_is_no_obstacle needs Text;
    a_reference_with_a_line_break_is_refused_before_a_byte_leaves needs Text;
    /// With another text under the same key nothing goes, and nobody is told that it did.
    a_repeated_reference_is_one_message needs Idempotency covers keyed;
    the_fallback_has_a_key_of_its_own needs Idempotency covers keyed;
    a_message_without_a_reference_has_a_key_that_no_other_has needs Idempotency;
    a_template_parameter_in_any_script_arrives_intact needs Template covers accepted_templates;
    a_caption_in_any_script_arrives_intact needs Image covers image;
    a_file_name_with_spaces_and_accents_arrives_intact needs Document covers document;
    a_button_in_any_script_arrives_intact needs Buttons covers buttons;
    two_messages_to_one_person_are_two needs Text;
    two_persons_get_their_own_messages needs Text;
    /// Twenty at once: each with its own text and its own id on the receipt, and no request more than one a message.
    messages_that_are_sent_at_once_keep_apart needs Text covers accepted_texts;
    /// Refusing is always legal, so an adapter that silently loses a capability would pass everything else.
    the_declared_capabilities_are_the_pinned_ones;
    the_provider_has_the_name_of_its_scheme;
}

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

/// In place of a scenario about keys, where the provider dedupes by none: none is sent that nobody reads.
pub(super) async fn no_key_travels(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    accepted(stage.send(&text().with_reference("order-17")).await)?;
    accepted(stage.send(&text().with_reference("order-17")).await)?;
    for request in stage.sends().await? {
        equal("the key", &request["headers"]["idempotency-key"], &json!(null))?;
    }
    // Without a key two are two, and the caller must know.
    stage.reached(2).await
}

async fn keys(stage: &Stage) -> Result<Vec<String>, Broken> {
    let key = |request: &serde_json::Value| request["headers"]["idempotency-key"].as_str().map(str::to_owned);
    stage.sends().await?.iter().map(|request| key(request).ok_or_else(|| "a send has no key".into())).collect()
}

async fn a_repeated_reference_is_one_message(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let message = text().with_reference("order-17");
    let first = accepted(stage.send(&message).await)?;
    let second = accepted(stage.send(&message).await)?;
    equal("the id of the copy", &second.message_id, &first.message_id)?;
    stage.reached(1).await?;
    let another = Message::text(contact(), "Something else.").with_reference("order-17");
    failed(stage.send(&another).await, ErrorKind::Conflict, Sent::No)?;
    stage.reached(1).await
}

async fn the_fallback_has_a_key_of_its_own(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    stage.control.advance("25h").await?;
    let config = stage.config()?.with("window_policy", "provider_decides").with("probe", false);
    let message = text().with_fallback(Template::new("re_engagement_v1", "en")).with_reference("order-17");
    accepted(stage.connect(&config)?.send(&message).await)?;
    equal("the keys", &keys(stage).await?, &vec!["order-17".to_owned(), "order-17-template".to_owned()])
}

async fn a_message_without_a_reference_has_a_key_that_no_other_has(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    for _ in 0..3 {
        accepted(stage.send(&text()).await)?;
    }
    let mut keys = keys(stage).await?;
    ensure(keys.iter().all(|key| key.len() >= 16), "a key that somebody else could have had")?;
    keys.sort();
    keys.dedup();
    equal("different keys", &keys.len(), &3)?;
    stage.reached(3).await
}

/// Of several alphabets, both directions, and more than one unit of UTF-16.
const SCRIPTS: &str = "Ñandú «שלום» नमस्ते 你好 👩‍👩‍👧";

/// Holds if the content that arrived has this at `place`.
async fn arrived_with(stage: &Stage, content: serde_json::Value, place: &str, value: &str) -> Check {
    stage.contact_writes().await?;
    let content: Content = serde_json::from_value(content).map_err(told)?;
    accepted(stage.send(&Message::new(contact(), content)).await)?;
    let got: Vec<_> = stage.delivered().await?.iter().map(|m| m["content"].pointer(place).cloned()).collect();
    equal(place, &got, &vec![Some(json!(value))])
}

async fn a_template_parameter_in_any_script_arrives_intact(stage: &Stage) -> Check {
    let template = Message::template(contact(), Template::new("visit_reminder", "en").body([SCRIPTS, "12/02"]));
    let mapping = json!({ "visit_reminder": { "params": stage.subject.placeholders } });
    accepted(stage.connect(&stage.config()?.with("templates", mapping))?.send(&template).await)?;
    let delivered = stage.delivered().await?;
    stage.reached(1).await?;
    let body = delivered.first().map(|message| message["content"]["body"].to_string()).unwrap_or_default();
    ensure(body.contains(SCRIPTS), format_args!("the parameter is not in {body}"))
}

async fn a_caption_in_any_script_arrives_intact(stage: &Stage) -> Check {
    let image = json!({ "type": "image", "link": "https://files.example.net/a.png", "caption": SCRIPTS });
    arrived_with(stage, image, "/caption", SCRIPTS).await
}

async fn a_file_name_with_spaces_and_accents_arrives_intact(stage: &Stage) -> Check {
    let name = "Factura nº 19 — año 2026.pdf";
    let document = json!({ "type": "document", "link": "https://files.example.net/a.pdf", "filename": name });
    arrived_with(stage, document, "/filename", name).await
}

async fn a_button_in_any_script_arrives_intact(stage: &Stage) -> Check {
    // Twenty characters, in more bytes.
    let title = "नमस्ते 👍 sí, señor";
    let buttons = json!({ "type": "buttons", "body": SCRIPTS, "buttons": [{ "id": "sí", "title": title }] });
    arrived_with(stage, buttons, "/buttons/0/title", title).await
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
    stage.control.inbound(stage.provider(), OTHER).await?;
    accepted(stage.send(&Message::text(contact(), "for one")).await)?;
    accepted(stage.send(&Message::text(number(OTHER), "for the other")).await)?;
    let got: Vec<_> =
        stage.delivered().await?.into_iter().map(|m| (m["to"].clone(), m["content"]["body"].clone())).collect();
    equal("who got what", &got, &vec![(json!(CONTACT), json!("for one")), (json!(OTHER), json!("for the other"))])
}

async fn messages_that_are_sent_at_once_keep_apart(stage: &Stage) -> Check {
    const COUNT: usize = 20;
    stage.control.limit(stage.provider(), 1_000, 1).await?;
    stage.contact_writes().await?;
    let mut sends = JoinSet::new();
    for n in 0..COUNT {
        let client = stage.client.clone();
        sends.spawn(async move {
            let body = format!("Parcel {n} leaves today.");
            let answer = client.send(&Message::text(contact(), body.as_str())).await;
            (body, answer)
        });
    }
    let mut told_ids = Vec::new();
    while let Some(ended) = sends.join_next().await {
        let (body, answer) = ended.map_err(told)?;
        told_ids.push((json!(body), json!(accepted(answer)?.message_id.as_str())));
    }
    let delivered = stage.delivered().await?;
    let mut ids: Vec<_> = delivered.iter().map(|m| (m["content"]["body"].clone(), m["message_id"].clone())).collect();
    for list in [&mut told_ids, &mut ids] {
        list.sort_by_key(|(body, _)| body.to_string());
    }
    equal("the ids of the texts", &told_ids, &ids)?;
    equal("requests of any kind", &stage.control.requests(stage.provider()).await?.len(), &COUNT)
}

async fn the_declared_capabilities_are_the_pinned_ones(stage: &Stage) -> Check {
    equal("capabilities", &stage.capabilities(), &stage.subject.capabilities)
}

async fn the_provider_has_the_name_of_its_scheme(stage: &Stage) -> Check {
    equal("the provider", &stage.client.provider(), &stage.provider())?;
    let scheme = stage.subject.uri.split("://").next().unwrap_or_default();
    equal("the scheme", &scheme, &stage.provider())
}
