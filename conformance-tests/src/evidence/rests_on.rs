//! Which facts a scenario rests on: the rows and samples that it would contradict if it failed.

use serde_json::Value;
use transom::{ErrorKind, Sent};
use transom::adapter::ErrorCode;
use transom_mock_server::fixtures::Fixture;

use super::{Evidence, documented, of_row, of_sample, of_webhook, rates as all_rates, rows};
use crate::Subject;
use crate::subject::{By, Place};
use crate::webhooks::WebhookFixture;

pub(crate) use super::{codes, samples, webhooks};

/// No fact of the provider's: the contract is the sdk's own.
pub(crate) const fn nothing(_subject: &Subject) -> Vec<Evidence> {
    Vec::new()
}

/// The refusals of one whose window has closed.
pub(crate) fn expired(subject: &Subject) -> Vec<Evidence> {
    let samples = samples_with(subject, |sample| is_send(subject, sample) && sample.name.contains("expired"));
    [answers(subject, &[ErrorKind::SessionExpired]), samples].concat()
}

/// The refusals of one who never wrote, in the kind in which this provider tells them.
pub(crate) fn never_wrote(subject: &Subject) -> Vec<Evidence> {
    let samples = samples_with(subject, |sample| is_send(subject, sample) && sample.name.contains("never"));
    [answers(subject, &[subject.never_wrote]), samples].concat()
}

/// The samples of questions for the window.
pub(crate) fn window_queries(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| {
        is_get(sample) && ["session", "window", "conversation-"].iter().any(|word| sample.name.starts_with(word))
    })
}

/// The samples of templates that are taken.
pub(crate) fn accepted_templates(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| content(sample) == "template" && is_taken(sample))
}

/// The refusals of templates.
pub(crate) fn rejected_templates(subject: &Subject) -> Vec<Evidence> {
    let refused = |sample: &Fixture| is_send(subject, sample) && sample.name.contains("template") && !is_taken(sample);
    [answers(subject, &[ErrorKind::TemplateRejected]), samples_with(subject, refused)].concat()
}

/// The samples of lists of templates.
pub(crate) fn template_lists(subject: &Subject) -> Vec<Evidence> {
    lists_of(subject, "templates")
}

/// The samples of lists of senders.
pub(crate) fn sender_lists(subject: &Subject) -> Vec<Evidence> {
    [lists_of(subject, "senders"), lists_of(subject, "phone-numbers")].concat()
}

/// The samples of lists of conversations.
pub(crate) fn conversation_lists(subject: &Subject) -> Vec<Evidence> {
    lists_of(subject, "conversations")
}

/// The samples of texts that are taken.
pub(crate) fn accepted_texts(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| content(sample) == "text" && is_taken(sample))
}

/// The samples of texts that are longer than they may be.
pub(crate) fn long_texts(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| sample.name.contains("too-long"))
}

/// The samples of messages that quote another.
pub(crate) fn replies(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| sample.json.pointer("/message/reply_to").is_some())
}

/// The samples of messages that carry our reference.
pub(crate) fn references(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| sample.json.pointer("/message/reference").is_some())
}

/// The samples of sends under a key.
pub(crate) fn keyed(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| sample.name.contains("idempotency"))
}

/// The samples of media that were uploaded before.
pub(crate) fn media_by_id(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, |sample| sample.json.pointer("/message/content/id").is_some())
}

macro_rules! samples_of_one_kind {
    ($($kind:ident)+) => {
        $(
            /// The samples of this kind of content.
            pub(crate) fn $kind(subject: &Subject) -> Vec<Evidence> {
                samples_with(subject, |sample| content(sample) == stringify!($kind))
            }
        )+
    };
}

samples_of_one_kind!(image video audio document sticker location contacts buttons list reaction);

/// The refusals of credentials.
pub(crate) fn credentials(subject: &Subject) -> Vec<Evidence> {
    answers(subject, &[ErrorKind::Unauthenticated])
}

/// The refusals of senders that the account does not have.
pub(crate) fn senders(subject: &Subject) -> Vec<Evidence> {
    answers(subject, &[ErrorKind::SenderNotFound])
}

/// The refusals of an account that is empty.
pub(crate) fn balance(subject: &Subject) -> Vec<Evidence> {
    answers(subject, &[ErrorKind::InsufficientBalance])
}

