//! Taking credentials out of what the journal keeps.

use std::borrow::Cow;

use http::HeaderMap;
use percent_encoding::percent_decode_str;

const HIDDEN: &str = "***";

/// Headers as name and value, lower-case names in order, values of one name joined with a comma; credentials are hidden.
pub(crate) fn headers(headers: &HeaderMap) -> Vec<(Box<str>, Box<str>)> {
    let names = headers.keys();
    let values = names.map(|name| {
        let all = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let value = all.collect::<Vec<_>>().join(", ");
        let value = match name.as_str() {
            "authorization" | "proxy-authorization" => scheme_only(&value),
            name if is_secret_header(name) => HIDDEN.to_owned(),
            _ => userinfo(&value).into_owned(),
        };
        (name.as_str().into(), value.into())
    });
    values.collect()
}

/// A path with its query: the values of credential-like parameters and userinfo of embedded URLs are hidden.
pub(crate) fn path(path_and_query: &str) -> Cow<'_, str> {
    let Some((path, query)) = path_and_query.split_once('?') else {
        return userinfo(path_and_query);
    };
    format!("{}?{}", userinfo(path), pairs(query)).into()
}

/// Pairs of a query or a form: the values of credential-like names and userinfo of embedded URLs are hidden.
fn pairs(text: &str) -> String {
    let pairs = text.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret_name(&percent_decode_str(name).decode_utf8_lossy()) => format!("{name}={HIDDEN}"),
        _ => userinfo(pair).into_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// A body: the values of credential-like JSON members or form fields and userinfo of embedded URLs are hidden.
pub(crate) fn body(text: &str) -> String {
    if text.contains('=') && !text.trim_start().starts_with(['{', '[', '"']) {
        return pairs(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    // Walks from one quoted text to the next; a quoted text followed by a colon is a member's name.
    while let Some(open) = rest.find('"') {
        let (before, quoted) = rest.split_at(open);
        masked.push_str(before);
        let (name, tail) = split_quoted(quoted);
        masked.push_str(name);
        rest = tail;
        if !is_secret_name(name.trim_matches('"')) {
            continue;
        }
        let value_start = tail.len() - tail.trim_start().len();
        if let Some(after_colon) = tail.trim_start().strip_prefix(':') {
            let spaces = after_colon.len() - after_colon.trim_start().len();
            let gap_end = value_start + 1 + spaces;
            if let Some((gap, value)) = tail.split_at_checked(gap_end) {
                masked.push_str(gap);
                masked.push_str("\"***\"");
                rest = behind_value(value);
            }
        }
    }
    masked.push_str(rest);
    match userinfo(&masked) {
        Cow::Borrowed(_) => masked,
        Cow::Owned(hidden) => hidden,
    }
}

/// What comes behind the JSON value that a text starts with.
fn behind_value(text: &str) -> &str {
    let mut rest = text;
    let mut depth = 0_usize;
    loop {
        rest = match rest.chars().next() {
            None => return rest,
            Some('"') => split_quoted(rest).1,
            Some('}' | ']' | ',') if depth == 0 => return rest,
            Some(character) => {
                match character {
                    '{' | '[' => depth += 1,
                    '}' | ']' => depth -= 1,
                    _ => {}
                }
                rest.get(character.len_utf8()..).unwrap_or_default()
            }
        };
    }
}

/// Splits a text that starts with a quote behind its closing quote, or at the end if there is none.
fn split_quoted(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return text.split_at_checked(index + 1).unwrap_or((text, "")),
            _ => {}
        }
    }
    (text, "")
}

/// Whether a header, a parameter or a member of this name carries a credential. Idempotency keys do not, nor do the names
/// that merely contain a word such as `token` as part of another (`flow_token` is a message's own).
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    matches!(
        name.as_str(),
        "password"
            | "passwd"
            | "secret"
            | "api-key"
            | "apikey"
            | "x-api-key"
            | "api-token"
            | "access-token"
            | "auth-token"
            | "x-auth-token"
            | "token"
            | "key"
            | "verify-token"
            | "client-secret"
            | "webhook-secret"
            | "cookie"
            | "set-cookie"
    )
}

