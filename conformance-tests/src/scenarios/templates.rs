//! Templates: names, languages, parameters, states.

use serde_json::json;
use transom::{ErrorKind, Message, Sent, Template};

use crate::assertions::{Check, accepted, equal, failed};
use crate::harness::{Harness, contact};

scenarios! { "templates":
    positional_parameters_arrive_in_order "Positional parameters arrive in their places."
        needs Template covers accepted_templates;
    named_parameters_arrive_in_configured_places "Named parameters arrive in the places that the channel's `params` gives them."
        needs Template covers accepted_templates;
    channel_template_mapping_is_used "The channel's mapping replaces the application's template name and language by the provider's."
        needs Template covers accepted_templates;
    template_without_parameters_arrives "A template without parameters arrives."
        needs Template covers accepted_templates;
    unapproved_template_is_rejected "A template that is not approved is rejected as `template_rejected`."
        needs Template covers rejected_templates;
    paused_template_is_rejected "A paused template is rejected as `template_rejected`."
        needs Template covers rejected_templates;
    unknown_template_is_rejected "A template name that the provider does not have is rejected, and nothing is sent."
        needs Template covers rejected_templates;
    unknown_template_language_is_rejected "A template in a language that it does not have is rejected, and nothing is sent."
        needs Template covers rejected_templates;
    too_few_parameters_are_rejected "A template with too few parameters is refused locally if the adapter lists templates, and rejected by the provider if not."
        needs Template covers rejected_templates;
    too_many_parameters_are_rejected "A template with too many parameters is refused locally if the adapter lists templates, and rejected by the provider if not."
        needs Template covers rejected_templates;
    without_probe_provider_checks_parameters "With `probe = false`, the provider checks the parameters, in one request."
        needs Template covers rejected_templates;
    failed_definition_lookup_does_not_block "If the template's definition cannot be read, the template is sent all the same."
        needs Template;
    unmapped_named_parameter_is_refused_locally "A named parameter that the channel's `params` does not list is refused without a request, and the error names it."
        needs Template;
    empty_template_name_is_refused_locally "An empty template name is refused without a request."
        needs Template;
}

/// The mapping that names the placeholders of the seeded template at this provider.
fn by_name(harness: &Harness) -> serde_json::Value {
    json!({ "visit_reminder": { "params": harness.adapter.placeholders } })
}

fn message(template: Template) -> Message {
    Message::template(contact(), template)
}

/// Passes if `visit_reminder` was delivered with these values.
async fn arrived(harness: &Harness, values: [&str; 2]) -> Check {
    harness.reached(1).await?;
    for message in harness.delivered().await? {
        let content = &message["content"];
        equal("the type", &content["type"], &json!("template"))?;
        equal("the name", &content["name"], &json!("visit_reminder"))?;
        equal("the language", &content["language"], &json!("en"))?;
        let body = &content["body"];
        let got: Vec<_> = match body {
            serde_json::Value::Object(named) => ["customer", "day"]
                .iter()
                .zip(["1", "2"])
                .map(|(name, place)| named.get(*name).or_else(|| named.get(place)).cloned())
                .collect(),
            listed => (0..2).map(|at| listed.get(at).cloned()).collect(),
        };
        equal("the parameters", &got, &values.map(|value| Some(json!(value))).to_vec())?;
    }
    Ok(())
}

async fn positional_parameters_arrive_in_order(harness: &Harness) -> Check {
    // If the provider uses names, the mapping gives the name of each place.
    let client = harness.connect(&harness.config()?.with_value("templates", by_name(harness)))?;
    accepted(client.send(&message(Template::new("visit_reminder").body(["Ana", "12/02"]))).await)?;
    arrived(harness, ["Ana", "12/02"]).await
}

async fn named_parameters_arrive_in_configured_places(harness: &Harness) -> Check {
    let client = harness.connect(&harness.config()?.with_value("templates", by_name(harness)))?;
    let [first, second] = harness.adapter.placeholders;
    let template = Template::new("visit_reminder").body_named([(second, "12/02"), (first, "Ana")]);
    accepted(client.send(&message(template)).await)?;
    arrived(harness, ["Ana", "12/02"]).await
}

async fn channel_template_mapping_is_used(harness: &Harness) -> Check {
    // With an id for providers that use numbers, and a name for the others.
    let mapping = json!({ "reminder": {
        "id": 310, "name": "visit_reminder", "language": "en", "params": harness.adapter.placeholders,
    } });
    let client = harness.connect(&harness.config()?.with_value("templates", mapping))?;
    accepted(client.send(&message(Template::new("reminder").language("es").body(["Ana", "12/02"]))).await)?;
    arrived(harness, ["Ana", "12/02"]).await
}

