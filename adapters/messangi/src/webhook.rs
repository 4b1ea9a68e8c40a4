//! Messangi's callbacks: the states of messages, and inbound messages ("MO").
//!
//! Of either only some of the fields are documented, and nothing is signed [docs, Callback URL WhatsApp Business,
//! Callback URL (MO)]. So as little as possible is required, and anything else is kept as [`Event::Unknown`].

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::value::RawValue;

use transom::adapter::json;
use transom::adapter::json::Members;
use transom::time::rfc3339;
use transom::webhook::{
    DeliveryStatus, Event, Inbound, InboundContent, InboundMedia, InboundReply, StatusUpdate, WebhookEvents,
};
use transom::{Error, ErrorKind, PhoneNumber, Result, Secret};

use crate::error;

/// Reads one callback. It cannot be verified.
///
/// # Errors
/// [`ErrorKind::Unauthenticated`] if a secret is configured: whoever asks for verified callbacks must not get others.
pub(crate) fn read(secrets: &[Secret], request: &Request<Bytes>) -> Result<WebhookEvents> {
    if !secrets.is_empty() {
        let why = "this provider signs nothing, so that no callback fits `webhook_secret`";
        return Err(Error::new(ErrorKind::Unauthenticated, why));
    }
    // Read as raw text first, so that ids keep their digits.
    let body: Box<RawValue> = serde_json::from_slice(request.body())
        .map_err(|error| Error::new(ErrorKind::MalformedResponse, "the callback is not JSON").with_source(error))?;
    let list: Option<Vec<Box<RawValue>>> =
        if body.get().starts_with('[') { serde_json::from_str(body.get()).ok() } else { None };
    let events = list.unwrap_or_else(|| vec![body]).iter().map(|item| event(item)).collect();
    Ok(WebhookEvents::new(false, events))
}

fn event(raw: &RawValue) -> Event {
    let known = serde_json::from_str::<Callback>(raw.get()).ok().and_then(|callback| {
        // Only the one has a state, and only the other a user.
        if callback.status.is_some() {
            status(callback).map(Event::Status)
        } else {
            inbound(callback, raw).map(Event::Inbound)
        }
    });
    known.unwrap_or_else(|| Event::Unknown(json::as_it_came(raw)))
}

/// The fields of both kinds of callback. Every one of them may be missing.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Callback {
    #[serde(deserialize_with = "json::text_or_number")]
    id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    status: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    to: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    date: Option<String>,
    /// Milliseconds since 1970 [docs, Callback URL (MT)].
    #[serde(deserialize_with = "json::text_or_number")]
    timestamp: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    external_id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    reason: Option<String>,
    /// The contact; `origin` is the sender [field].
    #[serde(deserialize_with = "json::text_or_number")]
    user: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    origin: Option<String>,
    /// The channel, or a name for it [field].
    #[serde(deserialize_with = "json::text_or_number")]
    connection: Option<String>,
    #[serde(deserialize_with = "json::text_or_number")]
    text: Option<String>,
    extra_info: Option<Box<RawValue>>,
}

fn status(callback: Callback) -> Option<StatusUpdate> {
    let at = callback.at();
    let word = callback.status?;
    let status = match word.trim().to_ascii_uppercase().as_str() {
        // Received, and on its way to WhatsApp.
        "QUEUE" | "QUEUED" | "ACCEPTED" | "DEQUEUED" => DeliveryStatus::Queued,
        "SENT" => DeliveryStatus::Sent,
        // The final words are not on the page; the short ones are those of the SMS callbacks [docs, Callback URL (MT)].
        "DELIVERED" | "DELIVRD" => DeliveryStatus::Delivered,
        "READ" | "SEEN" => DeliveryStatus::Read,
        _ => DeliveryStatus::Other(word.clone()),
    };
    let failure = error::of_callback(&word, callback.reason.as_deref().unwrap_or_default());
    let status = if failure.is_some() { DeliveryStatus::Failed } else { status };
    let mut update = StatusUpdate::new(callback.id?, status);
    update.at = at;
    update.to = callback.to.as_deref().and_then(phone);
    update.reference = callback.external_id;
    update.error = failure;
    Some(update)
}

