//! The settings of a provider's account: switches, balance, and the states of senders and templates.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::read::text_or_number;
use super::senders::{SenderState, sender_state};
use super::templates::{TemplateState, template_state};
use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::phone::Phone;
use crate::core::simulator::Simulator;
use crate::core::world::{Account, Template, TemplateStatus};

/// Every switch and every account.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Config {
    /// The switches.
    pub switches: Vec<SwitchState>,
    /// The accounts.
    pub accounts: Vec<AccountState>,
}

/// A switch and its value.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SwitchState {
    /// The provider that obeys it.
    pub provider: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: &'static str,
    /// Its value after a reset.
    pub default: &'static str,
    /// The values it can have.
    pub allowed: &'static [&'static str],
    /// The behaviour that it decides.
    pub about: &'static str,
    /// The page that leaves the behaviour open.
    pub source: String,
}

/// A provider's account.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AccountState {
    /// The provider.
    pub provider: &'static str,
    /// What is left to spend, where the provider tells.
    pub balance: Option<f64>,
    /// Its switches, by name.
    #[schema(value_type = Object)]
    pub switches: BTreeMap<&'static str, &'static str>,
    /// Its senders.
    pub senders: Vec<SenderState>,
    /// Its templates.
    pub templates: Vec<TemplateState>,
}

/// A change of an account. Members that are none of these are switches.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(expecting = "an object")]
pub struct ConfigChange {
    /// The provider; without it every account is changed that has all that is named.
    pub provider: Option<String>,
    /// What is left to spend.
    pub balance: Option<f64>,
    /// A sender's id or number, with `online`.
    #[serde(default, deserialize_with = "text_or_number")]
    pub sender: Option<String>,
    /// Whether `sender` can send.
    pub online: Option<bool>,
    /// A template's name, with `status`.
    pub template: Option<String>,
    /// The review status of `template`, in every language.
    pub status: Option<TemplateStatus>,
    /// Values of switches, by name.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub switches: Map<String, Value>,
}

impl ConfigChange {
    /// A change of one switch.
    pub fn switch(provider: &str, name: &str, value: &str) -> Self {
        let switches = [(name.to_owned(), Value::from(value))].into_iter().collect();
        Self { provider: Some(provider.to_owned()), switches, ..Self::default() }
    }
}

impl Simulator {
    /// Every switch and account, or those of one provider.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn config(&self, provider: Option<&str>) -> Result<Config, ControlError> {
        let switches = self.accounts_of(provider)?.flat_map(|(provider, account)| {
            account.switches.iter().map(move |(switch, value)| SwitchState {
                provider,
                name: switch.name,
                value,
                default: switch.default,
                allowed: switch.allowed,
                about: switch.about,
                source: switch.source.to_string(),
            })
        });
        let accounts = self.accounts_of(provider)?.map(|(provider, account)| account_state(provider, account));
        Ok(Config { switches: switches.collect(), accounts: accounts.collect() })
    }

    /// Changes an account, or every account that has all that is named: a sender's id is one provider's, a template may be each
    /// one's. Returns the changed accounts.
    ///
    /// # Errors
    ///
    /// A part of the change cannot be; then nothing is changed.
    pub fn configure(
        &mut self,
        real_now: SystemTime,
        change: &ConfigChange,
    ) -> Result<Vec<AccountState>, ControlError> {
        let named = change.provider.as_deref().map(|name| self.provider(name)).transpose()?;
        let candidates = self.world.accounts().filter(|(provider, account)| match named {
            Some(named) => named == *provider,
            None => account.balance.is_some() || change.balance.is_none(),
        });
        let (fit, refused): (Vec<_>, Vec<_>) = candidates
            .map(|(provider, account)| (provider, changed(account, change)))
            .partition(|(_, fits)| fits.is_ok());
        if fit.is_empty() {
            // With one account to blame its own words are the clearest.
            let mut refusals = refused.into_iter().filter_map(|(_, refusal)| refusal.err());
            return Err(match (refusals.next(), refusals.next()) {
                (Some(only), None) => only,
                _ => ControlError::refused(
                    "no provider has all of what the body names; say which one is meant as `provider`",
                ),
            });
        }
        let now = self.clock.now(real_now);
        let mut states = Vec::new();
        for (provider, account) in fit {
            let Ok(account) = account else { continue };
            states.push(account_state(provider, &account));
            self.put_account(provider, account, now);
        }
        self.note("config");
        Ok(states)
    }

    /// Puts a changed account in the place of the former, and announces templates whose review came to an end by it.
    fn put_account(&mut self, provider: &'static str, account: Account, now: SystemTime) {
        let before = self.world.account(provider).templates.clone();
        let reviewed = account.templates.iter().zip(before).filter(|(new, old)| new.status != old.status);
        let reviewed: Vec<Template> = reviewed.map(|(new, _)| new.clone()).collect();
        let quiet = self.world.quiet_after(provider);
        self.world.open_account(provider, account);
        if self.world.quiet_after(provider) != quiet {
            self.watch_again(provider);
        }
        for template in reviewed {
            self.announce_template(provider, &template, now);
        }
    }
}

