//! Error kinds, and the proof that nothing was sent.

use std::time::Duration;

use serde_json::{Value, json};
use transom::{Capability, ErrorKind, Message, Sent, Template};

use crate::assertions::{Check, Failure, accepted, ensure, equal, failed};
use crate::harness::{Harness, contact, text};

scenarios! { "errors":
    bad_credential_is_unauthenticated "A bad credential is `unauthenticated`, and nothing is sent."
        needs Text covers credentials;
    unknown_sender_is_sender_not_found "A sender that the account does not have is `sender_not_found`, and nothing is sent."
        needs Text covers senders;
    /// The error is one line with provider, kind, code and status.
    documented_rejection_has_kind_and_code "Every documented rejection has its error kind and keeps the provider's code."
        needs Text covers documented_refusals;
    /// Kinds that a state of the mock brings about are left out.
    every_kind_with_a_code_has_a_rejection "Every error kind that has a code in the adapter's table of responses has a documented rejection in the list of the adapter under test."
        covers documented_refusals;
    rejection_without_code_uses_http_status "A rejection without a known code has the error kind of its HTTP status."
        needs Template;
    rejection_with_unknown_code_uses_http_status "A rejection with an unknown code keeps the code and has the error kind of its HTTP status."
        needs Template;
    conflict_is_unknown_without_idempotency "A 409 leaves the outcome unknown, except at a provider that removes duplicates by idempotency key."
        needs Template;
    throttled_send_reports_requested_wait "A send over the rate limit is `rate_limited`, with the wait that the provider asks for."
        needs Text covers pace;
    throttled_send_is_safe_to_retry "A throttled send is safe to retry, and arrives once when it is sent again."
        needs Text covers pace;
    /// The outcome stays unknown; the wait is for callers that send again on purpose.
    gateway_wait_is_kept "The wait that a gateway asks for with a 503 is kept in the error."
        needs Text;
    empty_account_is_insufficient_balance "A send from an account without balance is `insufficient_balance`, and the next send after a top-up is accepted."
        needs Text covers balance;
    long_rejection_text_is_cut_between_characters "An error shows a long rejection text in part, and never cuts it within a character."
        needs Text;
    local_errors_name_provider_and_kind "An error of the transport, of a gateway or of this library is one line that names provider and kind."
        needs Text;
}

async fn bad_credential_is_unauthenticated(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let client = harness.connect(&harness.config_of(harness.adapter.uri_with_bad_credential)?)?;
    harness.refused(client.send(&text()).await, ErrorKind::Unauthenticated).await.map(drop)
}

async fn unknown_sender_is_sender_not_found(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let client = harness.connect(&harness.config_of(harness.adapter.uri_with_unknown_sender)?)?;
    harness.refused(client.send(&text()).await, ErrorKind::SenderNotFound).await.map(drop)
}

/// The next send gets this response.
async fn answer(harness: &Harness, status: u16, body: Value) -> Check {
    let fault = json!({ "fault": "status", "status": status, "body": body, "next": 1 });
    Ok(harness.control.fault(harness.provider(), fault).await?)
}

async fn documented_rejection_has_kind_and_code(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    for refusal in harness.adapter.refusals {
        let place = |failure: Failure| failure.at(format_args!("{} {}", refusal.status, refusal.body));
        answer(harness, refusal.status, json!(refusal.body)).await?;
        // Without the probe, so that only the response decides.
        let client = harness.connect(&harness.config()?.with_value("probe", false))?;
        let error = harness.refused(client.send(&text()).await, refusal.kind).await.map_err(place)?;
        equal("the code", &error.code(), &refusal.code).map_err(place)?;
        equal("the status", &error.status(), &Some(refusal.status)).map_err(place)?;
        equal("attempts", &error.attempts(), &1).map_err(place)?;
        names_on_one_line(harness, &error, &[&refusal.status.to_string(), refusal.code.unwrap_or_default()])?;
    }
    ensure(!harness.adapter.refusals.is_empty(), "the adapter lists the documented refusals")
}

