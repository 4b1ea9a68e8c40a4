//! A request as a curl command.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use serde_json::Value;

use crate::output::json_line;

/// A command for a POSIX shell that sends the request. Its credentials are environment variables: `PROVIDER_KEY`, and
/// `PROVIDER_TOKEN` for the second half of a Basic credential.
pub(super) fn command(request: &Request<Bytes>, provider: &str) -> String {
    let variable = format!("{}_KEY", provider.to_uppercase());
    let mut words = vec![format!("curl -sS -X {} {}", request.method(), quoted(&request.uri().to_string()))];
    for (name, value) in request.headers() {
        words.push(header(name, value, &variable, provider));
    }
    if !request.body().is_empty() {
        words.push(format!("--data-binary {}", quoted(&body(request.body()))));
    }
    words.join(" \\\n  ")
}

fn header(name: &HeaderName, value: &HeaderValue, variable: &str, provider: &str) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if !value.is_sensitive() {
        return format!("-H {}", quoted(&format!("{name}: {text}")));
    }
    match text.split_once(' ') {
        Some(("Basic", _)) => format!("-u \"${variable}:${}_TOKEN\"", provider.to_uppercase()),
        Some((scheme, _)) => format!("-H \"{name}: {scheme} ${variable}\""),
        None => format!("-H \"{name}: ${variable}\""),
    }
}

/// The body; JSON with the characters escaped that a terminal would act on.
fn body(body: &Bytes) -> String {
    let json = serde_json::from_slice::<Value>(body).ok().and_then(|value| json_line(&value).ok());
    json.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