/// The account as the change wants it.
fn changed(account: &Account, change: &ConfigChange) -> Result<Account, ControlError> {
    let mut account = account.clone();
    if change.balance.is_some() {
        account.balance = change.balance;
    }
    change_sender(&mut account, change)?;
    change_template(&mut account, change)?;
    change_switches(&mut account, &change.switches)?;
    Ok(account)
}

fn change_sender(account: &mut Account, change: &ConfigChange) -> Result<(), ControlError> {
    let (id, online) = match (&change.sender, change.online) {
        (None, None) => return Ok(()),
        (Some(id), Some(online)) => (id, online),
        (Some(_), None) => return Err(ControlError::missing("online", "true or false beside `sender`")),
        (None, Some(_)) => return Err(ControlError::missing("sender", "a sender's id beside `online`")),
    };
    let number = Phone::read(id);
    let known = list(account.senders.iter().map(|sender| sender.id.as_str()));
    let sender = account.senders.iter_mut().find(|sender| sender.id == *id || Some(&sender.phone) == number.as_ref());
    let sender = sender.ok_or_else(|| ControlError::invalid_text("sender", id, format!("one of {known}")))?;
    sender.online = online;
    Ok(())
}

/// Sets the status of a template in every language it exists in.
fn change_template(account: &mut Account, change: &ConfigChange) -> Result<(), ControlError> {
    let (name, status) = match (&change.template, change.status) {
        (None, None) => return Ok(()),
        (Some(name), Some(status)) => (name, status),
        (Some(_), None) => return Err(ControlError::missing("status", "a status beside `template`")),
        (None, Some(_)) => return Err(ControlError::missing("template", "a template's name beside `status`")),
    };
    if !account.templates.iter().any(|template| template.name == *name) {
        let known = list(account.templates.iter().map(|template| template.name.as_str()));
        return Err(ControlError::invalid_text("template", name, format!("one of {known}")));
    }
    for template in account.templates.iter_mut().filter(|template| template.name == *name) {
        template.status = status;
    }
    Ok(())
}

fn change_switches(account: &mut Account, switches: &Map<String, Value>) -> Result<(), ControlError> {
    for (name, value) in switches {
        let value = match value {
            Value::String(text) => text.clone(),
            // A script that says true means a switch that is on.
            Value::Bool(true) => "on".to_owned(),
            Value::Bool(false) => "off".to_owned(),
            other => other.to_string(),
        };
        if account.switches.get(name).is_none() {
            let mut known = vec!["balance", "sender", "online", "template", "status"];
            known.extend(account.switches.iter().map(|(switch, _)| switch.name));
            let problem = format!("unknown member `{name}`, expected some of {}", list(known));
            return Err(ControlError::refused(problem));
        }
        account.switches.set(name, &value)?;
    }
    Ok(())
}

fn account_state(provider: &'static str, account: &Account) -> AccountState {
    AccountState {
        provider,
        balance: account.balance,
        switches: account.switches.iter().map(|(switch, value)| (switch.name, value)).collect(),
        senders: account.senders.iter().map(|sender| sender_state(None, sender)).collect(),
        templates: account.templates.iter().map(|template| template_state(None, template)).collect(),
    }
}
