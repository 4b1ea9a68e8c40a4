//! Every kind of content, as the person gets it.

use serde_json::{Value, json};
use transom::{Capability, Content, ErrorKind, Message, Sent};
use transom::message::Media;

use super::sample;
use crate::check::{Check, accepted, ensure, equal, failed, told};
use crate::stage::{Stage, contact, text};

scenarios! { "content":
    an_image_arrives_with_its_caption needs Image covers image;
    a_video_arrives_with_its_caption needs Video covers video;
    audio_arrives needs Audio covers audio;
    a_document_arrives_with_its_name needs Document covers document;
    a_sticker_arrives needs Sticker covers sticker;
    a_location_arrives_with_its_name needs Location covers location;
    contact_cards_arrive needs Contacts covers contacts;
    buttons_arrive_with_header_and_footer needs Buttons covers buttons;
    a_list_arrives_with_its_sections needs List covers list;
    a_reaction_arrives needs Reaction covers reaction;
    media_arrive_by_the_id_of_an_upload needs MediaUpload covers media_by_id;
    a_reply_quotes_its_message needs Reply covers replies;
    a_caption_on_audio_is_refused_before_a_byte_leaves needs Audio;
    a_link_that_is_not_http_is_refused_before_a_byte_leaves needs Image;
    /// Each kind by its link's extension, with a line that names the field, what the provider takes, and what it got.
    a_link_to_an_excluded_format_is_refused_before_a_byte_leaves needs Image;
    a_header_in_an_excluded_format_is_refused_before_a_byte_leaves needs Buttons;
    /// A link need not have an extension, and one of no format is a hint of nothing.
    a_link_that_does_not_say_its_format_is_sent needs Image covers image;
    a_fourth_button_is_refused_before_a_byte_leaves needs Buttons;
    an_eleventh_row_is_refused_before_a_byte_leaves needs List;
    /// WhatsApp cuts titles at 20 characters. Where the provider says so, too, that is refused beforehand; where its pages
    /// give no limit, the provider is asked.
    a_title_over_its_limit_is_refused_unless_the_provider_gives_none needs Buttons;
    /// The window is about everything but templates, so each kind must be refused as the text is.
    every_free_form_content_needs_an_open_window needs Text covers never_wrote;
}

async fn an_image_arrives_with_its_caption(stage: &Stage) -> Check {
    arrives(stage, Capability::Image).await
}

async fn a_video_arrives_with_its_caption(stage: &Stage) -> Check {
    arrives(stage, Capability::Video).await
}

async fn audio_arrives(stage: &Stage) -> Check {
    arrives(stage, Capability::Audio).await
}

async fn a_document_arrives_with_its_name(stage: &Stage) -> Check {
    arrives(stage, Capability::Document).await
}

async fn a_sticker_arrives(stage: &Stage) -> Check {
    arrives(stage, Capability::Sticker).await
}

async fn a_location_arrives_with_its_name(stage: &Stage) -> Check {
    arrives(stage, Capability::Location).await
}

async fn contact_cards_arrive(stage: &Stage) -> Check {
    arrives(stage, Capability::Contacts).await
}

async fn buttons_arrive_with_header_and_footer(stage: &Stage) -> Check {
    arrives(stage, Capability::Buttons).await
}

async fn a_list_arrives_with_its_sections(stage: &Stage) -> Check {
    arrives(stage, Capability::List).await
}

async fn a_reaction_arrives(stage: &Stage) -> Check {
    arrives(stage, Capability::Reaction).await
}

/// What the person gets has every member that was sent, with the same value.
async fn arrives(stage: &Stage, capability: Capability) -> Check {
    stage.contact_writes().await?;
    let content = sample(capability).ok_or("no sample")?;
    accepted(stage.send(&Message::new(contact(), content.clone())).await)?;
    stage.reached(1).await?;
    let sent = serde_json::to_value(&content).map_err(told)?;
    for message in stage.delivered().await? {
        contains("content", &message["content"], &sent)?;
    }
    Ok(())
}

/// Holds if `got` has every member of `expected`, at every depth.
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

async fn media_arrive_by_the_id_of_an_upload(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    accepted(stage.send(&Message::new(contact(), Content::Image(Media::id("770011223344556")))).await)?;
    stage.reached(1).await?;
    for message in stage.delivered().await? {
        equal("the id", &message["content"]["id"], &json!("770011223344556"))?;
    }
    Ok(())
}

async fn a_reply_quotes_its_message(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    accepted(stage.send(&text().with_reply_to("a1b2c3d4e5f6")).await)?;
    stage.reached(1).await?;
    for request in stage.sends().await? {
        let body = request["body"].to_string();
        ensure(body.contains("a1b2c3d4e5f6"), format_args!("the request quotes no message: {body}"))?;
    }
    Ok(())
}

