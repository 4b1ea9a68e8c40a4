//! The templates of an account.

use std::time::SystemTime;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::read::parsed;
use super::{MAX_ROWS, check_length};
use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::simulator::Simulator;
use crate::core::world::{Template, TemplateStatus};
use crate::simulators::checked_components;

const LONGEST_NAME: usize = 512;
const LONGEST_BODY: usize = 4_096;
const CATEGORIES: [&str; 3] = ["utility", "marketing", "authentication"];

/// A template.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct TemplateState {
    /// The provider, where templates of several are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub provider: Option<&'static str>,
    /// The provider's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Its review status.
    pub status: &'static str,
    /// Its category.
    pub category: String,
    /// Its text.
    pub body: String,
    /// Its placeholders in order.
    pub parameters: Vec<String>,
    /// Its definition, where more than the body is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>, required = false)]
    pub components: Vec<Value>,
}

/// A template to add; its parameters are the placeholders of its body.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct NewTemplate {
    /// The provider.
    pub provider: String,
    /// Its name, at most 512 characters.
    pub name: String,
    /// Its text, at most 4,096 characters. Not with `components`, whose `BODY` has the text.
    #[serde(default)]
    pub body: String,
    /// Its definition: components as Meta writes them, such as `{"type":"HEADER","format":"IMAGE"}`.
    #[schema(value_type = Option<Vec<Object>>)]
    pub components: Option<Vec<Value>>,
    /// Its language, `en` by default.
    pub language: Option<String>,
    /// Its number at the provider; by default one that is free.
    #[schema(minimum = 1)]
    pub id: Option<u32>,
    /// Its review status, `approved` by default.
    pub status: Option<TemplateStatus>,
    /// `utility` by default, `marketing` or `authentication`.
    pub category: Option<String>,
}

/// The template to remove.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TemplateName {
    /// The provider.
    pub provider: String,
    /// Its name.
    pub name: String,
    /// Its language; without it every one.
    pub language: Option<String>,
}

impl<'de> Deserialize<'de> for TemplateStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, &format!("one of {}", list(Self::ALL)), Self::read)
    }
}

impl Simulator {
    /// Every template, or those of one provider.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn templates(&self, provider: Option<&str>) -> Result<Vec<TemplateState>, ControlError> {
        let accounts = self.accounts_of(provider)?;
        let templates = accounts.flat_map(|(provider, account)| {
            account.templates.iter().map(move |template| template_state(Some(provider), template))
        });
        Ok(templates.collect())
    }

    /// Adds a template.
    ///
    /// # Errors
    ///
    /// A member cannot be, the provider has such a template, or it has 500.
    pub fn add_template(&mut self, real_now: SystemTime, new: &NewTemplate) -> Result<TemplateState, ControlError> {
        let provider = self.provider(&new.provider)?;
        let NewTemplate { name, body, .. } = new;
        check_length("name", name, LONGEST_NAME)?;
        if new.components.is_none() {
            check_length("body", body, LONGEST_BODY)?;
        } else if !body.is_empty() {
            return Err(ControlError::refused("`body` goes with no `components`, expected one of them"));
        }
        let language = new.language.as_deref().unwrap_or("en");
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !((2..=20).contains(&language.len()) && language.bytes().all(legal)) {
            let expected = "a language such as \"en\" or \"pt_BR\"";
            return Err(ControlError::invalid_text("language", language, expected));
        }
        let category = new.category.as_deref().unwrap_or("utility");
        if !CATEGORIES.contains(&category) {
            return Err(ControlError::invalid_text("category", category, format!("one of {}", list(CATEGORIES))));
        }
        let known = &self.world.account(provider).templates;
        if known.iter().any(|template| template.name == *name && template.language == language) {
            let problem = format!("`name` is \"{name}\", which {provider} has in `{language}`, expected another");
            return Err(ControlError::refused(problem));
        }
        if new.id == Some(0) {
            return Err(ControlError::invalid("id", 0, "a whole number from 1"));
        }
        if let Some(id) = new.id.filter(|id| known.iter().any(|template| template.id == u64::from(*id))) {
            let problem = format!("`id` is {id}, which another template of {provider} has, expected another");
            return Err(ControlError::refused(problem));
        }
        if known.len() >= MAX_ROWS {
            let problem = format!("{provider} has {MAX_ROWS} templates, expected fewer before another");
            return Err(ControlError::refused(problem));
        }
        let free = known.iter().map(|template| template.id).max().unwrap_or_default() + 1;
        let id = new.id.map_or(free, u64::from);
        let template = match &new.components {
            None => Template::new(id, name, language, body),
            Some(components) => {
                let components = checked_components(components).map_err(ControlError::refused)?;
                let template = Template::of_components(id, name, language, components);
                template.ok_or_else(|| ControlError::missing("components", "a `BODY` with a `text` among them"))?
            }
        };
        let status = new.status.unwrap_or(TemplateStatus::Approved);
        let template = Template { status, category: category.to_owned(), ..template };
        let state = template_state(Some(provider), &template);
        let now = self.clock.now(real_now);
        self.announce_template(provider, &template, now);
        self.world.account_mut(provider).templates.push(template);
        self.note("templates");
        Ok(state)
    }

    /// Removes a template. Returns those that the provider still has.
    ///
    /// # Errors
    ///
    /// There is no such template.
    pub fn remove_template(&mut self, named: &TemplateName) -> Result<Vec<TemplateState>, ControlError> {
        let provider = self.provider(&named.provider)?;
        let templates = &mut self.world.account_mut(provider).templates;
        let is_meant = |template: &Template| {
            template.name == named.name && named.language.as_ref().is_none_or(|language| *language == template.language)
        };
        if !templates.iter().any(is_meant) {
            let known = list(templates.iter().map(|template| template.name.as_str()));
            return Err(ControlError::invalid("name", format!("`{}`", named.name), format!("one of {known}")));
        }
        templates.retain(|template| !is_meant(template));
        self.note("templates");
        self.templates(Some(provider))
    }
}

pub(super) fn template_state(provider: Option<&'static str>, template: &Template) -> TemplateState {
    TemplateState {
        provider,
        id: template.id.to_string(),
        name: template.name.clone(),
        language: template.language.clone(),
        status: template.status.as_str(),
        category: template.category.clone(),
        body: template.body.clone(),
        parameters: template.parameters.clone(),
        components: template.components.clone(),
    }
}
