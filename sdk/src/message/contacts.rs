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
    /// The postal addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<ContactAddress>,
    /// The company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<ContactOrg>,
    /// The web addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<ContactUrl>,
    /// The birthday as `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<String>,
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

/// A postal address on a contact card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ContactAddress {
    /// The street, with the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The state or province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
    /// The country's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The country's ISO code of two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// `HOME`, `WORK` and the like.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// The company on a contact card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ContactOrg {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The person's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A web address on a contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ContactUrl {
    /// The address.
    pub url: String,
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
        Self {
            name,
            phones: Vec::new(),
            emails: Vec::new(),
            addresses: Vec::new(),
            org: None,
            urls: Vec::new(),
            birthday: None,
        }
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

    /// Adds a postal address.
    #[must_use]
    pub fn address(mut self, address: ContactAddress) -> Self {
        self.addresses.push(address);
        self
    }

    /// Sets the company.
    #[must_use]
    pub fn org(mut self, org: ContactOrg) -> Self {
        self.org = Some(org);
        self
    }

    /// Adds a web address.
    #[must_use]
    pub fn url(mut self, url: impl Into<ContactUrl>) -> Self {
        self.urls.push(url.into());
        self
    }

    /// Sets the birthday, as `YYYY-MM-DD`.
    #[must_use]
    pub fn birthday(mut self, date: impl Into<String>) -> Self {
        self.birthday = Some(date.into());
        self
    }
}

macro_rules! parts {
    ($type:ident { $($part:ident $what:literal),+ }) => {
        impl $type {
            $(
                #[doc = concat!("Sets the ", $what, ".")]
                #[must_use]
                pub fn $part(mut self, $part: impl Into<String>) -> Self {
                    self.$part = Some($part.into());
                    self
                }
            )+
        }
    };
}

parts!(ContactAddress {
    street "street",
    city "city",
    state "state or province",
    zip "postal code",
    country "country's name",
    country_code "country's ISO code of two letters",
    kind "kind: `HOME`, `WORK` and the like"
});
parts!(ContactOrg { company "company's name", department "department", title "person's title" });

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
entry!(ContactUrl, url, "web address");
