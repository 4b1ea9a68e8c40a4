//! Lists of templates, senders and conversations.

use std::sync::Arc;

use serde_json::json;
use transom::account::{Conversation, ConversationFilter, TemplateInfo};
use transom::layers::Retry;
use transom::{ErrorKind, Sent};

use crate::assertions::{Check, Failure, ensure, equal, unexpected};
use crate::harness::{Harness, OTHER, contact};

scenarios! { "lists":
    templates_are_listed_with_all_details "Every template is listed with id, language, status and parameters."
        needs Templates covers template_lists;
    paused_template_is_listed_as_paused "A paused template is listed as `paused`."
        needs Templates covers template_lists;
    pausing_one_template_changes_no_other "Pausing one template changes the listed status of no other template."
        needs Templates covers template_lists;
    failed_template_list_proves_nothing_sent "A template list that fails reports that nothing was sent."
        needs Templates;
    rejected_list_has_kind_of_its_status "A template list that the provider rejects has the error kind of its HTTP status."
        needs Templates;
    own_sender_is_listed_with_number "The channel's own sender is listed with its number."
        needs Senders covers sender_lists;
    offline_sender_is_listed_as_offline "A sender that is offline is listed as not available."
        needs Senders covers sender_lists;
    identity_is_the_configured_sender "Asked who the channel is, the provider names the configured sender; an unknown one is `sender_not_found`."
        needs Senders covers sender_lists;
    identity_with_bad_credential_is_never_proved "With a credential that the provider rejects, no identity is proved, and nothing is sent.";
    failed_sender_list_proves_nothing_sent "A sender list that fails reports that nothing was sent."
        needs Senders;
    conversation_is_listed_after_inbound "A conversation is listed, with its id, after the contact has written."
        needs Conversations covers conversation_lists;
    conversation_filter_keeps_one_contact "A conversation list filtered by a contact holds that contact's conversations only."
        needs Conversations covers conversation_lists;
    failed_conversation_list_proves_nothing_sent "A conversation list that fails reports that nothing was sent."
        needs Conversations;
    /// A read sends nothing, so it may be repeated.
    failed_read_is_retried "A retry layer repeats a read that failed once."
        needs Templates;
}

async fn listed(harness: &Harness) -> Result<Vec<TemplateInfo>, Failure> {
    harness.client.templates().await.map_err(unexpected)
}

fn named<'t>(templates: &'t [TemplateInfo], name: &str) -> Result<&'t TemplateInfo, Failure> {
    templates.iter().find(|template| template.name == name).ok_or_else(|| format!("`{name}` is not in the list").into())
}

async fn templates_are_listed_with_all_details(harness: &Harness) -> Check {
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

async fn paused_template_is_listed_as_paused(harness: &Harness) -> Check {
    harness.control.config(harness.provider(), json!({ "template": "follow_up", "status": "paused" })).await?;
    equal("the state", &named(&listed(harness).await?, "follow_up")?.status.as_str(), &"paused")
}

async fn pausing_one_template_changes_no_other(harness: &Harness) -> Check {
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

async fn failed_template_list_proves_nothing_sent(harness: &Harness) -> Check {
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

async fn rejected_list_has_kind_of_its_status(harness: &Harness) -> Check {
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

async fn own_sender_is_listed_with_number(harness: &Harness) -> Check {
    let senders = harness.client.senders().await.map_err(unexpected)?;
    let own = senders
        .iter()
        .find(|sender| sender.phone.as_ref().is_some_and(|phone| phone.as_str() == harness.adapter.sender));
    let own = own.ok_or("the number that the channel sends from is not in the list")?;
    ensure(!own.id.is_empty() && !own.status.is_empty(), format_args!("a sender without id or state: {own:?}"))
}

async fn offline_sender_is_listed_as_offline(harness: &Harness) -> Check {
    let before = harness.client.senders().await.map_err(unexpected)?;
    let first = before.first().ok_or("no sender is listed")?;
    harness.control.config(harness.provider(), json!({ "sender": first.id, "online": false })).await?;
    let after = harness.client.senders().await.map_err(unexpected)?;
    let same = after.iter().find(|sender| sender.id == first.id).ok_or("a sender that is away is not listed")?;
    ensure(same.status != first.status, format_args!("it is still {}", same.status))
}

async fn identity_is_the_configured_sender(harness: &Harness) -> Check {
    let identity = harness.client.identify().await.map_err(unexpected)?;
    let sender = identity.and_then(|identity| identity.sender).ok_or("no sender is named")?;
    let phone = sender.phone.as_ref().map(transom::PhoneNumber::as_str);
    equal("the number", &phone, &Some(harness.adapter.sender))?;
    let stranger = harness.connect(&harness.config_of(harness.adapter.uri_with_unknown_sender)?)?;
    let error = stranger.identify().await.err().ok_or("an unknown sender is proved")?;
    equal("the kind", &error.kind(), &ErrorKind::SenderNotFound)?;
    ensure(error.message().contains(&sender.id), format_args!("the known sender is not named: {error}"))?;
    harness.asked(0).await
}

async fn identity_with_bad_credential_is_never_proved(harness: &Harness) -> Check {
    let stranger = harness.connect(&harness.config_of(harness.adapter.uri_with_bad_credential)?)?;
    match stranger.identify().await {
        // The provider has no request without a send.
        Ok(None) => {}
        Ok(Some(identity)) => return Err(format!("{identity:?} is proved").into()),
        Err(error) => {
            equal("the kind", &error.kind(), &ErrorKind::Unauthenticated)?;
            equal("whether something may have been sent", &error.sent(), &Sent::No)?;
        }
    }
    harness.asked(0).await
}

async fn failed_sender_list_proves_nothing_sent(harness: &Harness) -> Check {
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

async fn conversation_is_listed_after_inbound(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let listed = conversations_with(harness, ConversationFilter::default()).await?;
    let theirs = listed.iter().find(|conversation| conversation.contact == Some(contact()));
    let theirs = theirs.ok_or("the conversation is not in the list")?;
    ensure(!theirs.id.is_empty(), format_args!("a conversation without id: {theirs:?}"))
}

async fn conversation_filter_keeps_one_contact(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.inbound(harness.provider(), OTHER, "hi").await?;
    let listed = conversations_with(harness, ConversationFilter::with_contact(contact())).await?;
    let strangers = listed.iter().filter(|conversation| conversation.contact != Some(contact())).count();
    equal("conversations with somebody else", &strangers, &0)?;
    ensure(!listed.is_empty(), "the contact's own conversation is not in the list")
}

async fn failed_conversation_list_proves_nothing_sent(harness: &Harness) -> Check {
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

async fn failed_read_is_retried(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    let retry = Retry::attempts(3).with_time(Arc::new(harness.clock()), || 0.5);
    let client = harness.client.clone().layer(retry);
    let fault = json!({ "fault": "status", "status": 503, "next": 1, "on": "any" });
    harness.control.fault(harness.provider(), fault).await?;
    ensure(!client.templates().await.map_err(unexpected)?.is_empty(), "the list is empty")?;
    harness.asked(0).await
}
