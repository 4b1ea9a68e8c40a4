//! The account at each provider.

use std::sync::Arc;

use super::Account;

/// Accounts by provider. Worlds that began alike share those that nothing has changed yet: a namespace costs little.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    /// By name. Every request looks one up many times, and a short list is searched faster than a tree of texts.
    rows: Vec<(&'static str, Arc<Account>)>,
}

impl Accounts {
    pub(super) fn get(&self, provider: &str) -> Option<&Account> {
        self.rows.iter().find(|(name, _)| *name == provider).map(|(_, account)| account.as_ref())
    }

    /// A provider's account, an empty one if it had none.
    pub(super) fn of_mut(&mut self, provider: &'static str) -> &mut Account {
        let place = self.rows.partition_point(|(name, _)| *name < provider);
        if self.rows.get(place).is_none_or(|(name, _)| *name != provider) {
            self.rows.insert(place, (provider, Arc::default()));
        }
        #[allow(clippy::indexing_slicing, reason = "the row is there, or was put there right before")]
        Arc::make_mut(&mut self.rows[place].1)
    }

    /// The providers, by name.
    pub(super) fn providers(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|(provider, _)| *provider)
    }

    /// Each with its provider's name, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Account)> {
        self.rows.iter().map(|(provider, account)| (*provider, account.as_ref()))
    }
}
