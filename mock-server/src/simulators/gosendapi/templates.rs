//! `/v1/wabas/{id}/templates`: the calls exist and so do their statuses (Templates, docs); what they are asked with and
//! answered is Meta's form (inferred).

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::call::Call;
use super::common::NAME;
use super::directory;
use super::refusal::Refusal;
use crate::core::finding::{Certainty, Source};
use crate::core::response::json_response;
use crate::core::world::{Template, World};
use crate::simulators::cloud_api::{FieldError, MOST_TEMPLATES, definition};

/// That a definition has Meta's form is no page's word.
const DEFINITION: Source = Source::new("GoSendAPI, Templates", Certainty::Inferred);

/// Every template of the account.
pub(super) fn list(world: &World) -> Vec<Value> {
    world.account(NAME).templates.iter().map(|template| print(world, template)).collect()
}

/// Hands a template in for its review, which ends when somebody says so (`POST /_mock/config`).
pub(super) fn submit(call: &mut Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let body = call.json()?;
    let id = call.world.next_number();
    let template =
        call.read(&body, DEFINITION, |form, body| definition(form, body, "", id).map_err(|flaw| Refusal::flaw(&flaw)))?;
    let account = call.world.account_mut(NAME);
    if account.template(&template.name, &template.language).is_some() {
        return Err(Refusal::new(StatusCode::CONFLICT, "A template of this name exists in this language"));
    }
    if account.templates.len() >= MOST_TEMPLATES {
        let flaw = FieldError::wrong("templates", format!("must be {MOST_TEMPLATES} at the most"));
        return Err(Refusal::flaw(&flaw));
    }
    account.templates.push(template.clone());
    Ok(json_response(201, &print(&call.world, &template)))
}

/// Takes a template away.
pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Result<Response<Bytes>, Refusal> {
    let templates = &mut call.world.account_mut(NAME).templates;
    let place = templates.iter().position(|template| template.id.to_string() == id);
    let place = place.ok_or_else(|| Refusal::not_found("Template"))?;
    templates.remove(place);
    Ok(json_response(200, &json!({ "success": true })))
}

/// Fetches the templates from Meta, where there are no others.
pub(super) fn sync(call: &Call<'_>) -> Response<Bytes> {
    json_response(201, &json!({ "data": list(&call.world) }))
}

fn print(world: &World, template: &Template) -> Value {
    json!({
        "id": directory::own_id(world, template.id.to_string()),
        "name": template.name,
        "language": template.language,
        "status": template.status.as_str().to_uppercase(),
        "category": template.category.to_uppercase(),
        "components": template.listed_components(),
    })
}
