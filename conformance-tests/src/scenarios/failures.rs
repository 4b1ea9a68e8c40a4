//! The failures that webhook calls tell: WhatsApp's codes have one meaning everywhere, and the words are kept.

use http::Request;
use transom::ErrorKind;
use transom::webhook::{DeliveryFailure, DeliveryStatus, Event};

use crate::adapters::{ErrorSample, FailureSample};
use crate::assertions::{Check, Failure, ensure, equal, unexpected};
use crate::harness::Harness;

scenarios! { "failures":
    code_of_whatsapp_has_one_kind "A failed status with a code of WhatsApp has the kind that the code has everywhere."
        needs DeliveryStatus;
    code_and_every_word_are_kept "A failed status keeps the code, the title and the details that it came with."
        needs DeliveryStatus;
    first_error_of_a_list_decides_the_kind "Of several errors the first decides kind and code, and the reason has the words of all that are told."
        needs DeliveryStatus;
    unknown_code_is_kept_with_its_words "A failed status with a code that nobody knows is failed, with the code and the words."
        needs DeliveryStatus;
    failure_without_errors_is_failed "A failed status without any error is failed all the same."
        needs DeliveryStatus;
}

/// WhatsApp's codes, from its error table and reports of others, each kind with its codes.
const MEANINGS: &[(ErrorKind, &[&str])] = &[
    (ErrorKind::RateLimited, &["131049", "131056", "130429", "131048", "80007", "4"]),
    (ErrorKind::RecipientInvalid, &["131050", "131026", "131030"]),
    (ErrorKind::TemplateRejected, &["132000", "132001", "132005", "132007", "132012", "132015", "132016", "132018"]),
    (ErrorKind::SenderUnavailable, &["133010", "368", "131031", "131037", "131045"]),
    (ErrorKind::InsufficientBalance, &["131042"]),
    (ErrorKind::SessionExpired, &["131047"]),
    (ErrorKind::InvalidRequest, &["131051", "131052", "131053", "100", "131008", "131009"]),
    (ErrorKind::ProviderUnavailable, &["131000", "131016", "131057"]),
];

/// The failure in the call about a message that failed with these errors.
fn failure(harness: &Harness, errors: Vec<ErrorSample>) -> Result<Option<DeliveryFailure>, Failure> {
    let body = (harness.adapter.webhook_forms.failure)(&FailureSample { errors });
    let call = Request::post("/").header("content-type", "application/json");
    let call = call.body(body.to_string().into()).map_err(unexpected)?;
    let events = harness.client.webhook(&call).map_err(unexpected)?.events;
    match <[Event; 1]>::try_from(events) {
        Ok([Event::Status(update)]) if update.status == DeliveryStatus::Failed => Ok(update.error),
        other => Err(format!("{body}: expected one failed status, got {other:?}").into()),
    }
}

const fn error(code: &'static str) -> ErrorSample {
    ErrorSample { code, title: "Message failed", details: "The page explains this code" }
}

async fn code_of_whatsapp_has_one_kind(harness: &Harness) -> Check {
    let own = harness.adapter.webhook_forms.own_codes;
    for (kind, codes) in MEANINGS {
        for code in *codes {
            let kind = own.iter().find(|(own, _)| own == code).map_or(*kind, |(_, kind)| *kind);
            let failure = failure(harness, vec![error(code)])?.ok_or("the status has no error")?;
            equal(&format!("the kind of {code}"), &failure.kind, &kind)?;
            equal("the code", &failure.code.as_str(), code)?;
        }
    }
    Ok(())
}

/// Passes if the reason has every word of these errors.
fn has_words(failure: &DeliveryFailure, errors: &[ErrorSample]) -> Check {
    let reason = failure.reason.as_deref().unwrap_or_default();
    for part in errors.iter().flat_map(|error| [error.title, error.details]) {
        ensure(reason.contains(part), format_args!("`{part}` is not in the reason `{reason}`"))?;
    }
    Ok(())
}

async fn code_and_every_word_are_kept(harness: &Harness) -> Check {
    let sample = ErrorSample {
        code: "131047",
        title: "Re-engagement message",
        details: "More than 24 hours have passed since the last message, señor 👍",
    };
    let failure = failure(harness, vec![sample])?.ok_or("the status has no error")?;
    equal("the code", &failure.code.as_str(), &"131047")?;
    equal("the kind", &failure.kind, &ErrorKind::SessionExpired)?;
    has_words(&failure, &[sample])
}

async fn first_error_of_a_list_decides_the_kind(harness: &Harness) -> Check {
    let errors = [
        ErrorSample { code: "131026", title: "Message undeliverable", details: "Not on the network" },
        ErrorSample { code: "131049", title: "Withheld", details: "Healthy ecosystem" },
    ];
    for errors in [errors, [errors[1], errors[0]]] {
        let failure = failure(harness, errors.to_vec())?.ok_or("the status has no error")?;
        let [first, _] = errors;
        let kind = if first.code == "131026" { ErrorKind::RecipientInvalid } else { ErrorKind::RateLimited };
        equal("the kind and the code", &(failure.kind, failure.code.as_str()), &(kind, first.code))?;
        has_words(&failure, if harness.adapter.webhook_forms.has_error_list { &errors } else { &errors[..1] })?;
    }
    Ok(())
}

async fn unknown_code_is_kept_with_its_words(harness: &Harness) -> Check {
    let sample = ErrorSample { code: "199999", title: "Something new", details: "Nobody knows it" };
    let failure = failure(harness, vec![sample])?.ok_or("the status has no error")?;
    ensure(
        failure.code.contains("199999") || failure.reason.as_deref().is_some_and(|reason| reason.contains("199999")),
        format_args!("the code is lost: {failure:?}"),
    )?;
    has_words(&failure, &[sample])
}

async fn failure_without_errors_is_failed(harness: &Harness) -> Check {
    let failure = failure(harness, Vec::new())?;
    // A provider's own word may be all that is known.
    equal(
        "the kind",
        &failure.map_or(ErrorKind::ProviderUnavailable, |failure| failure.kind),
        &ErrorKind::ProviderUnavailable,
    )
}
