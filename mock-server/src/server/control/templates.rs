//! `templates`: those that a provider has, more of them, and fewer.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::{Refusal, filtered, provider};
use crate::core::behavior_switch::list;
use crate::core::members::Members;
use crate::core::request::Query;
use crate::core::simulator::Simulator;
use crate::core::world::{Template, TemplateStatus};

/// A send looks through them, so that there are not too many.
const MOST: usize = 500;
const LONGEST_NAME: usize = 512;
const LONGEST_BODY: usize = 4_096;
const CATEGORIES: [&str; 3] = ["utility", "marketing", "authentication"];
const MEMBERS: [&str; 7] = ["provider", "id", "name", "language", "body", "status", "category"];

/// Every template, by provider.
pub(super) fn show(simulator: &Simulator, only: Option<&str>) -> Value {
    let accounts = simulator.world.accounts().filter(|(provider, _)| only.is_none_or(|only| only == *provider));
    let templates = accounts.flat_map(|(provider, account)| {
        account.templates.iter().map(move |template| with_provider(provider, template_json(template)))
    });
    templates.collect()
}

/// Adds a template; its parameters are the placeholders of its body.
pub(super) fn add(simulator: &mut Simulator, real_now: SystemTime, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let mut members = Members::of_body(request)?;
    let provider = provider(simulator, &members.needed_text("provider", "a provider's name")?)?;
    let name = members.needed("name", &format!("1 to {LONGEST_NAME} characters"), |name| short(name, LONGEST_NAME))?;
    let language = members.parsed("language", "a language such as \"en\" or \"pt_BR\"", language)?;
    let body = members
        .needed("body", &format!("a text of 1 to {LONGEST_BODY} characters"), |body| short(body, LONGEST_BODY))?;
    let id = members.number("id", 1, u64::from(u32::MAX))?;
    let statuses = format!("one of {}", list(TemplateStatus::ALL));
    let status = members.parsed("status", &statuses, TemplateStatus::read)?;
    let category = members.parsed("category", &format!("one of {}", list(CATEGORIES)), |given| {
        CATEGORIES.into_iter().find(|known| *known == given)
    })?;
    let language = language.unwrap_or_else(|| "en".to_owned());
    let known = &simulator.world.account(provider).templates;
    if known.iter().any(|template| template.name == name && template.language == language) {
        return Err(
            members.error(&format!("`name` is \"{name}\", which {provider} has in `{language}`, expected another"))
        );
    }
    if let Some(id) = id
        && known.iter().any(|template| template.id == id)
    {
        return Err(members.error(&format!("`id` is {id}, which another template of {provider} has, expected another")));
    }
    if known.len() >= MOST {
        return Err(members.error(&format!("{provider} has {MOST} templates, expected fewer before another")));
    }
    let next = known.iter().map(|template| template.id).max().unwrap_or_default() + 1;
    members.finish(&MEMBERS)?;
    let template = Template {
        status: status.unwrap_or(TemplateStatus::Approved),
        category: category.unwrap_or("utility").to_owned(),
        ..Template::new(id.unwrap_or(next), &name, &language, &body)
    };
    let answer = with_provider(provider, template_json(&template));
    let now = simulator.clock.now(real_now);
    simulator.announce_template(provider, &template, now);
    simulator.world.account_mut(provider).templates.push(template);
    Ok(answer)
}

/// Removes the template that `?provider=` and `?name=` name, in `?language=` or in every one; what is left is the answer.
pub(super) fn remove(simulator: &mut Simulator, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let query = Query::of(request);
    let provider = filtered(simulator, &query, &["provider", "name", "language"])?;
    let (Some(provider), Some(name)) = (provider, query.get("name")) else {
        return Err(Refusal::bad("`provider` or `name` is missing, expected both"));
    };
    let language = query.get("language");
    let templates = &mut simulator.world.account_mut(provider).templates;
    let is_meant =
        |template: &Template| template.name == name && language.is_none_or(|language| language == template.language);
    if !templates.iter().any(is_meant) {
        let known = list(templates.iter().map(|template| template.name.as_str()));
        return Err(Refusal::bad(format!("`name` is `{name}`, expected one of {known}")));
    }
    templates.retain(|template| !is_meant(template));
    Ok(show(simulator, Some(provider)))
}

pub(super) fn template_json(template: &Template) -> Value {
    json!({
        "id": template.id.to_string(), "name": template.name, "language": template.language,
        "status": template.status.as_str(), "category": template.category, "body": template.body,
        "parameters": template.parameters,
    })
}

pub(super) fn with_provider(provider: &str, mut json: Value) -> Value {
    if let Value::Object(members) = &mut json {
        members.insert("provider".to_owned(), provider.into());
    }
    json
}

fn short(text: &str, most: usize) -> Option<String> {
    (1..=most).contains(&text.chars().count()).then(|| text.to_owned())
}

fn language(text: &str) -> Option<String> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    ((2..=20).contains(&text.len()) && text.bytes().all(legal)).then(|| text.to_owned())
}
