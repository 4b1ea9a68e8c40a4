//! Sending inside the session window.

use serde_json::json;
use tokio::task::JoinSet;
use transom::{Content, ErrorKind, Message, Sent, Template};

use crate::assertions::{Check, Failure, accepted, ensure, equal, failed, unexpected};
use crate::harness::{CONTACT, Harness, OTHER, contact, number, text};

scenarios! { "sending":
    text_reaches_contact_once_unchanged "A text reaches the contact exactly once and unchanged, from our number to the contact's number."
        needs Text covers accepted_texts;
    /// Delivery events carry the same id.
    receipt_has_id_of_delivered_message "The receipt has the id of the delivered message."
        needs Text covers accepted_texts;
    text_in_any_script_arrives_unchanged "A text in any script, with quotes, tabs and line breaks, arrives unchanged."
        needs Text covers accepted_texts;
    longest_text_is_sent_whole "A text of the maximum length in characters arrives whole."
        needs Text covers accepted_texts;
    longer_text_is_refused_locally "A text over the maximum length is refused without a request, and the error names field, limit and length."
        needs Text covers long_texts;
    empty_text_is_refused_locally "An empty text, or one of white space only, is refused without a request."
        needs Text;
    reference_is_sent_if_provider_supports_it "The reference is sent if the provider has a field for it, and goes into no other field if it has none."
        needs Text covers references;
    unusual_reference_does_not_block_send "A reference with spaces, slashes and accents does not keep a message from being sent."
        needs Text;
    reference_with_line_break_is_refused_locally "A reference with a line break is refused without a request."
        needs Text;
    /// The provider calls it with the delivery reports of this message.
    status_callback_is_sent_with_message "An address for the delivery reports of one message is sent with that message, and with its fallback."
        needs StatusCallback covers callback_addresses;
    status_callback_without_url_is_refused_locally "An address for delivery reports that is no URL is refused without a request."
        needs StatusCallback;
    /// Another text under the same reference is a conflict, and is not sent.
    same_reference_sends_one_message "The same message sent twice under one reference reaches the contact once, and both receipts have the same id."
        needs Idempotency covers keyed;
    fallback_has_own_idempotency_key "The fallback template is sent under its own idempotency key: the message's key with `-template`."
        needs Idempotency covers keyed;
    message_without_reference_has_unique_key "A message without a reference gets an idempotency key of at least 16 characters that no other message has."
        needs Idempotency;
    parameter_in_any_script_arrives_unchanged "A template parameter in any script arrives unchanged."
        needs Template covers accepted_templates;
    caption_in_any_script_arrives_unchanged "A caption in any script arrives unchanged."
        needs Image covers image;
    filename_with_accents_arrives_unchanged "A file name with spaces and accents arrives unchanged."
        needs Document covers document;
    button_in_any_script_arrives_unchanged "A button title of 20 characters in any script arrives unchanged."
        needs Buttons covers buttons;
    two_equal_messages_are_both_sent "Two equal messages to one contact both arrive, and their receipts have different ids."
        needs Text;
    each_contact_gets_own_message "Each of two contacts gets only the message addressed to them."
        needs Text;
    concurrent_sends_do_not_mix "Of 20 messages sent at the same time, each receipt has the id of its own message, and each message takes one request."
        needs Text covers accepted_texts;
    /// Refusing a capability is always allowed, so an adapter that loses one would pass every other case.
    declared_capabilities_are_the_pinned_ones "The adapter declares exactly the capabilities that the suite pins for it.";
    provider_name_equals_uri_scheme "The provider's name equals the scheme of its channel URIs.";
}

async fn text_reaches_contact_once_unchanged(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let receipt = accepted(harness.send(&text()).await)?;
    equal("attempts", &receipt.attempts, &1)?;
    ensure(!receipt.template_fallback, "the text itself went, not a template")?;
    equal("the provider on the receipt", &receipt.provider, &harness.provider())?;
    let delivered = harness.delivered().await?;
    harness.reached(1).await?;
    for message in delivered {
        equal("from", &message["from"], &json!(harness.adapter.sender))?;
        equal("to", &message["to"], &json!(CONTACT))?;
        equal("the text", &message["content"]["body"], &json!("Your parcel leaves today."))?;
    }
    Ok(())
}

async fn receipt_has_id_of_delivered_message(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let receipt = accepted(harness.send(&text()).await)?;
    let ids: Vec<_> = harness.delivered().await?.into_iter().map(|message| message["message_id"].clone()).collect();
    equal("the delivered messages' ids", &ids, &vec![json!(receipt.message_id.as_str())])
}

async fn text_in_any_script_arrives_unchanged(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let body = "Ñandú — «שלום» नमस्ते 👩‍👩‍👧 \"quoted\" \\ back\nline\ttab e\u{301} \u{200f}end";
    accepted(harness.send(&Message::text(contact(), body)).await)?;
    let delivered = harness.delivered().await?;
    let bodies: Vec<_> = delivered.iter().map(|message| &message["content"]["body"]).collect();
    equal("the text", &bodies, &vec![&json!(body)])
}

