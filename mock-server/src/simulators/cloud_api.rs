//! The parts of a message that several providers took over from Meta's Cloud API as they are.
//!
//! Each reader takes the JSON value of one part, checks it against the limits of Meta's pages (business messaging,
//! interactive, location, contacts and media messages; docs of Meta, inferred for a provider that only says it
//! mirrors them) and gives the content back in the form of the message ledger. Unknown members are collected,
//! not refused: whether sloppiness is refused is for the simulator to say.

mod contacts;
mod definition;
mod interactive;
mod location;
mod media;
mod received;
mod template_check;

pub(crate) use contacts::contacts;
pub(crate) use definition::{MOST_TEMPLATES, category, checked_components, components, definition};
pub(crate) use interactive::interactive;
pub(crate) use location::location;
pub(crate) use media::{CAPTION_LIMIT, MediaRules, is_web_address, media};
pub(crate) use received::{is_medium, received};
pub(crate) use template_check::{BodyValue, SentParts, TemplateFlaw, check_body, check_parts, ordered};

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::core::finding::{FindingCollector, Source};
use crate::core::json::{Json, Members, Named as _};

/// What is wrong with one member of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The member, as a path with dots.
    pub(crate) field: String,
    /// Whether the member is not there at all, as opposed to being wrong.
    pub(crate) missing: bool,
    /// What was expected of it, to be read after its name.
    pub(crate) expected: String,
    /// The page with the rule, where it is another than that of the whole request.
    pub(crate) source: Option<Source>,
}

impl FieldError {
    /// The member `field` is needed and not there.
    pub(crate) fn missing(field: impl Into<String>) -> Self {
        Self { field: field.into(), missing: true, expected: "should not be empty".to_owned(), source: None }
    }

    /// The member `field` is there and wrong.
    pub(crate) fn wrong(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.into(), missing: false, expected: expected.into(), source: None }
    }

    /// The same flaw by a rule of `source`, unless it names one already.
    pub(crate) fn by(self, source: Source) -> Self {
        Self { source: self.source.or(Some(source)), ..self }
    }

    /// The flaw as one line of text.
    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.field, self.expected)
    }
}

