//! Redacts the credentials of a body: JSON, a form, XML, multipart, or lines of text.

use super::found::{Found, HIDDEN};
use super::names::is_secret_name;
use super::url::{in_text, pairs};

/// How deep a JSON text is looked for in a JSON text.
const MOST_NESTED: usize = 4;

/// `text` without the values of members, fields, elements and parts that are named like credentials, and without those of
/// URLs.
pub(super) fn redacted(text: &str, found: &mut Found) -> String {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if start.starts_with(['{', '[', '"']) {
        json(text, MOST_NESTED, found)
    } else if start.starts_with("--") && text.contains('\n') {
        multipart(text, found)
    } else if start.starts_with('<') {
        xml(text, found)
    } else {
        lines(text, found)
    }
}

/// A form, or lines of `name: value`.
fn lines(text: &str, found: &mut Found) -> String {
    let mut to = String::with_capacity(text.len());
    for whole in text.split_inclusive('\n') {
        let line = whole.trim_end_matches(['\r', '\n']);
        let separator = line.find([':', '=']);
        match separator.and_then(|at| line.split_at_checked(at)) {
            Some((name, value)) if value.starts_with(':') && is_secret_name(name) => {
                found.add_authorization(value.get(1..).unwrap_or_default().trim());
                to.push_str(name);
                to.push_str(": ***");
            }
            Some((_, value)) if value.starts_with('=') => to.push_str(&pairs(line, found)),
            _ => to.push_str(&in_text(line, found)),
        }
        to.push_str(whole.get(line.len()..).unwrap_or_default());
    }
    to
}

/// JSON, or what begins like it: from one quoted text to the next. A quoted text followed by a colon is a member's name.
fn json(text: &str, depth: usize, found: &mut Found) -> String {
    let mut to = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('"') {
        let Some((before, quoted)) = rest.split_at_checked(open) else { break };
        to.push_str(before);
        let (token, tail) = split_quoted(quoted);
        rest = tail;
        let after_blanks = tail.trim_start();
        let Some(after_colon) = after_blanks.strip_prefix(':') else {
            to.push_str(&json_text(token, depth, found));
            continue;
        };
        to.push_str(token);
        if is_secret_name(&unquoted(token)) {
            let value = after_colon.trim_start();
            to.push_str(tail.get(..tail.len() - value.len()).unwrap_or_default());
            to.push_str("\"***\"");
            rest = behind_value(value);
            let value = value.get(..value.len() - rest.len()).unwrap_or_default();
            found.add_authorization(&unquoted(value.trim()));
        }
    }
    to.push_str(rest);
    to
}

/// A quoted text which is a value. It is written anew only if it holds a credential.
fn json_text(token: &str, depth: usize, found: &mut Found) -> String {
    let content = unquoted(token);
    let is_json = content.trim_start().starts_with(['{', '[']);
    let masked = match depth.checked_sub(1) {
        Some(depth) if is_json => json(&content, depth, found),
        _ => in_text(&content, found),
    };
    if masked == content { token.to_owned() } else { serde_json::Value::from(masked).to_string() }
}

