//! A provider's account: switches, balance, senders and templates.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::read::text_or_number;
use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::phone::{Phone, is_e164};
use crate::core::simulator::Simulator;
use crate::core::world::{Account, Sender, Template, TemplateStatus};

/// A send looks through them, so there are at most this many of each.
const MAX_ROWS: usize = 500;
const LONGEST_SENDER_NAME: usize = 100;
const LONGEST_TEMPLATE_NAME: usize = 512;
const LONGEST_TEMPLATE_BODY: usize = 4_096;
const CATEGORIES: [&str; 3] = ["utility", "marketing", "authentication"];

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

/// A sender.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SenderState {
    /// The provider's id of it.
    pub id: String,
    /// The name that contacts see.
    pub name: String,
    /// Whether it can send.
    pub online: bool,
    /// False for a number of another business.
    pub owned: bool,
    /// Its number in E.164.
    pub phone: String,
    /// The provider, where senders of several are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub provider: Option<&'static str>,
}

/// A template.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct TemplateState {
    /// The provider, where templates of several are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub provider: Option<&'static str>,
    /// The provider's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Its review status.
    pub status: &'static str,
    /// Its category.
    pub category: String,
    /// Its text.
    pub body: String,
    /// Its placeholders in order.
    pub parameters: Vec<String>,
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

/// A template to add; its parameters are the placeholders of its body.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct NewTemplate {
    /// The provider.
    pub provider: String,
    /// Its name, at most 512 characters.
    pub name: String,
    /// Its text, at most 4,096 characters.
    pub body: String,
    /// Its language, `en` by default.
    pub language: Option<String>,
    /// Its number at the provider; by default one that is free.
    #[schema(minimum = 1)]
    pub id: Option<u32>,
    /// Its review status, `approved` by default.
    pub status: Option<TemplateStatus>,
    /// `utility` by default, `marketing` or `authentication`.
    pub category: Option<String>,
}

/// The template to remove.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TemplateName {
    /// The provider.
    pub provider: String,
    /// Its name.
    pub name: String,
    /// Its language; without it every one.
    pub language: Option<String>,
}

/// A sender to add.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct NewSender {
    /// The provider.
    pub provider: String,
    /// Its number.
    pub phone: String,
    /// The provider's id of it, 1 to 20 digits; by default the number's digits.
    pub id: Option<String>,
    /// The name that contacts see, at most 100 characters.
    pub name: Option<String>,
    /// Whether it can send; true by default.
    pub online: Option<bool>,
    /// False for a number of another business; true by default.
    pub owned: Option<bool>,
}

/// The sender to remove.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SenderId {
    /// The provider.
    pub provider: String,
    /// Its id.
    pub id: String,
}

