//! The console: the page on `/`, and the few files it is made of. They are part of the binary.

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};

use crate::set_header;

/// Nothing is loaded from elsewhere, nothing runs that stands in the page itself, and no other page may frame it: what
/// customers and clients write is shown here, and could be anything.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

macro_rules! file {
    ($kind:ident, $name:literal) => {
        ($name, $kind, include_str!(concat!("../console/", $name)))
    };
}

const FILES: &[(&str, &str, &str)] = &[
    ("", HTML, include_str!("../console/index.html")),
    file!(IMAGE, "icon.svg"),
    file!(STYLE, "base.css"),
    file!(STYLE, "chat.css"),
    file!(STYLE, "panels.css"),
    file!(STYLE, "small.css"),
    file!(SCRIPT, "app.js"),
    file!(SCRIPT, "api.js"),
    file!(SCRIPT, "attach.js"),
    file!(SCRIPT, "attempts.js"),
    file!(SCRIPT, "bubble.js"),
    file!(SCRIPT, "chat.js"),
    file!(SCRIPT, "clock.js"),
    file!(SCRIPT, "compose.js"),
    file!(SCRIPT, "content.js"),
    file!(SCRIPT, "curl.js"),
    file!(SCRIPT, "dialogs.js"),
    file!(SCRIPT, "dom.js"),
    file!(SCRIPT, "events.js"),
    file!(SCRIPT, "exchange.js"),
    file!(SCRIPT, "fault-form.js"),
    file!(SCRIPT, "faults.js"),
    file!(SCRIPT, "growing.js"),
    file!(SCRIPT, "keys.js"),
    file!(SCRIPT, "kinds.js"),
    file!(SCRIPT, "limits.js"),
    file!(SCRIPT, "list.js"),
    file!(SCRIPT, "live.js"),
    file!(SCRIPT, "loading.js"),
    file!(SCRIPT, "marks.js"),
    file!(SCRIPT, "provider.js"),
    file!(SCRIPT, "query.js"),
    file!(SCRIPT, "requests.js"),
    file!(SCRIPT, "settings.js"),
    file!(SCRIPT, "store.js"),
    file!(SCRIPT, "subjects.js"),
    file!(SCRIPT, "switches.js"),
    file!(SCRIPT, "tabs.js"),
    file!(SCRIPT, "time.js"),
    file!(SCRIPT, "webhook-form.js"),
    file!(SCRIPT, "webhooks.js"),
    file!(SCRIPT, "worlds.js"),
];

/// A file by its name; the page itself has the empty one.
pub(crate) fn file(name: &str) -> Option<Response<Bytes>> {
    let (_, kind, text) = FILES.iter().find(|(known, ..)| *known == name)?;
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        // The next version of the binary brings its own files.
        ("cache-control", "no-cache"),
    ] {
        set_header(&mut response, name, value);
    }
    Some(response)
}
