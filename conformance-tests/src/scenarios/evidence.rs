//! The provider's pages, row by row and sample by sample: each is a fact on record, and each is played.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use transom::config::{ChannelConfig, process_env};
use transom::{Client, Message, Messenger as _, Sent};
use transom::webhook::{DeliveryStatus, Event};
use transom_mock_server::fixtures::Fixture;

use crate::check::{Broken, Check, accepted, ensure, equal, failed, told};
use crate::evidence::{self, Meanings, of_row, of_sample, of_webhook};
use crate::played::Played;
use crate::stage::{Stage, contact, text};
use crate::subject::{By, Said};
use crate::webhooks::{WebhookFixture, put};

scenarios! { "evidence":
    /// Each row of each table of codes, in every way in which the provider may say it in an answer: kind, code, status, and
    /// whether the message may be out.
    every_code_of_an_answer_has_its_kind_and_says_whether_the_message_is_out needs Text covers codes;
    /// Each row that a callback may carry, as a message that failed.
    every_code_of_a_callback_has_its_kind needs DeliveryStatus covers codes;
    /// Method, path, headers and body, member for member, for the message that stands beside the sample.
    every_documented_message_goes_out_as_its_page_has_it needs Text covers samples;
    /// A documented success is accepted, a documented refusal has its status; neither is taken for the other.
    every_documented_answer_to_a_send_is_read_for_what_it_is needs Text covers samples;
    /// The page's own request, to the provider itself, in the state of the world that the sample needs.
    every_documented_request_is_answered_with_its_documented_status covers samples;
    /// Under the second of two secrets where the provider signs it, and for every documented value beside the printed one.
    every_documented_webhook_call_is_read_into_its_events needs DeliveryStatus covers webhooks;
}

async fn every_code_of_an_answer_has_its_kind_and_says_whether_the_message_is_out(stage: &Stage) -> Check {
    stage.control.limit(stage.provider(), 10_000, 1).await?;
    let meanings = every_table_has_a_place_and_meanings(stage)?;
    // Without the probe, so that the answer alone decides.
    let client = stage.connect(&stage.config()?.with("probe", false))?;
    let mut played = Played::on(stage);
    for (place, fact) in evidence::rows(stage.subject) {
        for said in (place.said)(fact) {
            let By::Answer { status, body, sent } = &said.by else { continue };
            stage.answer_with(*status, body.clone()).await?;
            let answer = client.send(&text()).await;
            let read = || -> Check {
                meanings.check(place, fact)?;
                let error = failed(answer, said.kind, *sent)?;
                equal("the code", &error.code(), &said.code.as_deref())?;
                equal("the status", &error.status(), &Some(*status))?;
                equal("attempts", &error.attempts(), &1)
            };
            played.add(of_row(place, fact), read().map_err(|broken| broken.at(format_args!("{status} {body}"))));
        }
    }
    stage.reached(0).await?;
    played.judged()
}

/// The meanings of all codes, written apart from the adapter's tables; a table that nobody says how to play is told.
fn every_table_has_a_place_and_meanings(stage: &Stage) -> Result<Meanings, Broken> {
    equal("places of the tables of codes", &stage.subject.places.len(), &stage.subject.provider.codes.len())?;
    let meanings = Meanings::of(stage.subject)?;
    equal("meanings of codes that no table has", &meanings.without_row(stage.subject), &Vec::new())?;
    Ok(meanings)
}

async fn every_code_of_a_callback_has_its_kind(stage: &Stage) -> Check {
    let meanings = every_table_has_a_place_and_meanings(stage)?;
    let mut played = Played::on(stage);
    for (place, fact) in evidence::rows(stage.subject) {
        for said in (place.said)(fact) {
            let By::Callback { body } = &said.by else { continue };
            let read = meanings.check(place, fact).and_then(|()| read_callback(stage, &said, body));
            played.add(of_row(place, fact), read.map_err(|broken| broken.at(body)));
        }
    }
    played.judged()
}

