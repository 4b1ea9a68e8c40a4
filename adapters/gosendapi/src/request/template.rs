//! A template that is about to go, held against its definition.

use transom::account::TemplateInfo;
use transom::{Result, Template};

use crate::config::Config;

/// A template as a send names it.
pub(crate) struct RequestedTemplate<'t> {
    name: &'t str,
    language: &'t str,
    /// How many values its body gets, all of them by position: for names the pages show no member [docs, Templates].
    values: usize,
}

impl<'t> RequestedTemplate<'t> {
    /// What the channel calls `template`.
    pub(crate) fn of(config: &'t Config, template: &'t Template) -> Result<Self> {
        let resolved = config.templates.resolve(template);
        Ok(Self { name: resolved.name, language: resolved.language, values: resolved.positional()?.len() })
    }

    /// Whether the definition in `listed` lets it go. One that is not on the list is for the vendor to judge: the list
    /// is a copy of Meta's, which may be older [docs, Templates].
    ///
    /// # Errors
    /// [`InvalidRequest`](transom::ErrorKind::InvalidRequest) for values too few or too many;
    /// [`TemplateRejected`](transom::ErrorKind::TemplateRejected) for a state in which nothing goes.
    pub(crate) fn check(&self, listed: &[TemplateInfo]) -> Result<()> {
        let is_it = |template: &&TemplateInfo| template.name == self.name && template.language == self.language;
        let Some(definition) = listed.iter().find(is_it) else { return Ok(()) };
        definition.check_status()?;
        definition.check_places(self.values)
    }
}