/// The content of a quoted text, escapes undone where they are sound.
fn unquoted(token: &str) -> String {
    serde_json::from_str(token).unwrap_or_else(|_| token.trim_matches('"').to_owned())
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

/// Each part of a multipart body: one that is named like a credential has no content, any other is redacted as a body.
fn multipart(text: &str, found: &mut Found) -> String {
    let mut to = String::with_capacity(text.len());
    for part in parts(text) {
        let content = ["\r\n\r\n", "\n\n"].iter().find_map(|blank| Some(part.find(blank)? + blank.len()));
        let Some((head, content)) = content.and_then(|at| part.split_at_checked(at)) else {
            to.push_str(part);
            continue;
        };
        to.push_str(head);
        if part_name(head).is_some_and(|name| is_secret_name(&name)) {
            found.add(content);
            to.push_str(HIDDEN);
            to.push_str(content.get(content.trim_end().len()..).unwrap_or_default());
        } else {
            to.push_str(&redacted(content, found));
        }
    }
    to
}

/// The pieces of a multipart body, each from its boundary on.
fn parts(text: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = std::iter::once(0).chain(text.match_indices("\n--").map(|(at, _)| at + 1)).collect();
    starts.push(text.len());
    starts.windows(2).filter_map(|pair| text.get(*pair.first()?..*pair.last()?)).collect()
}

/// The name in the `Content-Disposition` of a part.
fn part_name(head: &str) -> Option<String> {
    let lower = head.to_ascii_lowercase();
    let line = lower.lines().find(|line| line.trim_start().starts_with("content-disposition:"))?;
    let name = line.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        // `name*=UTF-8''…` is the form of RFC 5987.
        matches!(key.trim(), "name" | "name*").then(|| value.rsplit("''").next().unwrap_or(value))
    })?;
    Some(name.trim().trim_matches('"').to_owned())
}

