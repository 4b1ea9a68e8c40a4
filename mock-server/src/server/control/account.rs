//! `config`: a provider's switches, balance, senders and templates.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value, json};

use super::senders::sender_json;
use super::templates::template_json;
use super::{Refusal, provider};
use crate::core::behavior_switch::list;
use crate::core::members::Members;
use crate::core::simulator::Simulator;
use crate::core::world::{Account, Template, TemplateStatus};

/// Every switch with its value and what it may be, and every account.
pub(super) fn show(simulator: &Simulator, only: Option<&str>) -> Value {
    let accounts = || simulator.world.accounts().filter(|(provider, _)| only.is_none_or(|only| only == *provider));
    let switches = accounts().flat_map(|(provider, account)| {
        account.switches.iter().map(move |(switch, value)| {
            json!({
                "provider": provider, "name": switch.name, "value": value, "default": switch.default,
                "allowed": switch.allowed, "about": switch.about, "source": switch.source,
            })
        })
    });
    let accounts = accounts().map(|(provider, account)| account_json(provider, account));
    json!({"switches": switches.collect::<Vec<_>>(), "accounts": accounts.collect::<Vec<_>>()})
}

/// Changes a provider's account: all of what the body says, or nothing if any of it is wrong. Without a provider, every
/// account that has all of what is named is changed: a sender's id is one provider's, a template may be each one's.
pub(super) fn change(
    simulator: &mut Simulator,
    real_now: SystemTime,
    request: &Request<Bytes>,
) -> Result<Value, Refusal> {
    let now = simulator.clock.now(real_now);
    if let Some(named) = Members::of_body(request)?.text("provider")? {
        let provider = provider(simulator, &named)?;
        let account = changed(simulator.world.account(provider), request)?;
        let answer = account_json(provider, &account);
        put(simulator, provider, account, now);
        return Ok(answer);
    }
    let holds_balance = |account: &Account| account.balance.is_some() || !asks_for(request, "balance");
    let candidates = simulator.world.accounts().filter(|(_, account)| holds_balance(account));
    let (fit, refused): (Vec<_>, Vec<_>) =
        candidates.map(|(provider, account)| (provider, changed(account, request))).partition(|(_, fits)| fits.is_ok());
    if fit.is_empty() {
        // With one account to blame its own words are the clearest.
        let mut refusals = refused.into_iter().filter_map(|(_, refusal)| refusal.err());
        return Err(match (refusals.next(), refusals.next()) {
            (Some(only), None) => only,
            _ => Refusal::bad("no provider has all of what the body names; say which one is meant as `provider`"),
        });
    }
    let mut answers = Vec::new();
    for (provider, account) in fit {
        let Ok(account) = account else { continue };
        answers.push(account_json(provider, &account));
        put(simulator, provider, account, now);
    }
    Ok(if answers.len() == 1 { answers.remove(0) } else { Value::from(answers) })
}

/// Puts a changed account into the place of the former, and announces templates whose review came to an end by it.
fn put(simulator: &mut Simulator, provider: &'static str, account: Account, now: SystemTime) {
    let before = simulator.world.account(provider).templates.clone();
    let changed: Vec<Template> = account
        .templates
        .iter()
        .zip(before)
        .filter(|(new, old)| new.status != old.status)
        .map(|(new, _)| new.clone())
        .collect();
    simulator.world.open_account(provider, account);
    for template in changed {
        simulator.announce_template(provider, &template, now);
    }
}

fn asks_for(request: &Request<Bytes>, name: &str) -> bool {
    Members::of_body(request).is_ok_and(|mut members| members.take(name).is_some())
}

/// The account as the body wants it.
fn changed(account: &Account, request: &Request<Bytes>) -> Result<Account, Refusal> {
    let mut account = account.clone();
    let mut members = Members::of_body(request)?;
    members.take("provider");
    if let Some(value) = members.take("balance") {
        let balance = value.as_f64().filter(|balance| balance.is_finite());
        account.balance = Some(balance.ok_or_else(|| members.wrong("balance", &value, "a number"))?);
    }
    change_sender(&mut account, &mut members)?;
    change_template(&mut account, &mut members)?;
    change_switches(&mut account, members.rest())?;
    Ok(account)
}

fn change_sender(account: &mut Account, members: &mut Members) -> Result<(), Refusal> {
    let (id, online) = (members.take("sender"), members.flag("online")?);
    let (id, online) = match (id, online) {
        (None, None) => return Ok(()),
        (Some(Value::String(id)), Some(online)) => (id, online),
        (Some(Value::Number(id)), Some(online)) => (id.to_string(), online),
        (Some(other), Some(_)) => return Err(members.wrong("sender", &other, "a sender's id or number")),
        (Some(_), None) => return Err(members.missing("online", "true or false beside `sender`")),
        (None, Some(_)) => return Err(members.missing("sender", "a sender's id beside `online`")),
    };
    let number = crate::core::phone::Phone::read(&id);
    let known = list(account.senders.iter().map(|sender| sender.id.as_str()));
    let sender = account.senders.iter_mut().find(|sender| sender.id == id || Some(&sender.phone) == number.as_ref());
    let sender = sender.ok_or_else(|| members.error(&format!("`sender` is \"{id}\", expected one of {known}")))?;
    sender.online = online;
    Ok(())
}

/// Sets the status of a template in every language it exists in.
fn change_template(account: &mut Account, members: &mut Members) -> Result<(), Refusal> {
    let (name, status) = match (members.text("template")?, members.text("status")?) {
        (None, None) => return Ok(()),
        (Some(name), Some(status)) => (name, status),
        (Some(_), None) => return Err(members.missing("status", "a status beside `template`")),
        (None, Some(_)) => return Err(members.missing("template", "a template's name beside `status`")),
    };
    let parsed = TemplateStatus::read(&status);
    let parsed = parsed.ok_or_else(|| {
        members.error(&format!("`status` is \"{status}\", expected one of {}", list(TemplateStatus::ALL)))
    })?;
    if !account.templates.iter().any(|template| template.name == name) {
        let known = list(account.templates.iter().map(|template| template.name.as_str()));
        return Err(members.error(&format!("`template` is \"{name}\", expected one of {known}")));
    }
    for template in account.templates.iter_mut().filter(|template| template.name == name) {
        template.status = parsed;
    }
    Ok(())
}

/// Whatever else the body says is switches.
fn change_switches(account: &mut Account, switches: Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in switches {
        let value = match value {
            Value::String(text) => text,
            // A script that says true means a switch that is on.
            Value::Bool(true) => "on".to_owned(),
            Value::Bool(false) => "off".to_owned(),
            other => other.to_string(),
        };
        if account.switches.get(&name).is_none() {
            let mut known = vec!["balance", "sender", "online", "template", "status"];
            known.extend(account.switches.iter().map(|(switch, _)| switch.name));
            return Err(Refusal::bad(format!("unknown member `{name}`, expected some of {}", list(known))));
        }
        account.switches.set(&name, &value).map_err(Refusal::bad)?;
    }
    Ok(())
}

fn account_json(provider: &str, account: &Account) -> Value {
    let switches: Map<String, Value> =
        account.switches.iter().map(|(switch, value)| (switch.name.to_owned(), Value::from(value))).collect();
    let senders = account.senders.iter().map(sender_json);
    let templates = account.templates.iter().map(template_json);
    json!({
        "provider": provider, "balance": account.balance, "switches": switches,
        "senders": senders.collect::<Vec<_>>(), "templates": templates.collect::<Vec<_>>(),
    })
}
