//! What a provider lists, beyond the window.

use std::sync::Arc;

use serde_json::json;
use transom::layers::Retry;
use transom::{ErrorKind, Messenger as _, Sent};
use transom::account::{Conversation, ConversationFilter, TemplateInfo};

use crate::check::{Broken, Check, ensure, equal, told};
use crate::stage::{OTHER, Stage, contact};

scenarios! { "lists":
    every_template_is_listed_with_its_language_its_state_and_its_parameters needs Templates covers template_lists;
    a_template_that_was_paused_is_listed_as_such needs Templates covers template_lists;
    a_state_is_that_of_one_template_and_of_no_other needs Templates covers template_lists;
    a_list_that_fails_leaves_nothing_in_doubt needs Templates;
    a_list_that_is_refused_has_the_kind_of_its_status needs Templates;
    the_channels_own_sender_is_listed_with_its_number needs Senders covers sender_lists;
    a_sender_that_is_away_is_listed_as_such needs Senders covers sender_lists;
    a_list_of_senders_that_fails_leaves_nothing_in_doubt needs Senders;
    a_conversation_is_listed_once_the_contact_has_written needs Conversations covers conversation_lists;
    the_conversations_of_one_contact_are_theirs_alone needs Conversations covers conversation_lists;
    a_list_of_conversations_that_fails_leaves_nothing_in_doubt needs Conversations;
    /// A read sends nothing, so it may be asked again.
    a_read_that_fails_once_is_asked_again_by_a_retry_layer needs Templates;
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

async fn a_state_is_that_of_one_template_and_of_no_other(stage: &Stage) -> Check {
    let before = listed(stage).await?;
    stage.control.config(stage.provider(), json!({ "template": "follow_up", "status": "paused" })).await?;
    let others = |templates: Vec<TemplateInfo>| -> Vec<_> {
        let others = templates.into_iter().filter(|template| template.name != "follow_up");
        others.map(|template| (template.name, template.language, template.status, template.parameters)).collect()
    };
    equal("the others", &others(listed(stage).await?), &others(before))?;
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

async fn the_channels_own_sender_is_listed_with_its_number(stage: &Stage) -> Check {
    let senders = stage.client.senders().await.map_err(told)?;
    let own =
        senders.iter().find(|sender| sender.phone.as_ref().is_some_and(|phone| phone.as_str() == stage.subject.sender));
    let own = own.ok_or("the number that the channel sends from is not in the list")?;
    ensure(!own.id.is_empty() && !own.status.is_empty(), format_args!("a sender without id or state: {own:?}"))
}

async fn a_sender_that_is_away_is_listed_as_such(stage: &Stage) -> Check {
    let before = stage.client.senders().await.map_err(told)?;
    let first = before.first().ok_or("no sender is listed")?;
    stage.control.config(stage.provider(), json!({ "sender": first.id, "online": false })).await?;
    let after = stage.client.senders().await.map_err(told)?;
    let same = after.iter().find(|sender| sender.id == first.id).ok_or("a sender that is away is not listed")?;
    ensure(same.status != first.status, format_args!("it is still {}", same.status))
}

async fn a_list_of_senders_that_fails_leaves_nothing_in_doubt(stage: &Stage) -> Check {
    for fault in ["lose_reply", "garbage", "html"] {
        stage.control.fault(stage.provider(), json!({ "fault": fault, "next": 1, "on": "any" })).await?;
        match stage.client.senders().await {
            Err(error) => equal(&format!("{fault}: whether something may have been sent"), &error.sent(), &Sent::No)?,
            Ok(senders) => return Err(format!("{fault}: expected the list to fail, got {senders:?}").into()),
        }
    }
    ensure(!stage.client.senders().await.map_err(told)?.is_empty(), "the list that is read again is empty")?;
    stage.asked(0).await
}

async fn conversations_with(stage: &Stage, filter: ConversationFilter) -> Result<Vec<Conversation>, Broken> {
    stage.client.conversations(&filter).await.map_err(told)
}

async fn a_conversation_is_listed_once_the_contact_has_written(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let listed = conversations_with(stage, ConversationFilter::default()).await?;
    let theirs = listed.iter().find(|conversation| conversation.contact == Some(contact()));
    let theirs = theirs.ok_or("the conversation is not in the list")?;
    ensure(!theirs.id.is_empty(), format_args!("a conversation without id: {theirs:?}"))
}

async fn the_conversations_of_one_contact_are_theirs_alone(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    stage.control.inbound(stage.provider(), OTHER).await?;
    let listed = conversations_with(stage, ConversationFilter::with_contact(contact())).await?;
    let strangers = listed.iter().filter(|conversation| conversation.contact != Some(contact())).count();
    equal("conversations with somebody else", &strangers, &0)?;
    ensure(!listed.is_empty(), "the contact's own conversation is not in the list")
}

async fn a_list_of_conversations_that_fails_leaves_nothing_in_doubt(stage: &Stage) -> Check {
    for fault in ["lose_reply", "garbage", "html"] {
        stage.control.fault(stage.provider(), json!({ "fault": fault, "next": 1, "on": "any" })).await?;
        match stage.client.conversations(&ConversationFilter::default()).await {
            Err(error) => equal(&format!("{fault}: whether something may have been sent"), &error.sent(), &Sent::No)?,
            Ok(listed) => {
                return Err(format!("{fault}: expected the list to fail, got {} entries", listed.len()).into());
            }
        }
    }
    stage.reached(0).await
}

async fn a_read_that_fails_once_is_asked_again_by_a_retry_layer(stage: &Stage) -> Check {
    stage.control.freeze().await?;
    let retry = Retry::attempts(3).with_time(Arc::new(stage.clock()), || 0.5);
    let client = stage.client.clone().layer(retry);
    let fault = json!({ "fault": "status", "status": 503, "next": 1, "on": "any" });
    stage.control.fault(stage.provider(), fault).await?;
    ensure(!client.templates().await.map_err(told)?.is_empty(), "the list is empty")?;
    stage.asked(0).await
}
