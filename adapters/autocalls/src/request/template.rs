//! A template as a send names it, and its id in the sender's list.

use std::collections::BTreeMap;

use transom::account::TemplateInfo;
use transom::adapter::other_languages;
use transom::{Error, ErrorKind, Result, Template};

use crate::config::Config;

/// A template checked for what Autocalls can carry, in its terms, but for the id where the channel gives none.
#[derive(Debug)]
pub(crate) struct RequestedTemplate<'t> {
    /// The id in the channel's templates table.
    pub(crate) id: Option<u64>,
    pub(crate) name: &'t str,
    pub(crate) language: &'t str,
    /// The contact's name, for the provider's own list.
    pub(crate) recipient_name: Option<&'t str>,
    pub(crate) variables: BTreeMap<String, &'t str>,
}

impl<'t> RequestedTemplate<'t> {
    /// `template` in the provider's names.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for values of other components than the body, for which the body of a send has no field
    /// [docs, Send Template Message]; [`ErrorKind::InvalidRequest`] for values that do not fit the channel's table.
    pub(crate) fn of(config: &'t Config, template: &'t Template) -> Result<Self> {
        if template.has_components() {
            let why = "this provider takes values for a template's body only, none for its header or buttons";
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        let resolved = config.templates.resolve(template);
        let variables = resolved.named()?;
        let (id, name, language) = (resolved.id, resolved.name, resolved.language);
        Ok(Self { id, name, language, recipient_name: None, variables: variables.into_iter().collect() })
    }

    /// The names of its values: names, or `1`, `2`, ….
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }
}

/// The id of the template that is requested: its own, else that of the one in `listed` with its name and language. If
/// `checked`, its definition must have a place for each of its values, and be approved.
///
/// # Errors
/// [`ErrorKind::Config`] if it has no id and there is none of its name or several: which one is meant is for the
/// channel's templates table to say. [`ErrorKind::InvalidRequest`] or [`ErrorKind::TemplateRejected`] if the definition
/// is against it.
pub(crate) fn id_of(listed: &[TemplateInfo], requested: &RequestedTemplate<'_>, checked: bool) -> Result<u64> {
    let (id, definition) = match requested.id {
        // A template that is not in the list is for the provider to judge.
        Some(id) => (id, listed.iter().find(|template| template.id == id.to_string())),
        None => by_name(listed, requested).map(|(id, definition)| (id, Some(definition)))?,
    };
    if let Some(definition) = definition.filter(|_| checked) {
        definition.check_status()?;
        definition.check_names(requested.names())?;
    }
    Ok(id)
}

fn by_name<'l>(listed: &'l [TemplateInfo], requested: &RequestedTemplate<'_>) -> Result<(u64, &'l TemplateInfo)> {
    let fits = |template: &&TemplateInfo| template.name == requested.name && template.language == requested.language;
    let fitting: Vec<&TemplateInfo> = listed.iter().filter(fits).collect();
    let found = match fitting.as_slice() {
        [one] => match one.id.parse() {
            Ok(id) => return Ok((id, one)),
            Err(_) => "has an id that is not a whole number".to_owned(),
        },
        [] => match other_languages(listed, requested.name) {
            Some(languages) => format!("is not among the sender's templates, which have it in {languages}"),
            None => "is not among the sender's templates".to_owned(),
        },
        several => format!("stands for {} of the sender's templates", several.len()),
    };
    let (name, language) = (requested.name, requested.language);
    let problem = format!("template `{name}` in `{language}` {found}; give its id in the channel's templates table");
    Err(Error::invalid(ErrorKind::Config, vec![problem]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::tests::{answer, config};
    use crate::response::lists::decode_templates;

    const NOW: std::time::SystemTime = std::time::SystemTime::UNIX_EPOCH;

    fn requested<'t>(config: &'t Config, template: &'t transom::Template) -> RequestedTemplate<'t> {
        RequestedTemplate::of(config, template).unwrap()
    }

    #[test]
    fn a_definition_stops_what_does_not_fit_it_and_nothing_else() {
        let body = r#"{"data":[{"id":310,"name":"visit","language":"en","status":"approved","variables":["first_name","day"]},
            {"id":313,"name":"new","language":"en","status":"pending","variables":[]},
            {"id":314,"name":"odd","language":"en","status":"in_review"}]}"#;
        let listed = decode_templates(&answer(200, body), NOW).unwrap();
        let config = config();
        let template = |name: &str, values: &[&str]| transom::Template::new(name).body(values.iter().copied());
        for (template, expected) in [
            (template("visit", &["Mara", "12 May"]), Ok(310)),
            (template("visit", &["Mara"]), Err(ErrorKind::InvalidRequest)),
            (template("visit", &["Mara", "12 May", "16:30"]), Err(ErrorKind::InvalidRequest)),
            (template("visit", &[]).body_named([("day", "12 May"), ("first_name", "Mara")]), Ok(310)),
            (template("visit", &[]).body_named([("day", "12 May"), ("name", "Mara")]), Err(ErrorKind::InvalidRequest)),
            (template("new", &[]), Err(ErrorKind::TemplateRejected)),
            // A state that nobody knows, and placeholders that nobody told, are for the service to judge.
            (template("odd", &["Mara"]), Ok(314)),
        ] {
            let found = id_of(&listed, &requested(&config, &template), true).map_err(|error| error.kind());
            assert_eq!(found, expected, "{template:?}");
        }
        assert_eq!(id_of(&listed, &requested(&config, &template("new", &["x"])), false).unwrap(), 313);
    }
}
