//! Contents, as they are delivered.

use serde_json::{Value, json};
use transom::message::{Media, MessageId};
use transom::{Capability, Content, ErrorKind, Message, Sent};

use super::samples::sample;
use crate::assertions::{Check, Failure, accepted, ensure, equal, failed, unexpected};
use crate::harness::{CONTACT, Harness, contact, text};

scenarios! { "content":
    image_arrives_with_caption "An image arrives with its link and caption."
        needs Image covers image;
    video_arrives_with_caption "A video arrives with its link and caption."
        needs Video covers video;
    audio_arrives "An audio file arrives with its link."
        needs Audio covers audio;
    document_arrives_with_filename "A document arrives with its link and file name."
        needs Document covers document;
    sticker_arrives "A sticker arrives with its link."
        needs Sticker covers sticker;
    location_arrives_with_name_and_address "A location arrives with coordinates, name and address."
        needs Location covers location;
    contact_cards_arrive "A contact card arrives with its names, phones and e-mail addresses."
        needs Contacts covers contacts;
    /// A member that the provider does not document could be lost unseen.
    full_contact_card_is_sent_whole_or_refused "A contact card with addresses, company, links and birthday is sent whole, or refused without a request."
        needs Contacts;
    buttons_arrive_with_header_and_footer "A message with buttons arrives with header, body, footer and every button."
        needs Buttons covers buttons;
    list_arrives_with_sections "A list arrives with every section and row."
        needs List covers list;
    reaction_arrives "A reaction arrives with its emoji and the id of the message that it is about."
        needs Reaction covers reaction;
    media_arrive_by_upload_id "An image that was uploaded before arrives by its media id."
        needs MediaUpload covers media_by_id;
    reply_quotes_its_message "A reply arrives with the id of the message that it quotes."
        needs Reply covers replies;
    read_mark_sends_no_message "Marking a contact's message as read is accepted, twice as well, and sends no message."
        needs MarkRead;
    typing_indicator_sends_no_message "Showing that an answer is being typed is accepted and sends no message."
        needs Typing;
    caption_on_audio_is_refused_locally "A caption on an audio file is refused without a request."
        needs Audio;
    non_http_link_is_refused_locally "A media link with a scheme other than http or https is refused without a request."
        needs Image;
    /// The error names the field, the formats that the provider supports, and the extension.
    link_to_unsupported_format_is_refused_locally "A media link whose extension names an unsupported format is refused without a request."
        needs Image;
    header_in_unsupported_format_is_refused_locally "A header whose link names an unsupported format is refused without a request."
        needs Buttons;
    link_without_known_extension_is_sent "A media link without an extension, or with one that names no media format, is sent."
        needs Image covers image;
    fourth_button_is_refused_locally "A message with four buttons is refused without a request."
        needs Buttons;
    eleventh_row_is_refused_locally "A list with eleven rows is refused without a request."
        needs List;
    /// WhatsApp cuts titles at 20 characters.
    long_title_is_refused_if_provider_limits_it "A button title of 21 characters is refused without a request if the provider documents the limit, and is sent whole if not."
        needs Buttons;
    free_form_content_needs_open_window "Every content except templates is rejected if the contact never wrote, with the same kind as a text."
        needs Text covers never_wrote;
}

async fn image_arrives_with_caption(harness: &Harness) -> Check {
    arrives(harness, Capability::Image).await
}

async fn video_arrives_with_caption(harness: &Harness) -> Check {
    arrives(harness, Capability::Video).await
}

async fn audio_arrives(harness: &Harness) -> Check {
    arrives(harness, Capability::Audio).await
}

async fn document_arrives_with_filename(harness: &Harness) -> Check {
    arrives(harness, Capability::Document).await
}

async fn sticker_arrives(harness: &Harness) -> Check {
    arrives(harness, Capability::Sticker).await
}

async fn location_arrives_with_name_and_address(harness: &Harness) -> Check {
    arrives(harness, Capability::Location).await
}

async fn contact_cards_arrive(harness: &Harness) -> Check {
    arrives(harness, Capability::Contacts).await
}

