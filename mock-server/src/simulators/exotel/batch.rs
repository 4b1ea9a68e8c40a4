//! POST …/messages: the three shapes of a request, and the result of each message.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::common::{NAME, SEND_PAGE, TRUNK_ERRORS};
use super::content::{self, Checked, Outcome};
use super::failures;
use super::part::Part;
use super::problem::{Problem, failure};
use super::webhook::{self, Reference};
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::json::{Json, Named as _};
use crate::core::phone::{Phone, is_e164};
use crate::core::request::{is_json, json_of};
use crate::core::request_context::RequestContext;
use crate::core::response::{json_response, json_text_response};
use crate::core::world::{Message, Window, World};

/// Source: Bulk WhatsApp Messages, WhatsApp Status Codes (docs).
const MOST_MESSAGES: usize = 100;
/// Two integrations that have nothing to do with each other report that the live interface refuses a request without a
/// channel.
const FLAT_REFUSED: Source = Source::new("Third-party reports of the live API", Certainty::Field);

const WITHOUT_CHANNEL: &str = "the request names no channel: live reports say that it is refused unless its messages stand in \
    `whatsapp.messages`; `request_shape` set to `wrapped` refuses it here, too";

/// Answers a send. Source: WhatsApp Session Messages (seed) for the flat shape; Template + Flows (docs) for the wrapped one and
/// the answer; Bulk WhatsApp Messages (docs) for a list without a channel.
pub(super) fn send(world: &mut RequestContext<'_>, review: &mut FindingCollector) -> Response<Bytes> {
    let request = world.request;
    if !is_json(request) {
        review.refused("`Content-Type` is not `application/json`", TRUNK_ERRORS);
        return failure(
            world,
            request,
            415,
            &Problem::new(1011, "Unsupported content type", "application/json is expected"),
        );
    }
    let Ok(body) = json_of::<Json<'_>>(request.body()) else {
        review.refused("the body is not JSON", TRUNK_ERRORS);
        return failure(world, request, 400, &Problem::new(1007, "Invalid request body", "the body is not JSON"));
    };
    let messages = match Shape::read(world, &body, review) {
        Ok(Shape::Flat(message)) => return answer_one(world, &message, review),
        Ok(Shape::List(messages)) => messages,
        Err(problem) => {
            review.refused(problem.description.clone(), problem.source);
            return failure(world, request, problem.status, &problem);
        }
    };
    let place = world.switch(NAME, "symbol_place");
    let mut results = Vec::with_capacity(messages.len());
    let mut failed = 0;
    for message in &messages {
        review.look_at(message.place.as_str());
        results.push(send_message(world, message, review).map_or_else(
            |problem| {
                failed += 1;
                let status = problem.status;
                Item::Failure(problem.placed(place).result(status))
            },
            success,
        ));
    }
    match results.as_slice() {
        [Item::Success { data, .. }] => accepted_one(world, request, data.sid.clone()),
        results => accepted(world, request, results, failed),
    }
}

/// What a request says to send.
enum Shape<'a> {
    Flat(OneMessage<'a>),
    List(Vec<OneMessage<'a>>),
}

/// One message, with what the levels above it say about it.
struct OneMessage<'a> {
    value: &'a Json<'a>,
    /// Where it stands in the request; empty where it is the request.
    place: String,
    reference: Option<Reference<'a>>,
    callback: Option<&'a str>,
}

impl<'a> Shape<'a> {
    /// The shape of a body.
    fn read(world: &World, body: &'a Json<'a>, review: &mut FindingCollector) -> Result<Self, Problem> {
        let only_wrapped = world.switch(NAME, "request_shape") == "wrapped";
        if only_wrapped && body.member("whatsapp").is_none_or(Json::is_null) {
            let problem = Problem::missing("at least one channel is mandatory");
            return Err(Problem { source: FLAT_REFUSED, ..problem });
        }
        let root = Part::of(body, "", SEND_PAGE)?;
        let (list, reference, callback) = if let Some(channel) = root.optional_part("whatsapp")? {
            root.review_unknown(&["whatsapp", "custom_data", "status_callback"], review);
            channel.review_unknown(&["messages", "custom_data", "status_callback"], review);
            let callback = channel.optional_text("status_callback")?.or(root.optional_text("status_callback")?);
            // The pages do not say which of three levels of `custom_data` wins; of callbacks the nearest one does.
            let reference = if outermost_wins(world) {
                reference(&root, review)?.or(reference(&channel, review)?)
            } else {
                reference(&channel, review)?.or(reference(&root, review)?)
            };
            (channel.items("messages")?, reference, callback)
        } else if root.get("messages").is_some() {
            root.review_unknown(&["messages", "custom_data", "status_callback"], review);
            review.note(WITHOUT_CHANNEL, FLAT_REFUSED);
            (root.items("messages")?, reference(&root, review)?, root.optional_text("status_callback")?)
        } else {
            review.note(WITHOUT_CHANNEL, FLAT_REFUSED);
            return Ok(Self::Flat(OneMessage { value: body, place: String::new(), reference: None, callback: None }));
        };
        if list.len() > MOST_MESSAGES {
            return Err(Problem::invalid(format!("{} messages, at most {MOST_MESSAGES} are allowed", list.len())));
        }
        let messages =
            list.into_iter().map(|(place, value)| OneMessage { value, place, reference: reference.clone(), callback });
        Ok(Self::List(messages.collect()))
    }
}

