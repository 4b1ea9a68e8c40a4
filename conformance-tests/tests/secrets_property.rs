//! Plants credentials and phone numbers in every position of every documented answer and webhook call, in every spelling, and
//! searches what comes out: errors, receipts, logs, and the steps of a drift report.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use transom::account::ConversationFilter;
use transom::adapter::Context;
use transom::config::{ChannelConfig, process_env};
use transom::transport::Transport;
use transom::{Client, Error, Message, PhoneNumber, Registry};
use transom_conformance::adapters;
use transom_conformance::drift::live::{Recorder, Step, take};
use transom_mock_server::fixtures;

const KEY: &str = "kQ7/zP+w&x<Lm9>'Qt";
const PASSWORD: &str = "pW\"0/Rd=Mexico&9Zz";
const NUMBER: &str = "+5491155550123";
/// Each position gets so many spellings, in turns, so that each spelling comes to many positions. Five take five times as long.
const SPELLINGS_EACH: usize = 1;

/// A planted text, and whether it is a credential.
#[derive(Clone)]
struct Planted {
    text: String,
    is_secret: bool,
}

fn percent(text: &str, keeps: impl Fn(u8) -> bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if keeps(byte) {
            out.push(byte.into());
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
        out
    })
}

fn spellings_of_secret(secret: &str) -> Vec<String> {
    let component = percent(secret, |byte| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte));
    let all = percent(secret, |byte| byte.is_ascii_alphanumeric());
    let unicode: String = secret
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
        .collect();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let numeric: String = secret
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) })
        .collect();
    let half: String = secret.chars().take(secret.len() / 2 + 1).collect();
    let base64 = STANDARD.encode(secret);
    vec![
        secret.to_owned(),
        component,
        all.clone(),
        all.to_lowercase(),
        percent(&all, |byte| byte.is_ascii_alphanumeric()),
        secret.replace('/', "\\/").replace('"', "\\\""),
        unicode.clone(),
        unicode.replace('\\', "\\\\"),
        html.clone(),
        html.replace('&', "&amp;"),
        numeric,
        secret.to_uppercase(),
        secret.to_lowercase(),
        format!("{half}…"),
        format!("{half}... and so on"),
        half,
        base64.trim_end_matches('=').to_owned(),
        base64.replace('=', "%3D").replace('/', "%2F"),
        URL_SAFE_NO_PAD.encode(secret),
        STANDARD.encode(format!("{KEY}:{PASSWORD}")).trim_end_matches('=').to_owned(),
        STANDARD.encode(format!("{secret}:")).trim_end_matches('=').to_owned(),
        STANDARD.encode(format!("{{\"key\":\"{secret}\"}}")).trim_end_matches('=').to_owned(),
        secret.replace('/', "/\u{200b}"),
    ]
}

fn spellings_of_number() -> Vec<String> {
    let grouped = |separator: &str| format!("54{separator}911{separator}5555{separator}0123");
    let mut all: Vec<String> = [
        " ", "-", ".", "_", ":", ",", "·", "\u{a0}", "\u{200b}", "\u{ad}", "\u{2060}", "\u{feff}", "\u{2009}",
        "\u{3000}", "%20", "&nbsp;", "\\u00a0", "\u{202f}",
    ]
    .into_iter()
    .map(grouped)
    .collect();
    let wide = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(0xff10 + digit)).unwrap_or(c);
    all.extend([
        NUMBER.to_owned(),
        "5491155550123".to_owned(),
        "541155550123".to_owned(),
        "011 15 5555-0123".to_owned(),
        "%2B5491155550123".to_owned(),
        "\\u002b5491155550123".to_owned(),
        "&#43;5491155550123".to_owned(),
        "5491155550123".chars().map(wide).collect(),
        "54911555501…".to_owned(),
    ]);
    all
}

fn all_planted() -> Vec<Planted> {
    let secrets =
        [KEY, PASSWORD].into_iter().flat_map(spellings_of_secret).map(|text| Planted { text, is_secret: true });
    secrets.chain(spellings_of_number().into_iter().map(|text| Planted { text, is_secret: false })).collect()
}

/// Whether `sink` shows what was planted, as it was planted or escaped once more by `Debug`.
fn shows(sink: &str, planted: &Planted) -> bool {
    let escaped = format!("{:?}", planted.text);
    let marks = |text: &str| text.trim_matches(['…', '.']).to_owned();
    let texts = [marks(&planted.text), marks(escaped.trim_matches('"'))];
    let digits: String = sink.chars().filter(char::is_ascii_digit).collect();
    texts.iter().any(|text| sink.contains(text.as_str())) || (!planted.is_secret && digits.contains("55550123"))
}

