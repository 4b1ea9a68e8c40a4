//! The control plane under `/_mock/`: what tests and scripts steer the mock with.
//!
//! Bodies and answers are JSON. What cannot be understood is refused with `{"error":"…"}`, which names the part that is wrong
//! and what was expected, and then nothing has changed.

mod account;
pub(crate) mod clock;
mod content;
mod conversations;

mod events;
mod export;
pub(crate) mod faults;
mod gates;
mod limits;
pub(crate) mod namespaces;
mod openapi;
mod senders;
mod templates;
mod timers;
pub(crate) mod traffic;
mod wait;
mod webhooks;

#[cfg(feature = "server")]
pub(crate) use wait::NOT_YET as WAIT_NOT_YET;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;

use crate::core::behavior_switch::list;
use crate::core::members;
use crate::core::request::Query;
use crate::core::response::{json_response, set_header};
use crate::core::simulator::Simulator;
use crate::server::auth::Auth;
use crate::server::console;

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

/// How often each call has changed something, in the order of [`CALLS`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Calls([u64; CALLS.len()]);

impl Calls {
    fn count(&mut self, request: &Request<Bytes>) {
        let index = CALLS.iter().position(|(call, _)| *call == name(request));
        if let Some(count) = index.and_then(|index| self.0.get_mut(index)) {
            *count += 1;
        }
    }

    /// The calls that changed something since `earlier`.
    #[cfg(feature = "server")]
    pub(crate) fn since(&self, earlier: &Self) -> impl Iterator<Item = &'static str> {
        let counts = self.0.iter().zip(earlier.0);
        CALLS.iter().zip(counts).filter(|(_, (now, then))| *now != then).map(|((call, _), _)| *call)
    }
}

/// Why a control call is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    error: String,
    allow: Option<String>,
}

impl Refusal {
    /// The body says something that cannot be: 400.
    pub(crate) fn bad(error: impl Into<String>) -> Self {
        Self { status: 400, error: error.into(), allow: None }
    }

    /// With a status of its own.
    pub(crate) fn of(status: u16, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), allow: None }
    }

    /// As an answer.
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let mut response = json_response(self.status, &json!({"error": self.error}));
        if let Some(allow) = self.allow {
            set_header(&mut response, "allow", allow);
        }
        response
    }

    /// What is wrong, in a sentence.
    pub(crate) fn into_error(self) -> String {
        self.error
    }
}

/// Answers one control call.
pub(crate) fn answer(simulator: &mut Simulator, real_now: SystemTime, request: &Request<Bytes>) -> Response<Bytes> {
    let answered = simulator.access.admit(request).and_then(|()| dispatch(simulator, real_now, request));
    if answered.is_ok() && !request.method().is_safe() {
        simulator.calls.count(request);
    }
    answered.unwrap_or_else(Refusal::into_response)
}

/// Answers `/`: the console, for whom the control plane is for; a browser that has no token yet is asked for it.
pub(crate) fn console(access: &Auth, request: &Request<Bytes>) -> Response<Bytes> {
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
        Err(wrong_method(request, &["GET"]))
    }
}