fn read_callback(stage: &Stage, said: &Said, body: &Value) -> Check {
    let call = http::Request::post("/").body(body.to_string().into()).map_err(told)?;
    let events = stage.client.webhook(&call).map_err(told)?;
    let [Event::Status(update)] = events.events.as_slice() else {
        return Err(format!("expected one status, got {:?}", events.events).into());
    };
    equal("the status", &update.status, &DeliveryStatus::Failed)?;
    let (kind, code) = update.error.as_ref().ok_or("expected the reason of the failure, got none")?;
    equal("the kind", kind, &said.kind)?;
    equal("the code", &Some(code.as_str()), &said.code.as_deref())
}

/// The samples that a message of ours stands beside, each in a world of its own.
async fn every_documented_message_goes_out_as_its_page_has_it(stage: &Stage) -> Check {
    let mut played = Played::on(stage);
    for sample in samples(stage).filter(|sample| sample.json.get("channel").is_some()) {
        let gone = goes_out(stage, &sample).await;
        played.add(of_sample(&sample), gone);
    }
    // What is remarked of the pages' own requests is none of the adapter's.
    stage.reset().await?;
    played.judged()
}

async fn goes_out(stage: &Stage, sample: &Fixture) -> Check {
    let asked = asked_for(stage, sample).await?.0;
    let documented = sample.json.get("adapter_request").unwrap_or(&sample.json["request"]);
    let mut closest = Broken::from("no request was made");
    for request in &asked {
        match differs(request, documented) {
            Ok(()) => return Ok(()),
            Err(broken) => closest = broken,
        }
    }
    Err(closest)
}

/// What the adapter asks when it is given the sample's message, in the sample's state of the world, and what it tells.
async fn asked_for(stage: &Stage, sample: &Fixture) -> Result<(Vec<Request<Bytes>>, transom::Result<()>), Broken> {
    set_the_scene(stage, sample).await?;
    let (client, asked) = stage.watched(&channel(stage, sample)?)?;
    let answer = if let Some(contact) = sample.json["session_of"].as_str() {
        client.session(&contact.parse().map_err(told)?).await.map(drop)
    } else {
        let message: Message = serde_json::from_value(sample.json["message"].clone()).map_err(told)?;
        client.send(&message).await.map(drop)
    };
    Ok((asked.take(), answer))
}

