//! Templates: as content of a send, and as a list.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::content::{insert, media};
use super::part::Part;
use super::{NAME, Problem, TEMPLATE_PAGE, failure, notify};
use crate::{Account, Failure, Query, Review, TemplateStatus, World, json_response};

/// A template as a send names it.
#[derive(Debug)]
pub(super) struct TemplateSend {
    name: String,
    language: String,
    body: Vec<String>,
    header: Option<Value>,
    buttons: Vec<Value>,
}

impl TemplateSend {
    /// The content, if the account has this template, approved, with as many parameters. Source: Template Messages (docs): a
    /// template that is not approved is 400; the texts are ours. An error is what is wrong, and what a callback says of it.
    pub(super) fn against(&self, account: &Account) -> Result<Value, (String, Failure)> {
        let Some(template) = account.template(&self.name, &self.language) else {
            let problem = format!("template {} does not exist in {}", self.name, self.language);
            return Err((problem, notify::TEMPLATE_NOT_FOUND));
        };
        if template.status != TemplateStatus::Approved {
            return Err((format!("template {} is not approved", self.name), notify::TEMPLATE));
        }
        let (wanted, given) = (template.parameters.len(), self.body.len());
        if wanted != given {
            let problem = format!("template {} takes {wanted} body parameters, {given} given", self.name);
            return Err((problem, notify::TEMPLATE_PARAMETERS));
        }
        let mut content = json!({"type": "template", "name": self.name, "language": self.language});
        insert(&mut content, "body", (!self.body.is_empty()).then(|| self.body.clone()));
        insert(&mut content, "header", self.header.clone());
        insert(&mut content, "buttons", (!self.buttons.is_empty()).then(|| self.buttons.clone()));
        Ok(content)
    }
}

/// Reads `content.template`. Source: Template Messages (docs); `policy` is mandatory on one page and left out on others.
pub(super) fn read(template: &Part<'_>, review: &mut Review) -> Result<TemplateSend, Problem> {
    template.review_unknown(&["name", "language", "components", "namespace"], review);
    let language = template.part("language")?;
    language.review_unknown(&["code", "policy"], review);
    let mut send = TemplateSend {
        name: template.text("name")?.to_owned(),
        language: language.text("code")?.to_owned(),
        body: Vec::new(),
        header: None,
        buttons: Vec::new(),
    };
    let components = match template.get("components") {
        None => Vec::new(),
        Some(Value::Array(components)) if components.is_empty() => Vec::new(),
        Some(_) => template.items("components")?,
    };
    for (path, component) in components {
        let component = Part::of(component, path, TEMPLATE_PAGE)?;
        // Samples write the type in either case.
        match component.text("type")?.to_ascii_lowercase().as_str() {
            "body" => send.body = body(&component)?,
            "header" => send.header = header(&component, review)?,
            "button" => send.buttons.push(button(&component, review)?),
            "carousel" | "limited_time_offer" => {}
            _ => return Err(component.invalid("type")),
        }
    }
    Ok(send)
}

fn body(component: &Part<'_>) -> Result<Vec<String>, Problem> {
    let parameters = component.items("parameters")?.into_iter().map(|(path, parameter)| {
        let parameter = Part::of(parameter, path, TEMPLATE_PAGE)?;
        if parameter.text("type")? != "text" {
            return Err(parameter.invalid("type"));
        }
        parameter.text("text").map(str::to_owned)
    });
    parameters.collect()
}

fn header(component: &Part<'_>, review: &mut Review) -> Result<Option<Value>, Problem> {
    let Some((path, parameter)) = component.items("parameters")?.into_iter().next() else {
        return Ok(None);
    };
    let parameter = Part::of(parameter, path, TEMPLATE_PAGE)?;
    let kind = parameter.text("type")?;
    match kind {
        "text" => Ok(Some(json!({"type": "text", "text": parameter.text("text")?}))),
        "image" | "video" | "document" => media(kind, &parameter.part(kind)?, review).map(Some),
        _ => Err(parameter.invalid("type")),
    }
}

fn button(component: &Part<'_>, review: &mut Review) -> Result<Value, Problem> {
    let kind = component.text("sub_type")?.to_ascii_lowercase();
    let index = match component.needed("index")? {
        Value::String(text) => text.parse::<u8>().ok(),
        Value::Number(number) => {
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

/// GET …/templates. Source: Templates API (docs) for the query; the form of the answer is inferred from that of a creation.
pub(super) fn list(world: &mut World, request: &Request<Bytes>, review: &mut Review) -> Response<Bytes> {
    const KNOWN: [&str; 10] =
        ["waba_id", "name", "status", "quality_score", "language", "category", "fields", "limit", "before", "after"];
    let query = Query::of(request);
    for unknown in query.names().filter(|name| !KNOWN.contains(name)) {
        review.tolerated(format!("unknown parameter `{unknown}`"), TEMPLATE_PAGE);
    }
    if query.get("waba_id").is_none_or(str::is_empty) {
        review.refused("`waba_id` is missing", TEMPLATE_PAGE);
        return failure(world, request, 400, &Problem::missing("waba_id is mandatory"));
    }
    let wanted = |name: &str, value: &str| query.get(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value));
    let templates = world.account(NAME).templates.iter().filter(|template| {
        wanted("name", &template.name)
            && wanted("language", &template.language)
            && wanted("status", template.status.as_str())
            && wanted("category", &template.category)
    });
    let templates = templates.map(|template| {
        let data = json!({
            "id": template.id.to_string(), "name": template.name, "language": template.language,
            "status": template.status.as_str().to_uppercase(), "category": template.category.to_uppercase(),
            "components": [{"type": "BODY", "text": template.body}],
        });
        json!({"code": 200, "error_data": null, "status": "success", "data": data})
    });
    let templates: Vec<Value> = templates.collect();
    let total = templates.len();
    let body = json!({
        "request_id": world.next_hex(), "method": "GET", "http_code": 200,
        "metadata": {"failed": 0, "total": total, "success": total},
        "response": {"whatsapp": {"templates": templates}},
    });
    json_response(200, &body)
}
