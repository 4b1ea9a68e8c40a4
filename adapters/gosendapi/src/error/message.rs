//! The message of a rejection. No sample shows which member holds the code, or how Meta's own error is wrapped [docs,
//! API Reference].

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;
use transom::adapter::{ErrorCode, is_refusing_word, json, platform_codes, reasons};

use super::codes::fact;

/// How deep codes are looked for.
const DEPTH_MAX: usize = 4;

/// The message of a rejection.
#[derive(Debug, Default)]
pub(super) struct ErrorMessage {
    text: Option<String>,
    code: Option<String>,
    /// The member of the request that is at fault.
    field: Option<String>,
    wait: Option<Duration>,
}

impl ErrorMessage {
    /// Reads a body of any form.
    pub(super) fn of(body: &Value, response: &Response<Bytes>) -> Self {
        let text = Some(reasons(response.body()).join("; ")).filter(|text| !text.is_empty());
        let codes = codes(body, response.status());
        let known = |code: &String| fact(code).is_some();
        // A general code may stand beside the one that says what happened.
        let code = codes.iter().find(|code| known(code)).or_else(|| codes.first()).cloned();
        let in_text = || {
            let text = text.as_deref()?;
            let own = tokens(text).find(|token| fact(token).is_some());
            own.or_else(|| platform_codes::quoted_code(text).filter(|code| fact(code).is_some()))
        };
        let code = match code {
            Some(code) if known(&code) => Some(code),
            other => in_text().map(str::to_owned).or(other),
        };
        let field = body.pointer("/details/field").and_then(Value::as_str).map(str::to_owned);
        let wait = body.get("retry_after_seconds").and_then(Value::as_f64).filter(|seconds| seconds.is_finite());
        let wait = wait.and_then(|seconds| Duration::try_from_secs_f64(seconds.ceil()).ok());
        Self { text, code, field, wait }
    }

    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    pub(super) fn fact(&self) -> Option<&'static ErrorCode> {
        fact(self.code.as_deref()?)
    }

    pub(super) const fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// Whether it is about `to`, by the details or by the words: `'to' must be E164 format` [docs, API Reference].
    pub(super) fn blames_recipient(&self) -> bool {
        let text = self.text.as_deref().unwrap_or_default();
        self.field.as_deref() == Some("to")
            || ["'to'", "\"to\"", "`to`"].iter().any(|quoted| text.contains(quoted))
            || text.split_whitespace().next() == Some("to")
    }

    pub(super) fn blames_another_field(&self) -> bool {
        self.field.as_deref().is_some_and(|field| field != "to")
    }
}

/// Whether the body of a success has a member of a refusal: at the top, in the record within `data`, or in Meta's list of
/// messages.
pub(super) fn refuses(body: &Value) -> bool {
    let is_no = |value: &Value| matches!(value, Value::Bool(false)) || value == "false" || value == 0;
    let is_other_status = |value: &Value| {
        let status = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        status.is_some_and(|status| !(200..300).contains(&status))
    };
    let record = |record: &Value| {
        let has = |names: &[&str], holds: &dyn Fn(&Value) -> bool| {
            names.iter().filter_map(|name| record.get(name)).any(holds)
        };
        has(&["success"], &is_no)
            || has(&["statusCode"], &is_other_status)
            || has(&["error", "errors", "errorCode", "error_code"], &json::is_said)
            || has(&["status", "message_status"], &|value| value.as_str().is_some_and(is_refusing_word))
    };
    let within = [body.get("data"), body.get("messages")].into_iter().flatten().flat_map(|part| match part {
        Value::Array(records) => records.iter().collect(),
        other => vec![other],
    });
    within.chain([body]).any(record)
}

/// Everything that may be a code, the likeliest place first.
fn codes(body: &Value, status: StatusCode) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["code", "errorCode", "error_code"] {
        found.extend(body.get(name).and_then(code));
    }
    for name in ["details", "error", "errors"] {
        if let Some(inner) = body.get(name) {
            collect(inner, DEPTH_MAX, &mut found);
        }
    }
    found.extend(body.get("error").and_then(Value::as_str).filter(|text| is_symbol(text)).map(str::to_owned));
    // Some services repeat the status under that name.
    found.retain(|code| code != status.as_str());
    found
}

/// Codes anywhere in `value`: what stands under such a name, and long numbers that are one of Meta's.
fn collect(value: &Value, depth: usize, found: &mut Vec<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name: String = name.to_lowercase().chars().filter(|c| *c != '_').collect();
                let is_code = matches!(name.as_str(), "code" | "errorcode" | "metacode" | "metaerrorcode");
                let is_metas = |code: &String| code.len() >= 5 && platform_codes::find(code).is_some();
                found.extend(code(value).filter(|code| is_code || is_metas(code)));
                collect(value, depth, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, depth, found)),
        _ => {}
    }
}

fn code(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Names such as `INVALID_API_KEY`, and numbers such as the one in `(#131047) Re-engagement message`.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '#';
    text.split(move |c| !is_part(c))
        .filter_map(|word| word.strip_prefix('#').or_else(|| Some(word).filter(|w| is_symbol(w))))
}

/// Whether it is written `LIKE_THIS`. A reason phrase is one word, or not in capitals.
fn is_symbol(text: &str) -> bool {
    text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
