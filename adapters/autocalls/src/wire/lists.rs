//! What an account has: senders, templates, conversations.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use transom::account::{Conversation, ConversationFilter, Sender, TemplateInfo};
use transom::adapter::{Operation, json};
use transom::transport::unreadable;
use transom::{Error, ErrorKind, PhoneNumber, Result};

use super::{Wanted, get};
use crate::config::Config;
use crate::error;

/// The largest page of conversations [docs, List Conversations].
const PER_PAGE: &str = "100";

/// `GET /user/whatsapp/senders`. Without `status=all` those that are offline are left out [docs, Get Senders].
pub(crate) fn encode_senders(config: &Config) -> Result<Request<Bytes>> {
    get(config, &["whatsapp", "senders"]).query("status", "all").empty(Operation::Read)
}

pub(crate) fn decode_senders(response: &Response<Bytes>, now: SystemTime) -> Result<Vec<Sender>> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "json::text_or_number")]
        id: Option<String>,
        #[serde(default, deserialize_with = "json::text_or_number")]
        phone_number: Option<String>,
        display_name: Option<String>,
        status: Option<String>,
    }
    let page: Page<Row> = page(response, now)?;
    let row = |row: Row| {
        let mut sender = Sender::new(row.id?, row.status.unwrap_or_default());
        sender.phone = row.phone_number.as_deref().and_then(phone);
        sender.name = row.display_name;
        Some(sender)
    };
    all(response, page.data.into_iter().map(row))
}

/// `GET /user/whatsapp/senders/{senderId}/templates`. Without `status=all` those that are not approved are left out
/// [docs, Get Templates].
pub(crate) fn encode_templates(config: &Config) -> Result<Request<Bytes>> {
    let sender = config.sender_id.to_string();
    get(config, &["whatsapp", "senders", &sender, "templates"]).query("status", "all").empty(Operation::Read)
}

pub(crate) fn decode_templates(response: &Response<Bytes>, now: SystemTime) -> Result<Vec<TemplateInfo>> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "json::text_or_number")]
        id: Option<String>,
        name: Option<String>,
        language: Option<String>,
        status: Option<String>,
        variables: Option<Value>,
    }
    let page: Page<Row> = page(response, now)?;
    let row = |row: Row| {
        let status = row.status.unwrap_or_default().to_lowercase();
        let template = TemplateInfo::new(row.id?, row.name?, row.language.unwrap_or_default(), status);
        Some(template.with_parameters(row.variables.as_ref().and_then(names)))
    };
    all(response, page.data.into_iter().map(row))
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

/// The id of the template that is wanted: its own, else that of the one in `listed` with its name and language. If
/// `checked`, its definition must have a place for each of its values, and be approved.
///
/// # Errors
/// [`ErrorKind::Config`] if it has no id and there is none of its name or several: which one is meant is for the
/// channel's templates table to say. [`ErrorKind::InvalidRequest`] or [`ErrorKind::TemplateRejected`] if the definition
/// is against it.
pub(crate) fn id_of(listed: &[TemplateInfo], wanted: &Wanted<'_>, checked: bool) -> Result<u64> {
    let (id, definition) = match wanted.id {
        // One that is not on the list is for the service to refuse.
        Some(id) => (id, listed.iter().find(|template| template.id == id.to_string())),
        None => by_name(listed, wanted).map(|(id, definition)| (id, Some(definition)))?,
    };
    if let Some(definition) = definition.filter(|_| checked) {
        definition.check_status()?;
        definition.check_names(wanted.names())?;
    }
    Ok(id)
}

fn by_name<'l>(listed: &'l [TemplateInfo], wanted: &Wanted<'_>) -> Result<(u64, &'l TemplateInfo)> {
    let fits = |template: &&TemplateInfo| template.name == wanted.name && template.language == wanted.language;
    let fitting: Vec<&TemplateInfo> = listed.iter().filter(fits).collect();
    let found = match fitting.as_slice() {
        [one] => match one.id.parse() {
            Ok(id) => return Ok((id, one)),
            Err(_) => "has an id that is not a whole number".to_owned(),
        },
        [] => "is not among the sender's templates".to_owned(),
        several => format!("stands for {} of the sender's templates", several.len()),
    };
    let (name, language) = (wanted.name, wanted.language);
    let problem = format!("template `{name}` in `{language}` {found}; give its id in the channel's templates table");
    Err(Error::invalid(ErrorKind::Config, vec![problem]))
}

