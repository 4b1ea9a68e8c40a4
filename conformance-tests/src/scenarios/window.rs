//! The 24-hour window, from both sides of its edge.

use transom::{Capability, ErrorKind, Message, Messenger as _, Sent, Template, Window};
use transom::session::SessionSource;

use crate::check::{Check, accepted, ensure, equal, failed, told};
use crate::stage::{OTHER, Stage, contact, number, text};

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

async fn a_contact_who_never_wrote_gets_no_text(stage: &Stage) -> Check {
    let error = stage.refused(stage.send(&text()).await, stage.subject.never_wrote).await?;
    equal("attempts", &error.attempts(), &1)?;
    stage.asked(1).await
}

async fn a_text_is_refused_a_day_after_the_last_message(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    stage.control.advance("25h").await?;
    stage.refused(stage.send(&text()).await, ErrorKind::SessionExpired).await.map(drop)
}

async fn a_text_is_accepted_a_second_before_the_edge(stage: &Stage) -> Check {
    stage.control.freeze().await?;
    stage.contact_writes().await?;
    stage.control.advance("23h59m59s").await?;
    accepted(stage.send(&text()).await)?;
    stage.reached(1).await
}

async fn a_text_is_refused_exactly_24_hours_after_the_last_message(stage: &Stage) -> Check {
    stage.control.freeze().await?;
    stage.contact_writes().await?;
    stage.control.advance("24h").await?;
    stage.refused(stage.send(&text()).await, ErrorKind::SessionExpired).await.map(drop)
}

async fn a_new_message_of_the_contact_opens_the_window_anew(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    stage.control.advance("23h").await?;
    stage.contact_writes().await?;
    stage.control.advance("23h").await?;
    accepted(stage.send(&text()).await)?;
    stage.reached(1).await
}

async fn our_own_text_does_not_keep_the_window_open(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    stage.control.advance("23h").await?;
    accepted(stage.send(&text()).await)?;
    stage.control.advance("2h").await?;
    failed(stage.send(&text()).await, ErrorKind::SessionExpired, Sent::No)?;
    stage.reached(1).await
}

async fn a_template_does_not_open_the_window(stage: &Stage) -> Check {
    accepted(stage.send(&Message::template(contact(), Template::new("re_engagement_v1", "en"))).await)?;
    failed(stage.send(&text()).await, stage.subject.never_wrote, Sent::No)?;
    stage.reached(1).await
}

async fn the_window_is_the_contacts_own(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let other = Message::text(number(OTHER), "Hi");
    stage.refused(stage.send(&other).await, stage.subject.never_wrote).await.map(drop)
}

async fn a_template_goes_whatever_the_window(stage: &Stage) -> Check {
    let template = Message::template(contact(), Template::new("re_engagement_v1", "en"));
    accepted(stage.send(&template).await)?;
    stage.contact_writes().await?;
    accepted(stage.send(&template).await)?;
    stage.control.advance("25h").await?;
    accepted(stage.send(&template).await)?;
    stage.reached(3).await
}

/// Holds if exactly the fallback reached the person.
async fn only_the_fallback_arrived(stage: &Stage) -> Check {
    stage.reached(1).await?;
    for message in stage.delivered().await? {
        equal("what arrived", &message["content"]["type"], &"template".into())?;
        equal("which template", &message["content"]["name"], &"re_engagement_v1".into())?;
    }
    Ok(())
}

