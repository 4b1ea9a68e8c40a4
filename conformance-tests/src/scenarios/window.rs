//! The session window of 24 hours.

use transom::session::SessionSource;
use transom::{Capability, ErrorKind, Message, Sent, Template, Window};

use crate::assertions::{Check, accepted, ensure, equal, failed, unexpected};
use crate::harness::{Harness, OTHER, contact, number, text};

scenarios! { "window":
    text_to_contact_who_never_wrote_is_rejected "A text to a contact who never wrote is rejected after one request, and is not sent."
        needs Text covers never_wrote;
    text_after_25_hours_is_rejected "A text is rejected as `session_expired` 25 hours after the contact's last message, and is not sent."
        needs Text covers expired;
    text_a_second_before_window_end_is_accepted "A text is accepted one second before the session window closes."
        needs Text covers accepted_texts;
    text_at_exactly_24_hours_is_rejected "A text is rejected as `session_expired` exactly 24 hours after the contact's last message."
        needs Text covers expired;
    new_inbound_message_renews_window "A new message of the contact opens the session window for another 24 hours."
        needs Text covers accepted_texts;
    own_text_does_not_extend_window "A text that we send does not extend the session window."
        needs Text covers expired;
    template_does_not_open_window "A template that we send does not open the session window."
        needs Template covers never_wrote;
    window_belongs_to_one_contact "A message of one contact opens the session window for that contact only."
        needs Text covers never_wrote;
    template_is_accepted_in_any_window_state "A template is accepted before the contact ever wrote, inside the session window, and after it."
        needs Template covers accepted_templates;
    closed_window_sends_fallback_once "If the session window has closed, the fallback template is sent once instead of the text."
        needs Template covers expired;
    fallback_is_sent_once_if_contact_never_wrote "If the contact never wrote, the fallback template is sent once instead of the text."
        needs Template covers never_wrote;
    open_window_does_not_use_fallback "If the session window is open, the text is sent and the fallback template is not."
        needs Template covers accepted_texts;
    /// The text may have been sent, so a template after it would be a second message.
    lost_response_does_not_send_fallback "If the response to the text is lost, the fallback template is not sent."
        needs Template;
    rejected_fallback_is_not_retried "If the provider rejects the fallback template, the send fails as `template_rejected` and is not retried."
        needs Template covers rejected_templates;
    strict_policy_sends_no_fallback "With `window_policy = strict`, a text outside the session window fails and the fallback template is not sent."
        needs Template;
    provider_decides_skips_session_lookup "With `window_policy = provider_decides`, the fallback template is sent after the rejection, without a session lookup."
        needs Template covers never_wrote;
    always_template_sends_only_template "With `window_policy = always_template`, the fallback template is sent even inside the session window, and the text is not."
        needs Template;
    session_query_reports_open_window_and_end "The session query reports an open window that ends 24 hours after the contact's last message."
        needs Session covers window_queries;
    session_query_reports_expired_window "The session query reports an expired window 24 hours after the contact's last message."
        needs Session covers window_queries;
    session_query_reports_contact_never_wrote "The session query reports that the contact never wrote."
        needs Session covers window_queries;
    /// Providers list a conversation that we began with a template.
    template_is_not_an_inbound_message "After a template only, the session query still reports that the contact never wrote."
        needs Session covers window_queries;
    session_query_is_about_one_contact "The session query of one contact is not affected by another contact's messages, and sends nothing."
        needs Session covers window_queries;
    failed_session_query_proves_nothing_sent "A session query that fails reports that nothing was sent."
        needs Session;
}

fn with_fallback() -> Message {
    text().with_fallback(Template::new("re_engagement_v1"))
}

async fn text_to_contact_who_never_wrote_is_rejected(harness: &Harness) -> Check {
    let error = harness.refused(harness.send(&text()).await, harness.adapter.never_wrote).await?;
    equal("attempts", &error.attempts(), &1)?;
    harness.asked(1).await
}

