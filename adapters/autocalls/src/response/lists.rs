//! Lists: senders, templates and conversations.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use transom::account::{Conversation, Sender, TemplateInfo};
use transom::adapter::{Operation, json};
use transom::transport::unreadable;
use transom::{PhoneNumber, Result};

use crate::error;

pub(crate) fn decode_senders(response: &Response<Bytes>, now: SystemTime) -> Result<Vec<Sender>> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "json::text_or_number")]
        id: Option<String>,
        #[serde(default, deserialize_with = "json::text_or_number")]
        phone_number: Option<String>,
        display_name: Option<String>,
        status: Option<String>,
        #[serde(default, deserialize_with = "json::text_or_number")]
        quality_rating: Option<String>,
        /// Null is no limit; a missing member says nothing.
        #[serde(default, deserialize_with = "limit")]
        messaging_limit: Option<String>,
    }
    let page: Page<Row> = page(response, now)?;
    let row = |row: Row| {
        let mut sender = Sender::new(row.id?, row.status.unwrap_or_default());
        sender.phone = row.phone_number.as_deref().and_then(phone);
        sender.name = row.display_name;
        sender.quality = row.quality_rating.map(|word| word.to_lowercase());
        sender.messaging_limit = row.messaging_limit;
        Some(sender)
    };
    all(response, page.data.into_iter().map(row))
}

pub(crate) fn decode_templates(response: &Response<Bytes>, now: SystemTime) -> Result<Vec<TemplateInfo>> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "json::text_or_number")]
        id: Option<String>,
        name: Option<String>,
        language: Option<String>,
        status: Option<String>,
        category: Option<String>,
        body_text: Option<String>,
        variables: Option<Value>,
    }
    let page: Page<Row> = page(response, now)?;
    let row = |row: Row| {
        let status = row.status.unwrap_or_default().to_lowercase();
        let mut template = TemplateInfo::new(row.id?, row.name?, row.language.unwrap_or_default(), status);
        template.category = row.category.map(|word| word.to_lowercase());
        template.body = row.body_text;
        Some(template.with_parameters(row.variables.as_ref().and_then(names)))
    };
    all(response, page.data.into_iter().map(row))
}

/// A sender's limit: a number of contacts, or null for none [docs, Get Senders].
fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<String>, D::Error> {
    Ok(json::text_or_number(deserializer)?.or_else(|| Some("unlimited".to_owned())))
}

/// The names of a template's variables. A list of another form tells none, and takes no other template with it.
fn names(variables: &Value) -> Option<Vec<String>> {
    let name = |variable: &Value| match variable {
        Value::String(name) => Some(name.clone()),
        Value::Number(place) => Some(place.to_string()),
        _ => None,
    };
    variables.as_array()?.iter().map(name).collect()
}

/// One page of conversations, and the cursor of the next. They have no state and no time of the last message [docs,
/// List Conversations], so both stay empty.
pub(crate) fn decode_conversations(
    response: &Response<Bytes>,
    now: SystemTime,
) -> Result<(Vec<Conversation>, Option<String>)> {
    #[derive(Deserialize)]
    struct Row {
        /// A UUID, unlike the number that the answers to sends call by the same name.
        #[serde(default, deserialize_with = "json::text_or_number")]
        id: Option<String>,
        customer: Option<Customer>,
    }
    #[derive(Deserialize)]
    struct Customer {
        #[serde(default, deserialize_with = "json::text_or_number")]
        phone: Option<String>,
    }
    let page: Page<Row> = page(response, now)?;
    let row = |row: Row| {
        let mut conversation = Conversation::new(row.id?, "");
        conversation.contact = row.customer.and_then(|customer| customer.phone).as_deref().and_then(phone);
        Some(conversation)
    };
    let conversations = all(response, page.data.into_iter().map(row))?;
    Ok((conversations, page.next_cursor.filter(|cursor| !cursor.is_empty())))
}

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
}

fn page<T: DeserializeOwned>(response: &Response<Bytes>, now: SystemTime) -> Result<Page<T>> {
    if response.status().is_success() {
        json::decode(response, Operation::Read)
    } else {
        Err(error::refusal(response, now, Operation::Read, None))
    }
}

/// Returns every row, or an error if a row has no id or name. A list with gaps would look complete.
fn all<T>(response: &Response<Bytes>, rows: impl Iterator<Item = Option<T>>) -> Result<Vec<T>> {
    let rows: Option<Vec<T>> = rows.collect();
    rows.ok_or_else(|| unreadable(response.status(), Operation::Read, "an item of the list has no id or no name"))
}

