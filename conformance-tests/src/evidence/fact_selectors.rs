//! Selects the facts that a scenario relies on: the rows and samples that a failure contradicts.

use serde_json::Value;
use transom::adapter::ErrorCode;
use transom::{ErrorKind, Sent};
use transom_mock_server::fixtures::Fixture;

use super::facts::{Evidence, documented, of_row, of_sample, of_webhook, rates as all_rates, rows};
use super::webhook_fixture::WebhookFixture;
use crate::adapters::AdapterUnderTest;
use crate::adapters::{CodeChannel, CodeTable};

pub(crate) use super::facts::{codes, samples, webhooks};

/// No fact: the contract is the SDK's own.
pub(crate) const fn nothing(_subject: &AdapterUnderTest) -> Vec<Evidence> {
    Vec::new()
}

/// The rejections for an expired window.
pub(crate) fn expired(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    let samples = samples_with(adapter, |sample| is_send(adapter, sample) && sample.name.contains("expired"));
    [answers(adapter, &[ErrorKind::SessionExpired]), samples].concat()
}

/// The rejections if the contact never wrote.
pub(crate) fn never_wrote(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    let samples = samples_with(adapter, |sample| is_send(adapter, sample) && sample.name.contains("never"));
    [answers(adapter, &[adapter.never_wrote]), samples].concat()
}

/// The samples of session queries.
pub(crate) fn window_queries(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    samples_with(adapter, |sample| {
        is_get(sample) && ["session", "window", "conversation-"].iter().any(|word| sample.name.starts_with(word))
    })
}

/// The samples of accepted templates.
pub(crate) fn accepted_templates(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    samples_with(adapter, |sample| content(sample) == "template" && is_accepted(sample))
}

/// The rejections of templates.
pub(crate) fn rejected_templates(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    let refused =
        |sample: &Fixture| is_send(adapter, sample) && sample.name.contains("template") && !is_accepted(sample);
    [answers(adapter, &[ErrorKind::TemplateRejected]), samples_with(adapter, refused)].concat()
}

/// The samples of lists of templates.
pub(crate) fn template_lists(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    lists_of(adapter, "templates")
}

/// The samples of lists of senders.
pub(crate) fn sender_lists(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    [lists_of(adapter, "senders"), lists_of(adapter, "phone-numbers")].concat()
}

/// The samples of lists of conversations.
pub(crate) fn conversation_lists(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    lists_of(adapter, "conversations")
}

/// The samples of accepted texts.
pub(crate) fn accepted_texts(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    samples_with(adapter, |sample| content(sample) == "text" && is_accepted(sample))
}

/// The samples of texts over the maximum length.
pub(crate) fn long_texts(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    samples_with(adapter, |sample| sample.name.contains("too-long"))
}

/// The samples of messages that quote another.
pub(crate) fn replies(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    samples_with(adapter, |sample| sample.json.pointer("/message/reply_to").is_some())
}

/// The samples of messages that carry our reference.
pub(crate) fn references(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    samples_with(adapter, |sample| sample.json.pointer("/message/reference").is_some())
}

/// The samples of channels with an address for delivery reports.
pub(crate) fn callback_addresses(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    let places = ["/channel/status_callback", "/channel/callbacks"];
    samples_with(adapter, |sample| places.iter().any(|place| sample.json.pointer(place).is_some()))
}

/// The samples of sends with an idempotency key.
pub(crate) fn keyed(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    samples_with(adapter, |sample| sample.name.contains("idempotency"))
}

/// The samples of media that were uploaded before.
pub(crate) fn media_by_id(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    samples_with(adapter, |sample| sample.json.pointer("/message/content/id").is_some())
}

macro_rules! samples_of_one_kind {
    ($($kind:ident)+) => {
        $(
            /// The samples of this kind of content.
            pub(crate) fn $kind(adapter: &AdapterUnderTest) -> Vec<Evidence> {
                samples_with(adapter, |sample| content(sample) == stringify!($kind))
            }
        )+
    };
}

samples_of_one_kind!(image video audio document sticker location contacts buttons list reaction);

/// The rejections of credentials.
pub(crate) fn credentials(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    answers(adapter, &[ErrorKind::Unauthenticated])
}

/// The rejections of senders that the account does not have.
pub(crate) fn senders(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    answers(adapter, &[ErrorKind::SenderNotFound])
}

