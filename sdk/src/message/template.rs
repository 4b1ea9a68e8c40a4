//! Templates that the provider approved, under the application's names.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::message::media::Header;

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
}

impl Template {
    /// The template `name` in English (`en`), without parameters.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), language: english(), body: Parameters::default(), header: None, buttons: Vec::new() }
    }

    /// Sets the language of the approved text, such as `es` or `pt_BR`.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = language.into();
        self
    }

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

impl TemplateButton {
    /// The variable end of the URL of the button at `index`, from 0.
    pub fn url(index: u8, text: impl Into<String>) -> Self {
        Self::Url { index, text: text.into() }
    }

    /// The payload in the contact's reply by the button at `index`, from 0.
    pub fn quick_reply(index: u8, payload: impl Into<String>) -> Self {
        Self::QuickReply { index, payload: payload.into() }
    }
}

impl Parameters {
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