async fn every_kind_with_a_code_has_a_rejection(harness: &Harness) -> Check {
    let by_state = [
        ErrorKind::SessionExpired,
        ErrorKind::NoActiveSession,
        ErrorKind::TemplateRejected,
        ErrorKind::Unauthenticated,
        ErrorKind::RateLimited,
        ErrorKind::ProviderUnavailable,
        ErrorKind::NotFound,
        ErrorKind::Conflict,
    ];
    let Some(table) = harness.adapter.provider.codes.first() else {
        return Err("the adapter has no table of codes".into());
    };
    for kind in crate::KINDS.iter().filter(|kind| !by_state.contains(kind)) {
        let listed = harness.adapter.refusals.iter().any(|refusal| refusal.kind == *kind);
        let code = table.iter().find(|fact| fact.kind == *kind);
        ensure(
            listed || code.is_none(),
            format_args!(
                "{kind} has the code {:?} and no documented refusal in the adapter",
                code.map(|fact| fact.code)
            ),
        )?;
    }
    Ok(())
}

/// A template, since some adapters query the session after a rejected text.
fn template() -> Message {
    Message::template(contact(), Template::new("re_engagement_v1"))
}

/// The error kinds of statuses. 410 is left out, since one provider documents another kind.
const BY_STATUS: &[(u16, ErrorKind)] = &[
    (400, ErrorKind::InvalidRequest),
    (402, ErrorKind::InsufficientBalance),
    (403, ErrorKind::PermissionDenied),
    (404, ErrorKind::NotFound),
    (405, ErrorKind::InvalidRequest),
    (413, ErrorKind::InvalidRequest),
    (415, ErrorKind::InvalidRequest),
    (422, ErrorKind::InvalidRequest),
    (429, ErrorKind::RateLimited),
    (431, ErrorKind::InvalidRequest),
];

async fn rejection_without_code_uses_http_status(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    for (status, kind) in BY_STATUS {
        for body in [json!(""), json!({}), json!("<html><body>Nope</body></html>")] {
            answer(harness, *status, body.clone()).await?;
            let refused = harness.refused(harness.send(&template()).await, *kind).await;
            let error = refused.map_err(|failure| failure.at(format_args!("{status} {body}")))?;
            equal("the status", &error.status(), &Some(*status))?;
        }
    }
    Ok(())
}

async fn rejection_with_unknown_code_uses_http_status(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    // Each provider reads its own member of these.
    let body = json!({
        "success": false, "error": "new", "error_code": "BRAND_NEW_CODE", "code": "BRAND_NEW_CODE", "message": "new",
        "errors": { "reason": "BRAND_NEW_CODE" },
    });
    for (status, kind) in BY_STATUS {
        answer(harness, *status, body.clone()).await?;
        let refused = harness.refused(harness.send(&template()).await, *kind).await;
        let error = refused.map_err(|failure| failure.at(format_args!("{status}")))?;
        ensure(error.to_string().contains("BRAND_NEW_CODE"), format_args!("the code is lost: {error}"))?;
    }
    Ok(())
}

async fn conflict_is_unknown_without_idempotency(harness: &Harness) -> Check {
    answer(harness, 409, json!({})).await?;
    let dedupes = harness.capabilities().contains(Capability::Idempotency);
    let sent = if dedupes { Sent::No } else { Sent::Maybe };
    failed(harness.send(&template()).await, ErrorKind::Conflict, sent)?;
    harness.asked(1).await
}

async fn throttled_send_reports_requested_wait(harness: &Harness) -> Check {
    harness.control.freeze().await?;
    harness.contact_writes().await?;
    harness.control.limit(harness.provider(), 1, 20).await?;
    accepted(harness.send(&text()).await)?;
    let error = failed(harness.send(&text()).await, ErrorKind::RateLimited, Sent::No)?;
    let wait = error.retry_after().ok_or("expected the wait that the provider asks for")?;
    ensure(
        (Duration::from_secs(19)..=Duration::from_secs(21)).contains(&wait),
        format_args!("the whole window of 20 s is left, the error says {wait:?}"),
    )?;
    harness.reached(1).await
}

