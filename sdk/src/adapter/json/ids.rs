//! Finds ids in an answer of any form, a malformed or truncated one included.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::loose_ids::loose_ids;
use super::text_of;

/// The place of an id in a body of which only the names can be read.
pub(crate) const ANYWHERE: usize = usize::MAX;

/// The ids that stand in `body` at `places`, those of an earlier place first.
///
/// A place is a path of member names, such as `data.sid`. `messages[].id` is the `id` of every entry of the list
/// `messages`. Other members may be of any form, and members may stand twice. What stands before the end of a truncated
/// body is found. A body that is no JSON object is searched for the last name of each place. Only [an id](is_id) counts.
///
/// ```
/// use transom::adapter::json::ids;
///
/// let body = br#"{"messages":[{"id":"wamid.A"},{"id":"null"}],"id":18446744073709551616,"cut"#;
/// assert_eq!(ids(body, &["id", "messages[].id"]), ["18446744073709551616", "wamid.A"]);
/// ```
pub fn ids(body: &[u8], places: &[&str]) -> Vec<String> {
    ids_at(body, places).into_iter().map(|(_, id)| id).collect()
}

/// As [`ids`], each with the number of its place; [`ANYWHERE`] in a body that is no JSON object.
pub(crate) fn ids_at(body: &[u8], places: &[&str]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let paths: Vec<(usize, &str)> = places.iter().copied().enumerate().collect();
    let mut reader = serde_json::Deserializer::from_slice(body);
    // What was found before an error counts.
    let walked = Walk { paths: &paths, found: &mut found }.deserialize(&mut reader).and_then(|()| reader.end());
    if walked.is_err() || body.trim_ascii_start().first() != Some(&b'{') {
        let mut loose = loose_ids(body, places);
        loose.retain(|id| is_id(id) && found.iter().all(|(_, known)| known != id));
        found.extend(loose.into_iter().map(|id| (ANYWHERE, id)));
    }
    found.sort_by_key(|(place, _)| *place);
    found
}

/// Whether `text` can be the id of a message. Blanks, `0`, an id of zeros alone and words for nothing, such as `null`,
/// are no id.
pub fn is_id(text: &str) -> bool {
    const NOTHING: &[&str] = &["null", "nil", "none", "undefined"];
    let text = text.trim();
    text.chars().any(|c| c.is_alphanumeric() && c != '0') && !NOTHING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Follows paths, each with the number of its place.
struct Walk<'w> {
    paths: &'w [(usize, &'w str)],
    found: &'w mut Vec<(usize, String)>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The rest of each path that begins with `step`: below `data`, `data.sid` goes on as `sid`, `data[].id` as `[].id`.
fn below<'p>(paths: &[(usize, &'p str)], step: &str) -> Vec<(usize, &'p str)> {
    let rest = |path: &'p str| match path.strip_prefix(step)? {
        "" => Some(""),
        list if list.starts_with('[') => Some(list),
        member => member.strip_prefix('.'),
    };
    paths.iter().filter_map(|&(place, path)| Some((place, rest(path)?))).collect()
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            let here: Vec<_> = below(self.paths, &name);
            match here.as_slice() {
                [] => drop(members.next_value::<IgnoredAny>()?),
                [(place, ""), ..] => {
                    let raw = members.next_value::<Box<RawValue>>()?;
                    self.found.extend(text_of(raw.get()).filter(|text| is_id(text)).map(|id| (*place, id)));
                }
                deeper => members.next_value_seed(Walk { paths: deeper, found: self.found })?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let paths = below(self.paths, "[]");
        while entries.next_element_seed(Walk { paths: &paths, found: self.found })?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_found_beside_members_of_any_form() {
        let places = &["response.whatsapp.messages[].data.sid", "response.data.sid", "response[].data.sid", "id"];
        for body in [
            r#"{"response":{"whatsapp":{"messages":[{"error_data":"x","status":7,"data":{"sid":"7c1e"}}]}}}"#,
            r#"{"response":{"whatsapp":{"messages":[{"data":[]},{"data":{"sid":null}},{"data":{"sid":"7c1e"}}]}}}"#,
            r#"{"response":[{"data":{"sid":"7c1e"}},3,null,"x",true,-1,1.5]}"#,
            r#"{"response":null,"response":{"data":{"sid":"7c1e","sid":null},"data":null}}"#,
            "\u{feff} {\"response\":{\"data\":{\"s\\u0069d\":\"7c1e\"",
            r#"{"id":"7c1e","response":{"data":"#,
        ] {
            assert_eq!(ids(body.as_bytes(), places), ["7c1e"], "{body}");
        }
        for body in [
            "",
            "<html>sid",
            r#"{"sid":"x","data":{"sid":"x"}}"#,
            r#"{"id":{"id":"x"}}"#,
            r#"{"id":["x"]}"#,
            r#"{"response":{"whatsapp":{"messages":{"data":{"sid":"x"}}}}}"#,
        ] {
            assert!(ids(body.as_bytes(), places).is_empty(), "{body}");
        }
    }

    #[test]
    fn id_in_a_body_that_is_no_object_is_found_without_a_place() {
        for body in
            [r#"[{"id":"x"}]"#, r#"Notice: y {"id":"x"}"#, r#"{"a":NaN,"id":"x"}"#, r#"{"id":"null"}{"id":"x"}"#]
        {
            assert_eq!(ids_at(body.as_bytes(), &["id"]), [(ANYWHERE, "x".to_owned())], "{body}");
        }
        assert!(ids_at(br#"Notice: y {"id":" "}"#, &["id"]).is_empty());
    }

    #[test]
    fn blanks_zeros_and_words_for_nothing_are_no_id() {
        for none in [
            "",
            "   ",
            "\t",
            "\u{a0}",
            "0",
            "000",
            "-0",
            "0.0",
            "null",
            "NULL",
            " nil ",
            "None",
            "undefined",
            "-",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert!(!is_id(none), "{none:?}");
        }
        for id in ["1", "7c1e", "wamid.A", "0a", "10", "nullable", "é", "00000000-0000-0000-0000-000000000001"] {
            assert!(is_id(id), "{id:?}");
        }
    }
}