fn phone(text: &str) -> Option<PhoneNumber> {
    PhoneNumber::from_e164(text).ok()
}

#[cfg(test)]
mod tests {
    use transom::ErrorKind;

    use super::*;
    use crate::error::tests::{answer, to};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn a_sender_has_its_id_number_name_and_state() {
        let body = r#"{"data":[{"id":77,"phone_number":"+12025550143","display_name":"Harbour Clinic","status":"offline","quality_rating":null,"messaging_limit":null}]}"#;
        let senders = decode_senders(&answer(200, body), NOW).unwrap();
        let [sender] = senders.as_slice() else { panic!("{senders:?}") };
        assert_eq!((sender.id.as_str(), sender.status.as_str()), ("77", "offline"));
        assert_eq!(sender.phone.as_ref().unwrap().as_str(), "+12025550143");
        assert_eq!(sender.name.as_deref(), Some("Harbour Clinic"));
        assert_eq!((sender.quality.as_deref(), sender.messaging_limit.as_deref()), (None, Some("unlimited")));
        let page = r#"{"data":[{"id":77,"phone_number":"+12025550143","display_name":"Harbour Clinic","status":"online","quality_rating":"GREEN","messaging_limit":1000,"messaging_limit_formatted":"1,000 / 24hr"},{"id":78,"status":"online"}]}"#;
        let senders = decode_senders(&answer(200, page), NOW).unwrap();
        let limits = senders.iter().map(|s| (s.quality.as_deref(), s.messaging_limit.as_deref())).collect::<Vec<_>>();
        assert_eq!(limits, [(Some("green"), Some("1000")), (None, None)]);
    }

    #[test]
    fn a_template_has_the_names_of_its_variables() {
        let body = r#"{"data":[{"id":310,"name":"visit_reminder","language":"en","category":"utility","status":"Approved","body_text":"Hello {{1}}, see you on {{2}}.","variables":["first_name","day"],"has_variables":true},{"id":312,"name":"again","language":"pt_BR","status":"new"}]}"#;
        let templates = decode_templates(&answer(200, body), NOW).unwrap();
        assert_eq!(templates[0].parameters, ["first_name", "day"]);
        let more = |template: &TemplateInfo| (template.category.clone(), template.body.clone());
        assert_eq!(more(&templates[0]), (Some("utility".into()), Some("Hello {{1}}, see you on {{2}}.".into())));
        assert_eq!(more(&templates[1]), (None, None));
        assert_eq!((templates[0].status.as_str(), templates[1].language.as_str()), ("approved", "pt_BR"));
        assert!(templates[0].parameters_known && !templates[1].parameters_known);
        let odd = r#"{"data":[{"id":1,"name":"a","variables":[1,"day"]},{"id":2,"name":"b","variables":[null]},{"id":3,"name":"c","variables":{}}]}"#;
        let odd = decode_templates(&answer(200, odd), NOW).unwrap();
        assert_eq!(odd[0].parameters, ["1", "day"]);
        assert!(!odd[1].parameters_known && !odd[2].parameters_known);
    }

    #[test]
    fn a_page_of_conversations_ends_with_the_cursor_of_the_next() {
        let page = |cursor: &str| {
            let body = format!(
                r#"{{"data":[{{"id":"0b7b6a1e","type":"whatsapp","customer":{{"name":"Mara","phone":"+447700900123"}}}},{{"id":"1"}}],"next_cursor":{cursor}}}"#
            );
            decode_conversations(&answer(200, &body), NOW).unwrap()
        };
        let (conversations, cursor) = page("\"abc\"");
        assert_eq!(cursor.as_deref(), Some("abc"));
        assert_eq!((conversations[0].id.as_str(), conversations[0].contact.clone()), ("0b7b6a1e", Some(to())));
        assert_eq!(conversations[1].contact, None);
        assert_eq!(page("null").1, None);
    }

    #[test]
    fn a_list_with_a_hole_is_no_list() {
        for body in ["", "{}", r#"{"data":{}}"#, r#"{"data":[{"name":"x"}]}"#, r#"{"data":[{"id":"1"},{"id":null}]}"#] {
            for error in [
                decode_senders(&answer(200, body), NOW).unwrap_err(),
                decode_templates(&answer(200, body), NOW).unwrap_err(),
                decode_conversations(&answer(200, body), NOW).unwrap_err(),
            ] {
                assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::MalformedResponse, false), "{body}");
            }
        }
    }
}