fn dispatch(
    simulator: &mut Simulator,
    real_now: SystemTime,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let name = name(request);
    if let Some(file) = name.strip_prefix(CONSOLE) {
        return page(request, file);
    }
    let Some((_, methods)) = CALLS.iter().find(|(call, _)| *call == name) else { return Err(missing(request)) };
    let method = request.method();
    if !methods.contains(&method.as_str()) {
        return Err(wrong_method(request, methods));
    }
    let answer = match (name, method) {
        ("reset", _) => {
            let known: [&str; 0] = [];
            members::Members::of_body_or_empty(request)?.finish(&known)?;
            simulator.reset(real_now);
            json!({"reset": true})
        }
        ("clock", &Method::GET) => clock::show(simulator, real_now),
        ("clock", _) => clock::change(simulator, real_now, request)?,
        ("inbound", _) => traffic::inbound(simulator, real_now, request)?,
        ("conversations", _) => conversations::list(simulator, real_now, provider_filter(simulator, request)?),
        ("events", _) => return Ok(events::greeting(simulator, real_now)),
        ("namespaces", _) => json!(namespaces::answer(request, &mut namespaces::SingleNamespace)?),
        ("openapi.json", _) => return Ok(openapi::document()),
        ("messages", _) => return traffic::messages(simulator, request),
        ("requests", &Method::DELETE) => traffic::forget_requests(simulator, request)?,
        ("requests", _) => return traffic::requests(simulator, request),
        ("requests/har", _) => export::har(simulator, provider_filter(simulator, request)?),
        ("requests/curl", _) => return Ok(export::curl(simulator, provider_filter(simulator, request)?, request)),
        ("wait", _) => return wait::answer(simulator, real_now, request),
        ("gates", &Method::GET) => gates::show(simulator),
        ("gates", &Method::DELETE) => gates::open_all(simulator),
        ("gates", _) => gates::release(simulator, request)?,
        ("limits", &Method::GET) => limits::show(simulator, real_now, provider_filter(simulator, request)?),
        ("limits", _) => limits::change(simulator, request)?,
        ("config", &Method::GET) => account::show(simulator, provider_filter(simulator, request)?),
        ("config", _) => account::change(simulator, real_now, request)?,
        ("templates", &Method::GET) => templates::show(simulator, provider_filter(simulator, request)?),
        ("templates", &Method::DELETE) => templates::remove(simulator, request)?,
        ("templates", _) => templates::add(simulator, real_now, request)?,
        ("senders", &Method::GET) => senders::show(simulator, provider_filter(simulator, request)?),
        ("senders", &Method::DELETE) => senders::remove(simulator, request)?,
        ("senders", _) => senders::add(simulator, request)?,
        ("faults", &Method::GET) => faults::show(simulator),
        ("faults", &Method::DELETE) => faults::remove(simulator, request)?,
        ("webhooks", &Method::GET) => webhooks::list(simulator, provider_filter(simulator, request)?),
        ("webhooks", &Method::DELETE) => webhooks::remove(simulator, provider_filter(simulator, request)?),
        ("webhooks", _) => webhooks::register(simulator, request)?,
        ("webhooks/deliveries", _) => {
            return Ok(webhooks::deliveries(simulator, last_filter(simulator, request)?));
        }
        ("webhooks/waiting", _) => return Ok(webhooks::waiting(simulator, last_filter(simulator, request)?)),
        ("webhooks/redeliver", _) => webhooks::redeliver(simulator, real_now, request)?,
        ("state", &Method::GET) => simulator.export(),
        ("state", _) => {
            simulator.import(&members::body(request)?).map_err(Refusal::bad)?;
            json!({"imported": true})
        }
        _ => faults::append(simulator, request)?,
    };
    Ok(json_response(200, &answer))
}

fn missing(request: &Request<Bytes>) -> Refusal {
    let known = list(CALLS.iter().map(|(call, _)| format!("/_mock/{call}")));
    Refusal::of(404, format!("there is no call {}, expected one of {known}", request.uri().path()))
}

pub(crate) fn wrong_method(request: &Request<Bytes>, methods: &[&str]) -> Refusal {
    let error = format!("{} does not take {}, expected {}", request.uri().path(), request.method(), list(methods));
    Refusal { status: 405, error, allow: Some(methods.join(", ")) }
}

/// The name of a call, which may be no call at all.
fn name(request: &Request<Bytes>) -> &str {
    request.uri().path().strip_prefix("/_mock/").unwrap_or_default().trim_end_matches('/')
}

/// The provider that `?provider=` names, if any; other parameters are refused.
fn provider_filter(simulator: &Simulator, request: &Request<Bytes>) -> Result<Option<&'static str>, Refusal> {
    filtered(simulator, &Query::of(request), &["provider"])
}

/// As [`provider_filter`], and how many of the newest `?last=` asks for; without it all.
fn last_filter(simulator: &Simulator, request: &Request<Bytes>) -> Result<(Option<&'static str>, usize), Refusal> {
    let query = Query::of(request);
    let provider = filtered(simulator, &query, &["provider", "last"])?;
    let last = count(&query, "last")?.and_then(|last| usize::try_from(last).ok());
    Ok((provider, last.unwrap_or(usize::MAX)))
}

/// A parameter that is a whole number.
fn count(query: &Query, name: &str) -> Result<Option<u64>, Refusal> {
    let parsed = query.get(name).map(str::parse).transpose();
    parsed.map_err(|_| Refusal::bad(format!("`{name}` is no count, expected a whole number such as 100")))
}

fn filtered(simulator: &Simulator, query: &Query, known: &[&str]) -> Result<Option<&'static str>, Refusal> {
    if let Some(unknown) = query.names().find(|name| !known.contains(name)) {
        return Err(Refusal::bad(format!("unknown parameter `{unknown}`, expected {}", list(known))));
    }
    query.get("provider").map(|name| provider(simulator, name)).transpose()
}

/// A provider by name.
pub(crate) fn provider(simulator: &Simulator, name: &str) -> Result<&'static str, Refusal> {
    let names = || simulator.simulators.iter().map(|dialect| dialect.name());
    names()
        .find(|known| *known == name)
        .ok_or_else(|| Refusal::bad(format!("`provider` is `{name}`, expected one of {}", list(names()))))
}

/// The last so many of things that serialise, as a response.
fn json_list<T: serde::Serialize>(things: &[T], last: usize) -> Response<Bytes> {
    json_response(200, things.get(things.len().saturating_sub(last)..).unwrap_or_default())
}
