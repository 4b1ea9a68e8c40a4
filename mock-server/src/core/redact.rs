//! Removes credentials from the journal.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

const HIDDEN: &str = "***";

/// Lines of `name:value`, with lower-case names: values of one name, which follow each other, are joined with a
/// comma, and credentials are hidden.
pub(crate) fn headers(lines: &str) -> String {
    let mut to = String::with_capacity(lines.len());
    let mut last = None;
    for (name, value) in lines.split('\n').filter_map(|line| line.split_once(':')) {
        if last == Some(name) {
            to.push_str(", ");
        } else {
            if last.is_some() {
                to.push('\n');
            }
            to.push_str(name);
            to.push(':');
        }
        last = Some(name);
        match name {
            "authorization" | "proxy-authorization" => {
                if let Some((scheme, _)) = value.trim().split_once(' ') {
                    to.push_str(scheme);
                    to.push(' ');
                }
                to.push_str(HIDDEN);
            }
            name if is_secret_header(name) => to.push_str(HIDDEN),
            _ => to.push_str(&userinfo(value)),
        }
    }
    to
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
    let mut masked = String::with_capacity(text.len());
    write_members(text, &mut masked);
    if let Cow::Owned(masked) = userinfo(&masked) { masked } else { masked }
}

fn write_members(text: &str, to: &mut String) {
    if text.contains('=') && !text.trim_start().starts_with(['{', '[', '"']) {
        to.push_str(&pairs(text));
        return;
    }
    let mut rest = text;
    // Walks from one quoted text to the next; a quoted text followed by a colon is a member's name.
    while let Some(open) = rest.find('"') {
        let Some((before, quoted)) = rest.split_at_checked(open) else { break };
        to.push_str(before);
        let (name, tail) = split_quoted(quoted);
        to.push_str(name);
        rest = tail;
        if !tail.trim_start().starts_with(':') || !is_secret_name(name.trim_matches('"')) {
            continue;
        }
        let value_start = tail.len() - tail.trim_start().len();
        if let Some(after_colon) = tail.trim_start().strip_prefix(':') {
            let spaces = after_colon.len() - after_colon.trim_start().len();
            let gap_end = value_start + 1 + spaces;
            if let Some((gap, value)) = tail.split_at_checked(gap_end) {
                to.push_str(gap);
                to.push_str("\"***\"");
                rest = behind_value(value);
            }
        }
    }
    to.push_str(rest);
}

/// The rest of a text after its leading JSON value.
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
    let mut from = 1;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find('"')) {
        let quote = from + found;
        let before = text.as_bytes().get(1..quote).unwrap_or_default();
        let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        from = quote + 1;
        // Behind an odd number of them it is part of the text.
        if backslashes % 2 == 0 {
            return text.split_at_checked(from).unwrap_or((text, ""));
        }
    }
    (text, "")
}

/// Whether a header, a parameter or a member of this name carries a credential. Idempotency keys do not, nor do the names
/// that merely contain a word such as `token` as part of another (`flow_token` is a message's own).
fn is_secret_name(name: &str) -> bool {
    SECRET_NAMES.iter().any(|secret| {
        let same = |(one, other): (u8, u8)| one.to_ascii_lowercase() == other || (one == b'_' && other == b'-');
        secret.len() == name.len() && name.bytes().zip(secret.bytes()).all(same)
    })
}

/// In lower case; a dash also stands for an underscore.
const SECRET_NAMES: [&str; 17] = [
    "password",
    "passwd",
    "secret",
    "api-key",
    "apikey",
    "x-api-key",
    "api-token",
    "access-token",
    "auth-token",
    "x-auth-token",
    "token",
    "key",
    "verify-token",
    "client-secret",
    "webhook-secret",
    "cookie",
    "set-cookie",
];
/// Whether a header of this name carries a credential. Providers put their own name before the word for it, as in
/// `x-acme-token`, and a simulator may be of any provider.
fn is_secret_header(name: &str) -> bool {
    let words = ["-key", "-token", "-secret", "-password"];
    is_secret_name(name) || (words.iter().any(|word| name.ends_with(word)) && !name.ends_with("idempotency-key"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credential_headers_keep_only_their_scheme() {
        let headers = "authorization:Bearer s3cret\nx-api-key:gsk_s3cret\nx-acme-token:s3cret\nidempotency-key:order-17\n\
                       x-acme-idempotency-key:order-17\nvia:a\nvia:b\n";
        let masked = super::headers(headers);
        let mut lines: Vec<_> = masked.lines().collect();
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "authorization:Bearer ***",
                "idempotency-key:order-17",
                "via:a, b",
                "x-acme-idempotency-key:order-17",
                "x-acme-token:***",
                "x-api-key:***",
            ]
        );
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
        assert_eq!(body(r#"{"a":"\\","password":"s3cret"}"#), r#"{"a":"\\","password":"***"}"#);
        assert_eq!(body(r#"{"a":"\\\"password\":","b":"\\"}"#), r#"{"a":"\\\"password\":","b":"\\"}"#);
        assert_eq!(body(r#"{"link":"https://k:s3cret@h/p"}"#), r#"{"link":"https://***@h/p"}"#);
        assert_eq!(body(r#"{"password":"never closed"#), r#"{"password":"***""#);
        assert_eq!(body(r#"{"password":12345,"n":1}"#), r#"{"password":"***","n":1}"#);
        assert_eq!(body(r#"{"token":["a,]",{"b":2}],"n":[1]}"#), r#"{"token":"***","n":[1]}"#);
        assert_eq!(body(r#"[{"secret":true}]"#), r#"[{"secret":"***"}]"#);
        assert_eq!(body("no json at all \u{1F44D} \""), "no json at all \u{1F44D} \"");
    }
}
