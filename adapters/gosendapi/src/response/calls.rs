//! Answers to the calls that only GoSendAPI offers. Members are `snake_case` or `camelCase`, and a single object may be in
//! `data` [docs; the latter inferred].

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use serde_json::Value;
use serde_json::value::RawValue;
use transom::adapter::Operation;
use transom::adapter::json::{self, Members};
use transom::message::MessageId;
use transom::transport::unreadable;
use transom::webhook::DeliveryStatus;
use transom::{PhoneNumber, Result, Secret};

use super::lists::{Page, decode};
use crate::error;

/// The project of an API key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Where its webhook calls go.
    pub webhook_url: Option<String>,
    /// When it was made.
    pub created_at: Option<SystemTime>,
}

/// A message in the list of messages. Which members there are is not documented, so any but the id may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageRecord {
    /// GoSendAPI's own id.
    pub id: MessageId,
    /// WhatsApp's id, once it is known.
    pub wamid: Option<MessageId>,
    /// How far it got.
    pub status: Option<DeliveryStatus>,
    /// The kind of its content, such as `text`.
    pub kind: Option<String>,
    /// The contact.
    pub to: Option<PhoneNumber>,
    /// Meta's id of the number that sent it.
    pub phone_number_id: Option<String>,
    /// The conversation that it belongs to.
    pub conversation_id: Option<String>,
    /// When it was made.
    pub created_at: Option<SystemTime>,
}

/// A registered webhook.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Where its calls go.
    pub url: Option<String>,
    /// The names of its events.
    pub events: Vec<String>,
    /// Whether calls are made.
    pub enabled: Option<bool>,
    /// What its calls are signed with: the `webhook_secret` of the channel. Only the answer to its registration has it.
    pub secret: Option<Secret>,
}

pub(crate) fn decode_me(response: &Response<Bytes>, now: SystemTime) -> Result<Project> {
    single(response, now, |project| {
        Some(Project {
            id: project.text(&["id"])?,
            name: project.text(&["name"]),
            webhook_url: project.text(&["webhookUrl", "webhook_url"]),
            created_at: project.time(&["createdAt", "created_at"]),
        })
    })
}

pub(crate) fn decode_messages(response: &Response<Bytes>, now: SystemTime) -> Result<Page<MessageRecord>> {
    decode(response, now, |item: Box<RawValue>| {
        let record = Members::from_raw(&item)?;
        let wamid = record.text(&["wamid"]).map(MessageId::from);
        let status = record.text(&["status"]);
        Some(MessageRecord {
            id: record.text(&["id"]).map(MessageId::from).or_else(|| wamid.clone())?,
            wamid,
            status: status.map(|word| DeliveryStatus::from_word(&word).unwrap_or(DeliveryStatus::Other(word))),
            kind: record.text(&["type"]),
            to: record.phone(&["to"]),
            phone_number_id: record.text(&["phone_number_id", "phoneNumberId"]),
            conversation_id: record.text(&["conversation_id", "conversationId"]),
            created_at: record.time(&["created_at", "createdAt"]),
        })
    })
}

pub(crate) fn decode_webhooks(response: &Response<Bytes>, now: SystemTime) -> Result<Page<Webhook>> {
    decode(response, now, |item: Box<RawValue>| webhook(&Members::from_raw(&item)?))
}

pub(crate) fn decode_webhook(response: &Response<Bytes>, now: SystemTime) -> Result<Webhook> {
    single(response, now, webhook)
}

pub(crate) fn decode_deliveries(response: &Response<Bytes>, now: SystemTime) -> Result<Page<Value>> {
    decode(response, now, |item: Box<RawValue>| Some(json::as_it_came(&item)))
}

fn webhook(members: &Members) -> Option<Webhook> {
    let events = members.raw(&["events"]).and_then(|raw| serde_json::from_str(raw.get()).ok());
    Some(Webhook {
        id: members.text(&["id"])?,
        url: members.text(&["url"]),
        events: events.unwrap_or_default(),
        enabled: members.flag(&["enabled"]),
        secret: members.text(&["secret"]).map(Secret::new),
    })
}

/// One object, bare or in `data`.
fn single<T>(response: &Response<Bytes>, now: SystemTime, read: impl Fn(&Members) -> Option<T>) -> Result<T> {
    if !response.status().is_success() {
        return Err(error::of_read(response, now));
    }
    let raw: Box<RawValue> = json::decode(response, Operation::Read)?;
    let bare = Members::from_raw(&raw);
    let inner = bare.as_ref().and_then(|bare| bare.object(&["data"]));
    let found = inner.as_ref().and_then(&read).or_else(|| bare.as_ref().and_then(&read));
    found.ok_or_else(|| unreadable(response.status(), Operation::Read, "there is no id in the answer"))
}

