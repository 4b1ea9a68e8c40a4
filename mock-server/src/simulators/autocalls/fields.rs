//! Reading fields as the provider's framework validates them: every problem at once, in a body of its own kind.

use std::borrow::Cow;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use super::common::{FRAMEWORK, NAME};
use super::refusal::Refusal;
use crate::core::finding::{FindingCollector, Source};
use crate::core::json::Json;
use crate::core::request::{Query, header, is_json, json_of};
use crate::core::response::json_response;
use crate::core::world::World;

/// The fields of one request, and what is wrong with them.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    values: Vec<(Cow<'a, str>, Json<'a>)>,
    problems: Vec<(&'static str, String)>,
    source: Source,
    /// Whether every value is a text, as in a query or a form.
    of_texts: bool,
}

impl<'a> Fields<'a> {
    /// The members of a JSON body. A body that is none has no fields, so that every required one is missing.
    /// Such a framework reads a form, too, whose `variables[1]` stands for a member of an object (inferred).
    pub(super) fn of_body(
        world: &World,
        request: &'a Request<Bytes>,
        source: Source,
        review: &mut FindingCollector,
    ) -> Self {
        if is_form(request) && world.switch(NAME, "form_body") == "read" {
            if review.must_refuse("`Content-Type` is that of a form, expected `application/json`", source) {
                return Self { values: Vec::new(), problems: Vec::new(), source, of_texts: true };
            }
            let values = form(&Query::of_form(request.body()));
            return Self { values, problems: Vec::new(), source, of_texts: true };
        }
        if !is_json(request) {
            review.tolerated("`Content-Type` is not `application/json`", source);
        }
        let values = if let Ok(Json::Object(values)) = json_of(request.body()) {
            values.into_vec()
        } else {
            review.refused("the body is not a JSON object", source);
            Vec::new()
        };
        Self { values, problems: Vec::new(), source, of_texts: false }
    }

    /// The parameters of a query. A plus that was not encoded stands for a space in a form; this provider's own sample line
    /// has one in front of a phone number, so it is taken for what was meant.
    pub(super) fn of_query(
        world: &World,
        request: &Request<Bytes>,
        source: Source,
        review: &mut FindingCollector,
    ) -> Self {
        let repairs = world.switch(NAME, "bare_plus") != "refused";
        let query = Query::of(request);
        let mut values: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        for name in query.names() {
            if values.iter().any(|(known, _)| known == name) {
                continue;
            }
            let mut value = query.get(name).unwrap_or_default().to_owned();
            if query.has_bare_plus(name) {
                review.tolerated(format!("`{name}` has a bare `+` in the query, which must be sent as `%2B`"), source);
                if let Some(rest) = value.strip_prefix(' ').filter(|_| repairs) {
                    value = format!("+{rest}");
                }
            }
            values.push((name.to_owned().into(), value.into()));
        }
        Self { values, problems: Vec::new(), source, of_texts: true }
    }

    /// A required whole number. Digits in a string are taken for one, with a finding if the field should be a JSON number.
    pub(super) fn integer(&mut self, name: &'static str, review: &mut FindingCollector) -> Option<u64> {
        let value = self.take(name);
        if is_blank(&value) {
            self.required(name, review);
            return None;
        }
        let number = match &value {
            Json::Number(number) => number.as_u64(),
            Json::Str(text) => text.parse().ok(),
            _ => None,
        };
        let is_wrong_type = !self.of_texts && value.is_string() && number.is_some();
        let strictly_refused =
            is_wrong_type && review.must_refuse(format!("`{name}` is a string, expected an integer"), self.source);
        if number.is_none() || strictly_refused {
            if !strictly_refused {
                review.refused(format!("`{name}` is not an integer"), self.source);
            }
            self.problem(name, format!("The {} field must be an integer.", spaced(name)));
            return None;
        }
        number
    }