/// Status, headers and body.
type Answer = (u16, Vec<(String, String)>, Bytes);

/// Answers every request in the same way.
#[derive(Debug)]
struct Same(Mutex<Answer>);

#[async_trait]
impl Transport for Same {
    async fn send(&self, _: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        let (status, headers, body) = self.0.lock().unwrap().clone();
        let mut response = Response::builder().status(status);
        for (name, value) in &headers {
            response = response.header(name, value.as_bytes());
        }
        Ok(response.body(body).unwrap())
    }
}

/// Keeps every log line of this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<String>>);

impl Visit for Lines {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0.lock().unwrap(), "{field}={value:?} ");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn client(provider: &str, transport: Arc<dyn Transport>) -> Client {
    let settings = match provider {
        "autocalls" => json!({ "api_key": KEY, "sender_id": 12, "webhook_secret": PASSWORD, "trust_unsigned": true }),
        "exotel" => json!({ "api_key": KEY, "api_token": PASSWORD, "account_sid": "acme", "from": "+919876500001" }),
        // Only with a host of one's own may the key have any form.
        "gosendapi" => {
            json!({ "api_key": KEY, "phone_number_id": "555123456789", "webhook_secret": PASSWORD, "base_url": "https://127.0.0.1" })
        }
        _ => json!({ "username": KEY, "password": PASSWORD, "from": "5215500001111" }),
    };
    let settings: BTreeMap<String, Value> = serde_json::from_value(settings).unwrap();
    let registry =
        adapters::ALL.iter().fold(Registry::default(), |registry, adapter| registry.with_provider(adapter.provider));
    let config = ChannelConfig::new("planted", provider, settings, process_env());
    registry.connect_with(&config, Context::new(transport)).unwrap()
}

/// Every variant of `value` with `planted` in one position: as a value, within a text, and as the name of a member.
fn variants(value: &Value, planted: &mut impl FnMut() -> Vec<Planted>) -> Vec<(Planted, Value)> {
    let mut all: Vec<(Planted, Value)> = planted().into_iter().map(|one| (one.clone(), one.text.into())).collect();
    match value {
        Value::String(text) => {
            all.extend(planted().into_iter().map(|one| (one.clone(), format!("{text} {} {text}", one.text).into())));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate().take(2) {
                all.extend(variants(item, planted).into_iter().map(|(one, item)| {
                    let mut items = items.clone();
                    items[at] = item;
                    (one, Value::Array(items))
                }));
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                all.extend(variants(member, planted).into_iter().map(|(one, member)| {
                    let mut members = members.clone();
                    members.insert(name.clone(), member);
                    (one, Value::Object(members))
                }));
            }
            all.extend(planted().into_iter().map(|one| {
                let mut members: Map<String, Value> = members.clone();
                members.insert(one.text.clone(), one.text.clone().into());
                (one, Value::Object(members))
            }));
        }
        _ => {}
    }
    all
}

/// What an error shows.
fn of_error(error: &Error) -> Vec<(&'static str, String)> {
    let mut sources = String::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        write!(sources, "{inner} {inner:?} ").unwrap();
        cause = inner.source();
    }
    vec![
        ("display", error.to_string()),
        ("debug", format!("{error:?} {error:#?}")),
        ("sources", sources),
        ("parts", format!("{} {:?} {:?}", error.message(), error.code(), error.problems())),
    ]
}

#[derive(Default)]
struct Search {
    planted: usize,
    searched: BTreeMap<&'static str, usize>,
    finds: Vec<String>,
}

