//! Content that the contact answers with a tap: reply buttons and lists.

use serde::{Deserialize, Serialize};

use crate::message::media::Header;

/// Up to three reply buttons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Buttons {
    /// The question.
    pub body: String,
    /// A line or a medium above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// A line below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// One to three buttons.
    pub buttons: Vec<Button>,
}

/// A reply button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Button {
    /// The id in the contact's reply.
    pub id: String,
    /// The label, up to 20 characters.
    pub title: String,
}

/// A list to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct List {
    /// The question.
    pub body: String,
    /// The label of the button that opens the list, up to 20 characters.
    pub button: String,
    /// A line above the question. Lists take a text only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// A line below the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// The rows, grouped; ten rows at the most over all sections.
    pub sections: Vec<Section>,
}

/// A group of rows in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Section {
    /// The heading; needed when there is more than one section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A row in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Row {
    /// The id in the contact's reply.
    pub id: String,
    /// The title, up to 24 characters.
    pub title: String,
    /// A second, smaller line, up to 72 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

macro_rules! around_the_body {
    ($($type:ident),*) => {$(
        impl $type {
            /// Sets what stands above the body.
            #[must_use]
            pub fn header(mut self, header: Header) -> Self {
                self.header = Some(header);
                self
            }

            /// Sets the line below the body.
            #[must_use]
            pub fn footer(mut self, footer: impl Into<String>) -> Self {
                self.footer = Some(footer.into());
                self
            }
        }
    )*};
}

around_the_body!(Buttons, List);

impl Buttons {
    /// A question with these buttons.
    pub fn new(body: impl Into<String>, buttons: impl IntoIterator<Item = Button>) -> Self {
        Self { body: body.into(), header: None, footer: None, buttons: buttons.into_iter().collect() }
    }
}

impl Button {
    /// A button with the id that comes back in the reply, and its label.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into() }
    }
}

impl List {
    /// A question with the label of the button that opens the list, and the list's sections.
    pub fn new(
        body: impl Into<String>,
        button: impl Into<String>,
        sections: impl IntoIterator<Item = Section>,
    ) -> Self {
        let sections = sections.into_iter().collect();
        Self { body: body.into(), button: button.into(), header: None, footer: None, sections }
    }
}

impl Section {
    /// These rows, without a heading.
    pub fn new(rows: impl IntoIterator<Item = Row>) -> Self {
        Self { title: None, rows: rows.into_iter().collect() }
    }

    /// Sets the heading.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }
}

impl Row {
    /// A row with the id that comes back in the reply, and its title.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), description: None }
    }

    /// Sets the second, smaller line.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}
