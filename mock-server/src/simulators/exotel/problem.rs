//! Problems of a request, and error responses.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::common::{NAME, SEND_PAGE, SESSION_PAGE};
use crate::core::finding::Source;
use crate::core::response::json_response;
use crate::core::world::World;

/// What is wrong with a request or with one of its messages.
#[derive(Debug)]
pub(super) struct Problem {
    /// A number, or a symbol of the session page.
    pub(super) code: Value,
    pub(super) message: String,
    pub(super) description: String,
    /// The status of the item, and of the whole answer where the message stands alone.
    pub(super) status: u16,
    /// The page with the rule, where the form of the request breaks one.
    pub(super) source: Source,
}

impl Problem {
    pub(super) fn new(code: u16, message: &str, description: impl Into<String>) -> Self {
        Self::of(code.into(), message, description.into(), SEND_PAGE)
    }

    pub(super) fn of(code: Value, message: &str, description: String, source: Source) -> Self {
        Self { code, message: message.to_owned(), description, status: 400, source }
    }

    /// Code 1001: something mandatory is not there.
    pub(super) fn missing(description: impl Into<String>) -> Self {
        Self::new(1001, "Mandatory Parameter missing", description)
    }

    /// Code 1002: something is there that cannot be.
    pub(super) fn invalid(description: impl Into<String>) -> Self {
        Self::new(1002, "Invalid parameter", description)
    }

    /// One of the session page's symbols, which stands where numbers do otherwise.
    pub(super) fn symbol(symbol: &str, description: &str) -> Self {
        Self::of(symbol.into(), symbol, description.to_owned(), SESSION_PAGE)
    }

    /// Whether the code is one of the session page's symbols.
    pub(super) fn is_symbol(&self) -> bool {
        self.code.is_string()
    }

    /// The same with its symbol in another member of `error_data`, where `place` names one.
    pub(super) fn placed(mut self, place: &str) -> Self {
        let Value::String(symbol) = &self.code else { return self };
        let symbol = symbol.clone();
        match place {
            "error_data.message" => self.message = symbol,
            "error_data.description" => self.description = format!("{symbol}: {}", self.description),
            _ => return self,
        }
        if place != "error_data.message" {
            "Invalid parameter".clone_into(&mut self.message);
        }
        self.code = 1002.into();
        self
    }

    /// A result object, the same for a whole request and for one message.
    pub(super) fn result(&self, status: u16) -> Value {
        let error = json!({"code": self.code, "message": self.message, "description": self.description});
        json!({"code": status, "error_data": error, "status": "failure", "data": null})
    }
}

/// An error of the whole request: `response` is then one result object.
pub(super) fn failure(world: &mut World, request: &Request<Bytes>, status: u16, problem: &Problem) -> Response<Bytes> {
    failure_with(world, request, status, problem, Value::Null)
}

/// As [`failure`], with `more` members beside those of the result.
pub(super) fn failure_with(
    world: &mut World,
    request: &Request<Bytes>,
    status: u16,
    problem: &Problem,
    more: Value,
) -> Response<Bytes> {
    let place = if problem.is_symbol() { world.switch(NAME, "symbol_place") } else { "error_data.code" };
    if place == "RestException.Code" {
        let Problem { code, description, .. } = problem;
        let body = json!({"RestException": {"Status": status, "Message": description, "Code": code}});
        return json_response(status, &body);
    }
    let mut result = problem.result(status);
    if let (Value::Object(result), Value::Object(more)) = (&mut result, more) {
        result.extend(more);
    }
    let mut body = json!({
        "request_id": world.next_hex(), "method": request.method().as_str(), "http_code": status, "response": result,
    });
    if let (Value::Object(members), "code" | "error.code") = (&mut body, place) {
        let (code, message) = (problem.code.clone(), problem.description.as_str());
        members.remove("response");
        if place == "code" {
            members.insert("code".to_owned(), code);
            members.insert("message".to_owned(), message.into());
        } else {
            members.insert("error".to_owned(), json!({"code": code, "message": message}));
        }
    }
    json_response(status, &body)
}
