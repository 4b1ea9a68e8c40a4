//! What a provider lists, beyond the window.

use std::sync::Arc;

use serde_json::json;
use transom::layers::Retry;
use transom::{Conversation, ConversationFilter, ErrorKind, Messenger as _, Sent, TemplateInfo};

use crate::assertions::{Check, Failure, ensure, equal, unexpected};
use crate::harness::{Harness, OTHER, contact};

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

async fn listed(harness: &Harness) -> Result<Vec<TemplateInfo>, Failure> {
    harness.client.templates().await.map_err(unexpected)
}

fn named<'t>(templates: &'t [TemplateInfo], name: &str) -> Result<&'t TemplateInfo, Failure> {
    templates.iter().find(|template| template.name == name).ok_or_else(|| format!("`{name}` is not in the list").into())
}

async fn every_template_is_listed_with_its_language_its_state_and_its_parameters(harness: &Harness) -> Check {
    let templates = listed(harness).await?;
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

async fn a_template_that_was_paused_is_listed_as_such(harness: &Harness) -> Check {
    harness.control.config(harness.provider(), json!({ "template": "follow_up", "status": "paused" })).await?;
    equal("the state", &named(&listed(harness).await?, "follow_up")?.status.as_str(), &"paused")
}

async fn a_state_is_that_of_one_template_and_of_no_other(harness: &Harness) -> Check {
    let before = listed(harness).await?;
    harness.control.config(harness.provider(), json!({ "template": "follow_up", "status": "paused" })).await?;
    let others = |templates: Vec<TemplateInfo>| -> Vec<_> {
        let others = templates.into_iter().filter(|template| template.name != "follow_up");
        others.map(|template| (template.name, template.language, template.status, template.parameters)).collect()
    };
    equal("the others", &others(listed(harness).await?), &others(before))?;
    harness.asked(0).await?;
    harness.reached(0).await
}

async fn a_list_that_fails_leaves_nothing_in_doubt(harness: &Harness) -> Check {
    for fault in [
        json!({ "fault": "status", "status": 500, "next": 1, "on": "any" }),
        json!({ "fault": "lose_reply", "next": 1, "on": "any" }),
        json!({ "fault": "garbage", "next": 1, "on": "any" }),
        json!({ "fault": "html", "next": 1, "on": "any" }),
    ] {
        harness.control.fault(harness.provider(), fault.clone()).await?;
        match harness.client.templates().await {
            Err(error) => equal(&format!("{fault}: whether something may have been sent"), &error.sent(), &Sent::No)?,
            Ok(templates) => return Err(format!("{fault}: expected the list to fail, got {templates:?}").into()),
        }
    }
    Ok(())
}

async fn a_list_that_is_refused_has_the_kind_of_its_status(harness: &Harness) -> Check {
    for (status, kind) in [
        (401, ErrorKind::Unauthenticated),
        (403, ErrorKind::PermissionDenied),
        (429, ErrorKind::RateLimited),
        (503, ErrorKind::ProviderUnavailable),
    ] {
        let fault = json!({ "fault": "status", "status": status, "body": {}, "next": 1, "on": "any" });
        harness.control.fault(harness.provider(), fault).await?;
        let error = harness.client.templates().await.err().ok_or_else(|| format!("{status}: expected a refusal"))?;
        equal(&format!("{status}: the kind"), &error.kind(), &kind)?;
        equal("the status", &error.status(), &Some(status))?;
        equal("the provider", &error.provider(), &Some(harness.provider()))?;
    }
    Ok(())
}

async fn the_channels_own_sender_is_listed_with_its_number(harness: &Harness) -> Check {
    let senders = harness.client.senders().await.map_err(unexpected)?;
    let own = senders
        .iter()
        .find(|sender| sender.phone.as_ref().is_some_and(|phone| phone.as_str() == harness.adapter.sender));
    let own = own.ok_or("the number that the channel sends from is not in the list")?;
    ensure(!own.id.is_empty() && !own.status.is_empty(), format_args!("a sender without id or state: {own:?}"))
}

async fn a_sender_that_is_away_is_listed_as_such(harness: &Harness) -> Check {
    let before = harness.client.senders().await.map_err(unexpected)?;
    let first = before.first().ok_or("no sender is listed")?;
    harness.control.config(harness.provider(), json!({ "sender": first.id, "online": false })).await?;
    let after = harness.client.senders().await.map_err(unexpected)?;
    let same = after.iter().find(|sender| sender.id == first.id).ok_or("a sender that is away is not listed")?;
    ensure(same.status != first.status, format_args!("it is still {}", same.status))
}

async fn a_list_of_senders_that_fails_leaves_nothing_in_doubt(harness: &Harness) -> Check {
    for fault in ["lose_reply", "garbage", "html"] {
        harness.control.fault(harness.provider(), json!({ "fault": fault, "next": 1, "on": "any" })).await?;
        match harness.client.senders().await {
            Err(error) => equal(&format!("{fault}: whether something may have been sent"), &error.sent(), &Sent::No)?,
            Ok(senders) => return Err(format!("{fault}: expected the list to fail, got {senders:?}").into()),
        }
    }
    ensure(!harness.client.senders().await.map_err(unexpected)?.is_empty(), "the list that is read again is empty")?;
    harness.asked(0).await
}

async fn conversations_with(harness: &Harness, filter: ConversationFilter) -> Result<Vec<Conversation>, Failure> {
    harness.client.conversations(&filter).await.map_err(unexpected)
}

async fn a_conversation_is_listed_once_the_contact_has_written(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let listed = conversations_with(harness, ConversationFilter::default()).await?;
    let theirs = listed.iter().find(|conversation| conversation.contact == Some(contact()));
    let theirs = theirs.ok_or("the conversation is not in the list")?;
    ensure(!theirs.id.is_empty(), format_args!("a conversation without id: {theirs:?}"))
}

async fn the_conversations_of_one_contact_are_theirs_alone(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.inbound(harness.provider(), OTHER).await?;
    let listed = conversations_with(harness, ConversationFilter::with_contact(contact())).await?;
    let strangers = listed.iter().filter(|conversation| conversation.contact != Some(contact())).count();
    equal("conversations with somebody else", &strangers, &0)?;
    ensure(!listed.is_empty(), "the contact's own conversation is not in the list")
}

async fn a_list_of_conversations_that_fails_leaves_nothing_in_doubt(harness: &Harness) -> Check {
    for fault in ["lose_reply", "garbage", "html"] {
        harness.control.fault(harness.provider(), json!({ "fault": fault, "next": 1, "on": "any" })).await?;
        match harness.client.conversations(&ConversationFilter::default()).await {
            Err(error) => equal(&format!("{fault}: whether something may have been sent"), &error.sent(), &Sent::No)?,
            Ok(listed) => {
                return Err(format!("{fault}: expected the list to fail, got {} entries", listed.len()).into());
            }
        }
    }
    harness.reached(0).await
}

async fn a_read_that_fails_once_is_asked_again_by_a_retry_layer(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    let retry = Retry::attempts(3).with_time(Arc::new(harness.clock()), || 0.5);
    let client = harness.client.clone().layer(retry);
    let fault = json!({ "fault": "status", "status": 503, "next": 1, "on": "any" });
    harness.control.fault(harness.provider(), fault).await?;
    ensure(!client.templates().await.map_err(unexpected)?.is_empty(), "the list is empty")?;
    harness.asked(0).await
}