/// `custom_data`: a text by the page. A client sends objects and another one expects them back (field).
fn reference<'a>(part: &Part<'a, '_>, review: &mut FindingCollector) -> Result<Option<Reference<'a>>, Problem> {
    match part.get("custom_data") {
        Some(object @ Json::Object(_)) => {
            let text = format!("`{}` is an object, expected a string", part.path_of("custom_data"));
            if review.must_refuse(text, SEND_PAGE) {
                return Err(part.invalid("custom_data"));
            }
            Ok(Some(Reference { text: Value::from(object).to_string().into(), is_object: true }))
        }
        _ => Ok(part.optional_text("custom_data")?.map(|text| Reference { text: text.into(), is_object: false })),
    }
}

fn outermost_wins(world: &World) -> bool {
    world.switch(NAME, "custom_data_wins") == "outermost"
}

/// A flat request has one message, so that its failure is the request's.
fn answer_one(
    world: &mut RequestContext<'_>,
    message: &OneMessage<'_>,
    review: &mut FindingCollector,
) -> Response<Bytes> {
    let request = world.request;
    match send_message(world, message, review) {
        Ok(sid) => accepted_one(world, request, sid),
        Err(problem) => {
            let (status, place) = (problem.status, world.switch(NAME, "symbol_place"));
            failure(world, request, status, &problem.placed(place))
        }
    }
}

/// The answer to one message that was taken, in the shape that the switch wants.
fn accepted_one(world: &mut World, request: &Request<Bytes>, sid: String) -> Response<Bytes> {
    let status = accepted_status(world);
    let result = match world.switch(NAME, "success_shape") {
        // Source: Flows, Payment Messages (docs).
        "single" => json!({"code": 200, "status": "success", "data": {"message_id": sid, "status": "sent"}}),
        // Source: Trunk API (another v2 API).
        "array" => json!([success(sid)]),
        _ => return json_text_response(status, usual(request.method(), &world.next_hex(), &sid)),
    };
    let body = json!({
        "request_id": world.next_hex(), "method": request.method().as_str(), "http_code": 202,
        "metadata": {"failed": 0, "total": 1, "success": 1}, "response": result,
    });
    json_response(status, &body)
}

fn accepted_status(world: &World) -> u16 {
    if world.switch(NAME, "accepted_status") == "200" { 200 } else { 202 }
}

/// The answer that nearly every request gets, in one piece: ids and methods have no character that JSON escapes.
fn usual(method: &Method, request_id: &str, sid: &str) -> String {
    [
        r#"{"request_id":""#,
        request_id,
        r#"","method":""#,
        method.as_str(),
        r#"","http_code":202,"metadata":{"failed":0,"total":1,"success":1},"response":{"whatsapp":{"messages":[{"code":202,"error_data":null,"status":"success","data":{"sid":""#,
        sid,
        r#""}}]}}}"#,
    ]
    .concat()
}

/// What became of one message: typed where it is the usual thing, so that it costs little to print.
#[derive(Serialize)]
#[serde(untagged)]
enum Item {
    Success { code: u16, error_data: (), status: &'static str, data: Sid },
    Failure(Value),
}

#[derive(Serialize)]
struct Sid {
    sid: String,
}

#[derive(Serialize)]
struct Accepted<'a> {
    request_id: String,
    method: &'a str,
    http_code: u16,
    metadata: Metadata,
    response: Channels<'a>,
}

#[derive(Serialize)]
struct Metadata {
    failed: usize,
    total: usize,
    success: usize,
}

#[derive(Serialize)]
struct Channels<'a> {
    whatsapp: Channel<'a>,
}

#[derive(Serialize)]
struct Channel<'a> {
    messages: &'a [Item],
}

fn success(sid: String) -> Item {
    Item::Success { code: 202, error_data: (), status: "success", data: Sid { sid } }
}

