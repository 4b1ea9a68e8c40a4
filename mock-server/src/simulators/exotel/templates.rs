//! …/templates: listing, handing in, editing and deleting. Sources: Templates API (docs) for what is asked and for the answer
//! to a creation; the other answers have its form (inferred).

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Map, Value, json};

use super::common::{NAME, TEMPLATE_API};
use super::problem::{Problem, failure_with};
use crate::core::finding::FindingCollector;
use crate::core::json::{Json, Named as _};
use crate::core::request::{Query, is_json, json_of};
use crate::core::response::json_response;
use crate::core::world::{Template, TemplateStatus, World};
use crate::simulators::cloud_api::{FieldError, FieldReader, MOST_TEMPLATES, category, components, definition};

const QUERY: [&str; 10] =
    ["waba_id", "name", "status", "quality_score", "language", "category", "fields", "limit", "before", "after"];
/// The most templates that one request handles, as with messages (inferred).
const MOST_AT_ONCE: usize = 100;

/// Answers a call, of whichever method.
pub(super) fn answer(world: &mut World, request: &Request<Bytes>, review: &mut FindingCollector) -> Response<Bytes> {
    let outcome = match request.method().as_str() {
        "GET" => list(world, request, review),
        method => change(world, request, method, review),
    };
    outcome.unwrap_or_else(|problem| {
        review.refused(problem.description.clone(), problem.source);
        let more = json!({"whatsapp": {"templates": [problem.result(problem.status)]}});
        failure_with(world, request, problem.status, &problem, more)
    })
}

fn on_page(problem: Problem) -> Problem {
    Problem { source: TEMPLATE_API, ..problem }
}

fn list(
    world: &mut World,
    request: &Request<Bytes>,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Problem> {
    let query = Query::of(request);
    for unknown in query.names().filter(|name| !QUERY.contains(name)) {
        review.tolerated(format!("unknown parameter `{unknown}`"), TEMPLATE_API);
    }
    needs_account(&query)?;
    let limit = match query.get("limit").map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(limit)) if limit > 0 => limit,
        Some(_) => return Err(on_page(Problem::invalid("limit is not valid"))),
    };
    let fields = query.get("fields").map(serde_json::from_str::<Vec<String>>).transpose();
    let fields = fields.map_err(|_| on_page(Problem::invalid("fields is not a JSON array of names")))?;
    let wanted = |name: &str, value: &str| query.get(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value));
    let kept = world.account(NAME).templates.iter().filter(|template| {
        wanted("name", &template.name)
            && wanted("language", &template.language)
            && wanted("status", template.status.as_str())
            && wanted("category", &template.category)
    });
    let kept: Vec<&Template> = kept.collect();
    let place = |name| {
        let cursor = query.get(name)?;
        kept.iter().position(|template| template.id.to_string() == cursor)
    };
    let end = place("before").unwrap_or(kept.len());
    let start = place("after").map_or(0, |place| place + 1).max(if query.get("before").is_some() {
        end.saturating_sub(limit)
    } else {
        0
    });
    let page = kept.get(start..end).unwrap_or_default();
    let more = page.len() > limit;
    let page = page.get(..limit.min(page.len())).unwrap_or_default();
    let rows: Vec<Value> = page.iter().map(|template| item(&print(template, fields.as_deref()))).collect();
    let mut channel = json!({"templates": rows});
    if let (Value::Object(channel), Some(first), Some(last)) = (&mut channel, page.first(), page.last())
        && (more || start > 0)
    {
        let mut cursors = Map::new();
        if start > 0 {
            cursors.insert("before".to_owned(), first.id.to_string().into());
        }
        if more {
            cursors.insert("after".to_owned(), last.id.to_string().into());
        }
        channel.insert("paging".to_owned(), json!({"cursors": cursors}));
    }
    Ok(envelope(world, "GET", rows.len(), &channel))
}

/// Why a template was rejected, in Meta's words. The mock's reviews give no reason, so it is the most general word.
fn rejected_reason(template: &Template) -> &'static str {
    if template.status == TemplateStatus::Rejected { "INVALID_FORMAT" } else { "NONE" }
}

fn needs_account(query: &Query) -> Result<(), Problem> {
    match query.get("waba_id") {
        None | Some("") => Err(on_page(Problem::missing("waba_id is mandatory"))),
        Some(_) => Ok(()),
    }
}

fn print(template: &Template, fields: Option<&[String]>) -> Value {
    let mut data = json!({
        "id": template.id.to_string(), "name": template.name, "language": template.language,
        "status": template.status.as_str().to_uppercase(), "category": template.category.to_uppercase(),
        "components": template.listed_components(), "rejected_reason": rejected_reason(template),
        "quality_score": {"score": "UNKNOWN"},
    });
    if let (Value::Object(members), Some(fields)) = (&mut data, fields) {
        members.retain(|name, _| name == "id" || fields.iter().any(|field| field == name));
    }
    data
}