impl Search {
    fn look(&mut self, place: &str, planted: &Planted, sinks: Vec<(&'static str, String)>) {
        self.planted += 1;
        for (name, sink) in sinks {
            *self.searched.entry(name).or_default() += 1;
            if shows(&sink, planted) && self.finds.len() < 20 {
                self.finds.push(format!("{place}: {name} shows {:?}: {sink}", planted.text));
            }
        }
    }
}

/// The answers of one fixture with something planted: status, headers and body.
fn answers(fixture: &Value, planted: &mut impl FnMut() -> Vec<Planted>) -> Vec<(Planted, Answer)> {
    let response = &fixture["response"];
    let status = u16::try_from(response["status"].as_u64().unwrap_or(200)).unwrap();
    let mut all = Vec::new();
    let body = &response["body"];
    for (one, body) in variants(body, planted) {
        all.push((one, (status, Vec::new(), Bytes::from(body.to_string()))));
    }
    for one in planted() {
        all.push((one.clone(), (status, Vec::new(), Bytes::from(format!("{} is wrong", one.text)))));
        all.push((one.clone(), (status, Vec::new(), Bytes::from(format!("{{\"data\": {}", one.text)))));
        // With the same body, and in a refusal.
        for name in ["x-echo", "location", "ratelimit-policy", "retry-after", "date", "x-ratelimit-reset"] {
            let value = if name == "ratelimit-policy" { format!("\"{}\";q=2;w=3", one.text) } else { one.text.clone() };
            let is_value = http::HeaderValue::from_bytes(value.as_bytes()).is_ok();
            // Digits that are read as a wait are a wait.
            let is_wait = !one.is_secret && matches!(name, "retry-after" | "x-ratelimit-reset");
            if is_value && !is_wait {
                all.push((one.clone(), (status, vec![(name.to_owned(), value)], Bytes::from(body.to_string()))));
            }
        }
    }
    all
}

/// Gives some of all spellings, the next ones each time.
fn in_turns(all: &[Planted]) -> impl FnMut() -> Vec<Planted> {
    let mut next = 0;
    move || {
        (0..SPELLINGS_EACH)
            .map(|_| {
                next = (next + 17) % all.len();
                all[next].clone()
            })
            .collect()
    }
}

#[tokio::test]
async fn nothing_planted_is_shown_anywhere() {
    let all = all_planted();
    let mut planted = in_turns(&all);
    let mut search = Search::default();
    let to: PhoneNumber = NUMBER.parse().unwrap();
    let filter = ConversationFilter::with_contact(to.clone());
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    for adapter in adapters::ALL {
        let provider = adapter.provider.name;
        let same = Arc::new(Same(Mutex::new((200, Vec::new(), Bytes::new()))));
        let recorder = Recorder::new(Arc::clone(&same) as Arc<dyn Transport>);
        let client = client(provider, Arc::clone(&recorder) as Arc<dyn Transport>);
        for fixture in fixtures::of(provider) {
            let json = &fixture.json;
            let is_send = json["request"]["method"] == "POST";
            for (one, answer) in answers(json, &mut planted) {
                *same.0.lock().unwrap() = answer;
                lines.0.lock().unwrap().clear();
                let mut sinks = Vec::new();
                let mut id = String::new();
                if is_send {
                    match client.send(&Message::text(to.clone(), "Hi")).await {
                        Ok(receipt) => {
                            id = receipt.message_id.as_str().to_owned();
                            sinks.push(("receipt", format!("{receipt:?} {receipt:#?}")));
                        }
                        Err(error) => sinks.extend(of_error(&error)),
                    }
                } else {
                    let mut errors = vec![client.session(&to).await.err(), client.conversations(&filter).await.err()];
                    // Without a contact of its own, a call does not know whose number it is.
                    if one.is_secret {
                        errors.extend([client.senders().await.err(), client.templates().await.err()]);
                    }
                    sinks.extend(errors.iter().flatten().flat_map(of_error));
                    if one.is_secret {
                        let report = take(&adapter.provider, &client, &recorder, &Step::Session(to.clone())).await;
                        sinks.push(("report", serde_json::to_string(&report).unwrap()));
                    }
                }
                sinks.push(("logs", lines.0.lock().unwrap().clone()));
                // An id is given back as the provider wrote it, but for credentials.
                if !one.is_secret && !id.is_empty() {
                    let shown = format!("{id:?}");
                    let shown = shown.trim_matches('"');
                    for (_, sink) in &mut sinks {
                        *sink = sink.replace(shown, "").replace(&id, "");
                    }
                }
                search.look(&format!("{provider} {}", fixture.name), &one, sinks);
            }
        }
        for (name, text) in fixtures::webhooks_of(provider) {
            let json: Value = serde_json::from_str(text).unwrap();
            for (one, body) in variants(&json["body"], &mut planted) {
                lines.0.lock().unwrap().clear();
                let call = Request::post("/hook").body(Bytes::from(body.to_string())).unwrap();
                let mut sinks: Vec<_> = client.webhook(&call).err().iter().flat_map(of_error).collect();
                sinks.push(("logs", lines.0.lock().unwrap().clone()));
                // Whose number it is, the call itself says.
                if one.is_secret {
                    search.look(&format!("{provider} {name}"), &one, sinks);
                }
            }
        }
    }
    println!("{} plantings, {} spellings, sinks {:?}", search.planted, all.len(), search.searched);
    assert!(search.planted > 5_000, "{}", search.planted);
    assert!(search.finds.is_empty(), "{} finds:\n{}", search.finds.len(), search.finds.join("\n"));
}
