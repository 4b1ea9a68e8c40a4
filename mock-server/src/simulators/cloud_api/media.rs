//! Images, films, sounds, documents and stickers.

use serde_json::{Map, Value};

use super::{FieldError, FieldReader, join, optional_text, put_text};
use crate::core::json::{Json, Members};

/// What a kind of medium may carry besides its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MediaRules {
    /// Whether a line may stand below it.
    pub(crate) caption: bool,
    /// Whether it has a file name.
    pub(crate) filename: bool,
}

/// The longest caption, in characters (Meta, image messages).
pub(crate) const CAPTION_LIMIT: usize = 1024;

impl MediaRules {
    /// What Meta's pages allow for `kind`; none where it is no kind of medium.
    pub(crate) fn of(kind: &str) -> Option<Self> {
        match kind {
            "image" | "video" => Some(Self { caption: true, filename: false }),
            "document" => Some(Self { caption: true, filename: true }),
            "audio" | "sticker" => Some(Self { caption: false, filename: false }),
            _ => None,
        }
    }

    fn members(self) -> Vec<&'static str> {
        let mut members = vec!["link", "id"];
        members.extend(self.caption.then_some("caption"));
        members.extend(self.filename.then_some("filename"));
        members
    }
}

/// Reads a medium of `kind`: exactly one of `link` and `id`, and what `rules` allow.
pub(crate) fn media(
    form: &mut FieldReader,
    value: Option<&Json<'_>>,
    field: &str,
    kind: &str,
    rules: MediaRules,
) -> Result<Value, FieldError> {
    let members = form.object(value, field, &rules.members())?;
    let mut content = Map::new();
    content.insert("type".to_owned(), Value::from(kind));
    source(members, field, &mut content)?;
    if rules.caption {
        put_text(&mut content, "caption", optional_text(members, field, "caption", CAPTION_LIMIT)?);
    }
    if rules.filename {
        put_text(&mut content, "filename", optional_text(members, field, "filename", usize::MAX)?);
    }
    Ok(Value::Object(content))
}

/// Puts the link or the id of a medium into `content`.
pub(super) fn source(members: &Members<'_>, field: &str, content: &mut Map<String, Value>) -> Result<(), FieldError> {
    let link = optional_text(members, field, "link", usize::MAX)?;
    let id = optional_text(members, field, "id", usize::MAX)?;
    match (link, id) {
        (Some(link), None) if is_web_address(link) => put_text(content, "link", Some(link)),
        (Some(_), None) => return Err(FieldError::wrong(join(field, "link"), "must be an http or https URL")),
        (None, Some(id)) if !id.is_empty() => put_text(content, "id", Some(id)),
        (Some(_), Some(_)) => return Err(FieldError::wrong(field, "must have either link or id, not both")),
        (None, _) => return Err(FieldError::missing(join(field, "link"))),
    }
    Ok(())
}

/// Whether `link` is an absolute http or https address with a host.
pub(crate) fn is_web_address(link: &str) -> bool {
    link.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(kind: &str, value: &Value) -> (Result<Value, FieldError>, Vec<String>) {
        let mut form = FieldReader::default();
        let content = media(&mut form, Some(&Json::from(value)), kind, kind, MediaRules::of(kind).unwrap());
        (content, form.unknown)
    }

    #[test]
    fn a_medium_needs_exactly_one_of_link_and_id() {
        assert!(read("image", &json!({"link": "https://a.example/1.png"})).0.is_ok());
        assert!(read("image", &json!({"id": "77"})).0.is_ok());
        assert!(read("image", &json!({})).0.unwrap_err().missing);
        assert!(!read("image", &json!({"id": "77", "link": "https://a.example/1.png"})).0.unwrap_err().missing);
    }

    #[test]
    fn a_link_has_to_be_a_whole_web_address() {
        for link in ["a.png", "ftp://a.example/1.png", "https:///1.png", ""] {
            assert!(read("video", &json!({"link": link})).0.is_err(), "{link}");
        }
    }

    #[test]
    fn a_caption_of_1025_characters_is_too_long() {
        let with = |length: usize| json!({"id": "77", "caption": "é".repeat(length)});
        assert!(read("image", &with(1024)).0.is_ok());
        assert_eq!(read("image", &with(1025)).0.unwrap_err().field, "image.caption");
    }

    #[test]
    fn a_caption_on_audio_is_a_member_nobody_knows() {
        let (content, unknown) = read("audio", &json!({"id": "77", "caption": "Listen"}));
        assert_eq!(content.unwrap(), json!({"type": "audio", "id": "77"}));
        assert_eq!(unknown, ["audio.caption"]);
    }
}