impl<'de> Deserialize<'de> for TemplateStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = format!("one of {}", list(Self::ALL));
        Self::read(&text).ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &expected.as_str()))
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
        self.world.open_account(provider, account);
        for template in reviewed {
            self.announce_template(provider, &template, now);
        }
    }

    /// Every template, or those of one provider.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn templates(&self, provider: Option<&str>) -> Result<Vec<TemplateState>, ControlError> {
        let accounts = self.accounts_of(provider)?;
        let templates = accounts.flat_map(|(provider, account)| {
            account.templates.iter().map(move |template| template_state(Some(provider), template))
        });
        Ok(templates.collect())
    }

    /// Adds a template.
    ///
    /// # Errors
    ///
    /// A member cannot be, the provider has such a template, or it has 500.
    pub fn add_template(&mut self, real_now: SystemTime, new: &NewTemplate) -> Result<TemplateState, ControlError> {
        let provider = self.provider(&new.provider)?;
        let NewTemplate { name, body, .. } = new;
        check_length("name", name, LONGEST_TEMPLATE_NAME)?;
        check_length("body", body, LONGEST_TEMPLATE_BODY)?;
        let language = new.language.as_deref().unwrap_or("en");
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !((2..=20).contains(&language.len()) && language.bytes().all(legal)) {
            let expected = "a language such as \"en\" or \"pt_BR\"";
            return Err(ControlError::invalid_text("language", language, expected));
        }
        let category = new.category.as_deref().unwrap_or("utility");
        if !CATEGORIES.contains(&category) {
            return Err(ControlError::invalid_text("category", category, format!("one of {}", list(CATEGORIES))));
        }
        let known = &self.world.account(provider).templates;
        if known.iter().any(|template| template.name == *name && template.language == language) {
            let problem = format!("`name` is \"{name}\", which {provider} has in `{language}`, expected another");
            return Err(ControlError::refused(problem));
        }
        if new.id == Some(0) {
            return Err(ControlError::invalid("id", 0, "a whole number from 1"));
        }
        if let Some(id) = new.id.filter(|id| known.iter().any(|template| template.id == u64::from(*id))) {
            let problem = format!("`id` is {id}, which another template of {provider} has, expected another");
            return Err(ControlError::refused(problem));
        }
        if known.len() >= MAX_ROWS {
            let problem = format!("{provider} has {MAX_ROWS} templates, expected fewer before another");
            return Err(ControlError::refused(problem));
        }
        let free = known.iter().map(|template| template.id).max().unwrap_or_default() + 1;
        let template = Template {
            status: new.status.unwrap_or(TemplateStatus::Approved),
            category: category.to_owned(),
            ..Template::new(new.id.map_or(free, u64::from), name, language, body)
        };
        let state = template_state(Some(provider), &template);
        let now = self.clock.now(real_now);
        self.announce_template(provider, &template, now);
        self.world.account_mut(provider).templates.push(template);
        self.note("templates");
        Ok(state)
    }

    /// Removes a template. Returns those that the provider still has.
    ///
    /// # Errors
    ///
    /// There is no such template.
    pub fn remove_template(&mut self, named: &TemplateName) -> Result<Vec<TemplateState>, ControlError> {
        let provider = self.provider(&named.provider)?;
        let templates = &mut self.world.account_mut(provider).templates;
        let is_meant = |template: &Template| {
            template.name == named.name && named.language.as_ref().is_none_or(|language| *language == template.language)
        };
        if !templates.iter().any(is_meant) {
            let known = list(templates.iter().map(|template| template.name.as_str()));
            return Err(ControlError::invalid("name", format!("`{}`", named.name), format!("one of {known}")));
        }
        templates.retain(|template| !is_meant(template));
        self.note("templates");
        self.templates(Some(provider))
    }

    /// Every sender, or those of one provider.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn senders(&self, provider: Option<&str>) -> Result<Vec<SenderState>, ControlError> {
        let accounts = self.accounts_of(provider)?;
        let senders = accounts.flat_map(|(provider, account)| {
            account.senders.iter().map(move |sender| sender_state(Some(provider), sender))
        });
        Ok(senders.collect())
    }

    /// Adds a sender.
    ///
    /// # Errors
    ///
    /// A member cannot be, the provider has such a sender, or it has 500.
    pub fn add_sender(&mut self, new: &NewSender) -> Result<SenderState, ControlError> {
        let provider = self.provider(&new.provider)?;
        let phone = Phone::read(&new.phone).filter(|phone| is_e164(&phone.e164())).ok_or_else(|| {
            ControlError::invalid_text("phone", &new.phone, "a phone number such as \"+12025550102\"")
        })?;
        let id = new.id.clone().unwrap_or_else(|| phone.digits().to_owned());
        if !((1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(ControlError::invalid_text("id", &id, "1 to 20 digits"));
        }
        let name = new.name.as_deref().unwrap_or("Transom");
        check_length("name", name, LONGEST_SENDER_NAME)?;
        let known = &self.world.account(provider).senders;
        if known.iter().any(|sender| sender.phone == phone || sender.id == id) {
            let taken = list(known.iter().map(|sender| sender.id.as_str()));
            let problem = format!("`phone` or `id` is that of a sender of {provider}, expected others than {taken}");
            return Err(ControlError::refused(problem));
        }
        if known.len() >= MAX_ROWS {
            let problem = format!("{provider} has {MAX_ROWS} senders, expected fewer before another");
            return Err(ControlError::refused(problem));
        }
        let (online, owned) = (new.online.unwrap_or(true), new.owned.unwrap_or(true));
        let sender = Sender { online, owned, ..Sender::new(&id, phone, name) };
        let state = sender_state(Some(provider), &sender);
        self.world.account_mut(provider).senders.push(sender);
        self.note("senders");
        Ok(state)
    }

    /// Removes a sender. Returns those that the provider still has.
    ///
    /// # Errors
    ///
    /// There is no such sender.
    pub fn remove_sender(&mut self, named: &SenderId) -> Result<Vec<SenderState>, ControlError> {
        let provider = self.provider(&named.provider)?;
        let senders = &mut self.world.account_mut(provider).senders;
        let Some(place) = senders.iter().position(|sender| sender.id == named.id) else {
            let known = list(senders.iter().map(|sender| sender.id.as_str()));
            return Err(ControlError::invalid("id", format!("`{}`", named.id), format!("one of {known}")));
        };
        senders.remove(place);
        self.note("senders");
        self.senders(Some(provider))
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

fn check_length(member: &str, text: &str, most: usize) -> Result<(), ControlError> {
    if (1..=most).contains(&text.chars().count()) {
        return Ok(());
    }
    let shown: String = text.chars().take(40).collect();
    Err(ControlError::invalid_text(member, &shown, format!("1 to {most} characters")))
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

fn sender_state(provider: Option<&'static str>, sender: &Sender) -> SenderState {
    SenderState {
        provider,
        id: sender.id.clone(),
        phone: sender.phone.e164(),
        name: sender.name.clone(),
        online: sender.online,
        owned: sender.owned,
    }
}

fn template_state(provider: Option<&'static str>, template: &Template) -> TemplateState {
    TemplateState {
        provider,
        id: template.id.to_string(),
        name: template.name.clone(),
        language: template.language.clone(),
        status: template.status.as_str(),
        category: template.category.clone(),
        body: template.body.clone(),
        parameters: template.parameters.clone(),
    }
}