/// Reads the objects of one request and remembers what in their form is not as it should be.
#[derive(Debug, Default)]
pub(crate) struct FieldReader {
    /// The paths of unknown members, in the order met.
    pub(crate) unknown: Vec<String>,
    /// Whose limits on what buttons and rows say are only remarked upon, for a provider whose own pages give none;
    /// `None` if they are enforced.
    pub(crate) long_titles_noted: Option<Source>,
    /// The titles that are longer anyway, in the order met.
    long_titles: Vec<String>,
    /// What else breaks a rule of the provider's pages and is taken anyway, with the page, in the order met.
    pub(crate) sloppy: Vec<(Cow<'static, str>, Source)>,
    /// What is legal and worth knowing, with the page, in the order met.
    remarks: Vec<(Cow<'static, str>, Source)>,
}

impl FieldReader {
    /// The object at `field`, whose members other than `known` are noted.
    pub(crate) fn object<'a>(
        &mut self,
        value: Option<&'a Json<'a>>,
        field: &str,
        known: &[&str],
    ) -> Result<&'a Members<'a>, FieldError> {
        match value {
            None | Some(Json::Null) => Err(FieldError::missing(field)),
            Some(Json::Object(members)) => {
                self.note_unknown(members, field, known);
                Ok(members)
            }
            Some(_) => Err(FieldError::wrong(field, "must be an object")),
        }
    }

    /// Notes something that `source` would have otherwise.
    pub(crate) fn note(&mut self, text: impl Into<Cow<'static, str>>, source: Source) {
        self.sloppy.push((text.into(), source));
    }

    /// Remarks on something that is legal.
    pub(crate) fn remark(&mut self, text: impl Into<Cow<'static, str>>, source: Source) {
        self.remarks.push((text.into(), source));
    }

    /// Hands everything noted over to the review of the request; unknown members are ruled out by `members`. Whether a
    /// strict mock has to refuse the request is in the answer.
    #[must_use]
    pub(crate) fn report(self, review: &mut FindingCollector, members: Source) -> bool {
        for path in self.unknown {
            review.tolerated(format!("`{path}` is no member the provider knows"), members);
        }
        if let Some(source) = self.long_titles_noted {
            self.long_titles.into_iter().for_each(|title| review.note(title, source));
        }
        for (text, source) in self.remarks {
            review.note(text, source);
        }
        let mut refuse = false;
        for (text, source) in self.sloppy {
            refuse |= review.must_refuse(text, source);
        }
        refuse
    }

    /// The title `name` if it is there, up to `limit` characters unless longer ones are allowed.
    pub(crate) fn title<'a>(
        &mut self,
        members: &'a Members<'a>,
        field: &str,
        name: &str,
        limit: usize,
    ) -> Result<Option<&'a str>, FieldError> {
        if self.long_titles_noted.is_none() {
            return optional_text(members, field, name, limit);
        }
        let title = optional_text(members, field, name, usize::MAX)?;
        if title.is_some_and(|title| title.chars().count() > limit) {
            let place = join(field, name);
            self.long_titles.push(format!("`{place}` is longer than the {limit} characters that WhatsApp shows"));
        }
        Ok(title)
    }

    /// As [`title`](Self::title), for one that has to be there.
    pub(crate) fn needed_title<'a>(
        &mut self,
        members: &'a Members<'a>,
        field: &str,
        name: &str,
        limit: usize,
    ) -> Result<&'a str, FieldError> {
        match self.title(members, field, name, limit)? {
            None | Some("") => Err(FieldError::missing(join(field, name))),
            Some(title) => Ok(title),
        }
    }

    /// Notes the members of an object that are not among `known`.
    pub(crate) fn note_unknown(&mut self, members: &Members<'_>, field: &str, known: &[&str]) {
        self.note_others(members, field, |name| known.contains(&name));
    }

    /// Notes the members of an object that are not known.
    pub(crate) fn note_others(&mut self, members: &Members<'_>, field: &str, is_known: impl Fn(&str) -> bool) {
        for name in members.keys().filter(|name| !is_known(name)) {
            self.unknown.push(join(field, name));
        }
    }
}

/// The path of a member below `field`.
pub(crate) fn join(field: &str, name: &str) -> String {
    if field.is_empty() { name.to_owned() } else { [field, name].join(".") }
}

/// The text `name`, which has to be there and not empty, up to `limit` characters.
pub(crate) fn required_text<'a>(
    members: &'a Members<'a>,
    field: &str,
    name: &str,
    limit: usize,
) -> Result<&'a str, FieldError> {
    match optional_text(members, field, name, limit)? {
        None | Some("") => Err(FieldError::missing(join(field, name))),
        Some(text) => Ok(text),
    }
}

/// The text `name` if it is there, up to `limit` characters.
pub(crate) fn optional_text<'a>(
    members: &'a Members<'a>,
    field: &str,
    name: &str,
    limit: usize,
) -> Result<Option<&'a str>, FieldError> {
    match members.member(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Str(text)) if text.chars().count() > limit => {
            Err(FieldError::wrong(join(field, name), format!("must be shorter than or equal to {limit} characters")))
        }
        Some(Json::Str(text)) => Ok(Some(text)),
        Some(_) => Err(FieldError::wrong(join(field, name), "must be a string")),
    }
}

/// The array `name`, which has to hold `least` to `most` items.
pub(crate) fn required_array<'a>(
    members: &'a Members<'a>,
    field: &str,
    name: &str,
    least: usize,
    most: usize,
) -> Result<&'a [Json<'a>], FieldError> {
    match members.member(name) {
        None | Some(Json::Null) => Err(FieldError::missing(join(field, name))),
        Some(Json::Array(items)) if items.len() < least || items.len() > most => {
            Err(FieldError::wrong(join(field, name), format!("must hold {least} to {most} items")))
        }
        Some(Json::Array(items)) => Ok(items),
        Some(_) => Err(FieldError::wrong(join(field, name), "must be an array")),
    }
}

/// Puts `value` under `name` unless there is none.
pub(crate) fn put_text(content: &mut Map<String, Value>, name: &str, value: Option<&str>) {
    if let Some(text) = value {
        content.insert(name.to_owned(), Value::from(text));
    }
}
