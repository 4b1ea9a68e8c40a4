//! A request's JSON. It borrows from the body where it can, so reading costs little.

pub(crate) use serde_json_borrow::{ObjectAsVec as Members, Value as Json};

/// Looking up members by name.
pub(crate) trait Named {
    /// The member of this name; the last one, where a sloppy client has written several, as the parsers of the providers'
    /// languages have it.
    fn member(&self, name: &str) -> Option<&Json<'_>>;
}

impl Named for Members<'_> {
    fn member(&self, name: &str) -> Option<&Json<'_>> {
        self.as_vec().iter().rev().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }
}

impl Named for Json<'_> {
    /// `None` if it is no object.
    fn member(&self, name: &str) -> Option<&Json<'_>> {
        self.as_object()?.member(name)
    }
}

/// A text as JSON has it, in its quotation marks.
pub(crate) fn quoted(text: &str) -> String {
    // Nearly all texts are plain, and to look costs a tenth of writing letter by letter.
    let is_plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if is_plain { ["\"", text, "\""].concat() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_as_json_wants_it() {
        for text in ["", "plain é 👍", "\"", "\\", "a\nb", "\u{1}", "\u{7f}", "\u{2028}"] {
            assert_eq!(quoted(text), serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn of_members_of_one_name_the_last_one_counts() {
        let json: Json<'_> = serde_json::from_str(r#"{"to":"1","from":"2","to":"3","\u0074ext":"\u00e9"}"#).unwrap();
        let text = |name| json.member(name).and_then(Json::as_str);
        assert_eq!((text("to"), text("from"), text("text"), text("type")), (Some("3"), Some("2"), Some("é"), None));
        assert!(Json::Null.member("to").is_none());
    }
}