/// `GET /user/conversations`, one page. The cursor of the first is empty.
pub(crate) fn encode_conversations(
    config: &Config,
    filter: &ConversationFilter,
    cursor: Option<&str>,
) -> Result<Request<Bytes>> {
    let mut request = get(config, &["conversations"]).query("type", "whatsapp").query("per_page", PER_PAGE);
    if let Some(contact) = &filter.contact {
        request = request.query("customer_phone", contact.as_str());
    }
    if let Some(cursor) = cursor {
        request = request.query("cursor", cursor);
    }
    request.empty(Operation::Read)
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

/// Every row, or an error if one lacks what names it: a list with holes would be taken for a whole one.
fn all<T>(response: &Response<Bytes>, rows: impl Iterator<Item = Option<T>>) -> Result<Vec<T>> {
    let rows: Option<Vec<T>> = rows.collect();
    rows.ok_or_else(|| unreadable(response.status(), Operation::Read, "an item of the list has no id or no name"))
}

fn phone(text: &str) -> Option<PhoneNumber> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::tests::{answer, config, to};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn lists_ask_for_what_the_service_hides_by_default() {
        let base = "https://app.autocalls.ai/api/user";
        let uri = |request: Result<Request<Bytes>>| request.unwrap().uri().to_string();
        assert_eq!(uri(encode_senders(&config())), format!("{base}/whatsapp/senders?status=all"));
        assert_eq!(uri(encode_templates(&config())), format!("{base}/whatsapp/senders/77/templates?status=all"));
        let filter = ConversationFilter::with_contact(to());
        assert_eq!(
            uri(encode_conversations(&config(), &filter, Some("a=b"))),
            format!("{base}/conversations?type=whatsapp&per_page=100&customer_phone=%2B447700900123&cursor=a%3Db")
        );
    }

    #[test]
    fn a_sender_has_its_id_number_name_and_state() {
        let body = r#"{"data":[{"id":77,"phone_number":"+12025550143","display_name":"Harbour Clinic","status":"offline","quality_rating":null,"messaging_limit":null}]}"#;
        let senders = decode_senders(&answer(200, body), NOW).unwrap();
        let [sender] = senders.as_slice() else { panic!("{senders:?}") };
        assert_eq!((sender.id.as_str(), sender.status.as_str()), ("77", "offline"));
        assert_eq!(sender.phone.as_ref().unwrap().as_str(), "+12025550143");
        assert_eq!(sender.name.as_deref(), Some("Harbour Clinic"));
    }

    #[test]
    fn a_template_has_the_names_of_its_variables() {
        let body = r#"{"data":[{"id":310,"name":"visit_reminder","language":"en","status":"Approved","variables":["first_name","day"],"has_variables":true},{"id":312,"name":"again","language":"pt_BR","status":"new"}]}"#;
        let templates = decode_templates(&answer(200, body), NOW).unwrap();
        assert_eq!(templates[0].parameters, ["first_name", "day"]);
        assert_eq!((templates[0].status.as_str(), templates[1].language.as_str()), ("approved", "pt_BR"));
        assert!(templates[0].parameters_known && !templates[1].parameters_known);
        let odd = r#"{"data":[{"id":1,"name":"a","variables":[1,"day"]},{"id":2,"name":"b","variables":[null]},{"id":3,"name":"c","variables":{}}]}"#;
        let odd = decode_templates(&answer(200, odd), NOW).unwrap();
        assert_eq!(odd[0].parameters, ["1", "day"]);
        assert!(!odd[1].parameters_known && !odd[2].parameters_known);
    }

    fn wanted<'t>(config: &'t Config, template: &'t transom::Template) -> Wanted<'t> {
        Wanted::of(config, template).unwrap()
    }

    #[test]
    fn a_definition_stops_what_does_not_fit_it_and_nothing_else() {
        let body = r#"{"data":[{"id":310,"name":"visit","language":"en","status":"approved","variables":["first_name","day"]},
            {"id":313,"name":"new","language":"en","status":"pending","variables":[]},
            {"id":314,"name":"odd","language":"en","status":"in_review"}]}"#;
        let listed = decode_templates(&answer(200, body), NOW).unwrap();
        let config = config();
        let template = |name: &str, values: &[&str]| transom::Template::new(name, "en").body(values.iter().copied());
        for (template, expected) in [
            (template("visit", &["Mara", "12 May"]), Ok(310)),
            (template("visit", &["Mara"]), Err(ErrorKind::InvalidRequest)),
            (template("visit", &["Mara", "12 May", "16:30"]), Err(ErrorKind::InvalidRequest)),
            (template("visit", &[]).body_named([("day", "12 May"), ("first_name", "Mara")]), Ok(310)),
            (template("visit", &[]).body_named([("day", "12 May"), ("name", "Mara")]), Err(ErrorKind::InvalidRequest)),
            (template("new", &[]), Err(ErrorKind::TemplateRejected)),
            // A state that nobody knows, and placeholders that nobody told, are for the service to judge.
            (template("odd", &["Mara"]), Ok(314)),
        ] {
            let found = id_of(&listed, &wanted(&config, &template), true).map_err(|error| error.kind());
            assert_eq!(found, expected, "{template:?}");
        }
        assert_eq!(id_of(&listed, &wanted(&config, &template("new", &["x"])), false).unwrap(), 313);
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
