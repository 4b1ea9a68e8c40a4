//! The provider's names for the application's templates.

use std::collections::BTreeMap;

use serde_json::Value;

use super::problem::kind;
use super::problem::listed;
use crate::error::{Error, ErrorKind, Result};
use crate::message::template::{Parameters, Template};

/// A channel's `templates` table, by the application's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateMappings(BTreeMap<String, TemplateMapping>);

/// A row of a channel's `templates` table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateMapping {
    /// The provider's numeric id, for providers that use ids.
    pub id: Option<u64>,
    /// The provider's name, if it differs.
    pub name: Option<String>,
    /// The provider's language, if it differs.
    pub language: Option<String>,
    /// The names of the placeholders, in the order of the positions.
    pub params: Option<Vec<String>>,
}

/// A template in the provider's names.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ResolvedTemplate<'t> {
    /// The provider's numeric id, if the table gives one.
    pub id: Option<u64>,
    /// The provider's name for it.
    pub name: &'t str,
    /// The provider's language for it.
    pub language: &'t str,
    params: Option<&'t [String]>,
    given: &'t Parameters,
}

impl TemplateMappings {
    pub(super) fn add(&mut self, name: String, mapping: TemplateMapping) {
        self.0.insert(name, mapping);
    }

    /// The provider's names for `template`. Without a row, its own name and language.
    pub fn resolve<'t>(&'t self, template: &'t Template) -> ResolvedTemplate<'t> {
        let mapping = self.0.get(&template.name);
        let given = |part: fn(&TemplateMapping) -> Option<&str>| mapping.and_then(part);
        ResolvedTemplate {
            id: mapping.and_then(|mapping| mapping.id),
            name: given(|mapping| mapping.name.as_deref()).unwrap_or(&template.name),
            language: given(|mapping| mapping.language.as_deref()).unwrap_or(&template.language),
            params: mapping.and_then(|mapping| mapping.params.as_deref()),
            given: &template.body,
        }
    }
}

impl TemplateMapping {
    /// Reads a row of the table. The error names the problem.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let expected = r#"expected a table such as { id = 310 } or { name = "…", language = "…", params = ["…"] }"#;
        let Value::Object(table) = value else { return Err(format!("{expected}, got {}", kind(value))) };
        let mut mapping = Self::default();
        for (key, value) in table {
            match (key.as_str(), value) {
                ("id", Value::Number(id)) if id.is_u64() => mapping.id = id.as_u64(),
                ("name", Value::String(name)) => mapping.name = Some(name.clone()),
                ("language", Value::String(language)) => mapping.language = Some(language.clone()),
                ("params", Value::Array(names)) if names.iter().all(Value::is_string) => {
                    mapping.params = Some(names.iter().filter_map(Value::as_str).map(str::to_owned).collect());
                }
                ("id", _) => return Err("id: expected a whole number".to_owned()),
                ("name" | "language", _) => return Err(format!("{key}: expected a text")),
                ("params", _) => return Err("params: expected a list of names".to_owned()),
                (unknown, _) => {
                    return Err(format!(
                        "unknown key `{unknown}`, expected one of {}",
                        listed(["id", "language", "name", "params"])
                    ));
                }
            }
        }
        Ok(mapping)
    }
}

impl<'t> ResolvedTemplate<'t> {
    /// Checks the values against the names of the table, where it has names.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if they do not fit.
    pub fn check_names(&self) -> Result<()> {
        if self.params.is_some() { self.named().map(drop) } else { Ok(()) }
    }

