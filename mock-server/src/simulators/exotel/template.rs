//! Templates as content of a send.

use serde_json::{Map, Value, json};

use super::common::{NAME, TEMPLATE_PAGE};
use super::failures;
use super::part::Part;
use super::part::{insert, media};
use super::problem::Problem;
use crate::core::finding::FindingCollector;
use crate::core::json::Json;
use crate::core::webhook::Failure;
use crate::core::world::{Account, TemplateStatus, World};
use crate::simulators::cloud_api::{BodyValue, SentParts, check_body, check_parts, ordered};

/// The most cards of a carousel.
const MOST_CARDS: usize = 10;

/// A template as a send names it.
#[derive(Debug)]
pub(super) struct TemplateSend {
    name: String,
    language: String,
    body: Vec<BodyValue>,
    header: Option<Value>,
    buttons: Vec<Value>,
    /// Components that our own form of content has no word for, under the provider's names and in its form.
    extra: Vec<(&'static str, Value)>,
}

impl TemplateSend {
    /// The content, if the account has this template, approved, with as many parameters. Source: Template Messages (docs): a
    /// template that is not approved is 400, and the page names a wrong count; the other texts are ours. An error is the answer,
    /// and what a callback says of it.
    pub(super) fn against(&self, account: &Account) -> Result<Value, Box<(Problem, Failure)>> {
        let Some(template) = account.template(&self.name, &self.language) else {
            let problem = format!("template {} does not exist in {}", self.name, self.language);
            return Err((Problem::invalid(problem), failures::TEMPLATE_NOT_FOUND).into());
        };
        if template.status != TemplateStatus::Approved {
            let problem = format!("template {} is not approved", self.name);
            return Err((Problem::invalid(problem), failures::TEMPLATE_NOT_APPROVED).into());
        }
        let (wanted, given) = (template.parameters.len(), self.body.len());
        if wanted != given {
            let problem = format!("template {} takes {wanted} body parameters, {given} given", self.name);
            let problem = Problem { message: "Parameter count mismatch".to_owned(), ..Problem::invalid(problem) };
            return Err((problem, failures::TEMPLATE_PARAMETERS).into());
        }
        let checked = ordered(template, &self.body).and_then(|values| check_body(template, &values));
        checked.map_err(|flaw| {
            let failure = match flaw.code {
                TOO_LONG => failures::TEMPLATE_TOO_LONG,
                FORBIDDEN_BLANKS => failures::TEMPLATE_CHARACTERS,
                _ => failures::TEMPLATE_PARAMETERS,
            };
            Box::new((Problem::invalid(flaw.details), failure))
        })?;
        let mut content = json!({"type": "template", "name": self.name, "language": self.language});
        insert(&mut content, "body", (!self.body.is_empty()).then(|| self.printed_body()));
        insert(&mut content, "header", self.header.clone());
        insert(&mut content, "buttons", (!self.buttons.is_empty()).then(|| self.buttons.clone()));
        for (name, value) in &self.extra {
            insert(&mut content, name, Some(value.clone()));
        }
        Ok(content)
    }

    /// The header, in our own form.
    pub(super) fn header(&self) -> Option<&Value> {
        self.header.as_ref()
    }