fn inbound(callback: Callback, raw: &RawValue) -> Option<Inbound> {
    // One URL may serve all channels, and a text message opens no window at WhatsApp.
    let channel = callback.connection.as_deref().unwrap_or_default();
    if ["SMS", "EMAIL", "PUSH", "RCS"].iter().any(|other| channel.eq_ignore_ascii_case(other)) {
        return None;
    }
    let at = callback.at()?;
    let extra = callback.extra_info.as_deref().and_then(Members::from_raw);
    let contacts = extra.as_ref().and_then(|extra| extra.objects(&["contacts"])).unwrap_or_default();
    let contact = contacts.first().and_then(|contact| Members::from_raw(contact));
    let from = callback.user.as_deref().and_then(phone).or_else(|| contact.as_ref()?.phone(&["wa_id"]))?;
    let content = content(callback.text.as_deref(), extra.as_ref());
    let content = content.unwrap_or_else(|| InboundContent::Unknown { raw: json::as_it_came(raw) });
    let mut inbound = Inbound::new(callback.id.unwrap_or_default(), from, at, content);
    inbound.to = callback.origin.as_deref().and_then(phone);
    inbound.name = contact.and_then(|contact| contact.object(&["profile"])?.text(&["name"]));
    Some(inbound)
}

/// The content; `None` if its type is unknown.
fn content(text: Option<&str>, extra: Option<&Members>) -> Option<InboundContent> {
    let kind = extra.and_then(|extra| extra.text(&["type"]));
    let attachments = extra.and_then(|extra| extra.objects(&["attachments"])).unwrap_or_default();
    match (kind.as_deref().unwrap_or("text"), attachments.as_slice()) {
        ("text", []) => text.map(|body| InboundContent::Text { body: body.to_owned() }),
        ("interactive", []) => reply(&extra?.object(&["interactive"])?, text),
        (kind, [one]) => InboundContent::media(kind, media(one, text)?),
        _ => None,
    }
}

fn media(attachment: &RawValue, text: Option<&str>) -> Option<InboundMedia> {
    let attachment = Members::from_raw(attachment)?;
    let mut media = InboundMedia::default();
    media.link = Some(attachment.text(&["url"])?);
    media.caption = attachment.text(&["caption"]).or_else(|| text.map(str::to_owned));
    media.filename = attachment.text(&["fileName"]);
    Some(media)
}

/// The choice of a button or of a row, in WhatsApp's own shape; its title is the text, too [inferred].
fn reply(interactive: &Members, text: Option<&str>) -> Option<InboundContent> {
    ["button_reply", "list_reply"].iter().find_map(|kind| {
        let reply = interactive.object(&[kind])?;
        let title = reply.text(&["title"]).or_else(|| text.map(str::to_owned));
        InboundContent::reply(kind, InboundReply::new(Some(reply.text(&["id"])?), title))
    })
}

impl Callback {
    fn at(&self) -> Option<SystemTime> {
        let date = self.date.as_deref();
        date.and_then(date_or_millis).or_else(|| self.timestamp.as_deref().and_then(millis))
    }
}

/// A short number is no instant: it would be one of January 1970.
fn date_or_millis(text: &str) -> Option<SystemTime> {
    date(text).or_else(|| millis(text).filter(|_| text.len() >= 12))
}

/// UTC where no offset stands at its end. The page's own pattern has a dash before the `T` [docs, Callback URL WhatsApp
/// Business].
fn date(text: &str) -> Option<SystemTime> {
    let text = text.trim().replacen("-T", "T", 1);
    rfc3339::parse(&text).or_else(|| rfc3339::parse(&format!("{text}Z")))
}

