//! The accounts of a state.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text_forms::{Decimal, Moment, Number, RateWindow};
use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::limiter::Limiter;
use crate::core::world::{Account, Sender, Template, TemplateStatus, World};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountRow {
    balance: Option<f64>,
    conversations_end: bool,
    limit: LimitRow,
    /// Left out if empty, so that older mocks read the state.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    notes: BTreeMap<String, Value>,
    provider: Cow<'static, str>,
    senders: Vec<SenderRow>,
    switches: BTreeMap<Cow<'static, str>, Cow<'static, str>>,
    templates: Vec<TemplateRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitRow {
    limit: u32,
    /// Left out if false, so that older mocks read the state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    off: bool,
    started_at: Option<Moment>,
    used: u32,
    window: RateWindow,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SenderRow {
    id: String,
    name: String,
    online: bool,
    owned: bool,
    phone: Number,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateRow {
    body: String,
    category: String,
    /// Left out if empty, so that older mocks read the state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    components: Vec<Value>,
    id: Decimal,
    language: String,
    name: String,
    parameters: Vec<String>,
    status: TemplateStatus,
}

impl AccountRow {
    pub(super) fn of(provider: &'static str, account: &Account) -> Self {
        let limiter = &account.limiter;
        let switches = account.switches.iter().map(|(switch, value)| (switch.name.into(), value.into()));
        Self {
            balance: account.balance,
            conversations_end: account.conversations_end,
            limit: LimitRow {
                limit: limiter.limit,
                off: limiter.off,
                started_at: limiter.started.map(Moment),
                used: limiter.used,
                window: RateWindow(limiter.window),
            },
            notes: account.notes.clone(),
            provider: provider.into(),
            senders: account.senders.iter().cloned().map(SenderRow::from).collect(),
            switches: switches.collect(),
            templates: account.templates.iter().cloned().map(TemplateRow::from).collect(),
        }
    }

    /// A switch that the row does not name keeps its default, so that a state from before the switch can be read.
    fn account(self, fresh: &Account) -> Result<Account, ControlError> {
        let mut switches = fresh.switches.clone();
        for (name, value) in &self.switches {
            switches.set(name, value).map_err(|error| error.at("`switches`"))?;
        }
        let LimitRow { limit, off, started_at, used, window } = self.limit;
        Ok(Account {
            senders: self.senders.into_iter().map(Sender::from).collect(),
            templates: self.templates.into_iter().map(Template::from).collect(),
            balance: self.balance,
            limiter: Limiter { limit, window: window.0, started: started_at.map(|at| at.0), used, off },
            conversations_end: self.conversations_end,
            switches,
            notes: self.notes,
        })
    }
}

/// Fills every account of a fresh world. Each must be there once.
pub(super) fn import(fresh: &mut World, rows: Vec<AccountRow>) -> Result<(), ControlError> {
    let mut missing: Vec<&'static str> = fresh.accounts.keys().copied().collect();
    for (index, row) in rows.into_iter().enumerate() {
        let at = |error: ControlError| error.at(place("accounts", index));
        let provider = fresh.known_provider(&row.provider).map_err(at)?;
        let Some(known) = missing.iter().position(|name| *name == provider) else {
            let problem = format!("`provider` is \"{provider}\" a second time, expected each once");
            return Err(at(ControlError::refused(problem)));
        };
        missing.swap_remove(known);
        let account = row.account(fresh.account(provider)).map_err(at)?;
        fresh.accounts.insert(provider, Arc::new(account));
    }
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_unstable();
    Err(ControlError::refused(format!("`accounts` lacks {}, expected every provider's", list(missing))))
}

/// A row of a list, as errors name it.
pub(super) fn place(list: &str, index: usize) -> String {
    format!("`{list}[{index}]`")
}

impl World {
    /// The provider of this name, if it has an account.
    pub(super) fn known_provider(&self, name: &str) -> Result<&'static str, ControlError> {
        let known = self.accounts.keys().find(|known| **known == name).copied();
        known.ok_or_else(|| {
            ControlError::invalid_text("provider", name, format!("one of {}", list(self.accounts.keys())))
        })
    }
}

impl From<Sender> for SenderRow {
    fn from(sender: Sender) -> Self {
        let Sender { id, phone, name, online, owned } = sender;
        Self { id, name, online, owned, phone: Number(phone) }
    }
}

impl From<SenderRow> for Sender {
    fn from(row: SenderRow) -> Self {
        let SenderRow { id, name, online, owned, phone } = row;
        Self { id, phone: phone.0, name, online, owned }
    }
}

impl From<Template> for TemplateRow {
    fn from(template: Template) -> Self {
        let Template { id, name, language, status, category, body, parameters, components } = template;
        Self { body, category, components, id: Decimal(id), language, name, parameters, status }
    }
}

impl From<TemplateRow> for Template {
    fn from(row: TemplateRow) -> Self {
        let TemplateRow { body, category, components, id, language, name, parameters, status } = row;
        Self { id: id.0, name, language, status, category, body, parameters, components }
    }
}