/// Whether a header of this name carries a credential. Providers put their own name before the word for it, as in
/// `x-acme-token`, and a dialect may be of any provider.
fn is_secret_header(name: &str) -> bool {
    let words = ["key", "token", "secret", "password"];
    is_secret_name(name)
        || (words.iter().any(|word| name.ends_with(&format!("-{word}"))) && !name.ends_with("idempotency-key"))
}

/// Hides `user:password@` in every URL of a text.
fn userinfo(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let Some((before, after)) = rest.split_at_checked(start + 3) else { break };
        masked.push_str(before);
        rest = after;
        let authority_end = after.find(|c: char| c == '/' || c == '?' || c == '#' || c == '"' || c.is_whitespace());
        let authority = after.get(..authority_end.unwrap_or(after.len())).unwrap_or(after);
        if let Some(at) = authority.rfind('@') {
            masked.push_str(HIDDEN);
            rest = after.get(at..).unwrap_or_default();
        }
    }
    if masked.is_empty() {
        return text.into();
    }
    masked.push_str(rest);
    masked.into()
}

fn scheme_only(authorization: &str) -> String {
    match authorization.trim().split_once(' ') {
        Some((scheme, _)) => format!("{scheme} {HIDDEN}"),
        None => HIDDEN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn credential_headers_keep_only_their_scheme() {
        let mut map = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer s3cret"),
            ("x-api-key", "gsk_s3cret"),
            ("x-acme-token", "s3cret"),
            ("idempotency-key", "order-17"),
            ("x-acme-idempotency-key", "order-17"),
        ] {
            map.insert(name, HeaderValue::from_static(value));
        }
        let masked: Vec<_> = headers(&map).into_iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        assert!(masked.contains(&("authorization".to_owned(), "Bearer ***".to_owned())));
        assert!(masked.contains(&("x-api-key".to_owned(), "***".to_owned())));
        assert!(masked.contains(&("x-acme-token".to_owned(), "***".to_owned())));
        for name in ["idempotency-key", "x-acme-idempotency-key"] {
            assert!(masked.contains(&(name.to_owned(), "order-17".to_owned())));
        }
    }

    #[test]
    fn paths_lose_credentials_in_parameters_and_in_embedded_urls() {
        assert_eq!(path("/x?api_key=s3cret&sender_id=12"), "/x?api_key=***&sender_id=12");
        assert_eq!(path("/x?u=https://key:s3cret@host/y"), "/x?u=https://***@host/y");
        assert_eq!(path("/x?plain"), "/x?plain");
    }

    #[test]
    fn forms_lose_credentials_however_their_names_are_written() {
        assert_eq!(body("username=ops&password=s3cret&n=1"), "username=ops&password=***&n=1");
        assert_eq!(path("/x?api%5Fkey=s3cret"), "/x?api%5Fkey=***");
    }

    #[test]
    fn bodies_lose_passwords_however_they_are_spaced_or_escaped() {
        assert_eq!(
            body(r#"{"username":"ops","password" : "s3\"cret", "note":"password"}"#),
            r#"{"username":"ops","password" : "***", "note":"password"}"#
        );
        assert_eq!(body(r#"{"link":"https://k:s3cret@h/p"}"#), r#"{"link":"https://***@h/p"}"#);
        assert_eq!(body(r#"{"password":"never closed"#), r#"{"password":"***""#);
        assert_eq!(body(r#"{"password":12345,"n":1}"#), r#"{"password":"***","n":1}"#);
        assert_eq!(body(r#"{"token":["a,]",{"b":2}],"n":[1]}"#), r#"{"token":"***","n":[1]}"#);
        assert_eq!(body(r#"[{"secret":true}]"#), r#"[{"secret":"***"}]"#);
        assert_eq!(body("no json at all \u{1F44D} \""), "no json at all \u{1F44D} \"");
    }
}
