//! Checks every documented fact: each row, sample and webhook call.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use transom::config::{ChannelConfig, process_env};
use transom::webhook::{DeliveryStatus, Event};
use transom::{Client, Message, PhoneNumber, Sent};
use transom_mock_server::fixtures::Fixture;

use crate::adapters::{CodeChannel, CodeSample};
use crate::assertions::{Check, Failure, accepted, ensure, equal, failed, unexpected};
use crate::evidence::ExpectedCodes;
use crate::evidence::coverage::FactLog;
use crate::evidence::facts::{self, of_row, of_sample, of_webhook};
use crate::evidence::{WebhookFixture, put};
use crate::harness::{Harness, contact, text};

scenarios! { "evidence":
    /// Each row of each code table, in each form in which the provider may write it.
    response_codes_have_kind_and_send_state "Every code of a response has its documented error kind, and states whether the message may have been sent."
        needs Text covers codes;
    callback_codes_have_kind "Every code of a callback has its documented error kind."
        needs DeliveryStatus covers codes;
    messages_match_documented_requests "Every documented message is sent as its documentation shows it: method, path, headers and body."
        needs Text covers samples;
    documented_responses_are_read_correctly "Every documented response to a send is read correctly: a success is accepted, a rejection has its status."
        needs Text covers samples;
    simulator_answers_documented_requests "The simulator answers every documented request with its documented status."
        covers samples;
    /// Signed calls are verified under the second of two secrets; documented variants of the values are read, too.
    documented_webhook_calls_give_their_events "Every documented webhook call gives its documented events."
        needs DeliveryStatus covers webhooks;
}

async fn response_codes_have_kind_and_send_state(harness: &Harness) -> Check {
    harness.control.limit(harness.provider(), 10_000, 1).await?;
    let meanings = every_table_has_a_place_and_meanings(harness)?;
    // Without the probe, so that only the response decides.
    let client = harness.connect(&harness.config()?.with_value("probe", false))?;
    let mut played = FactLog::new(&harness.coverage);
    for (table, fact) in facts::rows(harness.adapter) {
        for said in (table.samples)(fact) {
            let CodeChannel::Answer { status, body, sent } = &said.by else { continue };
            harness.answer_with(*status, body.clone()).await?;
            let answer = client.send(&text()).await;
            let read = || -> Check {
                meanings.check(table, fact)?;
                let error = failed(answer, said.kind, *sent)?;
                equal("the code", &error.code(), &said.code.as_deref())?;
                equal("the status", &error.status(), &Some(*status))?;
                equal("attempts", &error.attempts(), &1)
            };
            played.add(of_row(table, fact), read().map_err(|failure| failure.at(format_args!("{status} {body}"))));
        }
    }
    harness.reached(0).await?;
    played.finish()
}

/// The expected meanings of all codes. Fails if a code table has no description.
fn every_table_has_a_place_and_meanings(harness: &Harness) -> Result<ExpectedCodes, Failure> {
    equal("places of the tables of codes", &harness.adapter.code_tables.len(), &harness.adapter.provider.codes.len())?;
    let meanings = ExpectedCodes::of(harness.adapter)?;
    equal("meanings of codes that no table has", &meanings.without_row(harness.adapter), &Vec::new())?;
    Ok(meanings)
}

async fn callback_codes_have_kind(harness: &Harness) -> Check {
    let meanings = every_table_has_a_place_and_meanings(harness)?;
    let mut played = FactLog::new(&harness.coverage);
    for (table, fact) in facts::rows(harness.adapter) {
        for said in (table.samples)(fact) {
            let CodeChannel::Callback { body } = &said.by else { continue };
            let read = meanings.check(table, fact).and_then(|()| read_callback(harness, &said, body));
            played.add(of_row(table, fact), read.map_err(|failure| failure.at(body)));
        }
    }
    played.finish()
}

fn read_callback(harness: &Harness, said: &CodeSample, body: &Value) -> Check {
    let call = http::Request::post("/").body(body.to_string().into()).map_err(unexpected)?;
    let events = harness.client.webhook(&call).map_err(unexpected)?;
    let [Event::Status(update)] = events.events.as_slice() else {
        return Err(format!("expected one status, got {:?}", events.events).into());
    };
    equal("the status", &update.status, &DeliveryStatus::Failed)?;
    let failure = update.error.as_ref().ok_or("expected the reason of the failure, got none")?;
    equal("the kind", &failure.kind, &said.kind)?;
    equal("the code", &Some(failure.code.as_str()), &said.code.as_deref())
}