async fn longest_text_is_sent_whole(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    // Some characters take two bytes in UTF-8 or two units in UTF-16, so only a count of characters fits.
    let body: String = "ñ😀".chars().cycle().take(harness.adapter.text_max).collect();
    accepted(harness.send(&Message::text(contact(), body.as_str())).await)?;
    let delivered = harness.delivered().await?;
    let bodies: Vec<_> = delivered.iter().map(|message| &message["content"]["body"]).collect();
    equal("the text", &bodies, &vec![&json!(body)])
}

async fn longer_text_is_refused_locally(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let limit = harness.adapter.text_max;
    let body: String = std::iter::repeat_n('ñ', limit + 1).collect();
    let error = harness.refused(harness.send(&Message::text(contact(), body)).await, ErrorKind::InvalidRequest).await?;
    for part in ["body", &limit.to_string(), &(limit + 1).to_string()] {
        ensure(error.to_string().contains(part), format_args!("the error names no {part}: {error}"))?;
    }
    equal("attempts", &error.attempts(), &0)?;
    harness.untouched().await
}

async fn empty_text_is_refused_locally(harness: &Harness) -> Check {
    for body in ["", "   ", "\n"] {
        failed(harness.send(&Message::text(contact(), body)).await, ErrorKind::InvalidRequest, Sent::No)?;
    }
    harness.untouched().await
}

async fn reference_is_sent_if_provider_supports_it(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    accepted(harness.send(&text().with_reference("order-17")).await)?;
    let expected = if harness.adapter.carries_reference { json!("order-17") } else { json!(null) };
    let references: Vec<_> =
        harness.delivered().await?.into_iter().map(|message| message["reference"].clone()).collect();
    equal("the reference", &references, &vec![expected])
}

async fn unusual_reference_does_not_block_send(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    accepted(harness.send(&text().with_reference("Bestellung 17 / Größe ü")).await)?;
    harness.reached(1).await
}

async fn reference_with_line_break_is_refused_locally(harness: &Harness) -> Check {
    failed(harness.send(&text().with_reference("a\r\nx-evil: 1")).await, ErrorKind::InvalidRequest, Sent::No)?;
    harness.untouched().await
}

/// Replaces scenarios about idempotency keys if the provider has none: the adapter sends no key.
pub(super) async fn no_key_travels(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    accepted(harness.send(&text().with_reference("order-17")).await)?;
    accepted(harness.send(&text().with_reference("order-17")).await)?;
    for request in harness.sends().await? {
        equal("the key", &request["headers"]["idempotency-key"], &json!(null))?;
    }
    // Without a key, both messages are sent.
    harness.reached(2).await
}

async fn keys(harness: &Harness) -> Result<Vec<String>, Failure> {
    let key = |request: &serde_json::Value| request["headers"]["idempotency-key"].as_str().map(str::to_owned);
    harness.sends().await?.iter().map(|request| key(request).ok_or_else(|| "a send has no key".into())).collect()
}

async fn same_reference_sends_one_message(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let message = text().with_reference("order-17");
    let first = accepted(harness.send(&message).await)?;
    let second = accepted(harness.send(&message).await)?;
    equal("the id of the copy", &second.message_id, &first.message_id)?;
    harness.reached(1).await?;
    let another = Message::text(contact(), "Something else.").with_reference("order-17");
    failed(harness.send(&another).await, ErrorKind::Conflict, Sent::No)?;
    harness.reached(1).await
}

async fn fallback_has_own_idempotency_key(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.advance("25h").await?;
    let config = harness.config()?.with_value("window_policy", "provider_decides").with_value("probe", false);
    let message = text().with_fallback(Template::new("re_engagement_v1")).with_reference("order-17");
    accepted(harness.connect(&config)?.send(&message).await)?;
    equal("the keys", &keys(harness).await?, &vec!["order-17".to_owned(), "order-17-template".to_owned()])
}

async fn message_without_reference_has_unique_key(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    for _ in 0..3 {
        accepted(harness.send(&text()).await)?;
    }
    let mut keys = keys(harness).await?;
    ensure(keys.iter().all(|key| key.len() >= 16), "a key that somebody else could have had")?;
    keys.sort();
    keys.dedup();
    equal("different keys", &keys.len(), &3)?;
    harness.reached(3).await
}

/// Several alphabets, both directions, and characters of two UTF-16 units.
const SCRIPTS: &str = "Ñandú «שלום» नमस्ते 你好 👩‍👩‍👧";

/// Passes if the delivered content has this value at `place`.
async fn arrived_with(harness: &Harness, content: serde_json::Value, place: &str, value: &str) -> Check {
    harness.contact_writes().await?;
    let content: Content = serde_json::from_value(content).map_err(unexpected)?;
    accepted(harness.send(&Message::new(contact(), content)).await)?;
    let got: Vec<_> = harness.delivered().await?.iter().map(|m| m["content"].pointer(place).cloned()).collect();
    equal(place, &got, &vec![Some(json!(value))])
}

