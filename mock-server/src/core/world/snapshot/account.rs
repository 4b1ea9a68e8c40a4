//! The accounts of a world as JSON, and back.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{TEXT, TIME, WHOLE_NUMBER, phone, provider, time, whole};
use crate::core::behavior_switch::Switches;
use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::limiter::Limiter;
use crate::core::members::Members;
use crate::core::time::rfc3339;
use crate::core::time::{exact_duration, parse_duration};
use crate::core::world::{Account, Sender, Template, TemplateStatus, World};

const TEMPLATE: [&str; 7] = ["id", "name", "language", "status", "category", "body", "parameters"];
const ACCOUNT: [&str; 7] = ["provider", "balance", "conversations_end", "limit", "switches", "senders", "templates"];
/// Ten years: no window is longer, and no time in a state is so late that adding this much leaves what dates can print.
const LONGEST_WINDOW: Duration = Duration::from_secs(3_650 * 86_400);

pub(super) fn export(provider: &str, account: &Account) -> Value {
    let switches: Map<String, Value> =
        account.switches.iter().map(|(switch, value)| (switch.name.to_owned(), Value::from(value))).collect();
    json!({
        "provider": provider,
        "balance": account.balance,
        "conversations_end": account.conversations_end,
        "limit": limit_json(&account.limiter),
        "switches": switches,
        "senders": account.senders.iter().map(sender_json).collect::<Vec<_>>(),
        "templates": account.templates.iter().map(template_json).collect::<Vec<_>>(),
    })
}

/// Fills every account of a fresh world; each must be there once.
pub(super) fn import(fresh: &mut World, state: &mut Members) -> Result<(), ControlError> {
    let mut missing: Vec<&'static str> = fresh.accounts.keys().copied().collect();
    for mut row in state.rows("accounts")? {
        let provider = provider(fresh, &mut row)?;
        let Some(place) = missing.iter().position(|name| *name == provider) else {
            return Err(row.error(&format!("`provider` is \"{provider}\" a second time, expected each once")));
        };
        missing.swap_remove(place);
        let account = account(fresh.account(provider).switches.clone(), row)?;
        fresh.open_account(provider, account);
    }
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_unstable();
    Err(state.error(&format!("`accounts` lacks {}, expected every provider's", list(missing))))
}

/// Reads one account. A switch that is not named keeps its default, so that a state from before it existed can be read.
fn account(mut switches: Switches, mut row: Members) -> Result<Account, ControlError> {
    let balance = match row.take("balance") {
        None => None,
        Some(value) => match value.as_f64().filter(|balance| balance.is_finite()) {
            Some(balance) => Some(balance),
            None => return Err(row.wrong("balance", &value, "a number or null")),
        },
    };
    let conversations_end = needed_flag(&mut row, "conversations_end")?;
    let limiter = limit(row.object("limit")?)?;
    let mut given = row.object("switches")?;
    let names: Vec<&'static str> = switches.iter().map(|(switch, _)| switch.name).collect();
    for name in &names {
        if let Some(value) = given.text(name)? {
            switches.set(name, &value).map_err(|error| given.error(&error.to_string()))?;
        }
    }
    given.finish(&names)?;
    let senders = row.rows("senders")?.into_iter().map(sender).collect::<Result<_, _>>()?;
    let templates = row.rows("templates")?.into_iter().map(template).collect::<Result<_, _>>()?;
    row.finish(&ACCOUNT)?;
    Ok(Account { senders, templates, balance, limiter, conversations_end, switches })
}

fn limit_json(limiter: &Limiter) -> Value {
    let mut json = json!({
        "limit": limiter.limit, "window": exact_duration(limiter.window),
        "started_at": limiter.started.map(rfc3339), "used": limiter.used,
    });
    // Only where it is, so that a mock that does not know of it reads every other state.
    if let (true, Value::Object(members)) = (limiter.off, &mut json) {
        members.insert("off".to_owned(), true.into());
    }
    json
}

fn limit(mut members: Members) -> Result<Limiter, ControlError> {
    let count = |name: &str, members: &mut Members| {
        let number = members.number(name, 0, u64::from(u32::MAX))?.and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| members.missing(name, "a number of requests"))
    };
    let limit = count("limit", &mut members)?;
    let used = count("used", &mut members)?;
    let window = members.needed("window", "a duration of at most 3650d, such as \"300s\"", |text| {
        parse_duration(text).filter(|window| *window <= LONGEST_WINDOW)
    })?;
    let started = members.parsed("started_at", TIME, time)?;
    let off = members.flag("off")?.unwrap_or(false);
    members.finish(&["limit", "window", "started_at", "used", "off"])?;
    Ok(Limiter { limit, window, started, used, off })
}

fn sender_json(sender: &Sender) -> Value {
    json!({
        "id": sender.id, "phone": sender.phone.e164(), "name": sender.name, "online": sender.online, "owned": sender.owned,
    })
}

fn sender(mut row: Members) -> Result<Sender, ControlError> {
    let sender = Sender {
        id: row.needed_text("id", TEXT)?,
        phone: phone(&mut row, "phone")?,
        name: row.needed_text("name", TEXT)?,
        online: needed_flag(&mut row, "online")?,
        owned: needed_flag(&mut row, "owned")?,
    };
    row.finish(&["id", "phone", "name", "online", "owned"])?;
    Ok(sender)
}

fn template_json(template: &Template) -> Value {
    json!({
        "id": template.id.to_string(), "name": template.name, "language": template.language,
        "status": template.status.as_str(), "category": template.category, "body": template.body,
        "parameters": template.parameters,
    })
}

fn template(mut row: Members) -> Result<Template, ControlError> {
    let parameters = match row.take("parameters") {
        None => return Err(row.missing("parameters", "an array of names")),
        Some(value) => match serde_json::from_value::<Vec<String>>(value.clone()) {
            Ok(parameters) => parameters,
            Err(_) => return Err(row.wrong("parameters", &value, "an array of names")),
        },
    };
    let template = Template {
        id: row.needed("id", WHOLE_NUMBER, whole)?,
        name: row.needed_text("name", TEXT)?,
        language: row.needed_text("language", TEXT)?,
        status: row.needed("status", &format!("one of {}", list(TemplateStatus::ALL)), TemplateStatus::read)?,
        category: row.needed_text("category", TEXT)?,
        body: row.needed_text("body", TEXT)?,
        parameters,
    };
    row.finish(&TEMPLATE)?;
    Ok(template)
}

fn needed_flag(row: &mut Members, name: &str) -> Result<bool, ControlError> {
    row.flag(name)?.ok_or_else(|| row.missing(name, "true or false"))
}
