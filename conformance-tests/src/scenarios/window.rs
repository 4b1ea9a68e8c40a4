//! The 24-hour window, from both sides of its edge.

use transom::{Capability, ErrorKind, Message, Messenger as _, Sent, SessionSource, Template, Window};

use crate::assertions::{Check, accepted, ensure, equal, failed, unexpected};
use crate::harness::{Harness, OTHER, contact, number, text};

scenarios! { "window":
    a_contact_who_never_wrote_gets_no_text needs Text covers never_wrote;
    a_text_is_refused_a_day_after_the_last_message needs Text covers expired;
    a_text_is_accepted_a_second_before_the_edge needs Text covers accepted_texts;
    a_text_is_refused_exactly_24_hours_after_the_last_message needs Text covers expired;
    a_new_message_of_the_contact_opens_the_window_anew needs Text covers accepted_texts;
    our_own_text_does_not_keep_the_window_open needs Text covers expired;
    a_template_does_not_open_the_window needs Template covers never_wrote;
    the_window_is_the_contacts_own needs Text covers never_wrote;
    a_template_goes_whatever_the_window needs Template covers accepted_templates;
    a_closed_window_sends_the_fallback_once needs Template covers expired;
    a_contact_who_never_wrote_gets_the_fallback_once needs Template covers never_wrote;
    an_open_window_leaves_the_fallback_unused needs Template covers accepted_texts;
    /// The sharpest edge of all: the text may be out, so the template must not follow it.
    a_lost_answer_in_an_open_window_does_not_send_the_fallback needs Template;
    a_refused_fallback_is_reported_and_not_repeated needs Template covers rejected_templates;
    strict_refuses_and_sends_no_template needs Template;
    provider_decides_falls_back_without_asking_first needs Template covers never_wrote;
    always_template_leaves_the_text_unsent needs Template;
    the_provider_tells_an_open_window_with_its_end needs Session covers window_queries;
    the_provider_tells_an_expired_window needs Session covers window_queries;
    the_provider_tells_that_a_contact_never_wrote needs Session covers window_queries;
    /// Providers list a conversation that we began with a template; the contact has still never written.
    a_template_alone_is_no_message_of_the_contact needs Session covers window_queries;
    /// Asking about either sends nothing.
    the_window_of_one_contact_says_nothing_of_anothers needs Session covers window_queries;
    a_window_query_that_fails_leaves_nothing_in_doubt needs Session;
}

fn with_fallback() -> Message {
    text().with_fallback(Template::new("re_engagement_v1", "en"))
}

async fn a_contact_who_never_wrote_gets_no_text(harness: &Harness) -> Check {
    let error = harness.refused(harness.send(&text()).await, harness.adapter.never_wrote).await?;
    equal("attempts", &error.attempts(), &1)?;
    harness.asked(1).await
}

async fn a_text_is_refused_a_day_after_the_last_message(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.advance("25h").await?;
    harness.refused(harness.send(&text()).await, ErrorKind::SessionExpired).await.map(drop)
}

async fn a_text_is_accepted_a_second_before_the_edge(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    harness.contact_writes().await?;
    harness.control.advance("23h59m59s").await?;
    accepted(harness.send(&text()).await)?;
    harness.reached(1).await
}

async fn a_text_is_refused_exactly_24_hours_after_the_last_message(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    harness.contact_writes().await?;
    harness.control.advance("24h").await?;
    harness.refused(harness.send(&text()).await, ErrorKind::SessionExpired).await.map(drop)
}

async fn a_new_message_of_the_contact_opens_the_window_anew(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.advance("23h").await?;
    harness.contact_writes().await?;
    harness.control.advance("23h").await?;
    accepted(harness.send(&text()).await)?;
    harness.reached(1).await
}

async fn our_own_text_does_not_keep_the_window_open(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.advance("23h").await?;
    accepted(harness.send(&text()).await)?;
    harness.control.advance("2h").await?;
    failed(harness.send(&text()).await, ErrorKind::SessionExpired, Sent::No)?;
    harness.reached(1).await
}

async fn a_template_does_not_open_the_window(harness: &Harness) -> Check {
    accepted(harness.send(&Message::template(contact(), Template::new("re_engagement_v1", "en"))).await)?;
    failed(harness.send(&text()).await, harness.adapter.never_wrote, Sent::No)?;
    harness.reached(1).await
}

async fn the_window_is_the_contacts_own(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let other = Message::text(number(OTHER), "Hi");
    harness.refused(harness.send(&other).await, harness.adapter.never_wrote).await.map(drop)
}

async fn a_template_goes_whatever_the_window(harness: &Harness) -> Check {
    let template = Message::template(contact(), Template::new("re_engagement_v1", "en"));
    accepted(harness.send(&template).await)?;
    harness.contact_writes().await?;
    accepted(harness.send(&template).await)?;
    harness.control.advance("25h").await?;
    accepted(harness.send(&template).await)?;
    harness.reached(3).await
}