/// 202, or 207 as soon as one message failed, even if none is left. Source: Trunk API errors (another v2 API).
fn accepted(world: &mut World, request: &Request<Bytes>, results: &[Item], failed: usize) -> Response<Bytes> {
    let partial = || world.switch(NAME, "partial_status").parse().unwrap_or(207);
    let (total, code) = (results.len(), if failed == 0 { 202 } else { partial() });
    let body = Accepted {
        request_id: world.next_hex(),
        method: request.method().as_str(),
        http_code: code,
        metadata: Metadata { failed, total, success: total - failed },
        response: Channels { whatsapp: Channel { messages: results } },
    };
    let status = if failed == 0 { accepted_status(world) } else { code };
    json_response(status, &body)
}

/// Sends one message, or says why not: fields, numbers, content, sender, then what the world has against it.
fn send_message(
    world: &mut RequestContext<'_>,
    message: &OneMessage<'_>,
    review: &mut FindingCollector,
) -> Result<String, Problem> {
    let read = read_message(world, message, review);
    let Addressed { from, to, content, reference, callback } = read.inspect_err(|problem| {
        review.refused(problem.description.clone(), problem.source);
    })?;
    let Some(sender) = world.account(NAME).sender_by_phone(&from) else {
        return Err(Problem::invalid("from is not valid"));
    };
    if from == to {
        return Err(Problem::invalid("to is not valid: it is the sender"));
    }
    let online = sender.online;
    let needs_window = !matches!(content, Checked::Template(_));
    let outcome = content::outcome(world, content)?;
    let report = |sid: &str, failure| webhook::report(sid, (&from, &to), reference.as_ref(), callback, failure);
    if needs_window {
        match world.window(NAME, &from, &to, world.now) {
            Window::Open { .. } => {}
            _ if world.switch(NAME, "window_error") == "callback" => {
                let sid = world.next_hex();
                world.accept(report(&sid, Some(failures::REENGAGEMENT)));
                return Ok(sid);
            }
            Window::Expired { .. } => return Err(Problem::symbol("SESSION_EXPIRED", "24-hour window has closed")),
            Window::Never => {
                return Err(Problem::symbol("NO_ACTIVE_SESSION", "the customer has never written to this number"));
            }
        }
    }
    if !world.account(NAME).can_pay() {
        let problem = Problem::new(402, "Insufficient balance", "the plan's limit or balance is used up");
        return Err(Problem { status: 402, ..problem });
    }
    let sid = world.next_hex();
    let content = match outcome {
        // A sender that is not set up, and what the callback will report, are accepted first (WhatsApp Status Codes, docs).
        Outcome::FailsLater(failure) => {
            world.accept(report(&sid, Some(failure)));
            return Ok(sid);
        }
        _ if !online => {
            world.accept(report(&sid, Some(failures::SETUP)));
            return Ok(sid);
        }
        Outcome::Delivered(content) => content,
    };
    world.accept(report(&sid, None));
    world.account_mut(NAME).charge();
    let reference = reference.as_ref().map(|reference| &*reference.text);
    let message = Message { provider: NAME, message_id: sid.clone(), from: &from, to: &to, content, reference };
    world.deliver(message);
    Ok(sid)
}

/// A message whose form is in order.
struct Addressed<'a> {
    from: Phone,
    to: Phone,
    content: Checked<'a>,
    reference: Option<Reference<'a>>,
    callback: Option<&'a str>,
}

fn read_message<'a>(
    world: &World,
    message: &OneMessage<'a>,
    review: &mut FindingCollector,
) -> Result<Addressed<'a>, Problem> {
    let part = Part::of(message.value, "", SEND_PAGE)?;
    part.review_unknown(&["from", "to", "content", "status_callback", "custom_data"], review);
    let (from, to) = (part.text("from")?, part.text("to")?);
    part.needed("content")?;
    let from = number("from", from, review)?;
    let to = number("to", to, review)?;
    let (own, around) = (reference(&part, review)?, message.reference.clone());
    let reference = if outermost_wins(world) { around.or(own) } else { own.or(around) };
    let callback = part.optional_text("status_callback")?.or(message.callback);
    let content = content::read(world, &part.part("content")?, review)?;
    Ok(Addressed { from, to, content, reference, callback })
}

/// E.164 with its plus; a number without one is understood anyway.
fn number(name: &str, text: &str, review: &mut FindingCollector) -> Result<Phone, Problem> {
    let invalid = || Problem::invalid(format!("{name} is not valid"));
    let phone = Phone::read(text).filter(Phone::is_e164).ok_or_else(invalid)?;
    if !is_e164(text) && review.must_refuse(format!("`{name}` is not in E.164 with its `+`"), SEND_PAGE) {
        return Err(invalid());
    }
    Ok(phone)
}
