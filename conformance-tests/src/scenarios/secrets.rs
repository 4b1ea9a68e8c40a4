//! Credentials and full phone numbers must not appear anywhere.

use std::error::Error as _;

use serde_json::json;
use transom::{Message, Template};

use crate::assertions::{Check, ensure, unexpected};
use crate::harness::{CONTACT, Harness, contact, text};

scenarios! { "secrets":
    errors_show_no_credential_or_full_number "No error, debug form or cause shows a credential or a full phone number."
        needs Text;
    debug_forms_show_no_credential "The debug form of configuration, client, message and receipt shows no credential and no full phone number."
        needs Text;
    echoed_number_is_redacted "A phone number that a rejection repeats is redacted in the error, however it is written."
        needs Text;
    /// Servers and proxies log URLs.
    urls_hold_no_credential "No request has a credential in its URL."
        needs Text;
}

/// Every credential of an adapter under test contains this word.
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

async fn errors_show_no_credential_or_full_number(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    let mut errors = Vec::new();
    for status in [302, 400, 401, 402, 403, 404, 409, 422, 429, 500, 502] {
        harness.control.fault(harness.provider(), json!({ "fault": "status", "status": status, "next": 1 })).await?;
        errors.push((status.to_string(), harness.send(&text()).await.err()));
    }
    for fault in ["lose_reply", "garbage", "html"] {
        harness.control.fault(harness.provider(), json!({ "fault": fault, "next": 1 })).await?;
        harness.contact_writes().await?;
        errors.push((fault.to_owned(), harness.send(&text()).await.err()));
    }
    let away =
        harness.connect(&harness.config()?.with_value("base_url", "http://127.0.0.1:9").with_value("timeout", "1s"))?;
    errors.push(("refused connection".to_owned(), away.send(&text()).await.err()));
    errors.push(("refused locally".to_owned(), harness.send(&Message::text(contact(), "")).await.err()));
    for (place, error) in errors {
        let error = error.ok_or_else(|| format!("{place}: expected an error"))?;
        clean_error(&place, &error)?;
    }
    Ok(())
}

async fn debug_forms_show_no_credential(harness: &Harness) -> Check {
    let config = harness.config()?;
    clean("the configuration", &format!("{config:?} {config:#?}"))?;
    clean("the client", &format!("{:?} {:#?}", harness.client, harness.client))?;
    let message = text().with_fallback(Template::new("re_engagement_v1"));
    clean("the message", &format!("{message:?} {message:#?}"))?;
    // After a send, an adapter may hold session credentials.
    harness.contact_writes().await?;
    let receipt = harness.send(&text()).await.map_err(unexpected)?;
    clean("the client after a send", &format!("{:?}", harness.client))?;
    clean("the receipt", &format!("{receipt:?}"))
}

async fn echoed_number_is_redacted(harness: &Harness) -> Check {
    let digits = CONTACT.trim_start_matches('+');
    for body in
        [format!("{digits} is not valid"), format!("bad number: {CONTACT}"), "to +54 911 5555-0123 refused".to_owned()]
    {
        harness
            .control
            .fault(harness.provider(), json!({ "fault": "status", "status": 400, "body": body, "next": 1 }))
            .await?;
        let error = harness.send(&text()).await.err().ok_or("expected a refusal")?;
        clean_error(&body, &error)?;
        ensure(!error.to_string().contains("5555-0123"), format_args!("a grouped number is shown: {error}"))?;
    }
    Ok(())
}

async fn urls_hold_no_credential(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    // The mock's journal redacts credentials, so the requests are recorded before they are sent.
    let (client, recorded) = harness.recording(&harness.config()?)?;
    client.send(&text()).await.map_err(unexpected)?;
    let mut urls = recorded.take().into_iter().map(|request| request.uri().to_string());
    ensure(urls.all(|url| !url.contains(CANARY)), "a credential is in the URL of a request")
}
