//! The control plane under `/_mock/`: what tests and scripts steer the mock with.
//!
//! Bodies and answers are JSON. What cannot be understood is refused with `{"error":"…"}`, which names the part that is wrong
//! and what was expected, and then nothing has changed.

mod account;
mod clock;
mod export;
pub(crate) mod faults;
mod gates;
pub(crate) mod members;
mod traffic;
mod wait;
mod webhooks;

#[cfg(feature = "server")]
pub(crate) use wait::NOT_YET as WAIT_NOT_YET;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;

use crate::switch::list;
use crate::{Query, Simulator, json_response, set_header};

/// The methods of each call.
const CALLS: &[(&str, &[&str])] = &[
    ("reset", &["POST"]),
    ("clock", &["GET", "POST"]),
    ("inbound", &["POST"]),
    ("messages", &["GET"]),
    ("requests", &["GET"]),
    ("requests/har", &["GET"]),
    ("requests/curl", &["GET"]),
    ("wait", &["GET"]),
    ("gates", &["GET", "POST", "DELETE"]),
    ("limits", &["POST"]),
    ("config", &["GET", "POST"]),
    ("faults", &["GET", "POST", "DELETE"]),
    ("webhooks", &["GET", "POST", "DELETE"]),
    ("webhooks/deliveries", &["GET"]),
    ("webhooks/redeliver", &["POST"]),
    ("state", &["GET", "PUT"]),
];

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
    answered.unwrap_or_else(Refusal::into_response)
}

fn dispatch(
    simulator: &mut Simulator,
    real_now: SystemTime,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let path = request.uri().path();
    let name = path.strip_prefix("/_mock/").unwrap_or_default().trim_end_matches('/');
    let Some((_, methods)) = CALLS.iter().find(|(call, _)| *call == name) else {
        let known = list(CALLS.iter().map(|(call, _)| format!("/_mock/{call}")));
        return Err(Refusal {
            status: 404,
            error: format!("there is no call {path}, expected one of {known}"),
            allow: None,
        });
    };
    let method = request.method();
    if !methods.contains(&method.as_str()) {
        let error = format!("{path} does not take {method}, expected {}", list(*methods));
        return Err(Refusal { status: 405, error, allow: Some(methods.join(", ")) });
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
        ("messages", _) => return Ok(traffic::messages(simulator, provider_filter(simulator, request)?)),
        ("requests", _) => return Ok(traffic::requests(simulator, provider_filter(simulator, request)?)),
        ("requests/har", _) => export::har(simulator, provider_filter(simulator, request)?),
        ("requests/curl", _) => return Ok(export::curl(simulator, provider_filter(simulator, request)?, request)),
        ("wait", _) => return wait::answer(simulator, request),
        ("gates", &Method::GET) => gates::show(simulator),
        ("gates", &Method::DELETE) => gates::open_all(simulator),
        ("gates", _) => gates::release(simulator, request)?,
        ("limits", _) => account::limit(simulator, request)?,
        ("config", &Method::GET) => account::show(simulator, provider_filter(simulator, request)?),
        ("config", _) => account::change(simulator, request)?,
        ("faults", &Method::GET) => faults::show(simulator),
        ("faults", &Method::DELETE) => {
            simulator.faults.clear();
            faults::show(simulator)
        }
        ("webhooks", &Method::GET) => webhooks::list(simulator, provider_filter(simulator, request)?),
        ("webhooks", &Method::DELETE) => webhooks::remove(simulator, provider_filter(simulator, request)?),
        ("webhooks", _) => webhooks::register(simulator, request)?,
        ("webhooks/deliveries", _) => {
            return Ok(webhooks::deliveries(simulator, provider_filter(simulator, request)?));
        }
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

/// The provider that `?provider=` names, if any; other parameters are refused.
fn provider_filter(simulator: &Simulator, request: &Request<Bytes>) -> Result<Option<&'static str>, Refusal> {
    let query = Query::of(request);
    if let Some(unknown) = query.names().find(|name| *name != "provider") {
        return Err(Refusal::bad(format!("unknown parameter `{unknown}`, expected `provider`")));
    }
    query.get("provider").map(|name| provider(simulator, name)).transpose()
}

/// A provider by name.
pub(crate) fn provider(simulator: &Simulator, name: &str) -> Result<&'static str, Refusal> {
    let names = || simulator.dialects.iter().map(|dialect| dialect.name());
    names()
        .find(|known| *known == name)
        .ok_or_else(|| Refusal::bad(format!("`provider` is `{name}`, expected one of {}", list(names()))))
}

/// A list of things that serialise, as a response.
fn json_list<T: serde::Serialize>(things: &[T]) -> Response<Bytes> {
    json_response(200, things)
}
