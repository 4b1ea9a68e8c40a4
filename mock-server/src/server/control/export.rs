//! `requests/har` and `requests/curl`: the journal for other tools. Credentials are masked, as they are everywhere.

use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response};
use serde_json::{Value, json};

use crate::core::journal::{Exchange, Told};
use crate::core::request::header;
use crate::core::response::text_response;
use crate::core::simulator::Simulator;
use crate::core::time::rfc3339;

/// HTTP Archive 1.2. Times on the way are not known and are 0.
pub(super) fn har(simulator: &Simulator, provider: Option<&str>) -> Value {
    let entries: Vec<Value> =
        simulator.journal.exchanges(provider).map(|exchange| entry(exchange, &simulator.mount)).collect();
    let creator = json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")});
    json!({"log": {"version": "1.2", "creator": creator, "entries": entries}})
}

fn entry(exchange: &Exchange, mount: &str) -> Value {
    let told = exchange.told();
    let headers: Vec<Value> = told.headers().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let content_type = value_of(&told, "content-type").unwrap_or_default();
    let body = &told.body;
    let post_data = (!body.is_empty()).then(|| json!({"mimeType": content_type, "text": body}));
    let query = told.path.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        json!({"name": name, "value": value})
    });
    let response = &told.response;
    let answered: Vec<Value> =
        told.response_headers().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let mime_type = told.response_headers().find(|(name, _)| *name == "content-type");
    let mime_type = mime_type.map_or("application/octet-stream", |(_, value)| value);
    let mut request = json!({
        "method": exchange.method.as_str(), "url": address(&told, mount), "httpVersion": "HTTP/1.1", "cookies": [],
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

/// A script with a command for each request, as it was put, to the host that this was asked of.
pub(super) fn curl(simulator: &Simulator, provider: Option<&str>, request: &Request<Bytes>) -> Response<Bytes> {
    let host = header(request, HOST.as_str()).unwrap_or("127.0.0.1:4010");
    let base = format!("{host}{}", simulator.mount);
    let lines: Vec<String> = simulator.journal.exchanges(provider).map(|exchange| command(exchange, &base)).collect();
    text_response(200, lines.concat())
}

fn command(exchange: &Exchange, base: &str) -> String {
    let mut command = format!("# {} {}\ncurl -X {}", exchange.number, exchange.status.as_u16(), exchange.method);
    let told = exchange.told();
    for (name, value) in
        told.headers().filter(|(name, _)| !matches!(*name, "host" | "content-length" | "accept-encoding"))
    {
        command.push_str(" -H ");
        command.push_str(&quoted(&format!("{name}: {value}")));
    }
    if !told.body.is_empty() {
        // Not `--data-binary`, which reads a file if the body begins with `@`.
        command.push_str(" --data-raw ");
        command.push_str(&quoted(&told.body));
    }
    command.push(' ');
    command.push_str(&quoted(&format!("http://{base}{}", told.path)));
    command.push('\n');
    command
}

/// In single quotes, for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn address(told: &Told, mount: &str) -> String {
    format!("http://{}{mount}{}", value_of(told, "host").unwrap_or("localhost"), told.path)
}

fn value_of<'a>(told: &'a Told, name: &str) -> Option<&'a str> {
    told.headers().find(|(known, _)| *known == name).map(|(_, value)| value)
}