fn millis(text: &str) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(text.trim().parse().ok()?))
}

fn phone(text: &str) -> Option<PhoneNumber> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STATUS: &str = r#"{"id":"6c1e","status":"DELIVERED","from":"5215500001111","to":"+5215599992222","externalId":"ord7781","clientId":"cust42","campaignId":null,"callback":"https://hooks.example.net/dlr","date":"2026-01-01T00:00:04.210Z","timestamp":1767225604210,"username":"ops@example.com","message":"Ready"}"#;
    const INBOUND: &str = r#"{"id":"in-5501","owner":"ops@example.com","date":"2026-01-01T00:10:00Z","processId":88,"origin":"5215500001111","user":"+5215599992222","connection":"WHATSAPP","externalId":"","callback":"https://hooks.example.net/mo","text":"On my way","extraInfo":{"type":"text","contacts":[{"profile":{"name":"Ana"},"wa_id":"5215599992222"}]}}"#;

    fn all(body: &str) -> Vec<Event> {
        let events = read(&[], &Request::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
        assert!(!events.verified);
        events.events
    }

    fn status_of(body: &str) -> StatusUpdate {
        let [Event::Status(status)] = &all(body)[..] else { panic!("{body}") };
        status.clone()
    }

    fn inbound_of(body: &str) -> Inbound {
        let [Event::Inbound(inbound)] = &all(body)[..] else { panic!("{body}") };
        inbound.clone()
    }

    /// The inbound message with another text and another `extraInfo`.
    fn with(text: &str, extra: &str) -> String {
        let at = INBOUND.find(r#""text":"#).unwrap();
        format!(r#"{}"text":{text},"extraInfo":{extra}}}"#, &INBOUND[..at])
    }

    #[test]
    fn status_event_has_message_contact_time_and_reference() {
        let status = status_of(STATUS);
        assert_eq!(status.message_id.as_str(), "6c1e");
        assert_eq!(status.status, DeliveryStatus::Delivered);
        assert_eq!(status.to.unwrap().as_str(), "+5215599992222");
        assert_eq!(status.reference.as_deref(), Some("ord7781"));
        assert_eq!(rfc3339::format(status.at.unwrap()), "2026-01-01T00:00:04.21Z");
        assert_eq!(status.error, None);
    }

    #[test]
    fn a_callback_is_the_same_event_however_its_values_are_written() {
        let (status, inbound) = (status_of(STATUS), inbound_of(INBOUND));
        let same = |change: &dyn Fn(&str) -> String| {
            assert_eq!(status_of(&change(STATUS)), status, "{}", change(STATUS));
            assert_eq!(inbound_of(&change(INBOUND)), inbound, "{}", change(INBOUND));
        };
        // Members that nobody knows, and nulls for those that nothing here needs.
        same(&|body| body.replacen('{', r#"{"new":{"x":[1]},"newer":null,"#, 1));
        same(&|body| {
            body.replace(r#""username":"ops@example.com","#, "")
                .replace(r#""owner":"ops@example.com""#, r#""owner":null"#)
        });
        // Numbers with and without a plus, grouped, and as JSON numbers.
        for number in [r#""5215599992222""#, r#""+52 1 55 9999 2222""#, "5215599992222"] {
            same(&|body| body.replace(r#""+5215599992222""#, number));
        }
        same(&|body| body.replace(r#""5215500001111""#, "5215500001111"));
        // The same instant with another offset, as the page's own pattern, and as Unix time.
        same(&|body| body.replace("00:00:04.210Z", "05:30:04.210+05:30").replace("00:10:00Z", "05:40:00+05:30"));
        same(&|body| body.replace("2026-01-01T", "2026-01-01-T"));
        same(&|body| {
            body.replace(r#""2026-01-01T00:00:04.210Z""#, "null").replace(r#""2026-01-01T00:10:00Z""#, "1767226200000")
        });
        // The name may lack, and with it all that stands beside the text.
        let bare = inbound_of(&with("\"On my way\"", "null"));
        assert_eq!((bare.name, bare.content, bare.at), (None, inbound.content.clone(), inbound.at));
        // Ids beyond what a float can hold.
        for id in ["9007199254740993", "18446744073709551617"] {
            assert_eq!(status_of(&STATUS.replace(r#""6c1e""#, id)).message_id.as_str(), id);
            assert_eq!(inbound_of(&INBOUND.replace(r#""in-5501""#, id)).message_id.as_str(), id);
        }
        let spare = status_of(r#"{"id":"6c1e","status":"DELIVERED"}"#);
        assert_eq!((spare.message_id, spare.status), (status.message_id, status.status));
        assert_eq!((spare.at, spare.to, spare.reference), (None, None, None));
    }

    #[test]
    fn state_words_are_case_insensitive_and_new_ones_kept() {
        for (word, status) in [
            ("QUEUE", DeliveryStatus::Queued),
            ("DEQUEUED", DeliveryStatus::Queued),
            ("sent", DeliveryStatus::Sent),
            ("DELIVRD", DeliveryStatus::Delivered),
            ("Read", DeliveryStatus::Read),
            ("SEEN", DeliveryStatus::Read),
            ("Parked", DeliveryStatus::Other("Parked".into())),
        ] {
            let read = status_of(&STATUS.replace("DELIVERED", word));
            assert_eq!((read.status, read.error), (status, None), "{word}");
        }
    }

    #[test]
    fn a_state_that_will_not_arrive_is_a_failure_with_its_kind() {
        for (word, kind) in [
            ("CODE_NOT_ALLOWED", ErrorKind::SenderUnavailable),
            ("INCOMPLETE", ErrorKind::TemplateRejected),
            ("blacklisted", ErrorKind::RecipientInvalid),
            ("QUOTA_EXCEEDED", ErrorKind::RateLimited),
            ("FAILED", ErrorKind::ProviderUnavailable),
            ("UNDELIV", ErrorKind::ProviderUnavailable),
            ("UNDELIVERED", ErrorKind::ProviderUnavailable),
            ("EXPIRED", ErrorKind::ProviderUnavailable),
            ("REJECTED", ErrorKind::InvalidRequest),
            ("REJECTD", ErrorKind::InvalidRequest),
        ] {
            let status = status_of(&STATUS.replace("DELIVERED", word));
            assert_eq!(status.status, DeliveryStatus::Failed, "{word}");
            assert_eq!(status.error, Some((kind, word.to_uppercase())));
        }
    }

    #[test]
    fn closed_window_may_be_failed_state_with_whatsapp_code() {
        let body = r#"{"id":7,"status":"FAILED","reason":"131047 Re-engagement message"}"#;
        let status = status_of(body);
        assert_eq!(status.error, Some((ErrorKind::SessionExpired, "131047".into())));
        assert_eq!((status.message_id.as_str(), status.at, status.to), ("7", None, None));
    }

    #[test]
    fn date_is_utc_in_every_form_else_timestamp_counts() {
        for date in [
            r#""2026-01-01T00:00:04.210Z""#,
            r#""2026-01-01-T00:00:04.210Z""#,
            r#""2026-01-01T00:00:04.210""#,
            "null",
            r#""soon""#,
        ] {
            let status = status_of(&STATUS.replace(r#""2026-01-01T00:00:04.210Z""#, date));
            assert_eq!(rfc3339::format(status.at.unwrap()), "2026-01-01T00:00:04.21Z", "{date}");
        }
        let absurd = STATUS.replace(r#""2026-01-01T00:00:04.210Z""#, "null").replace("1767225604210", "-1");
        assert_eq!(status_of(&absurd).at, None);
    }

    #[test]
    fn an_inbound_message_is_from_the_user_to_the_origin() {
        let inbound = inbound_of(INBOUND);
        assert_eq!(inbound.message_id.as_str(), "in-5501");
        assert_eq!(inbound.from.as_str(), "+5215599992222");
        assert_eq!(inbound.to.unwrap().as_str(), "+5215500001111");
        assert_eq!(inbound.name.as_deref(), Some("Ana"));
        assert_eq!(rfc3339::format(inbound.at), "2026-01-01T00:10:00Z");
        assert_eq!(inbound.content.to_json(), json!({ "type": "text", "body": "On my way" }));
        assert_eq!(inbound_of(&with("\"Hi\"", "null")).content.to_json(), json!({ "type": "text", "body": "Hi" }));
    }

    #[test]
    fn what_a_person_chose_or_attached_is_read_and_the_rest_is_kept() {
        for (text, extra, content) in [
            (
                r#""Keep""#,
                r#"{"type":"interactive","interactive":{"button_reply":{"id":"yes","title":"Keep"}}}"#,
                json!({ "type": "button_reply", "id": "yes", "title": "Keep" }),
            ),
            (
                r#""Mon""#,
                r#"{"type":"interactive","interactive":{"list_reply":{"id":"m9","title":"Mon"}}}"#,
                json!({ "type": "list_reply", "id": "m9", "title": "Mon" }),
            ),
            (
                r#""""#,
                r#"{"type":"image","attachments":[{"fileName":"a.png","url":"https://f.example/a.png","caption":"c"}]}"#,
                json!({ "type": "image", "link": "https://f.example/a.png", "caption": "c", "filename": "a.png" }),
            ),
            (
                r#""see""#,
                r#"{"type":"document","attachments":[{"url":"https://f.example/a.pdf"}]}"#,
                json!({ "type": "document", "link": "https://f.example/a.pdf", "caption": "see" }),
            ),
        ] {
            assert_eq!(inbound_of(&with(text, extra)).content.to_json(), content, "{extra}");
        }
        for extra in [
            r#"{"type":"location"}"#,
            r#"{"type":"interactive"}"#,
            r#"{"type":"image","attachments":[]}"#,
            r#"{"type":"image","attachments":[{"url":"https://a"},{"url":"https://b"}]}"#,
        ] {
            let content = inbound_of(&with("null", extra)).content.to_json();
            assert_eq!((&content["type"], &content["raw"]["id"]), (&json!("unknown"), &json!("in-5501")), "{extra}");
        }
    }

    #[test]
    fn a_message_of_another_channel_opens_no_window() {
        let [Event::Unknown(raw)] = &all(&INBOUND.replace("WHATSAPP", "sms"))[..] else { panic!() };
        assert_eq!(raw["id"], "in-5501");
        assert_eq!(inbound_of(&INBOUND.replace("WHATSAPP", "Support line")).name.as_deref(), Some("Ana"));
    }

    #[test]
    fn list_gives_one_event_each_and_keeps_unknown_items() {
        assert_eq!(all(&format!("[{STATUS},{INBOUND},7]")).len(), 3);
        for body in [
            r#"{"a":1}"#,
            r#"{"status":"SENT"}"#,
            r#"{"user":"+5215599992222","text":"no date"}"#,
            r#"{"user":"+5215599992222","date":20260101,"text":"x"}"#,
            r#"{"user":"nobody","date":"2026-01-01T00:10:00Z","text":"x"}"#,
            r#"{"id":"a","id":"b","status":"SENT"}"#,
            "7",
            "null",
        ] {
            assert!(matches!(&all(body)[..], [Event::Unknown(_)]), "{body}");
        }
        let error = read(&[], &Request::new(Bytes::from_static(b"id=1"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedResponse);
    }

    #[test]
    fn with_a_secret_nothing_is_believed_since_nothing_is_signed() {
        let request =
            Request::builder().header("x-signature", "00").body(Bytes::from_static(STATUS.as_bytes())).unwrap();
        let error = read(&[Secret::new("secret")], &request).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    }
}
