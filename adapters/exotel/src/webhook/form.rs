//! Callbacks that come as a form instead of JSON (field): the same members, as `name=value` or in parts.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use serde_json::value::RawValue;
use transom::adapter::json;
use transom::webhook::lenient_json;

/// The form in the body, as the JSON object of its fields. `None` if it is no form.
pub(super) fn read(request: &Request<Bytes>) -> Option<Box<RawValue>> {
    let kind = json::header(request.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let fields = match media_type.as_str() {
        "multipart/form-data" => parts(request.body(), boundary(kind)?),
        "application/x-www-form-urlencoded" | "" => form_urlencoded::parse(request.body()).into_owned().collect(),
        _ => return None,
    };
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.[]".contains(c));
    let is_form = fields.iter().all(|(name, _)| is_name(name)) && fields.iter().any(|(_, value)| !value.is_empty());
    let text = match fields.as_slice() {
        _ if !is_form => return None,
        // The whole call in one field.
        [(name, whole)] if name != "whatsapp" && is_json(whole) => lenient_json(whole.as_bytes()).into_owned(),
        _ => {
            let mut tree = Node::default();
            for (name, value) in &fields {
                tree.put(&path(name), value);
            }
            tree.to_json()
        }
    };
    RawValue::from_string(text).ok()
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<&RawValue>(&lenient_json(text.as_bytes())).is_ok()
}

/// A field, or the fields whose names begin alike: `whatsapp[messages][0][sid]`.
#[derive(Default)]
struct Node {
    value: Option<String>,
    inner: BTreeMap<String, Self>,
}

impl Node {
    fn put(&mut self, path: &[&str], value: &str) {
        match path {
            [] => self.value = Some(value.to_owned()),
            [name, rest @ ..] => self.inner.entry((*name).to_owned()).or_default().put(rest, value),
        }
    }

    /// A list if every name is a number, else an object. A value that is JSON stays JSON.
    fn to_json(&self) -> String {
        match &self.value {
            Some(value) if is_json(value) => lenient_json(value.as_bytes()).into_owned(),
            Some(value) => Value::from(value.as_str()).to_string(),
            None if self.inner.keys().all(|name| name.parse::<u32>().is_ok()) => {
                let items: Vec<String> = self.inner.values().map(Self::to_json).collect();
                format!("[{}]", items.join(","))
            }
            None => {
                let members =
                    self.inner.iter().map(|(name, node)| format!("{}:{}", Value::from(&**name), node.to_json()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// The names in `a[b][0]`. A name with more than eight parts is one name.
fn path(name: &str) -> Vec<&str> {
    const DEPTH_MAX: usize = 8;
    let parts: Vec<&str> = name.split('[').map(|part| part.strip_suffix(']').unwrap_or(part)).collect();
    if parts.len() > DEPTH_MAX { vec![name] } else { parts }
}

/// The `boundary` parameter of a content type.
fn boundary(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    let (_, boundary) = parameters.find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    Some(boundary.trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

/// The named parts between the boundaries.
fn parts(body: &[u8], boundary: &str) -> Vec<(String, String)> {
    let (body, boundary) = (String::from_utf8_lossy(body), format!("--{boundary}"));
    let parts = body.split(&boundary).filter_map(|part| {
        let (head, value) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n"))?;
        let (_, name) = head.split_once("name=\"")?;
        let value = value.strip_suffix('\n').map_or(value, |value| value.strip_suffix('\r').unwrap_or(value));
        Some((name.split('"').next()?.to_owned(), value.to_owned()))
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(content_type: &str, body: &str) -> Option<Value> {
        let mut request = Request::builder();
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let request = request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
        read(&request).map(|raw| serde_json::from_str(raw.get()).unwrap())
    }

    #[test]
    fn form_in_either_encoding_is_the_object_of_its_fields() {
        let flat = json!({ "sid": "7c1e", "to": "+919000012345", "status": "delivered" });
        let urlencoded = "sid=7c1e&to=%2B919000012345&status=delivered";
        let multipart = "--b1\r\nContent-Disposition: form-data; name=\"sid\"\r\n\r\n7c1e\r\n--b1\r\nContent-Disposition: \
             form-data; name=\"to\"\r\n\r\n+919000012345\r\n--b1\r\nContent-Disposition: form-data; \
             name=\"status\"\r\n\r\ndelivered\r\n--b1--\r\n";
        for (kind, body) in [
            ("application/x-www-form-urlencoded", urlencoded),
            ("Application/X-WWW-Form-Urlencoded; charset=utf-8", urlencoded),
            ("", urlencoded),
            ("multipart/form-data; boundary=b1", multipart),
            ("multipart/form-data; charset=utf-8; boundary=\"b1\"", multipart),
        ] {
            assert_eq!(tree(kind, body), Some(flat.clone()), "{kind}");
        }
    }

    #[test]
    fn json_in_a_field_and_names_with_brackets_are_nested() {
        let form = "application/x-www-form-urlencoded";
        let nested = json!({ "whatsapp": { "messages": [{ "sid": "a" }] } });
        for body in [
            "whatsapp[messages][0][sid]=a",
            "whatsapp=%7B%22messages%22%3A%5B%7B%22sid%22%3A%22a%22%7D%5D%7D",
            "payload=%7B%22whatsapp%22%3A%7B%22messages%22%3A%5B%7B%22sid%22%3A%22a%22%7D%5D%7D%7D",
        ] {
            assert_eq!(tree(form, body), Some(nested.clone()), "{body}");
        }
        assert_eq!(tree(form, "sid=a&content={\"type\":7}"), Some(json!({ "sid": "a", "content": { "type": 7 } })));
    }

    #[test]
    fn other_text_is_no_form() {
        for (kind, body) in [
            ("application/json", "sid=a"),
            ("", "hello"),
            ("", ""),
            ("", "<html></html>"),
            ("", "<a href=\"x\">"),
            ("application/x-www-form-urlencoded", "sid"),
            ("multipart/form-data", "--b1"),
            ("multipart/form-data; boundary=b1", "sid=a"),
        ] {
            assert_eq!(tree(kind, body), None, "{kind} {body}");
        }
    }
}
