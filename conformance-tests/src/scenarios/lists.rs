//! What a provider lists, beyond the window.

use serde_json::json;
use transom::{ErrorKind, Messenger as _, Sent, TemplateInfo};

use crate::check::{Broken, Check, ensure, equal, told};
use crate::stage::Stage;

scenarios! { "lists":
    every_template_is_listed_with_its_language_its_state_and_its_parameters needs Templates covers lists;
    a_template_that_was_paused_is_listed_as_such needs Templates covers lists;
    listing_the_templates_sends_nothing needs Templates covers lists;
    a_list_that_fails_leaves_nothing_in_doubt needs Templates;
    a_list_that_is_refused_has_the_kind_of_its_status needs Templates;
}

async fn listed(stage: &Stage) -> Result<Vec<TemplateInfo>, Broken> {
    stage.client.templates().await.map_err(told)
}

fn named<'t>(templates: &'t [TemplateInfo], name: &str) -> Result<&'t TemplateInfo, Broken> {
    templates.iter().find(|template| template.name == name).ok_or_else(|| format!("`{name}` is not in the list").into())
}

async fn every_template_is_listed_with_its_language_its_state_and_its_parameters(stage: &Stage) -> Check {
    let templates = listed(stage).await?;
    for (name, parameters) in [("visit_reminder", 2), ("follow_up", 1), ("re_engagement_v1", 0)] {
        let template = named(&templates, name)?;
        equal("the language", &template.language.as_str(), &"en")?;
        equal("the state", &template.status.as_str(), &"approved")?;
        equal(&format!("parameters of {name}"), &template.parameters.len(), &parameters)?;
        ensure(!template.id.is_empty(), format_args!("{name} has no id"))?;
    }
    ensure(
        named(&templates, "pending_one")?.status != "approved",
        "a template that is not approved is not listed as such",
    )
}

async fn a_template_that_was_paused_is_listed_as_such(stage: &Stage) -> Check {
    stage.control.config(stage.provider(), json!({ "template": "follow_up", "status": "paused" })).await?;
    equal("the state", &named(&listed(stage).await?, "follow_up")?.status.as_str(), &"paused")
}

async fn listing_the_templates_sends_nothing(stage: &Stage) -> Check {
    listed(stage).await?;
    stage.asked(0).await?;
    stage.reached(0).await
}

async fn a_list_that_fails_leaves_nothing_in_doubt(stage: &Stage) -> Check {
    for fault in [
        json!({ "fault": "status", "status": 500, "next": 1, "on": "any" }),
        json!({ "fault": "lose_reply", "next": 1, "on": "any" }),
        json!({ "fault": "garbage", "next": 1, "on": "any" }),
        json!({ "fault": "html", "next": 1, "on": "any" }),
    ] {
        stage.control.fault(stage.provider(), fault.clone()).await?;
        match stage.client.templates().await {
            Err(error) => equal(&format!("{fault}: whether something may have been sent"), &error.sent(), &Sent::No)?,
            Ok(templates) => return Err(format!("{fault}: expected the list to fail, got {templates:?}").into()),
        }
    }
    Ok(())
}

async fn a_list_that_is_refused_has_the_kind_of_its_status(stage: &Stage) -> Check {
    for (status, kind) in [
        (401, ErrorKind::Unauthenticated),
        (403, ErrorKind::PermissionDenied),
        (429, ErrorKind::RateLimited),
        (503, ErrorKind::ProviderUnavailable),
    ] {
        let fault = json!({ "fault": "status", "status": status, "body": {}, "next": 1, "on": "any" });
        stage.control.fault(stage.provider(), fault).await?;
        let error = stage.client.templates().await.err().ok_or_else(|| format!("{status}: expected a refusal"))?;
        equal(&format!("{status}: the kind"), &error.kind(), &kind)?;
        equal("the status", &error.status(), &Some(status))?;
        equal("the provider", &error.provider(), &Some(stage.provider()))?;
    }
    Ok(())
}
