//! Provider, sender and contact in 16 bytes, because there may be a million of them.

use crate::core::phone::Phone;

/// The bits of a packed number. Higher bits in `business` are the provider.
const NUMBER_BITS: u32 = 54;
const NUMBER: u64 = (1 << NUMBER_BITS) - 1;

/// A provider, one of its business numbers, and a contact.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ContactKey {
    provider_and_business: u64,
    contact: u64,
}

impl ContactKey {
    /// `provider` is the provider's number, below 1,024.
    pub(super) fn new(provider: u64, business: &Phone, contact: &Phone) -> Self {
        Self { provider_and_business: provider << NUMBER_BITS | business.packed(), contact: contact.packed() }
    }

    pub(super) fn provider(self) -> u64 {
        self.provider_and_business >> NUMBER_BITS
    }

    pub(super) fn business(self) -> Phone {
        Phone::unpacked(self.provider_and_business & NUMBER)
    }

    pub(super) fn contact(self) -> Phone {
        Phone::unpacked(self.contact)
    }

    /// The part that all conversations of a contact at a provider share.
    pub(super) fn customer(self) -> (u64, u64) {
        (self.provider(), self.contact)
    }
}

/// The providers by number, for [`ContactKey`].
#[derive(Debug, Clone, Default)]
pub(super) struct Providers(Vec<&'static str>);

impl Providers {
    /// More providers than this do not fit into a pair; those beyond share the last number.
    const MOST: usize = 1 << (u64::BITS - NUMBER_BITS);

    /// The number of a provider, which gets one if it has none.
    pub(super) fn number(&mut self, name: &'static str) -> u64 {
        let known = self.0.iter().position(|known| *known == name);
        let index = known.unwrap_or_else(|| {
            if self.0.len() < Self::MOST {
                self.0.push(name);
            }
            self.0.len() - 1
        });
        index as u64
    }

    /// The number of a provider, if it has one.
    pub(super) fn find(&self, name: &str) -> Option<u64> {
        self.0.iter().position(|known| *known == name).map(|index| index as u64)
    }

    /// Their names, by number.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }

    pub(super) fn name(&self, number: u64) -> &'static str {
        usize::try_from(number).ok().and_then(|index| self.0.get(index)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_gives_back_what_it_was_made_of() {
        let (business, contact) = (Phone::read("999999999999999").unwrap(), Phone::read("00012345").unwrap());
        let mut providers = Providers::default();
        assert_eq!((providers.number("a"), providers.number("b"), providers.number("a")), (0, 1, 0));
        let key = ContactKey::new(1, &business, &contact);
        assert_eq!((providers.name(key.provider()), key.business(), key.contact()), ("b", business, contact));
        assert_eq!(providers.find("c"), None);
    }
}
