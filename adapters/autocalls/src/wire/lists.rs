//! What an account has: senders, templates, conversations.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use transom::transport::unreadable;
use transom::{
    Conversation, ConversationFilter, Error, ErrorKind, PhoneNumber, Purpose, Result, Sender, TemplateInfo, json,
};

use super::{Wanted, get};
use crate::config::Config;
use crate::error;

/// The largest page of conversations [docs, List Conversations].
const PER_PAGE: &str = "100";

/// `GET /user/whatsapp/senders`. Without `status=all` those that are offline are left out [docs, Get Senders].
pub(crate) fn encode_senders(config: &Config) -> Result<Request<Bytes>> {
    get(config, &["whatsapp", "senders"]).query("status", "all").empty(Purpose::Read)
}

pub(crate) fn decode_senders(response: &Response<Bytes>, now: SystemTime) -> Result<Vec<Sender>> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "json::text_or_number")]
        id: Option<String>,
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
    get(config, &["whatsapp", "senders", &sender, "templates"]).query("status", "all").empty(Purpose::Read)
}

pub(crate) fn decode_templates(response: &Response<Bytes>, now: SystemTime) -> Result<Vec<TemplateInfo>> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "json::text_or_number")]
        id: Option<String>,
        name: Option<String>,
        language: Option<String>,
        status: Option<String>,
        variables: Option<Vec<String>>,
    }
    let page: Page<Row> = page(response, now)?;
    let row = |row: Row| {
        let status = row.status.unwrap_or_default().to_lowercase();
        let mut template = TemplateInfo::new(row.id?, row.name?, row.language.unwrap_or_default(), status);
        template.parameters = row.variables.unwrap_or_default();
        Some(template)
    };
    all(response, page.data.into_iter().map(row))
}

/// The id of the one template in `listed` with this name and language.
///
/// # Errors
/// [`ErrorKind::Config`] if there is none or several: which one is meant is for the channel's templates table to say.
pub(crate) fn id_of(listed: &[TemplateInfo], wanted: &Wanted<'_>) -> Result<u64> {
    let fits = |template: &&TemplateInfo| template.name == wanted.name && template.language == wanted.language;
    let fitting: Vec<&TemplateInfo> = listed.iter().filter(fits).collect();
    let found = match fitting.as_slice() {
        [one] => match one.id.parse() {
            Ok(id) => return Ok(id),
            Err(_) => "has an id that is not a whole number".to_owned(),
        },
        [] => "is not among the sender's templates".to_owned(),
        several => format!("stands for {} of the sender's templates", several.len()),
    };
    let (name, language) = (wanted.name, wanted.language);
    let problem = format!("template `{name}` in `{language}` {found}; give its id in the channel's templates table");
    Err(Error::problems(ErrorKind::Config, vec![problem]))
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
    request.empty(Purpose::Read)
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
        json::decode(response, Purpose::Read)
    } else {
        Err(error::refusal(response, now, Purpose::Read, None))
    }
}

/// Every row, or an error if one lacks what names it: a list with holes would be taken for a whole one.
fn all<T>(response: &Response<Bytes>, rows: impl Iterator<Item = Option<T>>) -> Result<Vec<T>> {
    let rows: Option<Vec<T>> = rows.collect();
    rows.ok_or_else(|| unreadable(response.status(), Purpose::Read, "an item of the list has no id or no name"))
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
        assert!(templates[1].parameters.is_empty());
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
