//! Contents that WhatsApp or the provider does not take.

use serde_json::{Value, json};
use transom::{Content, ErrorKind, Message, Sent};

use crate::assertions::{Check, accepted, ensure, failed, unexpected};
use crate::harness::{Harness, contact, number};

scenarios! { "content_rules":
    section_without_rows_is_refused_locally "A list with an empty section is refused without a request."
        needs List;
    equal_row_ids_are_refused_locally "A list with two rows of one id, also in two sections, is refused without a request."
        needs List;
    contact_without_name_is_refused_locally "A contact card without a name is refused without a request."
        needs Contacts;
    sixth_contact_is_refused_if_provider_limits_them "Six contact cards are refused without a request if the provider limits them to five, and sent if not."
        needs Contacts;
    reaction_without_emoji_is_refused_locally "A reaction with a text, or with two emoji, is refused without a request."
        needs Reaction;
    plain_http_is_refused_if_provider_says_so "A media link with http is refused without a request if the provider demands https, and sent if not."
        needs Image;
    own_number_is_refused_if_channel_has_it "A message to the channel's own number is refused without a request if the channel is configured by that number. Otherwise the provider decides."
        needs Text;
}

/// Passes if `content` is refused, and the error says `line`.
async fn is_refused(harness: &Harness, content: Value, line: &str) -> Check {
    let content: Content = serde_json::from_value(content).map_err(unexpected)?;
    let error = failed(harness.send(&Message::new(contact(), content)).await, ErrorKind::InvalidRequest, Sent::No)?;
    ensure(error.message().contains(line), format_args!("expected the error to say `{line}`, got `{error}`"))
}

fn list(sections: &Value) -> Value {
    json!({ "type": "list", "body": "?", "button": "Slots", "sections": sections })
}

async fn section_without_rows_is_refused_locally(harness: &Harness) -> Check {
    let sections = json!([{ "title": "A", "rows": [] }, { "title": "B", "rows": [{ "id": "a", "title": "A" }] }]);
    is_refused(harness, list(&sections), "content.sections[0].rows: at least 1 is needed, got 0").await?;
    harness.untouched().await
}

async fn equal_row_ids_are_refused_locally(harness: &Harness) -> Check {
    let row = json!({ "id": "a", "title": "A" });
    for (sections, line) in [
        (json!([{ "rows": [row, row] }]), "content.sections[0].rows[1].id"),
        (json!([{ "title": "A", "rows": [row] }, { "title": "B", "rows": [row] }]), "content.sections[1].rows[0].id"),
    ] {
        is_refused(harness, list(&sections), line).await?;
    }
    harness.untouched().await
}

async fn contact_without_name_is_refused_locally(harness: &Harness) -> Check {
    let card = json!({ "name": { "formatted_name": " " }, "phones": [{ "phone": "+34600111222" }] });
    let line = "content.contacts[0].name.formatted_name: expected a name";
    is_refused(harness, json!({ "type": "contacts", "contacts": [card] }), line).await?;
    harness.untouched().await
}

async fn sixth_contact_is_refused_if_provider_limits_them(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let card = json!({ "name": { "formatted_name": "Ana Ruiz", "first_name": "Ana" } });
    let cards = |count: usize| json!({ "type": "contacts", "contacts": vec![card.clone(); count] });
    if harness.adapter.content_rules.limits_contacts {
        is_refused(harness, cards(6), "content.contacts: 6 are over the limit of 5").await?;
        harness.untouched().await?;
    }
    let most = if harness.adapter.content_rules.limits_contacts { 5 } else { 6 };
    let content: Content = serde_json::from_value(cards(most)).map_err(unexpected)?;
    accepted(harness.send(&Message::new(contact(), content)).await)?;
    harness.reached(1).await
}

async fn reaction_without_emoji_is_refused_locally(harness: &Harness) -> Check {
    for text in ["ok", "👍👍"] {
        let reaction = json!({ "type": "reaction", "message_id": "wamid.HBgLMzQ2", "emoji": text });
        is_refused(
            harness,
            reaction,
            &format!("content.emoji: expected one emoji, or an empty text to remove the reaction, got `{text}`"),
        )
        .await?;
    }
    harness.untouched().await
}

async fn plain_http_is_refused_if_provider_says_so(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let image = json!({ "type": "image", "link": "http://files.example.net/a.png" });
    if harness.adapter.content_rules.https_links {
        is_refused(harness, image, "content.link: expected an https:// URL").await?;
        return harness.untouched().await;
    }
    let content: Content = serde_json::from_value(image).map_err(unexpected)?;
    accepted(harness.send(&Message::new(contact(), content)).await)?;
    harness.reached(1).await
}

async fn own_number_is_refused_if_channel_has_it(harness: &Harness) -> Check {
    let message = Message::text(number(harness.adapter.sender), "Hi");
    let answer = harness.send(&message).await;
    if !harness.adapter.content_rules.knows_own_number {
        ensure(answer.is_err(), "a number that never wrote to itself got a text")?;
        return harness.asked(1).await;
    }
    let error = failed(answer, ErrorKind::RecipientInvalid, Sent::No)?;
    ensure(error.message().starts_with("to: "), format_args!("the error does not name the field: {error}"))?;
    harness.untouched().await
}