/// Holds if a request is the documented one: an adapter may send more headers.
fn differs(request: &Request<Bytes>, documented: &Value) -> Check {
    let path = request.uri().path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    equal("method", &request.method().as_str(), &documented["method"].as_str().unwrap_or_default())?;
    equal("path", &path, &documented["path"].as_str().unwrap_or_default())?;
    for (name, value) in documented["headers"].as_object().into_iter().flatten() {
        let got = request.headers().get(name).and_then(|got| got.to_str().ok());
        // The sample's credential is nobody's, and yet no example of showing one.
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

async fn every_documented_answer_to_a_send_is_read_for_what_it_is(stage: &Stage) -> Check {
    let mut played = Played::on(stage);
    for sample in samples(stage) {
        let is_ours = sample.json.get("channel").is_some();
        if is_ours || is_answer_to_one_message(stage, &sample) {
            let read =
                if is_ours { reads_the_mock(stage, &sample).await } else { reads_the_page(stage, &sample).await };
            played.add(of_sample(&sample), read);
        }
    }
    stage.reset().await?;
    played.judged()
}

/// Whether it is a request for a single message, in whatever form, with the answer to it.
fn is_answer_to_one_message(stage: &Stage, sample: &Fixture) -> bool {
    let path = sample.json["request"]["path"].as_str().unwrap_or_default();
    let several = sample.json.pointer("/response/body/metadata/total").and_then(Value::as_u64).is_some_and(|n| n > 1);
    let is_shown =
        sample.json.pointer("/response/body").is_some() || documented_status(sample).is_some_and(|s| s >= 400);
    stage.subject.send_paths.contains(&path) && is_shown && !several
}

/// The sample's message is sent to the mock, which answers as the page does.
async fn reads_the_mock(stage: &Stage, sample: &Fixture) -> Check {
    let (_, answer) = asked_for(stage, sample).await?;
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

/// The page's own answer is put before the adapter for a text of ours to the same person: an answer about somebody else
/// would be none to it.
async fn reads_the_page(stage: &Stage, sample: &Fixture) -> Check {
    stage.reset().await?;
    let response = &sample.json["response"];
    let body = response.get("raw_body").or(response.get("body")).cloned().unwrap_or_default();
    let status = documented_status(sample).unwrap_or_default();
    stage.answer_with(status, body.clone()).await?;
    let client = stage.connect(&stage.config()?.with("probe", false))?;
    let request = &sample.json["request"]["body"];
    let places = ["/to", "/recipient_phone", "/request/to", "/whatsapp/messages/0/to"];
    let to = places.iter().find_map(|place| request.pointer(place)?.as_str()?.parse().ok()).unwrap_or_else(contact);
    let answer = client.send(&Message::text(to, "Your parcel leaves today.")).await;
    if is_success(status) {
        let receipt = accepted(answer)?;
        let id = receipt.message_id.as_str();
        return ensure(body.to_string().contains(id), format_args!("the receipt's id {id} is not in the answer"));
    }
    let error = answer.err().ok_or_else(|| Broken::from(format!("accepted what is refused with {status}")))?;
    equal("the status", &error.status(), &Some(status))?;
    equal("whether the message is out", &error.sent(), &Sent::No)
}

async fn every_documented_request_is_answered_with_its_documented_status(stage: &Stage) -> Check {
    let mut played = Played::on(stage);
    for sample in samples(stage) {
        let answered = async {
            set_the_scene(stage, &sample).await?;
            let status = stage.ask(&sample.json["request"]).await?;
            match documented_status(&sample) {
                Some(documented) => equal("the status", &status, &documented),
                None => ensure(is_success(status), format_args!("a documented request is refused with {status}")),
            }
        };
        let answered = answered.await;
        played.add(of_sample(&sample), answered);
    }
    stage.reset().await?;
    played.judged()
}

fn samples(stage: &Stage) -> impl Iterator<Item = Fixture> {
    evidence::documented(stage.subject).into_iter()
}

fn documented_status(sample: &Fixture) -> Option<u16> {
    sample.json.pointer("/response/status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok())
}

const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// A fresh world, brought into the state that the sample needs.
async fn set_the_scene(stage: &Stage, sample: &Fixture) -> Check {
    stage.reset().await?;
    for call in sample.json["given"].as_array().into_iter().flatten() {
        stage.ask(call).await?;
    }
    Ok(())
}

/// The sample's channel, at the mock, without the look at a template's definition: some of the documented requests are ones
/// that it would spare.
fn channel(stage: &Stage, sample: &Fixture) -> Result<ChannelConfig, Broken> {
    let mut settings = sample.json["channel"].as_object().cloned().ok_or("the sample's channel is no object")?;
    settings.remove("provider");
    let config = ChannelConfig::new("sample", stage.provider(), settings.into_iter().collect(), process_env());
    Ok(config.with("probe", false).with("base_url", stage.url()))
}

async fn every_documented_webhook_call_is_read_into_its_events(stage: &Stage) -> Check {
    let mut played = Played::on(stage);
    for call in WebhookFixture::of_subject(stage.subject)? {
        let read = read_call(stage, &call);
        played.add(of_webhook(&call), read);
    }
    played.judged()
}

fn read_call(stage: &Stage, call: &WebhookFixture) -> Check {
    let config = stage.config()?;
    let signed = match &call.secret {
        Some(secret) => config.clone().with("webhook_secret", json!(["the-next-secret", secret])),
        None => config.clone(),
    };
    let lines = |client: &Client, body: String| -> Result<Vec<Value>, Broken> {
        let events = client.webhook(&call.request(body)?).map_err(told)?;
        Ok(events.events.iter().map(|event| event.to_json(stage.provider(), events.verified)).collect())
    };
    equal("the events", &lines(&stage.connect(&signed)?, call.body.get().to_owned())?, &call.events)?;
    let open = stage.connect(&config)?;
    for row in &call.rows {
        let mut body = call.tree()?;
        for (place, value) in &row.body {
            put(&mut body, place, Some(value.clone()));
        }
        equal("the events", &lines(&open, body.to_string())?, &call.unverified(&row.events))
            .map_err(|broken| broken.at(format_args!("{:?}", row.body)))?;
    }
    Ok(())
}