async fn full_contact_card_is_sent_whole_or_refused(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let card = json!({ "name": { "formatted_name": "Ana Ruiz" },
        "addresses": [{ "street": "Calle 1", "city": "Lima", "country_code": "PE", "type": "WORK" }],
        "org": { "company": "Acme", "title": "Chemist" }, "urls": [{ "url": "https://example.net", "type": "WORK" }],
        "birthday": "1990-02-03" });
    let content = serde_json::from_value(json!({ "type": "contacts", "contacts": [card] })).map_err(unexpected)?;
    if let Err(error) = harness.send(&Message::new(contact(), content)).await {
        equal("the kind", &error.kind(), &ErrorKind::Unsupported)?;
        ensure(error.message().contains("content.contacts[0]."), format_args!("it names no member: {error}"))?;
        return harness.untouched().await;
    }
    harness.reached(1).await?;
    harness.no_findings().await?;
    for request in harness.sends().await? {
        let cards = request["body"].pointer("/contacts/0").or_else(|| request["body"].pointer("/request/contacts/0"));
        equal("the card", &cards, &Some(&card))?;
    }
    Ok(())
}

/// The id of a message that the contact writes now.
async fn written_message(harness: &Harness) -> Result<MessageId, Failure> {
    let written = harness.control.inbound(harness.provider(), CONTACT, "hi").await?;
    let id = written["message_id"].as_str().ok_or("the mock gave the inbound message no id")?;
    Ok(id.into())
}

async fn read_mark_sends_no_message(harness: &Harness) -> Check {
    let id = written_message(harness).await?;
    for _ in 0..2 {
        harness.client.mark_read(&id).await.map_err(unexpected)?;
    }
    harness.reached(0).await
}

async fn typing_indicator_sends_no_message(harness: &Harness) -> Check {
    let id = written_message(harness).await?;
    harness.client.show_typing(&id).await.map_err(unexpected)?;
    harness.reached(0).await
}

async fn buttons_arrive_with_header_and_footer(harness: &Harness) -> Check {
    arrives(harness, Capability::Buttons).await
}

async fn list_arrives_with_sections(harness: &Harness) -> Check {
    arrives(harness, Capability::List).await
}

async fn reaction_arrives(harness: &Harness) -> Check {
    arrives(harness, Capability::Reaction).await
}

/// The delivered content has every member that was sent, with the same value.
async fn arrives(harness: &Harness, capability: Capability) -> Check {
    harness.contact_writes().await?;
    let content = sample(capability).ok_or("no sample")?;
    accepted(harness.send(&Message::new(contact(), content.clone())).await)?;
    harness.reached(1).await?;
    let sent = serde_json::to_value(&content).map_err(unexpected)?;
    for message in harness.delivered().await? {
        contains("content", &message["content"], &sent)?;
    }
    Ok(())
}

/// Passes if `got` has every member of `expected`, at every depth.
fn contains(place: &str, got: &Value, expected: &Value) -> Check {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            for (name, value) in expected {
                contains(&format!("{place}.{name}"), got.get(name).unwrap_or(&Value::Null), value)?;
            }
            Ok(())
        }
        (Value::Array(got), Value::Array(expected)) if got.len() == expected.len() => {
            let mut pairs = got.iter().zip(expected).enumerate();
            pairs.try_for_each(|(at, (got, expected))| contains(&format!("{place}[{at}]"), got, expected))
        }
        (got, expected) => equal(place, got, expected),
    }
}

async fn media_arrive_by_upload_id(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    accepted(harness.send(&Message::new(contact(), Content::Image(Media::id("770011223344556")))).await)?;
    harness.reached(1).await?;
    for message in harness.delivered().await? {
        equal("the id", &message["content"]["id"], &json!("770011223344556"))?;
    }
    Ok(())
}

async fn reply_quotes_its_message(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    accepted(harness.send(&text().with_reply_to("a1b2c3d4e5f6")).await)?;
    harness.reached(1).await?;
    for request in harness.sends().await? {
        let body = request["body"].to_string();
        ensure(body.contains("a1b2c3d4e5f6"), format_args!("the request quotes no message: {body}"))?;
    }
    Ok(())
}

async fn refused_locally(harness: &Harness, content: &str) -> Check {
    let content: Content = serde_json::from_str(content).map_err(unexpected)?;
    failed(harness.send(&Message::new(contact(), content)).await, ErrorKind::InvalidRequest, Sent::No)?;
    harness.untouched().await
}

