//! The control plane under `/_mock/`: calls, bodies and answers in JSON, over the typed methods.
//!
//! A call that cannot be understood is refused with `{"error":"…"}`, and then nothing has changed.

pub(crate) mod namespaces;
mod openapi;

use std::time::SystemTime;

use bytes::Bytes;
use http::header::HOST;
use http::{Method, Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::control::read::{from_json, from_json_or_list, from_query, whole_number};
use crate::control::{
    ClockChange, ConfigChange, InboundMessage, NewFaults, NewSender, NewTemplate, NewWebhook, RateLimitChange,
};
use crate::core::auth::Auth;
use crate::core::behavior_switch::list;
use crate::core::error::ControlError;
use crate::core::refusal::Refusal;
use crate::core::request::header;
use crate::core::response::{json_response, remove_body, set_header, text_response};
use crate::core::simulator::Simulator;
use crate::server::console;

/// The status while nothing matches.
pub(crate) const WAIT_NOT_YET: http::StatusCode = http::StatusCode::GATEWAY_TIMEOUT;

/// Where the console's files are, behind the prefix of every call.
const CONSOLE: &str = "console/";

/// The methods of each call.
const CALLS: &[(&str, &[&str])] = &[
    ("reset", &["POST"]),
    ("clock", &["GET", "POST"]),
    ("inbound", &["POST"]),
    ("messages", &["GET"]),
    ("requests", &["GET", "DELETE"]),
    ("requests/har", &["GET"]),
    ("requests/curl", &["GET"]),
    ("wait", &["GET"]),
    ("gates", &["GET", "POST", "DELETE"]),
    ("limits", &["GET", "POST"]),
    ("config", &["GET", "POST"]),
    ("templates", &["GET", "POST", "DELETE"]),
    ("senders", &["GET", "POST", "DELETE"]),
    ("faults", &["GET", "POST", "DELETE"]),
    ("conversations", &["GET"]),
    ("webhooks", &["GET", "POST", "DELETE"]),
    ("webhooks/deliveries", &["GET"]),
    ("webhooks/waiting", &["GET"]),
    ("webhooks/redeliver", &["POST"]),
    ("state", &["GET", "PUT"]),
    ("events", &["GET"]),
    ("namespaces", &["GET", "DELETE"]),
    ("openapi.json", &["GET"]),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderFilter {
    provider: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultId {
    #[serde(default, deserialize_with = "whole_number")]
    id: Option<u64>,
}

/// Responses to release.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Release {
    release: String,
    count: Option<std::num::NonZeroUsize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Redelivery {
    number: u64,
}

/// Answers a request to the control plane under `/_mock/` or to the console at `/`; none if the request is for neither.
///
/// For those who put a [`Simulator`] behind a server of their own. Tests in Rust call its methods instead.
pub fn control_response(
    simulator: &mut Simulator,
    real_now: SystemTime,
    request: &Request<Bytes>,
) -> Option<Response<Bytes>> {
    let path = request.uri().path();
    let is_call = path == "/_mock" || path.starts_with("/_mock/");
    if !is_call && path != "/" {
        return None;
    }
    let is_head = *request.method() == Method::HEAD;
    let get = is_head.then(|| {
        let mut get = request.clone();
        *get.method_mut() = Method::GET;
        get
    });
    let request = get.as_ref().unwrap_or(request);
    let mut response = if is_call {
        let answered = simulator.access.admit(request).and_then(|()| dispatch(simulator, real_now, request));
        answered.unwrap_or_else(Refusal::into_response)
    } else {
        console(&simulator.access, request)
    };
    if is_head {
        remove_body(&mut response);
    }
    // A call may have moved the clock, so the time is read after it.
    simulator.date(real_now, &mut response);
    Some(response)
}

/// The console; a browser that has no token yet is asked for it.
fn console(access: &Auth, request: &Request<Bytes>) -> Response<Bytes> {
    if request.method() == Method::POST && access.needs_token() {
        return console::sign_in(access, request);
    }
    match access.admit(request) {
        Ok(()) => page(request, "").unwrap_or_else(Refusal::into_response),
        Err(refusal) if refusal.status == 401 && console::is_browser(request) => console::sign_in_page(""),
        Err(refusal) => refusal.into_response(),
    }
}

/// A file of the console by its name; the page itself has none.
fn page(request: &Request<Bytes>, file: &str) -> Result<Response<Bytes>, Refusal> {
    if request.method() == Method::GET {
        console::file(file).ok_or_else(|| missing(request))
    } else {
        Err(Refusal::wrong_method(request, &["GET"]))
    }
}

fn dispatch(
    simulator: &mut Simulator,
    real_now: SystemTime,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let name = request.uri().path().strip_prefix("/_mock/").unwrap_or_default().trim_end_matches('/');
    if let Some(file) = name.strip_prefix(CONSOLE) {
        return page(request, file);
    }
    let Some((_, methods)) = CALLS.iter().find(|(call, _)| *call == name) else { return Err(missing(request)) };
    if !methods.contains(&request.method().as_str()) {
        return Err(Refusal::wrong_method(request, methods));
    }
    Ok(match *request.method() {
        Method::GET => look(simulator, real_now, name, request)?,
        Method::DELETE => remove(simulator, name, request)?,
        _ => change(simulator, real_now, name, request)?,
    })
}

fn look(
    simulator: &Simulator,
    real_now: SystemTime,
    name: &str,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ControlError> {
    let text = request.uri().query().unwrap_or_default();
    let provider = || from_query::<ProviderFilter>(text).map(|filter| filter.provider);
    Ok(match name {
        "clock" => json(&simulator.clock_state(real_now)),
        "messages" => json(&simulator.messages(&from_query(text)?)?),
        "requests" => json(&simulator.requests(&from_query(text)?)?),
        "requests/har" => json(&simulator.har(provider()?.as_deref())?),
        "requests/curl" => {
            let host = header(request, HOST.as_str()).unwrap_or("127.0.0.1:4010");
            text_response(200, simulator.curl_script(provider()?.as_deref(), host)?)
        }
        "wait" => match simulator.find(real_now, &from_query(text)?)? {
            Ok(matches) => json(&matches),
            Err(not_yet) => json_response(WAIT_NOT_YET.as_u16(), &not_yet),
        },
        "gates" => json(&simulator.held().collect::<Vec<_>>()),
        "limits" => json(&simulator.rate_limits(real_now, provider()?.as_deref())?),
        "config" => json(&simulator.config(provider()?.as_deref())?),
        "templates" => json(&simulator.templates(provider()?.as_deref())?),
        "senders" => json(&simulator.senders(provider()?.as_deref())?),
        "faults" => json(&simulator.faults()),
        "conversations" => json(&simulator.conversations(real_now, provider()?.as_deref())?),
        "webhooks" => json(&simulator.webhooks(provider()?.as_deref())?),
        "webhooks/deliveries" => json(&simulator.deliveries(&from_query(text)?)?),
        "webhooks/waiting" => json(&simulator.waiting_webhooks(&from_query(text)?)?),
        "state" => json(&simulator.export()),
        "events" => greeting(simulator, real_now),
        "namespaces" => json(&namespaces::names(text, &namespaces::SingleNamespace)?),
        _ => openapi::document(),
    })
}

fn remove(simulator: &mut Simulator, name: &str, request: &Request<Bytes>) -> Result<Response<Bytes>, ControlError> {
    let text = request.uri().query().unwrap_or_default();
    Ok(match name {
        "requests" => {
            from_query::<Nothing>(text)?;
            json(&json!({"forgotten": simulator.forget_requests()}))
        }
        "gates" => json(&json!({"released": simulator.release(None, usize::MAX)})),
        "templates" => json(&simulator.remove_template(&from_query(text)?)?),
        "senders" => json(&simulator.remove_sender(&from_query(text)?)?),
        "webhooks" => {
            let filter: ProviderFilter = from_query(text)?;
            json(&simulator.remove_webhooks(filter.provider.as_deref())?)
        }
        "namespaces" => json(&namespaces::remove(text, &mut namespaces::SingleNamespace)?),
        _ => {
            match from_query::<FaultId>(text)?.id {
                Some(id) => simulator.remove_fault(id)?,
                None => simulator.clear_faults(),
            }
            json(&simulator.faults())
        }
    })
}

fn change(
    simulator: &mut Simulator,
    real_now: SystemTime,
    name: &str,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ControlError> {
    let body = request.body();
    Ok(match name {
        "reset" => {
            if !body.is_empty() {
                from_json::<Nothing>(body)?;
            }
            simulator.reset(real_now);
            json(&json!({"reset": true}))
        }
        "clock" => json(&simulator.change_clock(real_now, &from_json::<ClockChange>(body)?)?),
        "inbound" => json(&simulator.receive(real_now, &from_json::<InboundMessage>(body)?)?),
        "gates" => {
            let Release { release, count } = from_json(body)?;
            let count = count.map_or(usize::MAX, std::num::NonZeroUsize::get);
            json(&json!({"released": simulator.release(Some(&release), count)}))
        }
        "limits" => json(&simulator.set_rate_limit(&from_json::<RateLimitChange>(body)?)?),
        "config" => {
            let mut changed = simulator.configure(real_now, &from_json::<ConfigChange>(body)?)?;
            if changed.len() == 1 { json(&changed.pop()) } else { json(&changed) }
        }
        "templates" => json(&simulator.add_template(real_now, &from_json::<NewTemplate>(body)?)?),
        "senders" => json(&simulator.add_sender(&from_json::<NewSender>(body)?)?),
        "faults" => json(&simulator.add_faults(&from_json_or_list::<NewFaults>(body)?.0)?),
        "webhooks" => json(&simulator.register_webhook(from_json::<NewWebhook>(body)?)?),
        "webhooks/redeliver" => {
            simulator.redeliver(real_now, from_json::<Redelivery>(body)?.number)?;
            json(&json!({"queued": true}))
        }
        _ => {
            simulator.import(&from_json_or_list(body)?)?;
            json(&json!({"imported": true}))
        }
    })
}

/// The first of the server-sent events, with the clock. Only a server can go on.
fn greeting(simulator: &Simulator, real_now: SystemTime) -> Response<Bytes> {
    let clock = json!(simulator.clock_state(real_now));
    let mut response = text_response(200, format!("event: hello\ndata: {clock}\n\n"));
    set_header(&mut response, "content-type", "text/event-stream");
    set_header(&mut response, "cache-control", "no-store");
    response
}

fn json(body: &impl Serialize) -> Response<Bytes> {
    json_response(200, body)
}

fn missing(request: &Request<Bytes>) -> Refusal {
    let known = list(CALLS.iter().map(|(call, _)| format!("/_mock/{call}")));
    Refusal::of(404, format!("there is no call {}, expected one of {known}", request.uri().path()))
}
