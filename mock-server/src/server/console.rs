//! The console: the page on `/`, and the few files it is made of. They are part of the binary.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response};
use sha2::{Digest as _, Sha256};

use crate::core::auth::Auth;
use crate::core::refusal::Refusal;
use crate::core::request::{Query, header};
use crate::core::response::{html_response, set_header, text_response};

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
        ($name, $kind, include_str!(concat!("../../console/", $name)))
    };
}

const FILES: &[(&str, &str, &str)] = &[
    ("", HTML, include_str!("../../console/index.html")),
    file!(IMAGE, "icon.svg"),
    file!(STYLE, "base.css"),
    file!(STYLE, "chat.css"),
    file!(STYLE, "panels.css"),
    file!(STYLE, "small.css"),
    file!(SCRIPT, "app.js"),
    file!(SCRIPT, "api.js"),
    file!(SCRIPT, "attempts.js"),
    file!(SCRIPT, "chat.js"),
    file!(SCRIPT, "clock.js"),
    file!(SCRIPT, "compose.js"),
    file!(SCRIPT, "content.js"),
    file!(SCRIPT, "curl.js"),
    file!(SCRIPT, "dialogs.js"),
    file!(SCRIPT, "dom.js"),
    file!(SCRIPT, "exchange.js"),
    file!(SCRIPT, "faults.js"),
    file!(SCRIPT, "list.js"),
    file!(SCRIPT, "live.js"),
    file!(SCRIPT, "navigation.js"),
    file!(SCRIPT, "requests.js"),
    file!(SCRIPT, "settings.js"),
    file!(SCRIPT, "store.js"),
    file!(SCRIPT, "time.js"),
    file!(SCRIPT, "webhooks.js"),
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

/// What the sign-in page looks like. It stands in the page itself, since nothing else is given out before the token.
const SIGN_IN_STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;margin:1rem}\
    form{display:grid;gap:.75rem;width:min(26rem,100%)}input,button{font:inherit;padding:.5rem .75rem}h1,p{margin:0}";

/// Whether it is a browser that asks for a page.
pub(crate) fn is_browser(request: &Request<Bytes>) -> bool {
    *request.method() == Method::GET && header(request, "accept").is_some_and(|accept| accept.contains("text/html"))
}

/// A page that asks for the token, with what was wrong with the last one. It needs no script.
pub(crate) fn sign_in_page(problem: &str) -> Response<Bytes> {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Transom mock</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <style>{SIGN_IN_STYLE}</style><form method=\"post\"><h1>Transom mock</h1>\
         <p><label for=\"token\">The token that the mock was started with</label></p>\
         <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" required autofocus>\
         <p role=\"alert\">{problem}</p><button>Sign in</button></form></html>"
    );
    let mut response = html_response(401, page);
    let style = STANDARD.encode(Sha256::digest(SIGN_IN_STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    set_header(&mut response, "content-security-policy", policy);
    // Not `no-referrer`: with that a browser does not say where a form comes from.
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"), ("cache-control", "no-store")]
    {
        set_header(&mut response, name, value);
    }
    response
}

/// The form of the sign-in page comes back: the right token is answered with a cookie and the way to the console.
pub(crate) fn sign_in(access: &Auth, request: &Request<Bytes>) -> Response<Bytes> {
    let given = Query::of_form(request.body());
    match access.sign_in(request, given.get("token").unwrap_or_default().trim()) {
        Ok(Some(cookie)) => {
            let mut response = text_response(303, "");
            set_header(&mut response, "set-cookie", cookie);
            // To where the form stood, which may be the console of a namespace.
            set_header(&mut response, "location", "?");
            set_header(&mut response, "cache-control", "no-store");
            response
        }
        Ok(None) => sign_in_page("That is another token."),
        Err(refusal) => Refusal::into_response(refusal),
    }
}
