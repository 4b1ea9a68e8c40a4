//! A channel as a URI: `exotel://KEY:TOKEN@HOST/ACCOUNT_SID?from=919876500001`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use zeroize::Zeroizing;

use super::channel::{ChannelConfig, Env, Lookup};
use super::problem::{config_error, listed};
use crate::adapter::request::is_loopback;
use crate::config::provider::Provider;
use crate::error::Result;

impl ChannelConfig {
    /// Reads a URI whose scheme is one of `providers`. The host `default` is the provider's own; a loopback host means
    /// http, any other https. User, password, path and query are percent-decoded.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config). The text of the URI, which holds a credential, is not in it.
    pub fn from_uri(name: &str, uri: &str, providers: &[Provider], env: Env) -> Result<Self> {
        let (provider, values) =
            parse(uri, providers).map_err(|problem| config_error(vec![format!("channel `{name}`: {problem}")]))?;
        let lookup = Lookup::Real { env, folder: PathBuf::new() };
        Ok(Self::from_parts(name.to_owned(), provider, values, lookup))
    }
}

/// The provider and settings of a URI, or its problem.
pub(super) fn parse(uri: &str, providers: &[Provider]) -> Result<(String, BTreeMap<String, Value>), String> {
    let form = "expected a URI such as provider://KEY@default?…";
    let (scheme, rest) = uri.trim().split_once("://").ok_or_else(|| format!("there is no `://` in it; {form}"))?;
    let provider = providers.iter().find(|provider| scheme.eq_ignore_ascii_case(provider.name)).ok_or_else(|| {
        let known = listed(providers.iter().map(|provider| provider.name));
        format!("unknown provider `{}`, known: {known}", printable(scheme))
    })?;
    // The `url` crate parses the rest like a web address.
    let url = url::Url::parse(&Zeroizing::new(format!("https://{rest}")))
        .map_err(|error| format!("the URI after `://`: {error}; {form}"))?;
    let mut values = BTreeMap::new();
    let layout = &provider.uri;

    match (decoded(url.username())?, url.password().map(decoded).transpose()?) {
        (user, None) if user.is_empty() => {}
        (user, None) => put(&mut values, layout.user, user)?,
        (user, Some(password)) => {
            let Some((user_key, password_key)) = layout.user_and_password else {
                return Err(format!("a URI of {scheme} has no password, only {scheme}://{}@…", layout.user));
            };
            put(&mut values, user_key, user)?;
            put(&mut values, password_key, password)?;
        }
    }
    match (url.path().trim_matches('/'), layout.path) {
        ("", _) => {}
        (path, Some(key)) => put(&mut values, key, decoded(path)?)?,
        (_, None) => return Err(format!("a URI of {scheme} has no path")),
    }
    for (key, value) in url.query_pairs() {
        put(&mut values, &key, value.into_owned())?;
    }
    let host = url.host_str().unwrap_or_default();
    if host != "default" {
        let http_scheme = if is_loopback(host) { "http" } else { "https" };
        // Parsing as https drops an explicit `:443`, which is not the default port of http on a loopback host.
        let port = url.port().or_else(|| explicit_443(rest)).map(|port| format!(":{port}")).unwrap_or_default();
        put(&mut values, "base_url", format!("{http_scheme}://{host}{port}"))?;
    }
    drop(Zeroizing::new(String::from(url)));
    Ok((provider.name.to_owned(), values))
}

fn put(values: &mut BTreeMap<String, Value>, key: &str, value: String) -> Result<(), String> {
    // Text that is not a key may be part of a secret with an unencoded `&`, so it is not shown.
    if !key.chars().all(|c| c.is_ascii_lowercase() || c == '_') || key.is_empty() {
        return Err(
            "a key is no word of lower-case letters; is a `&`, `=` or `#` in a value not percent-encoded?".to_owned()
        );
    }
    match (values.remove(key), Value::String(value)) {
        (None, value) => drop(values.insert(key.to_owned(), value)),
        // The only key with two values: the new and the old secret.
        (Some(Value::String(first)), second) if key == "webhook_secret" => {
            values.insert(key.to_owned(), Value::Array(vec![first.into(), second]));
        }
        (Some(_), _) => return Err(format!("{key}: it is given twice")),
    }
    Ok(())
}

fn decoded(text: &str) -> Result<String, String> {
    let hex = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    if text.match_indices('%').any(|(at, _)| !(hex(at + 1) && hex(at + 2))) {
        return Err("a `%` is not followed by two hexadecimal digits".to_owned());
    }
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| "a percent-encoded part is not UTF-8".to_owned())
}

fn explicit_443(rest: &str) -> Option<u16> {
    let authority = rest.split(['/', '?', '#']).next()?;
    authority.ends_with(":443").then_some(443)
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
