//! Credentials and full phone numbers turn up nowhere.

use std::error::Error as _;

use serde_json::json;
use transom::{Message, Messenger as _, Template};

use crate::check::{Check, ensure, told};
use crate::stage::{CONTACT, Stage, contact, text};

scenarios! { "secrets":
    no_error_shows_a_credential_or_a_full_number needs Text;
    no_debug_form_shows_a_credential needs Text;
    an_answer_that_echoes_the_number_is_masked needs Text;
    /// URLs end up in logs on the way.
    no_credential_is_in_a_url needs Text;
}

/// The word that every credential of a subject holds.
const CANARY: &str = "canary";

fn clean(place: &str, text: &str) -> Check {
    ensure(!text.contains(CANARY), format_args!("{place} shows a credential: {text}"))?;
    let digits = CONTACT.trim_start_matches('+');
    ensure(!text.contains(digits), format_args!("{place} shows a full phone number: {text}"))
}

fn clean_error(place: &str, error: &transom::Error) -> Check {
    clean(place, &format!("{error}"))?;
    clean(place, &format!("{error:?} {error:#?}"))?;
    let mut cause = error.source();
    while let Some(inner) = cause {
        clean(place, &format!("{inner} {inner:?}"))?;
        cause = inner.source();
    }
    Ok(())
}

async fn no_error_shows_a_credential_or_a_full_number(stage: &Stage) -> Check {
    stage.control.limit(stage.provider(), 1_000, 1).await?;
    let mut errors = Vec::new();
    for status in [302, 400, 401, 402, 403, 404, 409, 422, 429, 500, 502] {
        stage.control.fault(stage.provider(), json!({ "fault": "status", "status": status, "next": 1 })).await?;
        errors.push((status.to_string(), stage.send(&text()).await.err()));
    }
    for fault in ["lose_reply", "garbage", "html"] {
        stage.control.fault(stage.provider(), json!({ "fault": fault, "next": 1 })).await?;
        stage.contact_writes().await?;
        errors.push((fault.to_owned(), stage.send(&text()).await.err()));
    }
    let away = stage.connect(&stage.config()?.with("base_url", "http://127.0.0.1:9").with("timeout", "1s"))?;
    errors.push(("refused connection".to_owned(), away.send(&text()).await.err()));
    errors.push(("refused locally".to_owned(), stage.send(&Message::text(contact(), "")).await.err()));
    for (place, error) in errors {
        let error = error.ok_or_else(|| format!("{place}: expected an error"))?;
        clean_error(&place, &error)?;
    }
    Ok(())
}

async fn no_debug_form_shows_a_credential(stage: &Stage) -> Check {
    let config = stage.config()?;
    clean("the configuration", &format!("{config:?} {config:#?}"))?;
    clean("the client", &format!("{:?} {:#?}", stage.client, stage.client))?;
    let message = text().with_fallback(Template::new("re_engagement_v1", "en"));
    clean("the message", &format!("{message:?} {message:#?}"))?;
    // After a send, an adapter may hold a session of its own.
    stage.contact_writes().await?;
    let receipt = stage.send(&text()).await.map_err(told)?;
    clean("the client after a send", &format!("{:?}", stage.client))?;
    clean("the receipt", &format!("{receipt:?}"))
}

async fn an_answer_that_echoes_the_number_is_masked(stage: &Stage) -> Check {
    let digits = CONTACT.trim_start_matches('+');
    for body in
        [format!("{digits} is not valid"), format!("bad number: {CONTACT}"), "to +54 911 5555-0123 refused".to_owned()]
    {
        stage
            .control
            .fault(stage.provider(), json!({ "fault": "status", "status": 400, "body": body, "next": 1 }))
            .await?;
        let error = stage.send(&text()).await.err().ok_or("expected a refusal")?;
        clean_error(&body, &error)?;
        ensure(!error.to_string().contains("5555-0123"), format_args!("a grouped number is shown: {error}"))?;
    }
    Ok(())
}

async fn no_credential_is_in_a_url(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    stage.send(&text()).await.map_err(told)?;
    for request in stage.control.requests(stage.provider()).await? {
        let path = request["path"].as_str().unwrap_or_default();
        ensure(!path.contains(CANARY), format_args!("a credential is in the path: {path}"))?;
    }
    Ok(())
}