async fn text_after_25_hours_is_rejected(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.advance("25h").await?;
    harness.refused(harness.send(&text()).await, ErrorKind::SessionExpired).await.map(drop)
}

async fn text_a_second_before_window_end_is_accepted(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    harness.contact_writes().await?;
    harness.control.advance("23h59m59s").await?;
    accepted(harness.send(&text()).await)?;
    harness.reached(1).await
}

async fn text_at_exactly_24_hours_is_rejected(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    harness.contact_writes().await?;
    harness.control.advance("24h").await?;
    harness.refused(harness.send(&text()).await, ErrorKind::SessionExpired).await.map(drop)
}

async fn new_inbound_message_renews_window(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.advance("23h").await?;
    harness.contact_writes().await?;
    harness.control.advance("23h").await?;
    accepted(harness.send(&text()).await)?;
    harness.reached(1).await
}

async fn own_text_does_not_extend_window(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.advance("23h").await?;
    accepted(harness.send(&text()).await)?;
    harness.control.advance("2h").await?;
    failed(harness.send(&text()).await, ErrorKind::SessionExpired, Sent::No)?;
    harness.reached(1).await
}

async fn template_does_not_open_window(harness: &Harness) -> Check {
    accepted(harness.send(&Message::template(contact(), Template::new("re_engagement_v1"))).await)?;
    failed(harness.send(&text()).await, harness.adapter.never_wrote, Sent::No)?;
    harness.reached(1).await
}

async fn window_belongs_to_one_contact(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let other = Message::text(number(OTHER), "Hi");
    harness.refused(harness.send(&other).await, harness.adapter.never_wrote).await.map(drop)
}

async fn template_is_accepted_in_any_window_state(harness: &Harness) -> Check {
    let template = Message::template(contact(), Template::new("re_engagement_v1"));
    accepted(harness.send(&template).await)?;
    harness.contact_writes().await?;
    accepted(harness.send(&template).await)?;
    harness.control.advance("25h").await?;
    accepted(harness.send(&template).await)?;
    harness.reached(3).await
}

/// Passes if exactly the fallback template was delivered.
async fn only_the_fallback_arrived(harness: &Harness) -> Check {
    harness.reached(1).await?;
    for message in harness.delivered().await? {
        equal("what arrived", &message["content"]["type"], &"template".into())?;
        equal("which template", &message["content"]["name"], &"re_engagement_v1".into())?;
    }
    Ok(())
}

