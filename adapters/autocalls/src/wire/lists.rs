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