#[cfg(test)]
mod tests {
    use transom::ErrorKind;

    use super::*;
    use crate::error::tests::{answer, config};
    use crate::request::calls::{
        WebhookSettings, encode_create_webhook, encode_delete_webhook, encode_me, encode_update_webhook,
    };

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;
    const BASE: &str = "https://cloud.gosendapi.com/v1";

    #[test]
    fn project_is_read_bare_or_in_data() {
        assert_eq!(encode_me(&config()).unwrap().uri(), &*format!("{BASE}/me"));
        let bare =
            r#"{"id":"4","name":"Acme","webhookUrl":"https://hooks.example.org","createdAt":"2026-01-02T08:00:00Z"}"#;
        for body in [bare.to_owned(), format!(r#"{{"data":{bare}}}"#)] {
            let project = decode_me(&answer(200, &body), NOW).unwrap();
            assert_eq!((project.id.as_str(), project.name.as_deref()), ("4", Some("Acme")), "{body}");
            assert!(project.created_at.is_some() && project.webhook_url.is_some());
        }
        let refused = r#"{"statusCode":401,"message":"Invalid or missing API key","error":"Unauthorized"}"#;
        assert_eq!(decode_me(&answer(401, refused), NOW).unwrap_err().kind(), ErrorKind::Unauthenticated);
        assert_eq!(decode_me(&answer(200, "{}"), NOW).unwrap_err().kind(), ErrorKind::MalformedResponse);
    }

    #[test]
    fn messages_are_listed_with_whatever_members_they_have() {
        let body = r#"{"data":[{"id":90017,"wamid":"wamid.A","status":"delivered","type":"text","to":"34611222333","phone_number_id":"555123456789","created_at":"2026-02-03T09:20:00Z"},{"wamid":"wamid.B","status":"in_limbo"}]}"#;
        let records = decode_messages(&answer(200, body), NOW).unwrap().items;
        let [first, second] = records.as_slice() else { panic!("{records:?}") };
        assert_eq!((first.id.as_str(), first.status.clone()), ("90017", Some(DeliveryStatus::Delivered)));
        assert!(first.to.is_some() && first.created_at.is_some() && first.conversation_id.is_none());
        assert_eq!((second.id.as_str(), second.to.clone()), ("wamid.B", None));
        assert!(decode_messages(&answer(200, r#"{"data":[{"status":"sent"}]}"#), NOW).is_err());
    }

    #[test]
    fn webhook_is_registered_as_the_page_shows() {
        let settings =
            WebhookSettings::new("https://hooks.example.org/wa", ["whatsapp.message.received"]).for_number("31");
        let request = encode_create_webhook(&config(), &settings).unwrap();
        assert_eq!((request.method().as_str(), request.uri().to_string()), ("POST", format!("{BASE}/webhooks")));
        let expected = serde_json::json!({
            "url": "https://hooks.example.org/wa", "events": ["whatsapp.message.received"], "phone_number_id": "31",
            "type": "gosendapi_events",
        });
        assert_eq!(serde_json::from_slice::<Value>(request.body()).unwrap(), expected);
        let body = r#"{"id":"63","url":"https://hooks.example.org/wa","secret":"whsec_0d41c7","events":["whatsapp.message.received"],"enabled":true}"#;
        let webhook = decode_webhook(&answer(201, body), NOW).unwrap();
        assert_eq!((webhook.id.as_str(), webhook.enabled), ("63", Some(true)));
        assert_eq!(webhook.secret.as_ref().map(Secret::expose), Some("whsec_0d41c7"));
        assert!(!format!("{webhook:?}").contains("0d41c7"));
        let listed = decode_webhooks(&answer(200, &format!(r#"{{"data":[{body}]}}"#)), NOW).unwrap().items;
        assert_eq!(listed[0].events, ["whatsapp.message.received"]);
    }

    #[test]
    fn webhook_change_sends_what_changes_and_deletion_no_body() {
        let request = encode_update_webhook(&config(), "63", &WebhookSettings::default().enabled(false)).unwrap();
        assert_eq!((request.method().as_str(), request.uri().to_string()), ("PATCH", format!("{BASE}/webhooks/63")));
        assert_eq!(request.body(), r#"{"enabled":false}"#);
        let request = encode_delete_webhook(&config(), "63").unwrap();
        assert_eq!((request.method().as_str(), request.body().len()), ("DELETE", 0));
        assert!(encode_delete_webhook(&config(), "..").is_err());
    }
}