async fn a_closed_window_sends_the_fallback_once(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    stage.control.advance("25h").await?;
    let receipt = accepted(stage.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    equal("attempts", &(receipt.attempts as usize), &stage.sends().await?.len())?;
    only_the_fallback_arrived(stage).await
}

async fn a_contact_who_never_wrote_gets_the_fallback_once(stage: &Stage) -> Check {
    let receipt = accepted(stage.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    only_the_fallback_arrived(stage).await
}

async fn an_open_window_leaves_the_fallback_unused(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let receipt = accepted(stage.send(&with_fallback()).await)?;
    ensure(!receipt.template_fallback, "the receipt says that the text went")?;
    stage.reached(1).await?;
    stage.asked(1).await
}

async fn a_lost_answer_in_an_open_window_does_not_send_the_fallback(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    stage.control.fault(stage.provider(), serde_json::json!({ "fault": "lose_reply", "next": 1 })).await?;
    failed(stage.send(&with_fallback()).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
    stage.reached(1).await?;
    stage.asked(1).await
}

async fn a_refused_fallback_is_reported_and_not_repeated(stage: &Stage) -> Check {
    stage
        .control
        .config(stage.provider(), serde_json::json!({ "template": "re_engagement_v1", "status": "paused" }))
        .await?;
    let answer = stage.send(&with_fallback()).await;
    stage.refused(answer, ErrorKind::TemplateRejected).await?;
    // Who can be asked for the window is not tried with the text, who lists templates not with the paused one.
    let text = usize::from(!stage.capabilities().contains(Capability::Session));
    stage.asked(text + usize::from(!stage.lists_templates())).await
}

async fn strict_refuses_and_sends_no_template(stage: &Stage) -> Check {
    let client = stage.connect(&stage.config()?.with("window_policy", "strict"))?;
    stage.refused(client.send(&with_fallback()).await, stage.subject.never_wrote).await.map(drop)
}

async fn provider_decides_falls_back_without_asking_first(stage: &Stage) -> Check {
    // The probe is what an adapter asks after a refusal; here only what is asked before counts.
    let config = stage.config()?.with("window_policy", "provider_decides").with("probe", false);
    let receipt = accepted(stage.connect(&config)?.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    equal("attempts", &receipt.attempts, &2)?;
    stage.asked(2).await?;
    only_the_fallback_arrived(stage).await
}

async fn always_template_leaves_the_text_unsent(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let client = stage.connect(&stage.config()?.with("window_policy", "always_template"))?;
    let receipt = accepted(client.send(&with_fallback()).await)?;
    ensure(receipt.template_fallback, "the receipt says that the template went")?;
    stage.asked(1).await?;
    only_the_fallback_arrived(stage).await
}

async fn the_provider_tells_an_open_window_with_its_end(stage: &Stage) -> Check {
    stage.control.freeze().await?;
    stage.contact_writes().await?;
    stage.control.advance("23h").await?;
    let session = stage.session().await.map_err(told)?;
    equal("who says so", &session.source, &SessionSource::Provider)?;
    equal("the contact", &session.contact, &contact())?;
    let Window::Open { until: Some(until) } = session.window else {
        return Err(format!("expected an open window with its end, got {:?}", session.window).into());
    };
    let last = session.last_inbound_at.ok_or("expected the time of the contact's last message")?;
    equal("the end", &until, &(last + transom::session::WINDOW_DURATION))
}

async fn the_provider_tells_an_expired_window(stage: &Stage) -> Check {
    stage.control.freeze().await?;
    stage.contact_writes().await?;
    stage.control.advance("24h").await?;
    let session = stage.session().await.map_err(told)?;
    let Window::Expired { since: Some(since) } = session.window else {
        return Err(format!("expected an expired window with its end, got {:?}", session.window).into());
    };
    let last = session.last_inbound_at.ok_or("expected the time of the contact's last message")?;
    equal("the end", &since, &(last + transom::session::WINDOW_DURATION))
}

async fn the_provider_tells_that_a_contact_never_wrote(stage: &Stage) -> Check {
    let session = stage.session().await.map_err(told)?;
    equal("the window", &session.window, &Window::Never)?;
    equal("the last message", &session.last_inbound_at, &None)
}

async fn a_template_alone_is_no_message_of_the_contact(stage: &Stage) -> Check {
    accepted(stage.send(&Message::template(contact(), Template::new("re_engagement_v1", "en"))).await)?;
    let session = stage.session().await.map_err(told)?;
    equal("the window", &session.window, &Window::Never)
}

async fn the_window_of_one_contact_says_nothing_of_anothers(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let theirs = stage.client.session(&number(OTHER)).await.map_err(told)?;
    equal("the window of who never wrote", &theirs.window, &Window::Never)?;
    equal("the contact", &theirs.contact, &number(OTHER))?;
    let own = stage.session().await.map_err(told)?;
    ensure(matches!(own.window, Window::Open { .. }), format_args!("the writer's own window is {:?}", own.window))?;
    stage.asked(0).await?;
    stage.reached(0).await
}

async fn a_window_query_that_fails_leaves_nothing_in_doubt(stage: &Stage) -> Check {
    for fault in [
        serde_json::json!({ "fault": "status", "status": 500, "next": 1, "on": "any" }),
        serde_json::json!({ "fault": "lose_reply", "next": 1, "on": "any" }),
        serde_json::json!({ "fault": "garbage", "next": 1, "on": "any" }),
    ] {
        stage.control.fault(stage.provider(), fault).await?;
        match stage.session().await {
            Err(error) => equal("whether something may have been sent", &error.sent(), &Sent::No)?,
            Ok(session) => return Err(format!("expected the query to fail, got {session:?}").into()),
        }
    }
    Ok(())
}
