//! Larkwire's HTTP interface for the mock, written from the provider's pages and not from the adapter, with which it shares
//! nothing: a page that is misread once should not be misread twice.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Map, Value, json};
use transom_mock_server::{
    AcceptedMessage, Account, Certainty, DeliveryStatus, FindingCollector, Limiter, Message, MessageEvent,
    MessageEventKind, Phone, ProviderSimulator, Quota, RequestContext, Sender, SimulatedResponse, Source, Switch,
    Template, TemplateStatus, WebhookRules, Window, World, header, json_response, last_status,
};

const NAME: &str = "larkwire";
const SEND_PAGE: Source = Source::new("larkwire.example/docs/send", Certainty::Docs);
const EVENTS_PAGE: Source = Source::new("larkwire.example/docs/events", Certainty::Docs);

/// Ids are whole numbers, larger than any that a float holds exactly (docs/send).
const FIRST_ID: u64 = 9_200_000_000_000_000_000;

#[derive(Debug, Clone, Copy)]
pub struct Larkwire;

impl ProviderSimulator for Larkwire {
    fn name(&self) -> &'static str {
        NAME
    }

    fn matches_path(&self, path: &str) -> bool {
        path.starts_with("/wa/")
    }

    fn seed(&self, world: &mut World) {
        let number = Phone::read("442079460001");
        let account = Account {
            senders: number.map(|number| Sender::new("7001", number, "Demo Desk")).into_iter().collect(),
            templates: Template::seeded(["1", "2"]),
            balance: Some(100.0),
            // 20 a second for an account (docs/limits).
            limiter: Limiter::new(20, Duration::from_secs(1)),
            ..Account::default()
        };
        world.open_account(NAME, account);
    }

    fn switches(&self) -> &'static [Switch] {
        const { &[last_status(EVENTS_PAGE)] }
    }

    fn is_send(&self, request: &Request<Bytes>) -> bool {
        request.method() == Method::POST && request.uri().path() == "/wa/send"
    }

    fn handle(&self, mut context: RequestContext<'_>) -> SimulatedResponse {
        if !self.is_send(context.request) {
            let response = json_response(404, &json!({"code": 404, "msg": "no such path", "data": null}));
            return context.finish(response, Vec::new());
        }
        let mut review = FindingCollector::new(context.strict());
        let response = match send(&mut context, &mut review) {
            Ok(id) => json_response(200, &json!({"code": 0, "msg": "accepted", "data": {"id": id}})),
            Err((4290, _)) => self.rate_limited(&context, context.quota(NAME).exhausted(), context.now),
            Err((code, msg)) => json_response(200, &json!({"code": code, "msg": msg, "data": null})),
        };
        context.finish(response, review.into_findings())
    }

    /// With the seconds to wait in the body, and in no header (docs/limits).
    fn rate_limited(&self, _world: &World, quota: Quota, _now: SystemTime) -> Response<Bytes> {
        let seconds = quota.reset_after_seconds();
        json_response(200, &json!({"code": 4290, "msg": "slow down", "data": {"retry_in": seconds}}))
    }

    /// Source: docs/events.
    fn message_event(&self, world: &World, happening: &MessageEvent<'_>) -> Option<Value> {
        let ts = happening.at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        let contact = format!("00{}", happening.contact.digits());
        Some(match happening.what {
            MessageEventKind::Received { name, content } => json!({
                "event": "message", "id": happening.message_id, "from": contact, "name": name, "ts": ts,
                "to": format!("00{}", happening.business.digits()), "line": line(world, happening.business),
                "text": content.get("body")?,
            }),
            MessageEventKind::Status { progress, report } => {
                let (state, code) = match progress {
                    DeliveryStatus::Sent => ("sent", None),
                    DeliveryStatus::Delivered => ("delivered", None),
                    DeliveryStatus::Read => ("read", None),
                    DeliveryStatus::Failed(failure) => ("failed", Some(failure.code)),
                };
                let id = happening.message_id.parse::<u64>().ok();
                json!({"event": "status", "id": id, "state": state, "code": code, "to": contact,
                    "ref": report.reference, "ts": ts})
            }
        })
    }

    /// Source: docs/events. Events are sent once.
    fn webhook_rules(&self, _world: &World) -> WebhookRules {
        WebhookRules { signature_header: Some("x-larkwire-signature"), ..WebhookRules::default() }
    }
}

