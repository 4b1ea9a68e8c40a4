//! The templates among messages that are about to go, for the check against their definitions.

use transom::account::TemplateInfo;
use transom::{Content, Error, Message, Result};

use crate::config::Config;

/// A template as a send names it.
pub(crate) struct RequestedTemplate<'t> {
    /// The place of its message among those that go together.
    index: usize,
    name: &'t str,
    language: &'t str,
    /// How many values its body gets, all of them by position: for names the pages show no member (docs, Template
    /// Messages).
    values: usize,
}

impl<'t> RequestedTemplate<'t> {
    /// The templates among `messages`, as the channel calls them.
    pub(crate) fn among(config: &'t Config, messages: &'t [Message]) -> Result<Vec<Self>> {
        let mut wanted = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            if let Content::Template(template) = &message.content {
                let resolved = config.templates.resolve(template);
                let values = resolved.positional()?.len();
                wanted.push(Self { index, name: resolved.name, language: resolved.language, values });
            }
        }
        Ok(wanted)
    }

    /// Why its definition in `listed` does not let it go: a state in which nothing goes, or values too few or too many.
    /// One that is not on the list is for Exotel to judge.
    pub(crate) fn refused_by(&self, listed: &[TemplateInfo]) -> Option<(usize, Error)> {
        let definition =
            listed.iter().find(|template| template.name == self.name && template.language == self.language)?;
        let checked = definition.check_status().and_then(|()| definition.check_places(self.values));
        Some((self.index, checked.err()?))
    }
}
