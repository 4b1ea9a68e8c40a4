//! Finds ids in a body that is not JSON as a whole: behind the notice of a script, in a page, in a second document.

use crate::secret::spelling::readings;

/// A longer body is read as it stands, without undoing escapes.
const ESCAPES_MAX: usize = 64 * 1024;

/// The texts and numbers that stand behind the last name of one of `places`, in quotes and with a colon or `=>`, wherever
/// they are. Escapes are undone, and so is UTF-16.
pub(super) fn loose_ids(body: &[u8], places: &[&str]) -> Vec<String> {
    // JSON in UTF-16 is its ASCII with zeros between.
    let bytes: Vec<u8> = body.iter().copied().filter(|byte| *byte != 0).collect();
    let text = String::from_utf8_lossy(&bytes);
    let mut names: Vec<&str> = places.iter().filter_map(|place| place.rsplit(['.', ']']).next()).collect();
    names.sort_unstable();
    names.dedup();
    let texts: Vec<String> = if text.len() > ESCAPES_MAX {
        vec![text.into_owned()]
    } else {
        readings(&text).into_iter().map(|letters| letters.iter().map(|letter| letter.is).collect()).collect()
    };
    let mut found: Vec<String> = Vec::new();
    for id in texts.iter().flat_map(|text| names.iter().flat_map(|name| behind(text, name))) {
        if found.iter().all(|known| known != id) {
            found.push(id.to_owned());
        }
    }
    found
}

/// The values behind each occurrence of `name` in quotes.
fn behind<'t>(text: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    text.match_indices(name).filter_map(move |(at, name)| {
        let quote = text.get(..at)?.chars().next_back().filter(|quote| matches!(quote, '"' | '\''))?;
        let rest = text.get(at + name.len()..)?.strip_prefix(quote)?.trim_start();
        let value = rest.strip_prefix(':').or_else(|| rest.strip_prefix("=>"))?.trim_start();
        match value.strip_prefix(['"', '\'']) {
            Some(quoted) => quoted.split(['"', '\'']).next(),
            None if value.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                value.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'))).next()
            }
            None => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_found_in_a_body_of_any_form() {
        let json = r#"{"data":{"sid":"7c1e"}}"#;
        let utf16: Vec<u8> = json.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let latin1 = [br#"{"mensaj"#, &[0xe9][..], br#"":1,"sid":"7c1e"}"#].concat();
        let texts = [
            format!("<b>Warning</b>: undefined index in x.php<br />\n{json}"),
            format!(")]}}',\n{json}"),
            format!("cb({json});"),
            format!("{{\"error\":\"x\"}}\n{json}"),
            format!("[{json}]"),
            format!("<pre>{}</pre>", json.replace('"', "&quot;")),
            serde_json::Value::from(json).to_string(),
            r#"{"balance":NaN,"sid":"7c1e"}"#.to_owned(),
            "{\"note\":\"a\tb\",\"sid\" : \"7c1e\"}".to_owned(),
            "{'sid': '7c1e'}".to_owned(),
            "array ('sid' => '7c1e')".to_owned(),
        ];
        for body in texts.iter().map(String::as_bytes).chain([utf16.as_slice(), latin1.as_slice()]) {
            assert_eq!(loose_ids(body, &["data.sid", "list[].sid"]), ["7c1e"], "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(loose_ids(br#"x {"id":-18446744073709551617,"#, &["[].id"]), ["-18446744073709551617"]);
    }

    #[test]
    fn other_names_and_values_are_no_ids() {
        for body in [
            r#"<div id="main">"#,
            r#"x {"cid":"a","ids":"a","@id":"a"}"#,
            r#"x {"id":null,"id":true,"id":{},"id":[]}"#,
            r#"x "id""#,
            "the 'id' is missing",
            "x {\"id\":",
        ] {
            assert!(loose_ids(body.as_bytes(), &["id"]).is_empty(), "{body}");
        }
    }
}