/// The samples with a message of ours, each in a fresh world.
async fn messages_match_documented_requests(harness: &Harness) -> Check {
    let mut played = FactLog::new(&harness.coverage);
    for sample in samples(harness).filter(|sample| sample.json.get("channel").is_some()) {
        let gone = goes_out(harness, &sample).await;
        played.add(of_sample(&sample), gone);
    }
    // Findings about the documented requests do not concern the adapter.
    harness.reset().await?;
    played.finish()
}

async fn goes_out(harness: &Harness, sample: &Fixture) -> Check {
    let asked = asked_for(harness, sample).await?.0;
    let documented = sample.json.get("adapter_request").unwrap_or(&sample.json["request"]);
    let mut closest = Failure::from("no request was made");
    for request in &asked {
        match differs(request, documented) {
            Ok(()) => return Ok(()),
            Err(broken) => closest = broken,
        }
    }
    Err(closest)
}

/// The adapter's requests and result for the sample's message, in the sample's world.
async fn asked_for(harness: &Harness, sample: &Fixture) -> Result<(Vec<Request<Bytes>>, transom::Result<()>), Failure> {
    set_the_scene(harness, sample).await?;
    let (client, asked) = harness.recording(&channel(harness, sample)?)?;
    let answer = if let Some(contact) = sample.json["session_of"].as_str() {
        client.session(&contact.parse().map_err(unexpected)?).await.map(drop)
    } else {
        let message: Message = serde_json::from_value(sample.json["message"].clone()).map_err(unexpected)?;
        client.send(&message).await.map(drop)
    };
    Ok((asked.take(), answer))
}

/// Passes if the request is the documented one. An adapter may send more headers.
fn differs(request: &Request<Bytes>, documented: &Value) -> Check {
    let path = request.uri().path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    equal("method", &request.method().as_str(), &documented["method"].as_str().unwrap_or_default())?;
    equal("path", &path, &documented["path"].as_str().unwrap_or_default())?;
    for (name, value) in documented["headers"].as_object().into_iter().flatten() {
        let got = request.headers().get(name).and_then(|got| got.to_str().ok());
        // The sample's credential is fictitious, but errors should not show it either.
        let place = format!("the header {name}");
        if name == "authorization" || name == "x-api-key" {
            ensure(got == value.as_str(), format_args!("{place} is not the documented one"))?;
        } else {
            equal(&place, &got, &value.as_str())?;
        }
    }
    let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
    equal("body", &body, &documented["body"])
}

async fn documented_responses_are_read_correctly(harness: &Harness) -> Check {
    let mut played = FactLog::new(&harness.coverage);
    for sample in samples(harness) {
        let is_ours = sample.json.get("channel").is_some();
        if is_ours || is_answer_to_one_message(harness, &sample) {
            let read =
                if is_ours { reads_the_mock(harness, &sample).await } else { reads_the_page(harness, &sample).await };
            played.add(of_sample(&sample), read);
        }
    }
    harness.reset().await?;
    played.finish()
}

/// Whether the sample is a request for one message, with its response.
fn is_answer_to_one_message(harness: &Harness, sample: &Fixture) -> bool {
    let path = sample.json["request"]["path"].as_str().unwrap_or_default();
    let several = sample.json.pointer("/response/body/metadata/total").and_then(Value::as_u64).is_some_and(|n| n > 1);
    let is_shown =
        sample.json.pointer("/response/body").is_some() || documented_status(sample).is_some_and(|s| s >= 400);
    harness.adapter.send_paths.contains(&path) && is_shown && !several
}

/// Sends the sample's message to the mock, which answers as documented.
async fn reads_the_mock(harness: &Harness, sample: &Fixture) -> Check {
    let (_, answer) = asked_for(harness, sample).await?;
    let documented = documented_status(sample);
    match answer {
        Ok(()) => {
            ensure(documented.is_none_or(is_success), format_args!("accepted what is refused with {documented:?}"))
        }
        Err(error) => {
            equal("the status of the refusal", &error.status(), &documented)?;
            equal("whether the message is out", &error.sent(), &Sent::No)
        }
    }
}

