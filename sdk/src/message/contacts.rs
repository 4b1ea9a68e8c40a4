//! Contact cards.

use serde::{Deserialize, Serialize};

/// Contact cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Contacts {
    /// At least one card.
    pub contacts: Vec<Contact>,
}

/// A contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Contact {
    /// The name.
    pub name: ContactName,
    /// The phone numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<ContactPhone>,
    /// The e-mail addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<ContactEmail>,
}

/// The name on a contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ContactName {
    /// The whole name, as it is shown.
    pub formatted_name: String,
    /// The given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
}

/// A phone on a contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ContactPhone {
    /// The number as shown; it need not be in E.164.
    pub phone: String,
    /// `HOME`, `WORK` and the like.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// An e-mail address on a contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ContactEmail {
    /// The address.
    pub email: String,
    /// `HOME`, `WORK` and the like.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl Contacts {
    /// These cards.
    pub fn new(contacts: impl IntoIterator<Item = Contact>) -> Self {
        Self { contacts: contacts.into_iter().collect() }
    }
}

impl Contact {
    /// A card with this name, as it is shown.
    pub fn new(formatted_name: impl Into<String>) -> Self {
        let name = ContactName { formatted_name: formatted_name.into(), first_name: None, last_name: None };
        Self { name, phones: Vec::new(), emails: Vec::new() }
    }

    /// Sets the given name.
    #[must_use]
    pub fn first_name(mut self, name: impl Into<String>) -> Self {
        self.name.first_name = Some(name.into());
        self
    }

    /// Sets the family name.
    #[must_use]
    pub fn last_name(mut self, name: impl Into<String>) -> Self {
        self.name.last_name = Some(name.into());
        self
    }

    /// Adds a phone number of this kind: `HOME`, `WORK` and the like. A number without a kind goes into
    /// [`phones`](Self::phones).
    #[must_use]
    pub fn phone(mut self, phone: impl Into<ContactPhone>) -> Self {
        self.phones.push(phone.into());
        self
    }

    /// Adds an e-mail address.
    #[must_use]
    pub fn email(mut self, email: impl Into<ContactEmail>) -> Self {
        self.emails.push(email.into());
        self
    }
}

macro_rules! entry {
    ($type:ident, $member:ident, $what:literal) => {
        impl $type {
            #[doc = concat!("This ", $what, ", without a kind.")]
            pub fn new($member: impl Into<String>) -> Self {
                Self { $member: $member.into(), kind: None }
            }

            /// Sets the kind: `HOME`, `WORK` and the like.
            #[must_use]
            pub fn kind(mut self, kind: impl Into<String>) -> Self {
                self.kind = Some(kind.into());
                self
            }
        }

        impl<T: Into<String>> From<T> for $type {
            fn from(value: T) -> Self {
                Self::new(value)
            }
        }
    };
}

entry!(ContactPhone, phone, "number");
entry!(ContactEmail, email, "address");
