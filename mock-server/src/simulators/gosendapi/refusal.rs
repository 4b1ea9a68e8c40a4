//! The error body that all calls share.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::core::finding::Source;
use crate::simulators::cloud_api::FieldError;

/// An answer other than success: `statusCode`, `message`, `error`, and sometimes `details` and a specific code
/// (API Reference and Error handling, docs).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    /// A name such as `INVALID_API_KEY`. The names are listed, the member that carries them is not: it is the top-level
    /// `code` here (inferred).
    code: Option<&'static str>,
    details: Option<Value>,
    /// Whether the reason phrase stands in `error`. The stock 403 and the documented 429 have no such member.
    reason: bool,
    /// Whether the field checks of the service made it, whose `message` may be an array.
    validation: bool,
    /// The page with the rule, where it is another than that of the whole request.
    pub(super) source: Option<Source>,
}

/// How refusals are printed, as the switches say.
#[derive(Clone, Copy, Debug)]
pub(super) struct ErrorFormat {
    /// Where the specific code stands, as the switch `code_place` says; `None` if it is left out.
    pub(super) code_place: Option<&'static str>,
    /// Whether `message` is an array of texts where the field checks made it.
    pub(super) message_as_array: bool,
}

impl Refusal {
    /// A refusal with the reason phrase of its status.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            code: None,
            details: None,
            reason: true,
            validation: false,
            source: None,
        }
    }

    /// No key, or one that the provider does not know (Authentication, docs).
    pub(super) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Invalid or missing API key").with_code("INVALID_API_KEY")
    }

    /// Something that does not exist.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} not found"))
    }

    /// A member that is missing or wrong.
    pub(super) fn flaw(flaw: &FieldError) -> Self {
        let mut refusal = Self::new(StatusCode::BAD_REQUEST, flaw.text()).with_details(json!({ "field": flaw.field }));
        refusal.validation = true;
        refusal.source = flaw.source;
        if flaw.missing { refusal.with_code("MISSING_REQUIRED_FIELD") } else { refusal }
    }

    /// A member with a value that the documented sample echoes in `details`.
    pub(super) fn value(field: &str, value: &Value, message: impl Into<String>, code: &'static str) -> Self {
        let mut refusal = Self::new(StatusCode::BAD_REQUEST, message)
            .with_details(json!({ "field": field, "value": value }))
            .with_code(code);
        refusal.validation = true;
        refusal
    }

    /// A refusal of Meta's, handed on with its number. How the vendor wraps these is not documented (inferred).
    pub(super) fn meta(status: StatusCode, number: u32, title: &str) -> Self {
        Self::new(status, format!("(#{number}) {title}")).with_details(json!({ "meta_code": number }))
    }

    /// The same with Meta's own details, where Meta's form has them.
    pub(super) fn with_meta_details(mut self, text: &str) -> Self {
        if let Some(Value::Object(details)) = &mut self.details {
            details.insert("error_data".to_owned(), json!({ "details": text }));
        }
        self
    }

    /// The stock refusal of the framework, which says no more than its reason phrase.
    pub(super) fn bare(status: StatusCode) -> Self {
        Self { reason: false, ..Self::new(status, status.canonical_reason().unwrap_or_default()) }
    }

    pub(super) fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(super) fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// The body.
    pub(super) fn body(&self, print: ErrorFormat) -> Value {
        let mut body = Map::new();
        body.insert("statusCode".to_owned(), Value::from(self.status.as_u16()));
        let message = Value::from(self.message.as_str());
        let array = self.validation && print.message_as_array;
        body.insert("message".to_owned(), if array { Value::Array(vec![message]) } else { message });
        if self.reason {
            body.insert("error".to_owned(), Value::from(self.status.canonical_reason().unwrap_or_default()));
        }
        let mut details = self.details.clone();
        if let (Some(code), Some(place)) = (self.code, print.code_place) {
            put_code(&mut body, &mut details, code, place);
        }
        if let Some(details) = details {
            body.insert("details".to_owned(), details);
        }
        Value::Object(body)
    }
}

/// Puts a specific code where the switch has it.
fn put_code(body: &mut Map<String, Value>, details: &mut Option<Value>, code: &str, place: &str) {
    match place {
        "details.code" => {
            let mut inner = details.take().and_then(|details| details.as_object().cloned()).unwrap_or_default();
            inner.insert("code".to_owned(), code.into());
            *details = Some(Value::Object(inner));
        }
        "message" => {
            if let Some(Value::String(message)) = body.get_mut("message") {
                *message = format!("{code}: {message}");
            }
        }
        member => {
            body.insert(member.to_owned(), code.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: ErrorFormat = ErrorFormat { code_place: Some("code"), message_as_array: false };

    #[test]
    fn a_missing_member_is_named_in_text_code_and_details() {
        let body = Refusal::flaw(&FieldError::missing("to")).body(PLAIN);
        assert_eq!(
            body,
            json!({"statusCode": 400, "message": "to should not be empty", "error": "Bad Request",
                "code": "MISSING_REQUIRED_FIELD", "details": {"field": "to"}})
        );
    }

    #[test]
    fn the_specific_code_can_be_left_out() {
        let body = Refusal::unauthenticated().body(ErrorFormat { code_place: None, ..PLAIN });
        assert_eq!(body, json!({"statusCode": 401, "message": "Invalid or missing API key", "error": "Unauthorized"}));
    }

    #[test]
    fn the_specific_code_stands_where_it_is_wanted() {
        let body =
            |place| Refusal::flaw(&FieldError::missing("to")).body(ErrorFormat { code_place: Some(place), ..PLAIN });
        for place in ["code", "errorCode", "error_code", "error"] {
            assert_eq!(body(place)[place], "MISSING_REQUIRED_FIELD", "{place}");
        }
        assert_eq!(body("details.code")["details"], json!({"field": "to", "code": "MISSING_REQUIRED_FIELD"}));
        assert_eq!(body("message")["message"], "MISSING_REQUIRED_FIELD: to should not be empty");
    }

    #[test]
    fn only_the_field_checks_print_their_message_as_an_array() {
        let print = ErrorFormat { message_as_array: true, ..PLAIN };
        assert!(Refusal::flaw(&FieldError::missing("to")).body(print)["message"].is_array());
        assert!(Refusal::unauthenticated().body(print)["message"].is_string());
    }

    #[test]
    fn a_bare_refusal_has_no_error_member() {
        assert_eq!(
            Refusal::bare(StatusCode::FORBIDDEN).body(PLAIN),
            json!({"statusCode": 403, "message": "Forbidden"})
        );
    }
}