async fn template_without_parameters_arrives(harness: &Harness) -> Check {
    accepted(harness.send(&message(Template::new("re_engagement_v1"))).await)?;
    harness.reached(1).await
}

async fn unapproved_template_is_rejected(harness: &Harness) -> Check {
    let answer = harness.send(&message(Template::new("pending_one"))).await;
    harness.refused(answer, ErrorKind::TemplateRejected).await.map(drop)
}

async fn paused_template_is_rejected(harness: &Harness) -> Check {
    harness.control.config(harness.provider(), json!({ "template": "re_engagement_v1", "status": "paused" })).await?;
    let answer = harness.send(&message(Template::new("re_engagement_v1"))).await;
    harness.refused(answer, ErrorKind::TemplateRejected).await.map(drop)
}

async fn unknown_template_is_rejected(harness: &Harness) -> Check {
    let answer = harness.send(&message(Template::new("no_such_template"))).await;
    harness.refused(answer, harness.adapter.unknown_template).await.map(drop)
}

async fn unknown_template_language_is_rejected(harness: &Harness) -> Check {
    let answer = harness.send(&message(Template::new("re_engagement_v1").language("xx"))).await;
    harness.refused(answer, harness.adapter.unknown_template).await.map(drop)
}

async fn too_few_parameters_are_rejected(harness: &Harness) -> Check {
    are_refused(harness, &["Ana"]).await
}

async fn too_many_parameters_are_rejected(harness: &Harness) -> Check {
    are_refused(harness, &["Ana", "12/02", "9:00"]).await
}

/// Wrong parameters are refused locally as `invalid_request` if the adapter lists templates, and rejected by the provider
/// as `template_rejected` if not.
async fn are_refused(harness: &Harness, values: &[&str]) -> Check {
    let answer = harness.send(&message(Template::new("visit_reminder").body(values.iter().copied()))).await;
    if !harness.lists_templates() {
        return harness.refused(answer, ErrorKind::TemplateRejected).await.map(drop);
    }
    let error = harness.refused(answer, ErrorKind::InvalidRequest).await?;
    equal("attempts", &error.attempts(), &0)?;
    for part in ["visit_reminder".to_owned(), "2".to_owned(), values.len().to_string()] {
        crate::assertions::ensure(error.message().contains(&part), format_args!("the error names no {part}: {error}"))?;
    }
    harness.asked(0).await
}

/// The mapping with the template's number, so that no lookup is needed.
fn by_number() -> serde_json::Value {
    json!({ "visit_reminder": { "id": 310 } })
}

async fn without_probe_provider_checks_parameters(harness: &Harness) -> Check {
    let config = harness.config()?.with_value("templates", by_number()).with_value("probe", false);
    let template = Template::new("visit_reminder").body(["Ana"]);
    let answer = harness.connect(&config)?.send(&message(template)).await;
    harness.refused(answer, ErrorKind::TemplateRejected).await?;
    harness.asked(1).await?;
    equal("requests of any kind", &harness.control.requests(harness.provider()).await?.len(), &1)
}

async fn failed_definition_lookup_does_not_block(harness: &Harness) -> Check {
    let mut mapping = by_name(harness);
    mapping["visit_reminder"]["id"] = json!(310);
    let client = harness.connect(&harness.config()?.with_value("templates", mapping))?;
    if harness.lists_templates() {
        let fault = json!({ "fault": "status", "status": 500, "next": 1, "on": "any" });
        harness.control.fault(harness.provider(), fault).await?;
    }
    let receipt = accepted(client.send(&message(Template::new("visit_reminder").body(["Ana", "12/02"]))).await)?;
    equal("attempts", &receipt.attempts, &1)?;
    arrived(harness, ["Ana", "12/02"]).await
}

async fn unmapped_named_parameter_is_refused_locally(harness: &Harness) -> Check {
    let mapping = json!({ "visit_reminder": { "id": 310, "params": ["customer", "day"] } });
    let client = harness.connect(&harness.config()?.with_value("templates", mapping))?;
    let template = Template::new("visit_reminder").body_named([("customer", "Ana"), ("hour", "9")]);
    let error = failed(client.send(&message(template)).await, ErrorKind::InvalidRequest, Sent::No)?;
    crate::assertions::ensure(error.to_string().contains("hour"), format_args!("the error does not name it: {error}"))?;
    harness.untouched().await
}

async fn empty_template_name_is_refused_locally(harness: &Harness) -> Check {
    failed(harness.send(&message(Template::new(" "))).await, ErrorKind::InvalidRequest, Sent::No)?;
    harness.untouched().await
}