    /// The values of the body: by name if each has one, else in their order.
    fn printed_body(&self) -> Value {
        let named = self.body.iter().map(|value| Some((value.name.clone()?, Value::from(value.text.as_str()))));
        match named.collect::<Option<Map<String, Value>>>() {
            Some(named) => Value::Object(named),
            None => self.body.iter().map(|value| value.text.as_str()).collect(),
        }
    }
}

/// Meta's number for a body that is too long.
const TOO_LONG: u32 = 132_005;
/// And for a value with line breaks, tabs or many blanks.
const FORBIDDEN_BLANKS: u32 = 132_018;

impl TemplateSend {
    /// Whether header, buttons and the rest fit the definition of the template; what is wrong otherwise.
    pub(super) fn mismatch(&self, account: &Account) -> Option<String> {
        let template = account.template(&self.name, &self.language)?;
        let extra = |name: &str| self.extra.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        let parts = SentParts {
            header: self.header.as_ref(),
            buttons: &self.buttons,
            cards: extra("carousel"),
            has_offer: extra("limited_time_offer").is_some(),
        };
        check_parts(template, parts).err().map(|flaw| flaw.details)
    }
}

/// Reads `content.template`. Source: Template Messages (docs); `policy` is mandatory on one page and left out on others.
pub(super) fn read(
    world: &World,
    template: &Part<'_, '_>,
    review: &mut FindingCollector,
) -> Result<TemplateSend, Problem> {
    template.review_unknown(&["name", "language", "components", "namespace"], review);
    let language = template.part("language")?;
    language.review_unknown(&["code", "policy"], review);
    if language.get("policy").is_none() {
        if world.switch(NAME, "template_policy") == "mandatory" {
            language.text("policy")?;
        }
        let text = "`template.language.policy` is missing: one page calls it mandatory, others leave it out";
        review.note(text, TEMPLATE_PAGE);
    }
    let mut send = TemplateSend {
        name: template.text("name")?.to_owned(),
        language: language.text("code")?.to_owned(),
        body: Vec::new(),
        header: None,
        buttons: Vec::new(),
        extra: Vec::new(),
    };
    let components = match template.get("components") {
        None => Vec::new(),
        Some(Json::Array(components)) if components.is_empty() => Vec::new(),
        Some(_) => template.items("components")?,
    };
    for (path, component) in components {
        let component = Part::of(component, path, TEMPLATE_PAGE)?;
        // Samples write the type in either case.
        match component.text("type")?.to_ascii_lowercase().as_str() {
            "body" => send.body = body(&component)?,
            "header" => send.header = header(&component, review)?,
            "button" => send.buttons.push(button(&component, review)?),
            "carousel" => send.extra.push(("carousel", carousel(&component)?)),
            "limited_time_offer" => send.extra.push(("limited_time_offer", component.needed("parameters")?.into())),
            _ => return Err(component.invalid("type")),
        }
    }
    Ok(send)
}

/// The cards of a carousel. Source: Template Messages (docs): at most ten, each with its place as a number.
fn carousel(component: &Part<'_, '_>) -> Result<Value, Problem> {
    let cards = component.items("cards")?;
    if cards.len() > MOST_CARDS {
        let place = component.path_of("cards");
        return Err(component.breaks_rule(format!("{place} has more than {MOST_CARDS} cards")));
    }
    let mut kept = Vec::with_capacity(cards.len());
    for (path, value) in cards {
        let card = Part::of(value, path, TEMPLATE_PAGE)?;
        if !card.needed("card_index")?.is_u64() {
            return Err(card.invalid("card_index"));
        }
        kept.push(Value::from(value));
    }
    Ok(Value::Array(kept))
}

/// The values of the body. `parameter_name` is Meta's, for templates whose placeholders have names. A template without
/// placeholders may come with an empty list (field).
fn body(component: &Part<'_, '_>) -> Result<Vec<BodyValue>, Problem> {
    let parameters = component.items_or_none("parameters")?.into_iter().map(|(path, parameter)| {
        let parameter = Part::of(parameter, path, TEMPLATE_PAGE)?;
        if parameter.text("type")? != "text" {
            return Err(wrong_type(&parameter));
        }
        let name = parameter.optional_text("parameter_name")?.map(str::to_owned);
        Ok(BodyValue { name, text: parameter.text("text")?.to_owned() })
    });
    parameters.collect()
}

/// Source: Template Messages (docs) for the words.
fn wrong_type(parameter: &Part<'_, '_>) -> Problem {
    Problem { message: "Invalid parameter type".to_owned(), ..parameter.invalid("type") }
}

fn header(component: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Option<Value>, Problem> {
    let Some((path, parameter)) = component.items_or_none("parameters")?.into_iter().next() else {
        return Ok(None);
    };
    let parameter = Part::of(parameter, path, TEMPLATE_PAGE)?;
    let kind = parameter.text("type")?;
    match kind {
        "text" => Ok(Some(json!({"type": "text", "text": parameter.text("text")?}))),
        "image" | "video" | "document" => media(kind, &parameter.part(kind)?, review).map(Some),
        _ => Err(wrong_type(&parameter)),
    }
}

fn button(component: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Value, Problem> {
    let kind = component.text("sub_type")?.to_ascii_lowercase();
    let index = match component.needed("index")? {
        Json::Str(text) => text.parse::<u8>().ok(),
        Json::Number(number) => {
            let strange = format!("`{}` is a number, expected a string", component.path_of("index"));
            if review.must_refuse(strange, TEMPLATE_PAGE) {
                return Err(component.invalid("index"));
            }
            number.as_u64().and_then(|number| u8::try_from(number).ok())
        }
        _ => None,
    };
    let index = index.ok_or_else(|| component.invalid("index"))?;
    let Some((path, parameter)) = component.items("parameters")?.into_iter().next() else {
        return Err(component.invalid("parameters"));
    };
    let parameter = Part::of(parameter, path, TEMPLATE_PAGE)?;
    Ok(match kind.as_str() {
        "quick_reply" => json!({"type": kind, "index": index, "payload": parameter.text("payload")?}),
        "url" => json!({"type": kind, "index": index, "text": parameter.text("text")?}),
        "copy_code" => json!({"type": kind, "index": index, "code": parameter.text("coupon_code")?}),
        "flow" => json!({"type": kind, "index": index}),
        _ => return Err(component.invalid("sub_type")),
    })
}
