//! The error body that all calls share.

use http::StatusCode;
use serde_json::json;

use crate::core::finding::{Certainty, Source};

/// An answer other than success: a status and a reason. Only the 429 is documented (seed); every other status and
/// every reason is inferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) reason: String,
    /// The page with the rule, where the form of the request breaks one.
    pub(super) source: Source,
}

/// Where most rules on the form of a request stand.
const TEXT_MESSAGE: Source = Source::new("Messangi, Text Message", Certainty::Docs);

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), source: TEXT_MESSAGE }
    }

    /// The same refusal for a rule of another page.
    pub(super) fn by(self, source: Source) -> Self {
        Self { source, ..self }
    }

    /// A request that is not as it should be.
    pub(super) fn bad(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    /// The content type and the body, in the form `style` of the switch `error_body`.
    ///
    /// - `repaired`: the documented body with its missing quote (inferred: one keystroke was lost).
    /// - `verbatim`: as the page on session messages prints it (seed), which is no JSON.
    /// - `empty`: no body. `html`: the page of a gateway.
    pub(super) fn body(&self, style: &str) -> (Option<&'static str>, String) {
        let reason = &self.reason;
        match style {
            "empty" => (None, String::new()),
            "html" => {
                let status = self.status;
                let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
                (Some("text/html"), page)
            }
            "verbatim" => (Some("application/json"), format!("{{\"errors\": {{ \"reason\": {reason}\" }}}}")),
            _ => (Some("application/json"), json!({ "errors": { "reason": reason } }).to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repaired_body_is_json_and_the_printed_one_is_not() {
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        assert_eq!(refusal.body("repaired").1, r#"{"errors":{"reason":"Too Many Requests"}}"#);
        let printed = refusal.body("verbatim").1;
        assert_eq!(printed, r#"{"errors": { "reason": Too Many Requests" }}"#);
        assert!(serde_json::from_str::<serde_json::Value>(&printed).is_err());
    }

    #[test]
    fn a_refusal_may_have_no_body_or_the_page_of_a_gateway() {
        let refusal = Refusal::bad("request.to is missing");
        assert_eq!(refusal.body("empty"), (None, String::new()));
        assert!(refusal.body("html").1.contains("400 Bad Request"));
    }
}
