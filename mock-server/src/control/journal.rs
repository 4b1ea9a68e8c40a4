//! The journal and the ledger: listed, forgotten, and printed for other tools. Credentials are redacted.

use serde::Deserialize;
use serde_json::{Value, json};

use super::read::whole_number;
use crate::core::error::ControlError;
use crate::core::journal::{Exchange, RedactedExchange};
use crate::core::phone::Phone;
use crate::core::simulator::Simulator;
use crate::core::time::rfc3339;
use crate::core::world::Delivery;

/// Which messages to list.
#[derive(Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MessageFilter {
    /// Of this provider only.
    #[param(example = "exotel")]
    pub provider: Option<String>,
    /// To this contact only.
    #[param(example = "%2B919876543210")]
    pub to: Option<String>,
    /// The newest so many.
    #[serde(default, deserialize_with = "whole_number")]
    #[param(value_type = u64, required = false, example = 20)]
    pub last: Option<u64>,
    /// Those after the one of this number, counted from 1.
    #[serde(default, deserialize_with = "whole_number")]
    #[param(value_type = u64, required = false, example = 0)]
    pub since: Option<u64>,
}

impl std::fmt::Debug for MessageFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageFilter").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl MessageFilter {
    /// Those of one provider.
    pub fn of(provider: &str) -> Self {
        Self { provider: Some(provider.to_owned()), ..Self::default() }
    }
}

/// Which requests to list.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RequestFilter {
    /// Of this provider only.
    #[param(example = "exotel")]
    pub provider: Option<String>,
    /// The newest so many.
    #[serde(default, deserialize_with = "whole_number")]
    #[param(value_type = u64, required = false, example = 20)]
    pub last: Option<u64>,
    /// Those after the one of this number, counted from 1.
    #[serde(default, deserialize_with = "whole_number")]
    #[param(value_type = u64, required = false, example = 0)]
    pub since: Option<u64>,
}

impl RequestFilter {
    /// Those of one provider.
    pub fn of(provider: &str) -> Self {
        Self { provider: Some(provider.to_owned()), ..Self::default() }
    }
}

impl Simulator {
    /// The messages that reached contacts, oldest first.
    ///
    /// # Errors
    ///
    /// There is no such provider, or `to` is no phone number.
    pub fn messages(&self, filter: &MessageFilter) -> Result<Vec<&Delivery>, ControlError> {
        let provider = filter.provider.as_deref().map(|name| self.provider(name)).transpose()?;
        let to = filter.to.as_deref().map(|to| {
            let expected = "a phone number such as `%2B919876543210`";
            Phone::read(to).ok_or_else(|| ControlError::invalid("to", format!("`{to}`"), expected))
        });
        let to = to.transpose()?;
        let ledger = self.world.ledger_after(filter.since.unwrap_or(0)).map(|(_, line)| line);
        let all = ledger.filter(|line| {
            provider.is_none_or(|provider| line.provider == provider) && to.as_ref().is_none_or(|to| line.to == *to)
        });
        Ok(newest(all.collect(), filter.last))
    }

    /// The requests to providers and their responses, oldest first.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn requests(&self, filter: &RequestFilter) -> Result<Vec<&Exchange>, ControlError> {
        let provider = filter.provider.as_deref().map(|name| self.provider(name)).transpose()?;
        let exchanges = self.journal.after(filter.since.unwrap_or(0));
        let exchanges = exchanges.filter(|exchange| provider.is_none() || exchange.provider == provider);
        Ok(newest(exchanges.collect(), filter.last))
    }

    /// Forgets the requests so far, and returns how many. Their effects stay, and numbers go on.
    pub fn forget_requests(&mut self) -> usize {
        self.note("requests");
        self.journal.forget()
    }

    /// The requests as an HTTP Archive 1.2. Times on the way are not known and are 0.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn har(&self, provider: Option<&str>) -> Result<Value, ControlError> {
        let provider = provider.map(|name| self.provider(name)).transpose()?;
        let entries: Vec<Value> =
            self.journal.exchanges(provider).map(|exchange| entry(exchange, &self.mount)).collect();
        let creator = json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")});
        Ok(json!({"log": {"version": "1.2", "creator": creator, "entries": entries}}))
    }

    /// The requests as a script of curl commands to `host`.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn curl_script(&self, provider: Option<&str>, host: &str) -> Result<String, ControlError> {
        let provider = provider.map(|name| self.provider(name)).transpose()?;
        let base = format!("{host}{}", self.mount);
        Ok(self.journal.exchanges(provider).map(|exchange| command(exchange, &base)).collect())
    }
}