/// Creates, edits or deletes: all templates of the request, or none if one of them cannot be.
fn change(
    world: &mut World,
    request: &Request<Bytes>,
    method: &str,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Problem> {
    // Creating takes the account from the URL on one page and from the key on another.
    if method == "DELETE" {
        needs_account(&Query::of(request))?;
    }
    if !is_json(request) {
        let problem = Problem::new(1011, "Unsupported content type", "application/json is expected");
        return Err(on_page(Problem { status: 415, ..problem }));
    }
    let parsed: Result<Json<'_>, _> = json_of(request.body());
    let sent = parsed.map_err(|_| on_page(Problem::new(1007, "Invalid request body", "the body is not JSON")))?;
    let channel = sent.member("whatsapp").unwrap_or(&Json::Null);
    // The table of an older page calls the list `messages`, its examples `templates`.
    let (name, list) = match (channel.member("templates"), channel.member("messages")) {
        (None, Some(list)) => ("messages", list),
        (list, _) => ("templates", list.unwrap_or(&Json::Null)),
    };
    let place = format!("whatsapp.{name}");
    let list = list.as_array().filter(|list| (1..=MOST_AT_ONCE).contains(&list.len()));
    let list = list.ok_or_else(|| on_page(Problem::missing(format!("{place} is mandatory"))))?;
    let mut account = world.account(NAME).clone();
    let mut form = FieldReader::default();
    let mut rows = Vec::with_capacity(list.len());
    for (index, entry) in list.iter().enumerate() {
        let field = format!("{place}.{index}.template");
        let template = entry.member("template").unwrap_or(&Json::Null);
        let id = match method {
            "POST" => create(world, &mut account.templates, &mut form, template, &field)?,
            "PUT" => edit(&mut account.templates, &mut form, template, &field)?,
            _ => delete(&mut account.templates, template, &field)?,
        };
        rows.push(item(&json!({"id": id.to_string()})));
    }
    if form.report(review, TEMPLATE_API) {
        return Err(on_page(Problem::invalid("the request is not as documented")));
    }
    world.open_account(NAME, account);
    Ok(envelope(world, method, rows.len(), &json!({"templates": rows})))
}

fn problem(flaw: &FieldError) -> Problem {
    on_page(if flaw.missing {
        Problem::missing(format!("{} is mandatory", flaw.field))
    } else {
        Problem::invalid(flaw.text())
    })
}

fn create(
    world: &mut World,
    templates: &mut Vec<Template>,
    form: &mut FieldReader,
    value: &Json<'_>,
    field: &str,
) -> Result<u64, Problem> {
    let id = world.next_number();
    let created = definition(form, value, field, id).map_err(|flaw| problem(&flaw))?;
    if templates.iter().any(|known| known.name == created.name && known.language == created.language) {
        let language = if created.language.starts_with("en") { "English" } else { created.language.as_str() };
        let words = format!("There is already {language} content for this template: {}", created.name);
        let duplicate = Problem::new(1008, "Duplicate resource", words);
        return Err(on_page(Problem { status: 409, ..duplicate }));
    }
    if templates.len() >= MOST_TEMPLATES {
        return Err(on_page(Problem::invalid(format!("an account has at most {MOST_TEMPLATES} templates"))));
    }
    templates.push(created);
    Ok(id)
}

/// A template that is edited is reviewed again, as at Meta (inferred).
fn edit(templates: &mut [Template], form: &mut FieldReader, value: &Json<'_>, field: &str) -> Result<u64, Problem> {
    let members = form.object(Some(value), field, &["id", "name", "language", "category", "components"]);
    let members = members.map_err(|flaw| problem(&flaw))?;
    let id = match members.member("id") {
        Some(Json::Str(text)) => text.parse().ok(),
        Some(Json::Number(number)) => number.as_u64(),
        _ => return Err(on_page(Problem::missing(format!("{field}.id is mandatory")))),
    };
    let known = templates.iter_mut().find(|known| Some(known.id) == id).ok_or_else(unknown)?;
    if members.contains_key("components") {
        let components = components(members, field).map_err(|flaw| problem(&flaw))?;
        let missing = || problem(&FieldError::missing(format!("{field}.components.BODY")));
        let edited = Template::of_components(known.id, &known.name, &known.language, components).ok_or_else(missing)?;
        *known = Template { category: known.category.clone(), ..edited };
    }
    if members.contains_key("category") {
        known.category = category(members, field).map_err(|flaw| problem(&flaw))?;
    }
    known.status = TemplateStatus::Pending;
    Ok(known.id)
}

/// By name, in every language.
fn delete(templates: &mut Vec<Template>, value: &Json<'_>, field: &str) -> Result<u64, Problem> {
    let Some(name) = value.member("name").and_then(Json::as_str) else {
        return Err(on_page(Problem::missing(format!("{field}.name is mandatory"))));
    };
    let id = templates.iter().find(|known| known.name == name).map(|known| known.id).ok_or_else(unknown)?;
    templates.retain(|known| known.name != name);
    Ok(id)
}

fn unknown() -> Problem {
    let problem = Problem::new(1000, "Resource not found", "the template does not exist");
    on_page(Problem { status: 404, ..problem })
}

fn item(data: &Value) -> Value {
    json!({"code": 200, "error_data": null, "status": "success", "data": data})
}

fn envelope(world: &mut World, method: &str, total: usize, channel: &Value) -> Response<Bytes> {
    let body = json!({
        "request_id": world.next_hex(), "method": method, "http_code": 200,
        "metadata": {"failed": 0, "total": total, "success": total},
        "response": {"whatsapp": channel},
    });
    json_response(200, &body)
}

/// Whether the call is one of templates, so that others keep their answer.
pub(super) fn has(method: &Method) -> bool {
    matches!(method.as_str(), "GET" | "POST" | "PUT" | "DELETE")
}
