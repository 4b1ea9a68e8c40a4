//! Calls besides sends and templates: files, onboarding links, samples for template headers, webhook addresses.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::common::{NAME, TEMPLATE_API};
use super::problem::Problem;
use crate::core::finding::{Certainty, FindingCollector, Source};
use crate::core::json::{Json, Named as _};
use crate::core::request::{Query, is_json, json_of};
use crate::core::request_context::RequestContext;
use crate::core::response::{json_response, set_header, text_response};
use crate::core::webhook::Topic;
use crate::core::world::World;

const ONBOARDING: Source = Source::new("Onboarding", Certainty::Docs);
const RECEIVE_PAGE: Source = Source::new("Receive Messages", Certainty::Docs);
const FORM_UNKNOWN: &str = "the page of this call does not show the form of its answer, so this one is a guess";

/// Source: Templates API (docs).
const SAMPLE_TYPES: [&str; 4] = ["application/pdf", "image/jpeg", "image/png", "video/mp4"];
/// How many onboarding links an account gets, and how long one is valid. Source: Onboarding (docs).
const MOST_LINKS: u64 = 50;
const LINK_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// The note that counts the links.
const LINKS: &str = "onboarding_links";

/// The file of an inbound message: whatever its id, a picture of one white point. Source: Media Messages (docs) for the call,
/// which answers with bytes.
pub(super) fn picture() -> Response<Bytes> {
    const WHITE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==";
    // The constant is base64, so the fallback is out of reach.
    let mut response = text_response(200, STANDARD.decode(WHITE).unwrap_or_default());
    set_header(&mut response, "content-type", "image/png");
    response
}

/// `POST templates/sample`: takes the file of a template's header and gives a handle for it. The file is not kept. Source:
/// Templates API (docs) for the parameters and the `file_handle`; the form of the answer is inferred.
pub(super) fn sample(
    world: &mut World,
    request: &Request<Bytes>,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Problem> {
    let query = Query::of(request);
    for unknown in query.names().filter(|name| !["file_length", "file_type", "waba_id"].contains(name)) {
        review.tolerated(format!("unknown parameter `{unknown}`"), TEMPLATE_API);
    }
    let on_page = |problem| Problem { source: TEMPLATE_API, ..problem };
    let needed = |name: &str| {
        let missing = || on_page(Problem::missing(format!("{name} is mandatory")));
        query.get(name).filter(|value| !value.is_empty()).ok_or_else(missing)
    };
    let kind = needed("file_type")?;
    if !SAMPLE_TYPES.contains(&kind) {
        let expected = SAMPLE_TYPES.join(", ");
        return Err(on_page(Problem::invalid(format!("file_type is not valid, expected one of {expected}"))));
    }
    let length = needed("file_length")?;
    if length.parse::<usize>().ok() != Some(request.body().len()) {
        let given = request.body().len();
        review.tolerated(format!("`file_length` is {length}, and the body has {given} bytes"), TEMPLATE_API);
    }
    review.note(FORM_UNKNOWN, inferred(TEMPLATE_API));
    let handle = format!("4::{}:{}", STANDARD.encode(kind), world.next_hex());
    let result = json!({"code": 200, "error_data": null, "status": "success", "data": {"file_handle": handle}});
    Ok(answer(world, request, &json!({"templates": [result]})))
}

/// `PUT whatsapp/webhook`: where the account's callbacks go. Source: Receive Messages (docs) for the request; the answer is
/// inferred.
pub(super) fn webhook(
    context: &mut RequestContext<'_>,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Problem> {
    let request = context.request;
    let on_page = |problem| Problem { source: RECEIVE_PAGE, ..problem };
    if !is_json(request) {
        let problem = Problem::new(1011, "Unsupported content type", "application/json is expected");
        return Err(on_page(Problem { status: 415, ..problem }));
    }
    let sent: Json<'_> = json_of(request.body())
        .map_err(|_| on_page(Problem::new(1007, "Invalid request body", "the body is not JSON")))?;
    let webhook = sent.member("whatsapp").and_then(|channel| channel.member("webhook")).unwrap_or(&Json::Null);
    let url = |name: &str| match webhook.member(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Str(url)) if url.starts_with("http://") || url.starts_with("https://") => Ok(Some(&**url)),
        Some(_) => Err(on_page(Problem::invalid(format!("whatsapp.webhook.{name} is not valid")))),
    };
    let missing = || on_page(Problem::missing("whatsapp.webhook.incoming_message_url is mandatory"));
    let incoming = url("incoming_message_url")?.ok_or_else(missing)?;
    let statuses = url("status_callback_url")?;
    for (topic, url) in [(Topic::Inbound, Some(incoming)), (Topic::Status, statuses)] {
        for finding in context.set_webhook(NAME, topic, url) {
            review.note(finding.text, finding.source);
        }
    }
    review.note(FORM_UNKNOWN, inferred(RECEIVE_PAGE));
    let result = json!({"code": 200, "error_data": null, "status": "success", "data": null});
    Ok(answer(context, request, &json!({"webhook": result})))
}