/// The last so many.
pub(super) fn newest<T>(mut all: Vec<T>, last: Option<u64>) -> Vec<T> {
    let last = last.and_then(|last| usize::try_from(last).ok()).unwrap_or(usize::MAX);
    all.split_off(all.len().saturating_sub(last))
}

fn entry(exchange: &Exchange, mount: &str) -> Value {
    let redacted = exchange.redacted();
    let headers: Vec<Value> = redacted.headers().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let content_type = value_of(&redacted, "content-type").unwrap_or_default();
    let body = &redacted.body;
    let post_data = (!body.is_empty()).then(|| json!({"mimeType": content_type, "text": body}));
    let query = redacted.path.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        json!({"name": name, "value": value})
    });
    let response = &redacted.response;
    let answered: Vec<Value> =
        redacted.response_headers().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let mime_type = redacted.response_headers().find(|(name, _)| *name == "content-type");
    let mime_type = mime_type.map_or("application/octet-stream", |(_, value)| value);
    let mut request = json!({
        "method": exchange.method.as_str(), "url": address(&redacted, mount), "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": headers, "queryString": query.collect::<Vec<_>>(), "headersSize": -1, "bodySize": body.len(),
    });
    if let (Some(post_data), Value::Object(request)) = (post_data, &mut request) {
        request.insert("postData".to_owned(), post_data);
    }
    json!({
        "startedDateTime": rfc3339(exchange.at), "time": 0, "request": request,
        "response": {
            "status": exchange.status.as_u16(), "statusText": exchange.status.canonical_reason().unwrap_or_default(),
            "httpVersion": "HTTP/1.1", "cookies": [], "headers": answered, "redirectURL": "", "headersSize": -1,
            "bodySize": response.len(),
            "content": {
                "size": response.len(), "mimeType": mime_type, "text": response,
            },
        },
        "cache": {}, "timings": {"send": 0, "wait": 0, "receive": 0},
        "comment": exchange.cause.as_deref().unwrap_or_default(),
    })
}

fn command(exchange: &Exchange, base: &str) -> String {
    let mut command = format!("# {} {}\ncurl -X {}", exchange.number, exchange.status.as_u16(), exchange.method);
    let redacted = exchange.redacted();
    for (name, value) in
        redacted.headers().filter(|(name, _)| !matches!(*name, "host" | "content-length" | "accept-encoding"))
    {
        command.push_str(" -H ");
        command.push_str(&quoted(&format!("{name}: {value}")));
    }
    if !redacted.body.is_empty() {
        // Not `--data-binary`, which reads a file if the body begins with `@`.
        command.push_str(" --data-raw ");
        command.push_str(&quoted(&redacted.body));
    }
    command.push(' ');
    command.push_str(&quoted(&format!("http://{base}{}", redacted.path)));
    command.push('\n');
    command
}

/// In single quotes, for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn address(redacted: &RedactedExchange, mount: &str) -> String {
    format!("http://{}{mount}{}", value_of(redacted, "host").unwrap_or("localhost"), redacted.path)
}

fn value_of<'a>(redacted: &'a RedactedExchange, name: &str) -> Option<&'a str> {
    redacted.headers().find(|(known, _)| *known == name).map(|(_, value)| value)
}