/// The id of the line with this number.
fn line(world: &World, number: &Phone) -> Option<u64> {
    world.account(NAME).sender_by_phone(number)?.id.parse().ok()
}

/// A number and a sentence (docs/codes).
type Refusal = (u32, &'static str);

/// `POST /wa/send`. The order of checks is ours, for the page states none.
fn send(world: &mut RequestContext<'_>, review: &mut FindingCollector) -> Result<u64, Refusal> {
    let request = world.request;
    let key = header(request, "authorization").and_then(|value| value.strip_prefix("Key "));
    if !key.is_some_and(|key| world.accepts_credential(key)) {
        return Err((1001, "invalid key"));
    }
    if !world.take_quota(NAME).allowed {
        return Err((4290, "slow down"));
    }
    let Ok(Value::Object(asked)) = serde_json::from_slice(request.body()) else {
        review.refused("the body is not a JSON object", SEND_PAGE);
        return Err((3002, "body: required"));
    };
    for unknown in asked.keys().filter(|name| !["line", "to", "ref", "body"].contains(&name.as_str())) {
        review.tolerated(format!("unknown member `{unknown}`"), SEND_PAGE);
    }
    let line = asked.get("line").and_then(Value::as_u64).ok_or((3002, "line: expected a number"))?;
    let sender = world.account(NAME).sender(&line.to_string()).ok_or((2001, "unknown line"))?;
    if !sender.online {
        return Err((2002, "line is offline"));
    }
    let from = sender.phone.clone();
    let Some(to) = asked.get("to").and_then(Value::as_str).and_then(dialled) else {
        review.refused("`to` is not `00`, a country code and a number", SEND_PAGE);
        return Err((3001, "to: not a number"));
    };
    if !world.account(NAME).can_pay() {
        return Err((5001, "insufficient credit"));
    }
    let body = asked.get("body").and_then(Value::as_object).ok_or((3002, "body: required"))?;
    let content = match (body.get("text").and_then(Value::as_str), body.get("template").and_then(Value::as_str)) {
        (Some(text), None) => {
            match world.window(NAME, &from, &to, world.now) {
                Window::Open { .. } => {}
                Window::Expired { .. } => return Err((4103, "session closed")),
                Window::Never => return Err((4104, "no session")),
            }
            json!({"type": "text", "body": text})
        }
        (None, Some(name)) => template(world, name, body)?,
        _ => {
            review.refused("`body` holds neither a text nor a template", SEND_PAGE);
            return Err((3002, "body: expected text or template"));
        }
    };
    let id = FIRST_ID + world.next_number();
    let reference = asked.get("ref").and_then(Value::as_str);
    world.account_mut(NAME).charge();
    world.accept(AcceptedMessage {
        provider: NAME,
        message_id: id.to_string(),
        from: from.clone(),
        to: to.clone(),
        reference: reference.map(str::to_owned),
        callbacks: Vec::new(),
        details: Value::Null,
        failure: None,
    });
    let message = Message {
        provider: NAME,
        message_id: id.to_string(),
        from: &from,
        to: &to,
        content: content.into(),
        reference,
    };
    world.deliver(message);
    Ok(id)
}

/// Digits with the international prefix `00`, and nothing else (docs/send).
fn dialled(text: &str) -> Option<Phone> {
    let digits = text.strip_prefix("00").filter(|rest| !rest.starts_with('0'))?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| Phone::read(digits)).flatten()
}

/// What the person gets, in the world's own form of content.
fn template(world: &World, name: &str, body: &Map<String, Value>) -> Result<Value, Refusal> {
    let language = body.get("lang").and_then(Value::as_str).unwrap_or_default();
    let template = world.account(NAME).template(name, language).ok_or((4201, "unknown template"))?;
    if template.status != TemplateStatus::Approved {
        return Err((4202, "template is not approved"));
    }
    let values = body.get("values").and_then(Value::as_array).ok_or((3002, "values: required"))?;
    if values.len() != template.parameters.len() {
        return Err((4203, "wrong number of values"));
    }
    Ok(json!({"type": "template", "name": name, "language": language, "body": values}))
}
