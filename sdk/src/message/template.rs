//! Templates that the provider approved, under the application's names.

use std::time::SystemTime;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::message::media::Header;
use crate::time::rfc3339;

/// A template with its parameters. It is allowed at any time.
///
/// The name is the application's own: a channel's `templates` table maps it to the provider's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Template {
    /// The application's name for it.
    pub name: String,
    /// The language of the approved text, such as `en` or `pt_BR`.
    #[serde(default = "english")]
    pub language: String,
    /// The values for the placeholders of the body.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub body: Parameters,
    /// The value for the header's placeholder, or its medium.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// The values for the buttons that need one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<TemplateButton>,
    /// The offer, for a template with a limited-time offer that ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_time_offer: Option<LimitedTimeOffer>,
    /// The cards of a carousel, as many as the template defines, at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carousel: Vec<Card>,
}

/// The end of a limited-time offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LimitedTimeOffer {
    /// When the offer ends, to the millisecond.
    #[serde(with = "rfc3339")]
    pub expires_at: SystemTime,
}

/// The values for one card of a carousel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Card {
    /// The card's medium.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// The values for the placeholders of the card's body.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub body: Parameters,
    /// The values for the card's buttons that need one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<TemplateButton>,
}

/// The values for a template's placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameters {
    /// In the order of `{{1}}`, `{{2}}`, ….
    Positional(Vec<String>),
    /// By name, in the order given.
    Named(Vec<(String, String)>),
}

/// The value for one button of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum TemplateButton {
    /// The variable end of the button's URL.
    Url {
        /// The button's place, from 0.
        index: u8,
        /// The end of the URL.
        text: String,
    },
    /// A reply button with a payload.
    QuickReply {
        /// The button's place, from 0.
        index: u8,
        /// The payload in the contact's reply.
        payload: String,
    },
    /// A button that copies a coupon's code.
    CopyCode {
        /// The button's place, from 0.
        index: u8,
        /// The code.
        coupon_code: String,
    },
    /// A button that opens a flow.
    Flow {
        /// The button's place, from 0.
        index: u8,
        /// The application's own name for this run of the flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow_token: Option<String>,
        /// The data of the flow's first screen, an object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow_action_data: Option<Value>,
    },
}

impl Template {
    /// The template `name` in English (`en`), without parameters.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            language: english(),
            body: Parameters::default(),
            header: None,
            buttons: Vec::new(),
            limited_time_offer: None,
            carousel: Vec::new(),
        }
    }

    /// Sets the language of the approved text, such as `es` or `pt_BR`.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = language.into();
        self
    }

    /// Sets the end of the limited-time offer.
    #[must_use]
    pub const fn offer_expires_at(mut self, expires_at: SystemTime) -> Self {
        self.limited_time_offer = Some(LimitedTimeOffer { expires_at });
        self
    }

    /// Adds a card to the carousel.
    #[must_use]
    pub fn card(mut self, card: Card) -> Self {
        self.carousel.push(card);
        self
    }

    /// Whether it has values for more than the body: header, buttons, offer or cards.
    pub const fn has_components(&self) -> bool {
        self.header.is_some()
            || !self.buttons.is_empty()
            || self.limited_time_offer.is_some()
            || !self.carousel.is_empty()
    }
}

macro_rules! parts {
    ($($type:ident),*) => {$(
        impl $type {
            /// Sets the body's values, in the order of the placeholders.
            #[must_use]
            pub fn body<T: Into<String>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
                self.body = Parameters::Positional(values.into_iter().map(Into::into).collect());
                self
            }

            /// Sets the body's values by name.
            #[must_use]
            pub fn body_named<K: Into<String>, V: Into<String>>(mut self, values: impl IntoIterator<Item = (K, V)>) -> Self {
                self.body = Parameters::Named(values.into_iter().map(|(k, v)| (k.into(), v.into())).collect());
                self
            }

            /// Sets the value for the header's placeholder, or its medium.
            #[must_use]
            pub fn header(mut self, header: Header) -> Self {
                self.header = Some(header);
                self
            }

            /// Adds the value for a button that needs one.
            #[must_use]
            pub fn button(mut self, button: TemplateButton) -> Self {
                self.buttons.push(button);
                self
            }
        }
    )*};
}

parts!(Template, Card);

impl TemplateButton {
    /// The variable end of the URL of the button at `index`, from 0.
    pub fn url(index: u8, text: impl Into<String>) -> Self {
        Self::Url { index, text: text.into() }
    }

    /// The payload in the contact's reply by the button at `index`, from 0.
    pub fn quick_reply(index: u8, payload: impl Into<String>) -> Self {
        Self::QuickReply { index, payload: payload.into() }
    }

    /// The code that the button at `index`, from 0, copies.
    pub fn copy_code(index: u8, coupon_code: impl Into<String>) -> Self {
        Self::CopyCode { index, coupon_code: coupon_code.into() }
    }

    /// The flow that the button at `index`, from 0, opens; with the application's own name for this run and the data of
    /// its first screen, if there are any.
    pub const fn flow(index: u8, flow_token: Option<String>, flow_action_data: Option<Value>) -> Self {
        Self::Flow { index, flow_token, flow_action_data }
    }

    /// The word for its kind in JSON: `url`, `quick_reply`, `copy_code`, `flow`.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Url { .. } => "url",
            Self::QuickReply { .. } => "quick_reply",
            Self::CopyCode { .. } => "copy_code",
            Self::Flow { .. } => "flow",
        }
    }

    /// The button's place, from 0.
    pub const fn index(&self) -> u8 {
        let (Self::Url { index, .. }
        | Self::QuickReply { index, .. }
        | Self::CopyCode { index, .. }
        | Self::Flow { index, .. }) = self;
        *index
    }
}

impl Parameters {
    /// The values, in the order given.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        let (places, names): (&[String], &[(String, String)]) = match self {
            Self::Positional(values) => (values, &[]),
            Self::Named(values) => (&[], values),
        };
        places.iter().map(String::as_str).chain(names.iter().map(|(_, value)| value.as_str()))
    }

    /// Whether there are no values.
    pub const fn is_empty(&self) -> bool {
        match self {
            Self::Positional(values) => values.is_empty(),
            Self::Named(values) => values.is_empty(),
        }
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Self::Positional(Vec::new())
    }
}

fn english() -> String {
    "en".to_owned()
}

/// A list is positional, an object is named; the object's order is kept.
impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Positional(values) => values.serialize(serializer),
            Self::Named(values) => {
                let mut map = serializer.serialize_map(Some(values.len()))?;
                for (name, value) in values {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Parameters;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of texts, or an object of texts by name")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Parameters, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Parameters::Positional(values))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
                let mut values: Vec<(String, String)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    if values.iter().any(|(known, _)| *known == name) {
                        return Err(serde::de::Error::custom(format!("parameter `{name}` is given twice")));
                    }
                    values.push((name, value));
                }
                Ok(Parameters::Named(values))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
