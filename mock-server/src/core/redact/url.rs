//! Redacts the credentials of URLs: in parameters, and before the host.

use std::borrow::Cow;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::found::{Found, HIDDEN};
use super::names::is_secret_name;

/// A path with its query, or a whole URL, without credentials.
pub(crate) fn path(path_and_query: &str) -> Cow<'_, str> {
    path_found(path_and_query, &mut Found::default())
}

pub(super) fn path_found<'a>(path_and_query: &'a str, found: &mut Found) -> Cow<'a, str> {
    let masked = parameters(&userinfo(path_and_query, found), found);
    if masked == path_and_query { path_and_query.into() } else { masked.into() }
}

/// The pairs of a form or a query.
pub(super) fn pairs(text: &str, found: &mut Found) -> String {
    let mut masked = String::with_capacity(text.len());
    for piece in text.split_inclusive(['&', ';']) {
        let (pair, separator) = match piece.strip_suffix(['&', ';']) {
            Some(pair) => (pair, piece.get(pair.len()..).unwrap_or_default()),
            None => (piece, ""),
        };
        masked.push_str(&one_pair(pair, found));
        masked.push_str(separator);
    }
    masked
}

/// Every URL in a text, with or without its scheme.
pub(super) fn in_text(text: &str, found: &mut Found) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("//") {
        let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '\\' | '`');
        let (url, after) = from.split_at_checked(from.find(ends).unwrap_or(from.len())).unwrap_or((from, ""));
        masked.push_str(before);
        masked.push_str(&path_found(url, found));
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// The parameters of a path, behind a `;`, and those of its query.
fn parameters(path_and_query: &str, found: &mut Found) -> String {
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    };
    let segments = path.split('/').map(|segment| match segment.split_once(';') {
        Some((name, matrix)) => format!("{name};{}", pairs(matrix, found)),
        None => segment.to_owned(),
    });
    let path = segments.collect::<Vec<_>>().join("/");
    match query {
        Some(query) => format!("{path}?{}", pairs(query, found)),
        None => path,
    }
}

fn one_pair<'a>(pair: &'a str, found: &mut Found) -> Cow<'a, str> {
    let Some((name, value)) = pair.split_once('=') else { return userinfo(pair, found) };
    if is_secret_name(name) {
        found.add(&percent_decode_str(value).decode_utf8_lossy());
        return format!("{name}={HIDDEN}").into();
    }
    // A URL in a value is percent-encoded, or it is not.
    let decoded = percent_decode_str(value).decode_utf8_lossy();
    let masked = in_text(&decoded, found);
    if masked == decoded {
        pair.into()
    } else if decoded == value {
        format!("{name}={masked}").into()
    } else {
        format!("{name}={}", utf8_percent_encode(&masked, NON_ALPHANUMERIC)).into()
    }
}

/// `user:password@` behind each `//`.
fn userinfo<'a>(text: &'a str, found: &mut Found) -> Cow<'a, str> {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("//") {
        let Some((before, after)) = rest.split_at_checked(start + 2) else { break };
        masked.push_str(before);
        rest = after;
        let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>' | '\\');
        let authority = after.get(..after.find(ends).unwrap_or(after.len())).unwrap_or(after);
        if let Some((info, _)) = authority.rsplit_once('@') {
            for part in info.split(':') {
                found.add(&percent_decode_str(part).decode_utf8_lossy());
            }
            masked.push_str(HIDDEN);
            rest = after.get(info.len()..).unwrap_or_default();
        }
    }
    if masked.is_empty() {
        return text.into();
    }
    masked.push_str(rest);
    masked.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_credentials_in_parameters_and_in_embedded_urls() {
        for (text, expected) in [
            ("/x?api_key=s3cret&sender_id=12", "/x?api_key=***&sender_id=12"),
            ("/x?api%5Fkey=s3cret", "/x?api%5Fkey=***"),
            ("/x?auth=s3cret", "/x?auth=***"),
            ("/x?a=1;secret=s3cret;b=2", "/x?a=1;secret=***;b=2"),
            ("/x;secret=s3cret/y;v=1?a=1", "/x;secret=***/y;v=1?a=1"),
            ("/x?user[password]=s3cret", "/x?user[password]=***"),
            ("/x?u=https://key:s3cret@host/y", "/x?u=https://***@host/y"),
            ("/x?u=https%3A%2F%2Fkey%3As3cret%40host%2Fy", "/x?u=https%3A%2F%2F%2A%2A%2A%40host%2Fy"),
            ("/x?u=//key:s3cret@host", "/x?u=//***@host"),
            ("//key:s3cret@host/x", "//***@host/x"),
            ("/x?u=https%3A%2F%2Fh%2F%3Ftoken%3Ds3cret", "/x?u=https%3A%2F%2Fh%2F%3Ftoken%3D%2A%2A%2A"),
            ("/x?plain", "/x?plain"),
            ("/x//y@z", "/x//***@z"),
            ("/x?b=%zz&c", "/x?b=%zz&c"),
        ] {
            assert_eq!(path(text), expected);
        }
    }

    #[test]
    fn texts_lose_the_credentials_of_their_urls() {
        let found = &mut Found::default();
        assert_eq!(
            in_text("at //u:s3cret@h/x, or https://h?key=s3cret now", found),
            "at //***@h/x, or https://h?key=*** now"
        );
        assert_eq!(in_text("1 // 2, mail a@b.c", found), "1 // 2, mail a@b.c");
    }
}