/// The rejections for an empty account.
pub(crate) fn balance(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    answers(adapter, &[ErrorKind::InsufficientBalance])
}

/// The documented limits, and the rejections for exceeding them.
pub(crate) fn pace(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    [all_rates(adapter), stated_limits(adapter), answers(adapter, &[ErrorKind::RateLimited])].concat()
}

/// The samples of responses that state a limit in their headers.
pub(crate) fn stated_limits(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    samples_with(adapter, states_a_limit)
}

/// Whether the response to a send states a limit in its headers.
pub(crate) fn states_a_limit(sample: &Fixture) -> bool {
    let headers = sample.json.pointer("/response/headers").and_then(Value::as_object);
    headers.is_some_and(|headers| headers.keys().any(|name| name.contains("ratelimit")))
}

/// The rows that leave the outcome unknown.
pub(crate) fn doubt(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    answers_with(adapter, |fact| fact.sent == Sent::Maybe)
}

/// The rows whose codes are in the listed rejections.
pub(crate) fn documented_refusals(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    answers_with(adapter, |fact| adapter.refusals.iter().any(|refusal| refusal.code == Some(fact.code)))
}

/// The documented calls with a message status.
pub(crate) fn reported_statuses(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    calls_with(adapter, |call| tells(call, "status", |_| true))
}

/// The documented calls with an inbound text.
pub(crate) fn reported_texts(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    calls_with(adapter, |call| tells(call, "inbound", |event| event["content"]["type"] == "text"))
}

/// The documented calls with other inbound content.
pub(crate) fn reported_contents(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    calls_with(adapter, |call| tells(call, "inbound", |event| event["content"]["type"] != "text"))
}

/// The documented calls with a signature.
pub(crate) fn signed_calls(adapter: &AdapterUnderTest) -> Vec<Evidence> {
    calls_with(adapter, |call| call.secret.is_some())
}

fn tells(call: &WebhookFixture, kind: &str, fits: impl Fn(&Value) -> bool) -> bool {
    call.events.iter().any(|event| event["type"] == kind && fits(event))
}

fn calls_with(adapter: &AdapterUnderTest, fits: impl Fn(&WebhookFixture) -> bool) -> Vec<Evidence> {
    let calls = WebhookFixture::for_adapter(adapter).unwrap_or_default();
    calls.iter().filter(|call| fits(call)).map(of_webhook).collect()
}

/// The rows of these kinds that responses may have.
fn answers(adapter: &AdapterUnderTest, kinds: &[ErrorKind]) -> Vec<Evidence> {
    answers_with(adapter, |fact| kinds.contains(&fact.kind))
}

fn answers_with(adapter: &AdapterUnderTest, fits: impl Fn(&ErrorCode) -> bool) -> Vec<Evidence> {
    let in_answers = |table: &CodeTable, fact: &ErrorCode| {
        (table.samples)(fact).iter().any(|said| matches!(said.by, CodeChannel::Answer { .. }))
    };
    let rows = rows(adapter).filter(|(table, fact)| fits(fact) && in_answers(table, fact));
    rows.map(|(table, fact)| of_row(table, fact)).collect()
}

fn lists_of(adapter: &AdapterUnderTest, what: &str) -> Vec<Evidence> {
    samples_with(adapter, |sample| is_get(sample) && sample.name.starts_with(what))
}

fn samples_with(adapter: &AdapterUnderTest, fits: impl Fn(&Fixture) -> bool) -> Vec<Evidence> {
    documented(adapter).iter().filter(|sample| fits(sample)).map(of_sample).collect()
}

fn is_get(sample: &Fixture) -> bool {
    sample.json.pointer("/request/method").is_some_and(|method| method == "GET")
}

fn is_send(adapter: &AdapterUnderTest, sample: &Fixture) -> bool {
    let path = sample.json.pointer("/request/path").and_then(Value::as_str).unwrap_or_default();
    adapter.send_paths.contains(&path)
}

/// Whether the sample's response is a success, or absent.
fn is_accepted(sample: &Fixture) -> bool {
    sample.json.pointer("/response/status").and_then(Value::as_u64).is_none_or(|status| status < 300)
}

/// The content type of the message that the adapter sends for a sample; empty if there is none.
fn content(sample: &Fixture) -> &str {
    sample.json.pointer("/message/content/type").and_then(Value::as_str).unwrap_or_default()
}