    /// The values in the order of the placeholders, for providers with positional parameters.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if the values are named and the table does not say in which order they stand, or if
    /// there are not as many as the table names.
    pub fn positional(&self) -> Result<Vec<&'t str>> {
        match (self.given, self.params) {
            (Parameters::Positional(values), None) => Ok(values.iter().map(String::as_str).collect()),
            (Parameters::Positional(values), Some(params)) => {
                self.same_count(values.len(), params)?;
                Ok(values.iter().map(String::as_str).collect())
            }
            (Parameters::Named(values), None) if values.is_empty() => Ok(Vec::new()),
            (Parameters::Named(_), None) => Err(self.wrong(
                "its parameters are named, and this provider goes by position: list the names as `params` in the channel's templates table",
            )),
            (Parameters::Named(values), Some(params)) => {
                self.known_names(values, params)?;
                params.iter().map(|name| self.value_of(values, name)).collect()
            }
        }
    }

    /// The values by name, for providers with named parameters; by position (`1`, `2`, …) if they have no names.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if they do not fit the names of the table.
    pub fn named(&self) -> Result<Vec<(String, &'t str)>> {
        match (self.given, self.params) {
            (Parameters::Positional(values), None) => {
                Ok(values.iter().enumerate().map(|(at, value)| ((at + 1).to_string(), value.as_str())).collect())
            }
            (Parameters::Positional(values), Some(params)) => {
                self.same_count(values.len(), params)?;
                Ok(params.iter().cloned().zip(values.iter().map(String::as_str)).collect())
            }
            (Parameters::Named(values), None) => {
                Ok(values.iter().map(|(name, value)| (name.clone(), value.as_str())).collect())
            }
            (Parameters::Named(values), Some(params)) => {
                self.known_names(values, params)?;
                params.iter().map(|name| Ok((name.clone(), self.value_of(values, name)?))).collect()
            }
        }
    }

    fn same_count(&self, given: usize, params: &[String]) -> Result<()> {
        if given == params.len() {
            return Ok(());
        }
        let names = listed(params.iter().map(String::as_str));
        Err(self.wrong(&format!("it takes {} parameters ({names}), got {given}", params.len())))
    }

    fn known_names(&self, values: &[(String, String)], params: &[String]) -> Result<()> {
        match values.iter().find(|(name, _)| !params.contains(name)) {
            None => Ok(()),
            Some((unknown, _)) => {
                let names = listed(params.iter().map(String::as_str));
                Err(self.wrong(&format!("it has no parameter `{unknown}`, expected {names}")))
            }
        }
    }

    fn value_of(&self, values: &'t [(String, String)], name: &str) -> Result<&'t str> {
        let found = values.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| self.wrong(&format!("parameter `{name}` is missing")))
    }

    fn wrong(&self, problem: &str) -> Error {
        Error::invalid(ErrorKind::InvalidRequest, vec![format!("template `{}`: {problem}", self.name)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(json: &str) -> TemplateMappings {
        let mut mappings = TemplateMappings::default();
        mappings.add("visit".into(), TemplateMapping::read(&serde_json::from_str(json).unwrap()).unwrap());
        mappings
    }

    #[test]
    fn a_template_without_a_row_goes_as_the_application_names_it() {
        let mappings = TemplateMappings::default();
        let template = Template::new("visit").body(["Ana"]);
        let resolved = mappings.resolve(&template);
        assert_eq!((resolved.name, resolved.language, resolved.id), ("visit", "en", None));
        assert_eq!(resolved.named().unwrap(), [("1".to_owned(), "Ana")]);
    }

    #[test]
    fn params_turn_positions_into_names_and_names_into_positions() {
        let mappings = table(r#"{"name":"recordatorio","language":"es","params":["customer","day"]}"#);
        let by_position = Template::new("visit").body(["Ana", "12/02"]);
        let by_name = Template::new("visit").body_named([("day", "12/02"), ("customer", "Ana")]);
        for template in [&by_position, &by_name] {
            let resolved = mappings.resolve(template);
            assert_eq!((resolved.name, resolved.language), ("recordatorio", "es"));
            assert_eq!(resolved.positional().unwrap(), ["Ana", "12/02"]);
            assert_eq!(resolved.named().unwrap(), [("customer".to_owned(), "Ana"), ("day".to_owned(), "12/02")]);
        }
    }

    #[test]
    fn parameters_too_few_too_many_or_unknown_are_refused_by_name() {
        let mappings = table(r#"{"params":["customer","day"]}"#);
        for (template, named) in [
            (Template::new("visit").body(["Ana"]), "takes 2 parameters (`customer`, `day`), got 1"),
            (Template::new("visit").body(["a", "b", "c"]), "got 3"),
            (Template::new("visit").body_named([("customer", "Ana")]), "`day` is missing"),
            (Template::new("visit").body_named([("customer", "a"), ("day", "b"), ("x", "c")]), "no parameter `x`"),
        ] {
            let resolved = mappings.resolve(&template);
            for error in [resolved.positional().unwrap_err(), resolved.named().unwrap_err()] {
                assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                assert!(error.to_string().contains(named), "{error}");
            }
        }
        let unordered = TemplateMappings::default();
        let template = Template::new("visit").body_named([("customer", "Ana")]);
        assert!(unordered.resolve(&template).positional().is_err());
    }
}