    /// A required text; `most` bounds its characters.
    pub(super) fn text(
        &mut self,
        name: &'static str,
        most: usize,
        review: &mut FindingCollector,
    ) -> Option<Cow<'a, str>> {
        let value = self.take(name);
        if is_blank(&value) {
            self.required(name, review);
            return None;
        }
        self.checked_text(name, value, most, review)
    }

    /// A text that may be absent.
    pub(super) fn optional_text(
        &mut self,
        name: &'static str,
        most: usize,
        review: &mut FindingCollector,
    ) -> Option<Cow<'a, str>> {
        let value = self.take(name);
        if value.is_null() { None } else { self.checked_text(name, value, most, review) }
    }

    /// An object of texts that may be absent.
    pub(super) fn texts(&mut self, name: &'static str, review: &mut FindingCollector) -> Map<String, Value> {
        if self.of_texts {
            return self.form_texts(name);
        }
        match self.take(name) {
            Json::Null => Map::new(),
            // An empty array is what an empty object becomes in this framework's own language.
            Json::Array(items) if items.is_empty() => Map::new(),
            Json::Object(texts) => {
                for (key, value) in texts.iter() {
                    if !value.is_string() {
                        review.refused(format!("`{name}.{key}` is not a string"), self.source);
                        self.problem(name, format!("The {}.{key} field must be a string.", spaced(name)));
                    }
                }
                texts.into()
            }
            _ => {
                review.refused(format!("`{name}` is not an object"), self.source);
                self.problem(name, format!("The {} field must be an array.", spaced(name)));
                Map::new()
            }
        }
    }

    /// The members `name[…]` of a form.
    fn form_texts(&mut self, name: &str) -> Map<String, Value> {
        let mut texts = Map::new();
        self.values.retain(|(known, value)| {
            let member = known.strip_prefix(name).and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
            if let Some(member) = member {
                texts.insert(member.to_owned(), Value::from(value));
            }
            member.is_none()
        });
        texts
    }

    /// Remarks on what was not read, and says what was wrong with the rest: 422 with every problem by its field.
    pub(super) fn finish(self, review: &mut FindingCollector) -> Result<(), Refusal> {
        for (unknown, _) in &self.values {
            review.tolerated(format!("unknown member `{unknown}`"), self.source);
        }
        let Some((_, first)) = self.problems.first() else {
            return Ok(());
        };
        let message = match self.problems.len() - 1 {
            0 => first.clone(),
            1 => format!("{first} (and 1 more error)"),
            more => format!("{first} (and {more} more errors)"),
        };
        let mut errors: Map<String, Value> = Map::new();
        for (name, problem) in self.problems {
            let list = errors.entry(name).or_insert_with(|| json!([]));
            if let Value::Array(list) = list {
                list.push(Value::String(problem));
            }
        }
        Err(json_response(422, &json!({"message": message, "errors": errors})).into())
    }

    fn checked_text(
        &mut self,
        name: &'static str,
        value: Json<'a>,
        most: usize,
        review: &mut FindingCollector,
    ) -> Option<Cow<'a, str>> {
        let Json::Str(text) = value else {
            review.refused(format!("`{name}` is not a string"), self.source);
            self.problem(name, format!("The {} field must be a string.", spaced(name)));
            return None;
        };
        let length = text.chars().count();
        if length > most {
            review.refused(format!("`{name}` has {length} characters, at most {most} are allowed"), self.source);
            self.problem(name, format!("The {} field must not be greater than {most} characters.", spaced(name)));
            return None;
        }
        Some(text)
    }

    /// Takes a member out, the last one of its name; null if there is none.
    fn take(&mut self, name: &str) -> Json<'a> {
        let mut taken = Json::Null;
        self.values.retain_mut(|(known, value)| {
            let is_it = known == name;
            if is_it {
                taken = std::mem::take(value);
            }
            !is_it
        });
        taken
    }

    fn required(&mut self, name: &'static str, review: &mut FindingCollector) {
        review.refused(format!("`{name}` is missing"), self.source);
        self.problem(name, format!("The {} field is required.", spaced(name)));
    }

    pub(super) fn problem(&mut self, name: &'static str, problem: String) {
        self.problems.push((name, problem));
    }
}

/// Remarks on parameters that a call does not have.
pub(super) fn review_query(request: &Request<Bytes>, known: &[&str], review: &mut FindingCollector) {
    for unknown in Query::of(request).names().filter(|name| !known.contains(name)) {
        review.tolerated(format!("unknown parameter `{unknown}`"), FRAMEWORK);
    }
}

fn is_form(request: &Request<Bytes>) -> bool {
    let essence = header(request, CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The members of a form.
fn form<'a>(query: &Query) -> Vec<(Cow<'a, str>, Json<'a>)> {
    let value = |name: &str| query.get(name).unwrap_or_default().to_owned().into();
    query.names().map(|name| (name.to_owned().into(), value(name))).collect()
}

fn is_blank(value: &Json<'_>) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}