async fn refused_locally(stage: &Stage, content: &str) -> Check {
    let content: Content = serde_json::from_str(content).map_err(told)?;
    failed(stage.send(&Message::new(contact(), content)).await, ErrorKind::InvalidRequest, Sent::No)?;
    stage.untouched().await
}

async fn a_caption_on_audio_is_refused_before_a_byte_leaves(stage: &Stage) -> Check {
    refused_locally(stage, r#"{"type":"audio","link":"https://files.example.net/c.mp3","caption":"c"}"#).await
}

async fn a_link_that_is_not_http_is_refused_before_a_byte_leaves(stage: &Stage) -> Check {
    refused_locally(stage, r#"{"type":"image","link":"file:///etc/passwd"}"#).await
}

async fn a_link_to_an_excluded_format_is_refused_before_a_byte_leaves(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let capabilities = stage.capabilities();
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
            refused_for_its_format(stage, content, "content.link", extension).await?;
        }
    }
    stage.untouched().await
}

async fn a_header_in_an_excluded_format_is_refused_before_a_byte_leaves(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let header = json!({ "type": "image", "link": "https://files.example.net/h.svg" });
    let buttons = json!({ "type": "buttons", "body": "?", "header": header, "buttons": [{ "id": "a", "title": "A" }] });
    refused_for_its_format(stage, buttons, "content.header.link", "svg").await?;
    let template = json!({ "type": "template", "name": "visit_reminder", "header": header });
    refused_for_its_format(stage, template, "content.header.link", "svg").await?;
    stage.untouched().await
}

async fn refused_for_its_format(stage: &Stage, content: Value, field: &str, extension: &str) -> Check {
    let content: Content = serde_json::from_value(content).map_err(told)?;
    let answer = stage.send(&Message::new(contact(), content)).await;
    let error = failed(answer, ErrorKind::InvalidRequest, Sent::No)?;
    let says = error.message();
    let is_clear = says.starts_with(&format!("{field}: expected ")) && says.ends_with(&format!("got {extension}"));
    ensure(is_clear, format_args!("expected a line about {field} and {extension}, got `{says}`"))
}

async fn a_link_that_does_not_say_its_format_is_sent(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let links = ["https://files.example.net/download?id=7", "https://files.example.net/image.php"];
    for link in links {
        accepted(stage.send(&Message::new(contact(), Content::Image(Media::link(link)))).await)?;
    }
    stage.reached(links.len()).await
}

async fn a_fourth_button_is_refused_before_a_byte_leaves(stage: &Stage) -> Check {
    // All unlike each other: two alike would be refused for that.
    let buttons: Vec<_> = (0..4).map(|n| json!({ "id": n.to_string(), "title": format!("Button {n}") })).collect();
    refused_locally(stage, &json!({ "type": "buttons", "body": "?", "buttons": buttons }).to_string()).await
}

async fn an_eleventh_row_is_refused_before_a_byte_leaves(stage: &Stage) -> Check {
    let rows: Vec<_> = (0..11).map(|n| json!({ "id": n.to_string(), "title": "A" })).collect();
    let list = json!({ "type": "list", "body": "?", "button": "b", "sections": [{ "rows": rows }] });
    refused_locally(stage, &list.to_string()).await
}

async fn a_title_over_its_limit_is_refused_unless_the_provider_gives_none(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let title = "x".repeat(21);
    let content = json!({ "type": "buttons", "body": "?", "buttons": [{ "id": "a", "title": title }] });
    if stage.subject.limits_titles {
        return refused_locally(stage, &content.to_string()).await;
    }
    let content: Content = serde_json::from_value(content).map_err(told)?;
    // Whether it is taken is the provider's to say, and it gets all of it.
    accepted(stage.send(&Message::new(contact(), content)).await)?;
    let arrived: Vec<_> =
        stage.delivered().await?.iter().map(|message| message["content"]["buttons"][0]["title"].clone()).collect();
    equal("the title", &arrived, &vec![json!(title)])
}

async fn every_free_form_content_needs_an_open_window(stage: &Stage) -> Check {
    // The provider counts these attempts, too.
    stage.control.limit(stage.provider(), 1_000, 1).await?;
    for capability in stage.capabilities().iter() {
        let Some(content) = sample(capability).filter(Content::is_free_form) else { continue };
        let answer = stage.send(&Message::new(contact(), content)).await;
        stage
            .refused(answer, stage.subject.never_wrote)
            .await
            .map_err(|broken| broken.at(format_args!("{capability}")))?;
    }
    Ok(())
}