async fn parameter_in_any_script_arrives_unchanged(harness: &Harness) -> Check {
    let template = Message::template(contact(), Template::new("visit_reminder").body([SCRIPTS, "12/02"]));
    let mapping = json!({ "visit_reminder": { "params": harness.adapter.placeholders } });
    accepted(harness.connect(&harness.config()?.with_value("templates", mapping))?.send(&template).await)?;
    let delivered = harness.delivered().await?;
    harness.reached(1).await?;
    let body = delivered.first().map(|message| message["content"]["body"].to_string()).unwrap_or_default();
    ensure(body.contains(SCRIPTS), format_args!("the parameter is not in {body}"))
}

async fn caption_in_any_script_arrives_unchanged(harness: &Harness) -> Check {
    let image = json!({ "type": "image", "link": "https://files.example.net/a.png", "caption": SCRIPTS });
    arrived_with(harness, image, "/caption", SCRIPTS).await
}

async fn filename_with_accents_arrives_unchanged(harness: &Harness) -> Check {
    let name = "Factura nº 19 — año 2026.pdf";
    let document = json!({ "type": "document", "link": "https://files.example.net/a.pdf", "filename": name });
    arrived_with(harness, document, "/filename", name).await
}

async fn button_in_any_script_arrives_unchanged(harness: &Harness) -> Check {
    // 20 characters in more bytes.
    let title = "नमस्ते 👍 sí, señor";
    let buttons = json!({ "type": "buttons", "body": SCRIPTS, "buttons": [{ "id": "sí", "title": title }] });
    arrived_with(harness, buttons, "/buttons/0/title", title).await
}

async fn two_equal_messages_are_both_sent(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let first = accepted(harness.send(&text()).await)?;
    let second = accepted(harness.send(&text()).await)?;
    ensure(first.message_id != second.message_id, "two messages have two ids")?;
    harness.reached(2).await
}

async fn each_contact_gets_own_message(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.inbound(harness.provider(), OTHER, "hi").await?;
    accepted(harness.send(&Message::text(contact(), "for one")).await)?;
    accepted(harness.send(&Message::text(number(OTHER), "for the other")).await)?;
    let got: Vec<_> =
        harness.delivered().await?.into_iter().map(|m| (m["to"].clone(), m["content"]["body"].clone())).collect();
    equal("who got what", &got, &vec![(json!(CONTACT), json!("for one")), (json!(OTHER), json!("for the other"))])
}

async fn concurrent_sends_do_not_mix(harness: &Harness) -> Check {
    const COUNT: usize = 20;
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    harness.contact_writes().await?;
    let mut sends = JoinSet::new();
    for n in 0..COUNT {
        let client = harness.client.clone();
        sends.spawn(async move {
            let body = format!("Parcel {n} leaves today.");
            let answer = client.send(&Message::text(contact(), body.as_str())).await;
            (body, answer)
        });
    }
    let mut receipt_ids = Vec::new();
    while let Some(ended) = sends.join_next().await {
        let (body, answer) = ended.map_err(unexpected)?;
        receipt_ids.push((json!(body), json!(accepted(answer)?.message_id.as_str())));
    }
    let delivered = harness.delivered().await?;
    let mut ids: Vec<_> = delivered.iter().map(|m| (m["content"]["body"].clone(), m["message_id"].clone())).collect();
    for list in [&mut receipt_ids, &mut ids] {
        list.sort_by_key(|(body, _)| body.to_string());
    }
    equal("the ids of the texts", &receipt_ids, &ids)?;
    equal("requests of any kind", &harness.control.requests(harness.provider()).await?.len(), &COUNT)
}

async fn declared_capabilities_are_the_pinned_ones(harness: &Harness) -> Check {
    equal("capabilities", &harness.capabilities(), &harness.adapter.capabilities)
}

async fn provider_name_equals_uri_scheme(harness: &Harness) -> Check {
    equal("the provider", &harness.client.provider(), &harness.provider())?;
    let scheme = harness.adapter.uri.split("://").next().unwrap_or_default();
    equal("the scheme", &scheme, &harness.provider())
}

async fn status_callback_is_sent_with_message(harness: &Harness) -> Check {
    const ADDRESS: &str = "https://hooks.example.net/dlr?of=one";
    let fallback = Template::new("re_engagement_v1");
    accepted(harness.send(&text().with_status_callback(ADDRESS).with_fallback(fallback)).await)?;
    harness.contact_writes().await?;
    accepted(harness.send(&text().with_status_callback(ADDRESS)).await)?;
    accepted(harness.send(&text()).await)?;
    let sends = harness.sends().await?;
    let named = sends.iter().filter(|request| request["body"].to_string().contains(ADDRESS)).count();
    ensure(named + 1 == sends.len(), format_args!("{named} of {} requests have the address", sends.len()))?;
    harness.reached(3).await?;
    harness.no_findings().await
}

async fn status_callback_without_url_is_refused_locally(harness: &Harness) -> Check {
    for address in ["hooks.example.net/dlr", "ftp://hooks.example.net/dlr", "", "https://hooks.example.net/a b"] {
        let error =
            failed(harness.send(&text().with_status_callback(address)).await, ErrorKind::InvalidRequest, Sent::No)?;
        ensure(error.message().starts_with("status_callback: expected "), format_args!("{address}: {error}"))?;
    }
    harness.untouched().await
}