/// The documented limits, and the refusals of going too fast.
pub(crate) fn pace(subject: &Subject) -> Vec<Evidence> {
    [all_rates(subject), stated_limits(subject), answers(subject, &[ErrorKind::RateLimited])].concat()
}

/// The samples of answers that state a limit in their headers.
pub(crate) fn stated_limits(subject: &Subject) -> Vec<Evidence> {
    samples_with(subject, states_a_limit)
}

/// Whether the answer to a send states in its headers how many are allowed.
pub(crate) fn states_a_limit(sample: &Fixture) -> bool {
    let headers = sample.json.pointer("/response/headers").and_then(Value::as_object);
    headers.is_some_and(|headers| headers.keys().any(|name| name.contains("ratelimit")))
}

/// The rows after which nobody knows.
pub(crate) fn doubt(subject: &Subject) -> Vec<Evidence> {
    answers_with(subject, |fact| fact.sent == Sent::Maybe)
}

/// The rows whose codes stand in the documented refusals that a subject lists.
pub(crate) fn documented_refusals(subject: &Subject) -> Vec<Evidence> {
    answers_with(subject, |fact| subject.refusals.iter().any(|refusal| refusal.code == Some(fact.code)))
}

/// The documented calls about what became of a message.
pub(crate) fn told_statuses(subject: &Subject) -> Vec<Evidence> {
    calls_with(subject, |call| tells(call, "status", |_| true))
}

/// The documented calls about a text that a contact wrote.
pub(crate) fn told_texts(subject: &Subject) -> Vec<Evidence> {
    calls_with(subject, |call| tells(call, "inbound", |event| event["content"]["type"] == "text"))
}

/// The documented calls about anything else that a contact wrote.
pub(crate) fn told_contents(subject: &Subject) -> Vec<Evidence> {
    calls_with(subject, |call| tells(call, "inbound", |event| event["content"]["type"] != "text"))
}

/// The documented calls that are signed.
pub(crate) fn signed_calls(subject: &Subject) -> Vec<Evidence> {
    calls_with(subject, |call| call.secret.is_some())
}

fn tells(call: &WebhookFixture, kind: &str, fits: impl Fn(&Value) -> bool) -> bool {
    call.events.iter().any(|event| event["type"] == kind && fits(event))
}

fn calls_with(subject: &Subject, fits: impl Fn(&WebhookFixture) -> bool) -> Vec<Evidence> {
    let calls = WebhookFixture::of_subject(subject).unwrap_or_default();
    calls.iter().filter(|call| fits(call)).map(of_webhook).collect()
}

/// The rows of these kinds that answers may carry.
fn answers(subject: &Subject, kinds: &[ErrorKind]) -> Vec<Evidence> {
    answers_with(subject, |fact| kinds.contains(&fact.kind))
}

fn answers_with(subject: &Subject, fits: impl Fn(&ErrorCode) -> bool) -> Vec<Evidence> {
    let in_answers =
        |place: &Place, fact: &ErrorCode| (place.said)(fact).iter().any(|said| matches!(said.by, By::Answer { .. }));
    let rows = rows(subject).filter(|(place, fact)| fits(fact) && in_answers(place, fact));
    rows.map(|(place, fact)| of_row(place, fact)).collect()
}

fn lists_of(subject: &Subject, what: &str) -> Vec<Evidence> {
    samples_with(subject, |sample| is_get(sample) && sample.name.starts_with(what))
}

fn samples_with(subject: &Subject, fits: impl Fn(&Fixture) -> bool) -> Vec<Evidence> {
    documented(subject).iter().filter(|sample| fits(sample)).map(of_sample).collect()
}

fn is_get(sample: &Fixture) -> bool {
    sample.json.pointer("/request/method").is_some_and(|method| method == "GET")
}

fn is_send(subject: &Subject, sample: &Fixture) -> bool {
    let path = sample.json.pointer("/request/path").and_then(Value::as_str).unwrap_or_default();
    subject.send_paths.contains(&path)
}

/// Whether the sample's answer, where it has one, is a success.
fn is_taken(sample: &Fixture) -> bool {
    sample.json.pointer("/response/status").and_then(Value::as_u64).is_none_or(|status| status < 300)
}

/// The type of the message that an adapter sends for a sample; empty if it sends none.
fn content(sample: &Fixture) -> &str {
    sample.json.pointer("/message/content/type").and_then(Value::as_str).unwrap_or_default()
}
