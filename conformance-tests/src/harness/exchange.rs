//! Requests and responses of a case, in a form that can be shown.

use serde::Serialize;
use serde_json::Value;

use super::redact;

/// At most so many bytes of a body are shown.
const MOST_SHOWN: usize = 4 * 1024;

/// A request that the provider received, and its response. Credentials and phone numbers are redacted, long bodies cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// The HTTP method.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The request's headers, in the order of their names.
    pub headers: Vec<(String, String)>,
    /// The request's body.
    pub body: String,
    /// The status that the provider sent, whatever the fault made of the response.
    pub status: u16,
    /// The body of the response.
    pub response: String,
    /// The fault that was injected: `lose_reply`.
    pub fault: Option<String>,
    /// The mock's findings about the form of the request.
    pub findings: Vec<String>,
}

impl Exchange {
    /// Reads an entry of the mock's journal.
    pub(crate) fn of(entry: &Value) -> Self {
        let text = |name: &str| redact::numbers(entry[name].as_str().unwrap_or_default());
        let headers = entry["headers"].as_object().into_iter().flatten();
        let headers =
            headers.map(|(name, value)| (name.clone(), redact::numbers(value.as_str().unwrap_or_default()))).collect();
        let findings = entry["findings"].as_array().into_iter().flatten().map(|finding| {
            let part = |name: &str| finding[name].as_str().unwrap_or_default();
            redact::numbers(&format!("{}: {} ({})", part("level"), part("text"), part("source")))
        });
        Self {
            method: text("method"),
            path: text("path"),
            headers,
            body: shown(&entry["body"]),
            status: entry["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default(),
            response: shown(&entry["response"]),
            fault: entry["fault"].as_str().map(str::to_owned),
            findings: findings.collect(),
        }
    }
}

/// A body as text; JSON is indented.
fn shown(body: &Value) -> String {
    let text = match body {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        json => serde_json::to_string_pretty(json).unwrap_or_default(),
    };
    let masked = redact::numbers(&text);
    if masked.len() <= MOST_SHOWN {
        return masked;
    }
    let head: String = masked.char_indices().take_while(|(at, _)| *at < MOST_SHOWN).map(|(_, c)| c).collect();
    format!("{head}… ({} bytes in all)", masked.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn exchange_redacts_numbers_and_cuts_long_body() {
        let entry = json!({
            "method": "POST", "path": "/x?to=%2B5491155550123", "headers": { "x-to": "+5491155550123" },
            "body": { "to": "+5491155550123" }, "status": 200, "response": "é".repeat(10_000), "findings": [
                { "level": "note", "text": "`to` is +5491155550123", "source": "Send [docs]" }
            ],
        });
        let exchange = Exchange::of(&entry);
        let text = format!("{exchange:?}");
        assert!(!text.contains("549115555"), "{text}");
        assert!(exchange.response.len() < 5_000 && exchange.response.ends_with("… (20000 bytes in all)"));
        assert_eq!(exchange.findings, ["note: `to` is •••0123 (Send [docs])"]);
    }
}