async fn caption_on_audio_is_refused_locally(harness: &Harness) -> Check {
    refused_locally(harness, r#"{"type":"audio","link":"https://files.example.net/c.mp3","caption":"c"}"#).await
}

async fn non_http_link_is_refused_locally(harness: &Harness) -> Check {
    refused_locally(harness, r#"{"type":"image","link":"file:///etc/passwd"}"#).await
}

async fn link_to_unsupported_format_is_refused_locally(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let capabilities = harness.capabilities();
    for (capability, kind, extension) in [
        (Capability::Image, "image", "gif"),
        (Capability::Image, "image", "pdf"),
        (Capability::Video, "video", "mov"),
        (Capability::Audio, "audio", "wav"),
        (Capability::Document, "document", "zip"),
        (Capability::Sticker, "sticker", "png"),
    ] {
        if capabilities.contains(capability) {
            let content = json!({ "type": kind, "link": format!("https://files.example.net/a.{extension}?v=1.png") });
            refused_for_its_format(harness, content, "content.link", extension).await?;
        }
    }
    harness.untouched().await
}

async fn header_in_unsupported_format_is_refused_locally(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let header = json!({ "type": "image", "link": "https://files.example.net/h.svg" });
    let buttons = json!({ "type": "buttons", "body": "?", "header": header, "buttons": [{ "id": "a", "title": "A" }] });
    refused_for_its_format(harness, buttons, "content.header.link", "svg").await?;
    let template = json!({ "type": "template", "name": "visit_reminder", "header": header });
    refused_for_its_format(harness, template, "content.header.link", "svg").await?;
    harness.untouched().await
}

async fn refused_for_its_format(harness: &Harness, content: Value, field: &str, extension: &str) -> Check {
    let content: Content = serde_json::from_value(content).map_err(unexpected)?;
    let answer = harness.send(&Message::new(contact(), content)).await;
    let error = failed(answer, ErrorKind::InvalidRequest, Sent::No)?;
    let says = error.message();
    let is_clear = says.starts_with(&format!("{field}: expected ")) && says.ends_with(&format!("got {extension}"));
    ensure(is_clear, format_args!("expected a line about {field} and {extension}, got `{says}`"))
}

async fn link_without_known_extension_is_sent(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let links = ["https://files.example.net/download?id=7", "https://files.example.net/image.php"];
    for link in links {
        accepted(harness.send(&Message::new(contact(), Content::Image(Media::link(link)))).await)?;
    }
    harness.reached(links.len()).await
}

async fn fourth_button_is_refused_locally(harness: &Harness) -> Check {
    // All different, since equal buttons would be refused for another reason.
    let buttons: Vec<_> = (0..4).map(|n| json!({ "id": n.to_string(), "title": format!("Button {n}") })).collect();
    refused_locally(harness, &json!({ "type": "buttons", "body": "?", "buttons": buttons }).to_string()).await
}

async fn eleventh_row_is_refused_locally(harness: &Harness) -> Check {
    let rows: Vec<_> = (0..11).map(|n| json!({ "id": n.to_string(), "title": "A" })).collect();
    let list = json!({ "type": "list", "body": "?", "button": "b", "sections": [{ "rows": rows }] });
    refused_locally(harness, &list.to_string()).await
}

async fn long_title_is_refused_if_provider_limits_it(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let title = "x".repeat(21);
    let content = json!({ "type": "buttons", "body": "?", "buttons": [{ "id": "a", "title": title }] });
    if harness.adapter.limits_titles {
        return refused_locally(harness, &content.to_string()).await;
    }
    let content: Content = serde_json::from_value(content).map_err(unexpected)?;
    // The provider decides, and gets the whole title.
    accepted(harness.send(&Message::new(contact(), content)).await)?;
    let arrived: Vec<_> =
        harness.delivered().await?.iter().map(|message| message["content"]["buttons"][0]["title"].clone()).collect();
    equal("the title", &arrived, &vec![json!(title)])
}

async fn free_form_content_needs_open_window(harness: &Harness) -> Check {
    // The provider counts these attempts, too.
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    for capability in harness.capabilities().iter() {
        let Some(content) = sample(capability).filter(Content::is_free_form) else { continue };
        let answer = harness.send(&Message::new(contact(), content)).await;
        harness
            .refused(answer, harness.adapter.never_wrote)
            .await
            .map_err(|failure| failure.at(format_args!("{capability}")))?;
    }
    Ok(())
}