/// Holds if exactly the fallback reached the person.
async fn only_the_fallback_arrived(harness: &Harness) -> Check {
    harness.reached(1).await?;
    for message in harness.delivered().await? {
        equal("what arrived", &message["content"]["type"], &"template".into())?;
        equal("which template", &message["content"]["name"], &"re_engagement_v1".into())?;
    }
    Ok(())
}

async fn a_closed_window_sends_the_fallback_once(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.advance("25h").await?;
    let receipt = accepted(harness.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    equal("attempts", &(receipt.attempts as usize), &harness.sends().await?.len())?;
    only_the_fallback_arrived(harness).await
}

async fn a_contact_who_never_wrote_gets_the_fallback_once(harness: &Harness) -> Check {
    let receipt = accepted(harness.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    only_the_fallback_arrived(harness).await
}

async fn an_open_window_leaves_the_fallback_unused(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let receipt = accepted(harness.send(&with_fallback()).await)?;
    ensure(!receipt.template_fallback, "the receipt says that the text went")?;
    harness.reached(1).await?;
    harness.asked(1).await
}

async fn a_lost_answer_in_an_open_window_does_not_send_the_fallback(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.fault(harness.provider(), serde_json::json!({ "fault": "lose_reply", "next": 1 })).await?;
    failed(harness.send(&with_fallback()).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
    harness.reached(1).await?;
    harness.asked(1).await
}

async fn a_refused_fallback_is_reported_and_not_repeated(harness: &Harness) -> Check {
    harness
        .control
        .config(harness.provider(), serde_json::json!({ "template": "re_engagement_v1", "status": "paused" }))
        .await?;
    let answer = harness.send(&with_fallback()).await;
    harness.refused(answer, ErrorKind::TemplateRejected).await?;
    // Who can be asked for the window is not tried with the text, who lists templates not with the paused one.
    let text = usize::from(!harness.capabilities().contains(Capability::Session));
    harness.asked(text + usize::from(!harness.lists_templates())).await
}

async fn strict_refuses_and_sends_no_template(harness: &Harness) -> Check {
    let client = harness.connect(&harness.config()?.with("window_policy", "strict"))?;
    harness.refused(client.send(&with_fallback()).await, harness.adapter.never_wrote).await.map(drop)
}

async fn provider_decides_falls_back_without_asking_first(harness: &Harness) -> Check {
    // The probe is what an adapter asks after a refusal; here only what is asked before counts.
    let config = harness.config()?.with("window_policy", "provider_decides").with("probe", false);
    let receipt = accepted(harness.connect(&config)?.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    equal("attempts", &receipt.attempts, &2)?;
    harness.asked(2).await?;
    only_the_fallback_arrived(harness).await
}

async fn always_template_leaves_the_text_unsent(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let client = harness.connect(&harness.config()?.with("window_policy", "always_template"))?;
    let receipt = accepted(client.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    harness.asked(1).await?;
    only_the_fallback_arrived(harness).await
}

async fn the_provider_tells_an_open_window_with_its_end(harness: &Harness) -> Check {
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
    equal("the end", &until, &(last + transom::WINDOW))
}

async fn the_provider_tells_an_expired_window(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    harness.contact_writes().await?;
    harness.control.advance("24h").await?;
    let session = harness.session().await.map_err(unexpected)?;
    let Window::Expired { since: Some(since) } = session.window else {
        return Err(format!("expected an expired window with its end, got {:?}", session.window).into());
    };
    let last = session.last_inbound_at.ok_or("expected the time of the contact's last message")?;
    equal("the end", &since, &(last + transom::WINDOW))
}

async fn the_provider_tells_that_a_contact_never_wrote(harness: &Harness) -> Check {
    let session = harness.session().await.map_err(unexpected)?;
    equal("the window", &session.window, &Window::Never)?;
    equal("the last message", &session.last_inbound_at, &None)
}

async fn a_template_alone_is_no_message_of_the_contact(harness: &Harness) -> Check {
    accepted(harness.send(&Message::template(contact(), Template::new("re_engagement_v1", "en"))).await)?;
    let session = harness.session().await.map_err(unexpected)?;
    equal("the window", &session.window, &Window::Never)
}

async fn the_window_of_one_contact_says_nothing_of_anothers(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let theirs = harness.client.session(&number(OTHER)).await.map_err(unexpected)?;
    equal("the window of who never wrote", &theirs.window, &Window::Never)?;
    equal("the contact", &theirs.contact, &number(OTHER))?;
    let own = harness.session().await.map_err(unexpected)?;
    ensure(matches!(own.window, Window::Open { .. }), format_args!("the writer's own window is {:?}", own.window))?;
    harness.asked(0).await?;
    harness.reached(0).await
}

async fn a_window_query_that_fails_leaves_nothing_in_doubt(harness: &Harness) -> Check {
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