/// The content of elements, and the values of attributes, that are named like credentials.
fn xml(text: &str, found: &mut Found) -> String {
    let mut to = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.find('<').and_then(|open| rest.split_at_checked(open)) {
        to.push_str(&in_text(before, found));
        let close = from.find('>').map_or(from.len(), |close| close + 1);
        let (tag, after) = from.split_at_checked(close).unwrap_or((from, ""));
        let name = tag.trim_start_matches('<').split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next();
        let (tag_shown, names_secret) = attributes(tag, found);
        to.push_str(&tag_shown);
        rest = after;
        let is_open =
            !tag.starts_with("</") && !tag.ends_with("/>") && !tag.starts_with("<!") && !tag.starts_with("<?");
        if is_open && (names_secret || name.is_some_and(is_secret_name)) {
            let end = rest.find("</").unwrap_or(rest.len());
            let (content, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            found.add(content.trim().trim_start_matches("<![CDATA[").trim_end_matches("]]>"));
            to.push_str(HIDDEN);
            rest = after;
        }
    }
    to.push_str(&in_text(rest, found));
    to
}

/// A tag without the credentials of its attributes, and whether an attribute's value names a credential, as in
/// `<param name="password">`.
fn attributes(tag: &str, found: &mut Found) -> (String, bool) {
    let mut to = String::with_capacity(tag.len());
    let mut names_secret = false;
    let mut rest = tag;
    while let Some((name_part, from)) = rest.find(['"', '\'']).and_then(|open| rest.split_at_checked(open)) {
        let quote = if from.starts_with('"') { '"' } else { '\'' };
        let inner = from.get(1..).unwrap_or_default();
        let (value, after) = inner.split_once(quote).unwrap_or((inner, ""));
        let name = name_part.trim_end().trim_end_matches('=').trim_end().rsplit(char::is_whitespace).next();
        let name = name.unwrap_or_default();
        to.push_str(name_part);
        to.push(quote);
        if is_secret_name(name) && !is_label(name) || (names_secret && name.eq_ignore_ascii_case("value")) {
            found.add(value);
            to.push_str(HIDDEN);
        } else {
            names_secret |= is_label(name) && is_secret_name(value);
            to.push_str(&in_text(value, found));
        }
        to.push(quote);
        rest = after;
    }
    to.push_str(rest);
    (to, names_secret)
}

/// Whether an attribute of this name says what an element is.
fn is_label(attribute: &str) -> bool {
    ["name", "key", "id"].iter().any(|label| attribute.eq_ignore_ascii_case(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> String {
        redacted(text, &mut Found::default())
    }

    #[test]
    fn forms_and_lines_lose_credentials() {
        assert_eq!(body("username=ops&password=s3cret&n=1"), "username=ops&password=***&n=1");
        assert_eq!(body("a=1;auth=s3cret"), "a=1;auth=***");
        assert_eq!(body("Authorization: Bearer s3cret\r\nto: x"), "Authorization: ***\r\nto: x");
        assert_eq!(body("password=s3cret\nn=1"), "password=***\nn=1");
        assert_eq!(body("see //u:s3cret@h/p"), "see //***@h/p");
    }

    #[test]
    fn bodies_lose_passwords_however_they_are_spaced_or_escaped() {
        for (text, expected) in [
            (
                r#"{"username":"ops","password" : "s3\"cret", "note":"password"}"#,
                r#"{"username":"ops","password" : "***", "note":"password"}"#,
            ),
            (r#"{"a":"\\","password":"s3cret"}"#, r#"{"a":"\\","password":"***"}"#),
            (r#"{"a":"\\\"password\":","b":"\\"}"#, r#"{"a":"\\\"password\":","b":"\\"}"#),
            (r#"{"pass\u0077ord":"s3cret"}"#, r#"{"pass\u0077ord":"***"}"#),
            (r#"{"Authorization":"Bearer s3cret"}"#, r#"{"Authorization":"***"}"#),
            (r#"{"accessToken":"s3cret"}"#, r#"{"accessToken":"***"}"#),
            (r#"{"link":"https://k:s3cret@h/p"}"#, r#"{"link":"https://***@h/p"}"#),
            (r#"{"link":"https:\/\/k:s3cret\u0040h\/p"}"#, r#"{"link":"https://***@h/p"}"#),
            (r#"{"link":"//k:s3cret@h/p?auth=s3cret"}"#, r#"{"link":"//***@h/p?auth=***"}"#),
            (r#"{"x":"{\"password\":\"s3cret\"}"}"#, r#"{"x":"{\"password\":\"***\"}"}"#),
            (r#"{"password":"never closed"#, r#"{"password":"***""#),
            (r#"{"password":12345,"n":1}"#, r#"{"password":"***","n":1}"#),
            (r#"{"token":["a,]",{"b":2}],"n":[1]}"#, r#"{"token":"***","n":[1]}"#),
            (r#"[{"secret":true}]"#, r#"[{"secret":"***"}]"#),
            ("no json at all \u{1F44D} \"", "no json at all \u{1F44D} \""),
        ] {
            assert_eq!(body(text), expected);
        }
    }

    #[test]
    fn xml_loses_passwords_in_elements_and_attributes() {
        for (text, expected) in [
            ("<login><password>s3cret</password><n>1</n></login>", "<login><password>***</password><n>1</n></login>"),
            ("<wsse:Password Type=\"x\">s3cret</wsse:Password>", "<wsse:Password Type=\"x\">***</wsse:Password>"),
            ("<password><![CDATA[s3cret]]></password>", "<password>***</password>"),
            ("<user name='ops' password='s3cret'/>", "<user name='ops' password='***'/>"),
            ("<param name=\"api_key\" value=\"s3cret\"/>", "<param name=\"api_key\" value=\"***\"/>"),
            ("<param name=\"api_key\">s3cret</param>", "<param name=\"api_key\">***</param>"),
            ("<a>//u:s3cret@h</a>", "<a>//***@h</a>"),
            ("<password>never closed", "<password>***"),
        ] {
            assert_eq!(body(text), expected);
        }
    }

    #[test]
    fn multipart_loses_the_parts_named_like_credentials() {
        let part =
            |name: &str, content: &str| format!("--b\r\nContent-Disposition: form-data; {name}\r\n\r\n{content}\r\n");
        let text = [
            part("name=\"password\"", "s3cret"),
            part("name=\"to\"", "123"),
            part("name*=UTF-8''pass%77ord", "s3cret"),
            part("name=\"json\"", r#"{"token":"s3cret"}"#),
        ];
        let shown = body(&(text.concat() + "--b--\r\n"));
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("\r\n\r\n***\r\n--b\r\n") && shown.contains("\r\n\r\n123\r\n"), "{shown}");
        assert!(shown.ends_with("{\"token\":\"***\"}\r\n--b--\r\n"), "{shown}");
    }
}