/// `POST isv`: a link by which a customer of the business joins. Its token holds the time of its making, so that nothing is
/// stored. Source: Onboarding (docs): 50 links, valid for 24 hours; the name of the address in the answer differs on the page.
pub(super) fn onboarding_link(
    context: &mut RequestContext<'_>,
    review: &mut FindingCollector,
) -> Result<Response<Bytes>, Problem> {
    let (now, request) = (context.now, context.request);
    let made = context.account(NAME).notes.get(LINKS).and_then(Value::as_u64).unwrap_or_default();
    if made >= MOST_LINKS {
        let problem = Problem::invalid(format!("{made} links were made, at most {MOST_LINKS} are allowed"));
        return Err(Problem { source: ONBOARDING, ..problem });
    }
    context.account_mut(NAME).notes.insert(LINKS.to_owned(), (made + 1).into());
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let token = token(context, seconds);
    let url = format!("https://onboarding.example/whatsapp?access_token={token}");
    review.note("the page names the address `Url` in a table, and its example does not show it", inferred(ONBOARDING));
    let data = json!({"url": url, "onboarding_token_status": "VALID"});
    let result = json!({"code": 200, "error_data": null, "status": "success", "data": data});
    Ok(answer(context, request, &json!({"isv": result})))
}

/// `GET isv?access_token=`: `VALID`, or `EXPIRED` after a day. No customer joins at this mock, so no token is `USED`. Source:
/// Onboarding (docs).
pub(super) fn onboarding_token(context: &mut RequestContext<'_>) -> Result<Response<Bytes>, Problem> {
    let (now, request) = (context.now, context.request);
    let on_page = |problem| Problem { source: ONBOARDING, ..problem };
    let query = Query::of(request);
    let given = query.get("access_token").filter(|token| !token.is_empty());
    let given = given.ok_or_else(|| on_page(Problem::missing("access_token is mandatory")))?;
    let made = given.split_once('-').and_then(|(seconds, _)| u64::from_str_radix(seconds, 16).ok());
    let made = made.filter(|seconds| token(context, *seconds) == given);
    let made = made.ok_or_else(|| on_page(Problem::invalid("access_token is not that of a link of this account")))?;
    let ends = UNIX_EPOCH.checked_add(Duration::from_secs(made)).map(|made| made + LINK_LIFETIME);
    let status = if ends.is_some_and(|ends: SystemTime| now < ends) { "VALID" } else { "EXPIRED" };
    let result =
        json!({"code": 200, "error_data": null, "status": "success", "data": {"onboarding_token_status": status}});
    Ok(answer(context, request, &json!({"isv": result})))
}

fn token(world: &World, seconds: u64) -> String {
    format!("{seconds:x}-{}", world.derived_token(&format!("exotel onboarding {seconds}")))
}

/// The same page, for what it leaves open.
const fn inferred(source: Source) -> Source {
    Source::new(source.page, Certainty::Inferred)
}

fn answer(world: &mut World, request: &Request<Bytes>, channel: &Value) -> Response<Bytes> {
    let body = json!({
        "request_id": world.next_hex(), "method": request.method().as_str(), "http_code": 200,
        "response": {"whatsapp": channel},
    });
    json_response(200, &body)
}