async fn closed_window_sends_fallback_once(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.advance("25h").await?;
    let receipt = accepted(harness.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    equal("attempts", &(receipt.attempts as usize), &harness.sends().await?.len())?;
    only_the_fallback_arrived(harness).await
}

async fn fallback_is_sent_once_if_contact_never_wrote(harness: &Harness) -> Check {
    let receipt = accepted(harness.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    only_the_fallback_arrived(harness).await
}

async fn open_window_does_not_use_fallback(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let receipt = accepted(harness.send(&with_fallback()).await)?;
    ensure(!receipt.template_fallback, "the receipt says that the text went")?;
    harness.reached(1).await?;
    harness.asked(1).await
}

async fn lost_response_does_not_send_fallback(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.fault(harness.provider(), serde_json::json!({ "fault": "lose_reply", "next": 1 })).await?;
    failed(harness.send(&with_fallback()).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
    harness.reached(1).await?;
    harness.asked(1).await
}

async fn rejected_fallback_is_not_retried(harness: &Harness) -> Check {
    harness
        .control
        .config(harness.provider(), serde_json::json!({ "template": "re_engagement_v1", "status": "paused" }))
        .await?;
    let answer = harness.send(&with_fallback()).await;
    harness.refused(answer, ErrorKind::TemplateRejected).await?;
    // If the session can be queried, the text is not tried; if templates are listed, the paused one is not tried.
    let text = usize::from(!harness.capabilities().contains(Capability::Session));
    harness.asked(text + usize::from(!harness.lists_templates())).await
}

async fn strict_policy_sends_no_fallback(harness: &Harness) -> Check {
    let client = harness.connect(&harness.config()?.with_value("window_policy", "strict"))?;
    harness.refused(client.send(&with_fallback()).await, harness.adapter.never_wrote).await.map(drop)
}

async fn provider_decides_skips_session_lookup(harness: &Harness) -> Check {
    // An adapter uses the probe after a rejection; here only the requests before it count.
    let config = harness.config()?.with_value("window_policy", "provider_decides").with_value("probe", false);
    let receipt = accepted(harness.connect(&config)?.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    equal("attempts", &receipt.attempts, &2)?;
    harness.asked(2).await?;
    only_the_fallback_arrived(harness).await
}

async fn always_template_sends_only_template(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let client = harness.connect(&harness.config()?.with_value("window_policy", "always_template"))?;
    let receipt = accepted(client.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    harness.asked(1).await?;
    only_the_fallback_arrived(harness).await
}

async fn session_query_reports_open_window_and_end(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    harness.contact_writes().await?;
    harness.control.advance("23h").await?;
    let session = harness.session().await.map_err(unexpected)?;
    equal("who says so", &session.source, &SessionSource::Provider)?;
    equal("the contact", &session.contact, &contact())?;
    let Window::Open { until: Some(until) } = session.window else {
        return Err(format!("expected an open window with its end, got {:?}", session.window).into());
    };
    let last = session.last_inbound_at.ok_or("expected the time of the contact's last message")?;
    equal("the end", &until, &(last + transom::session::WINDOW_DURATION))
}

async fn session_query_reports_expired_window(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    harness.contact_writes().await?;
    harness.control.advance("24h").await?;
    let session = harness.session().await.map_err(unexpected)?;
    let Window::Expired { since: Some(since) } = session.window else {
        return Err(format!("expected an expired window with its end, got {:?}", session.window).into());
    };
    let last = session.last_inbound_at.ok_or("expected the time of the contact's last message")?;
    equal("the end", &since, &(last + transom::session::WINDOW_DURATION))
}

async fn session_query_reports_contact_never_wrote(harness: &Harness) -> Check {
    let session = harness.session().await.map_err(unexpected)?;
    equal("the window", &session.window, &Window::Never)?;
    equal("the last message", &session.last_inbound_at, &None)
}

async fn template_is_not_an_inbound_message(harness: &Harness) -> Check {
    accepted(harness.send(&Message::template(contact(), Template::new("re_engagement_v1"))).await)?;
    let session = harness.session().await.map_err(unexpected)?;
    equal("the window", &session.window, &Window::Never)
}

async fn session_query_is_about_one_contact(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let theirs = harness.client.session(&number(OTHER)).await.map_err(unexpected)?;
    equal("the window of who never wrote", &theirs.window, &Window::Never)?;
    equal("the contact", &theirs.contact, &number(OTHER))?;
    let own = harness.session().await.map_err(unexpected)?;
    ensure(matches!(own.window, Window::Open { .. }), format_args!("the writer's own window is {:?}", own.window))?;
    harness.asked(0).await?;
    harness.reached(0).await
}

async fn failed_session_query_proves_nothing_sent(harness: &Harness) -> Check {
    for fault in [
        serde_json::json!({ "fault": "status", "status": 500, "next": 1, "on": "any" }),
        serde_json::json!({ "fault": "lose_reply", "next": 1, "on": "any" }),
        serde_json::json!({ "fault": "garbage", "next": 1, "on": "any" }),
    ] {
        harness.control.fault(harness.provider(), fault).await?;
        match harness.session().await {
            Err(error) => equal("whether something may have been sent", &error.sent(), &Sent::No)?,
            Ok(session) => return Err(format!("expected the query to fail, got {session:?}").into()),
        }
    }
    Ok(())
}