async fn throttled_send_is_safe_to_retry(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.fault(harness.provider(), json!({ "fault": "rate_limited", "next": 1 })).await?;
    let error = failed(harness.send(&text()).await, ErrorKind::RateLimited, Sent::No)?;
    ensure(error.is_safe_to_retry(), "a throttled message may go again")?;
    accepted(harness.send(&text()).await)?;
    harness.reached(1).await
}

async fn gateway_wait_is_kept(harness: &Harness) -> Check {
    let busy = json!({ "fault": "status", "status": 503, "headers": { "retry-after": "120" }, "next": 1 });
    harness.control.fault(harness.provider(), busy).await?;
    let error = failed(harness.send(&text()).await, ErrorKind::ProviderUnavailable, Sent::Maybe)?;
    equal("the wait", &error.retry_after(), &Some(Duration::from_secs(120)))
}

async fn empty_account_is_insufficient_balance(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    harness.control.config(harness.provider(), json!({ "balance": 0 })).await?;
    let error = harness.refused(harness.send(&text()).await, ErrorKind::InsufficientBalance).await?;
    ensure(!error.is_safe_to_retry(), "trying again pays no bill")?;
    harness.control.config(harness.provider(), json!({ "balance": 100 })).await?;
    accepted(harness.send(&text()).await)?;
    harness.reached(1).await
}

async fn long_rejection_text_is_cut_between_characters(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 1_000, 1).await?;
    // Each prefix shifts the characters by a byte, so that any cut falls within a character.
    for beginning in ["", "a", "ab", "abc"] {
        let words = format!("{beginning}{}", "ñ我😀".repeat(1_400));
        for body in
            [json!(words), json!({ "message": words, "error": words, "errors": { "reason": words }, "msg": words })]
        {
            answer(harness, 400, body).await?;
            let error = failed(harness.send(&template()).await, ErrorKind::InvalidRequest, Sent::No)?;
            let shown = error.to_string();
            ensure(shown.len() < 2_000, format_args!("an error of {} bytes", shown.len()))?;
            ensure(
                shown.contains("ñ我") && !shown.contains('\u{fffd}'),
                format_args!("the words are broken: {shown}"),
            )?;
        }
    }
    Ok(())
}

/// Passes if the error is one line with the provider, the kind and these parts.
fn names_on_one_line(harness: &Harness, error: &transom::Error, more: &[&str]) -> Check {
    let line = error.to_string();
    ensure(!line.contains('\n'), format_args!("more than one line: {line}"))?;
    let kind = error.kind().as_str().replace('_', " ");
    for part in [harness.provider(), &kind].into_iter().chain(more.iter().copied()) {
        ensure(line.contains(part), format_args!("{part:?} is not in {line:?}"))?;
    }
    Ok(())
}

async fn local_errors_name_provider_and_kind(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    for (fault, part) in [
        (json!({ "fault": "lose_reply", "next": 1 }), ""),
        (json!({ "fault": "garbage", "next": 1 }), ""),
        (json!({ "fault": "status", "status": 500, "body": "line one\nline two\r\nline three", "next": 1 }), "500"),
        (json!({ "fault": "redirect", "status": 302, "next": 1 }), "302"),
    ] {
        harness.control.fault(harness.provider(), fault).await?;
        let error = harness.send(&text()).await.err().ok_or("expected an error")?;
        names_on_one_line(harness, &error, &[part])?;
    }
    let error = harness.send(&Message::text(contact(), "")).await.err().ok_or("expected an error")?;
    names_on_one_line(harness, &error, &[])?;
    let away =
        harness.connect(&harness.config()?.with_value("base_url", "http://127.0.0.1:9").with_value("timeout", "1s"))?;
    let error = away.send(&text()).await.err().ok_or("expected an error")?;
    names_on_one_line(harness, &error, &[])
}
