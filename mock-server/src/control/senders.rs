//! The senders of an account.

use serde::{Deserialize, Serialize};

use super::{MAX_ROWS, check_length};
use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::phone::{Phone, is_e164};
use crate::core::simulator::Simulator;
use crate::core::world::Sender;

const LONGEST_NAME: usize = 100;

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

impl Simulator {
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
        check_length("name", name, LONGEST_NAME)?;
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

pub(super) fn sender_state(provider: Option<&'static str>, sender: &Sender) -> SenderState {
    SenderState {
        provider,
        id: sender.id.clone(),
        phone: sender.phone.e164(),
        name: sender.name.clone(),
        online: sender.online,
        owned: sender.owned,
    }
}