/// Gives the documented response to a text of ours to the same contact, since a response about another contact would not be
/// accepted.
async fn reads_the_page(harness: &Harness, sample: &Fixture) -> Check {
    harness.reset().await?;
    let response = &sample.json["response"];
    let body = response.get("raw_body").or(response.get("body")).cloned().unwrap_or_default();
    let status = documented_status(sample).unwrap_or_default();
    harness.answer_with(status, body.clone()).await?;
    let client = harness.connect(&harness.config()?.with_value("probe", false))?;
    let request = &sample.json["request"]["body"];
    let places = ["/to", "/recipient_phone", "/request/to", "/whatsapp/messages/0/to"];
    let to = places
        .iter()
        .find_map(|place| PhoneNumber::from_e164(request.pointer(place)?.as_str()?).ok())
        .unwrap_or_else(contact);
    let answer = client.send(&Message::text(to, "Your parcel leaves today.")).await;
    if is_success(status) {
        let receipt = accepted(answer)?;
        let id = receipt.message_id.as_str();
        return ensure(body.to_string().contains(id), format_args!("the receipt's id {id} is not in the answer"));
    }
    let error = answer.err().ok_or_else(|| Failure::from(format!("accepted what is refused with {status}")))?;
    equal("the status", &error.status(), &Some(status))?;
    equal("whether the message is out", &error.sent(), &Sent::No)
}

async fn simulator_answers_documented_requests(harness: &Harness) -> Check {
    let mut played = FactLog::new(&harness.coverage);
    for sample in samples(harness) {
        let answered = async {
            set_the_scene(harness, &sample).await?;
            let status = harness.ask(&sample.json["request"]).await?;
            match documented_status(&sample) {
                Some(documented) => equal("the status", &status, &documented),
                None => ensure(is_success(status), format_args!("a documented request is refused with {status}")),
            }
        };
        let answered = answered.await;
        played.add(of_sample(&sample), answered);
    }
    harness.reset().await?;
    played.finish()
}

fn samples(harness: &Harness) -> impl Iterator<Item = Fixture> {
    facts::documented(harness.adapter).into_iter()
}

fn documented_status(sample: &Fixture) -> Option<u16> {
    sample.json.pointer("/response/status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok())
}

const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// A fresh world in the sample's state.
async fn set_the_scene(harness: &Harness, sample: &Fixture) -> Check {
    harness.reset().await?;
    for call in sample.json["given"].as_array().into_iter().flatten() {
        harness.ask(call).await?;
    }
    Ok(())
}

/// The sample's channel at the mock, without the probe, which would refuse some of the documented requests.
fn channel(harness: &Harness, sample: &Fixture) -> Result<ChannelConfig, Failure> {
    let mut settings = sample.json["channel"].as_object().cloned().ok_or("the sample's channel is no object")?;
    settings.remove("provider");
    let config = ChannelConfig::new("sample", harness.provider(), settings.into_iter().collect(), process_env());
    Ok(config.with_value("probe", false).with_value("base_url", harness.url()))
}

async fn documented_webhook_calls_give_their_events(harness: &Harness) -> Check {
    let mut played = FactLog::new(&harness.coverage);
    for call in WebhookFixture::for_adapter(harness.adapter)? {
        let read = read_call(harness, &call);
        played.add(of_webhook(&call), read);
    }
    played.finish()
}

fn read_call(harness: &Harness, call: &WebhookFixture) -> Check {
    let config = harness.config()?;
    let signed = match &call.secret {
        Some(secret) => config.clone().with_value("webhook_secret", json!(["the-next-secret", secret])),
        None => config.clone(),
    };
    let lines = |client: &Client, body: String| -> Result<Vec<Value>, Failure> {
        let events = client.webhook_at(&call.request(body)?, WebhookFixture::received_at()).map_err(unexpected)?;
        Ok(WebhookFixture::lines(harness.provider(), &events))
    };
    equal("the events", &lines(&harness.connect(&signed)?, call.body.get().to_owned())?, &call.events)?;
    let open = harness.connect(&config)?;
    for row in &call.rows {
        let mut body = call.tree()?;
        for (place, value) in &row.body {
            put(&mut body, place, Some(value.clone()));
        }
        equal("the events", &lines(&open, body.to_string())?, &call.unverified(&row.events))
            .map_err(|failure| failure.at(format_args!("{:?}", row.body)))?;
    }
    Ok(())
}
