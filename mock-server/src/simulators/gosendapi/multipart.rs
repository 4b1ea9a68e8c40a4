//! Forms of parts, `multipart/form-data` (RFC 7578), as far as one upload needs them.
//!
//! The reader is tolerant in what clients do differently: bare line feeds, quoted or bare parameters, text before the
//! first part and after the last. It never copies what a part holds.

/// More parts than this are no upload.
const MOST_PARTS: usize = 16;
/// The headers of one part are no longer than this, in bytes.
const MOST_HEADER_BYTES: usize = 8 * 1024;
/// The longest boundary, in characters (RFC 2046, 5.1.1).
const MOST_BOUNDARY: usize = 70;

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) name: String,
    /// What it holds, as it came.
    pub(super) content: &'a [u8],
}

/// The parts of `body`, in order.
///
/// # Errors
/// A sentence on what is wrong with the form as a whole.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<Part<'a>>, &'static str> {
    let open = format!("--{boundary}");
    let (mut rest, newline) = first(body, open.as_bytes())?;
    let delimiter = [newline, open.as_bytes()].concat();
    let mut parts = Vec::new();
    loop {
        let (held, after) = until_delimiter(rest, &delimiter).ok_or("Unexpected end of form")?;
        if parts.len() == MOST_PARTS {
            return Err("Too many parts");
        }
        parts.push(part(held)?);
        match after {
            After::Part(next) => rest = next,
            After::End => return Ok(parts),
        }
    }
}

/// The boundary that a `Content-Type` names; `None` if there is none or it is too long to be one.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    parameter(content_type, "boundary").filter(|boundary| (1..=MOST_BOUNDARY).contains(&boundary.len()))
}

/// Whether a `Content-Type` is that of a form of parts.
pub(super) fn is_form(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("multipart/form-data")
}

/// What follows a delimiter.
enum After<'a> {
    Part(&'a [u8]),
    End,
}

/// What follows the first delimiter, which stands at the start of a line, and how lines end in this form.
fn first<'a>(body: &'a [u8], open: &[u8]) -> Result<(&'a [u8], &'static [u8]), &'static str> {
    let mut line = body;
    loop {
        match line.strip_prefix(open).and_then(after_delimiter) {
            Some(After::Part(rest)) => {
                let head = line.get(..line.len() - rest.len()).unwrap_or_default();
                return Ok((rest, if head.ends_with(b"\r\n") { b"\r\n" } else { b"\n" }));
            }
            Some(After::End) => return Err("The form has no parts"),
            None => line = position(line, b"\n").and_then(|at| line.get(at + 1..)).ok_or("Unexpected end of form")?,
        }
    }
}

/// What stands before the next delimiter, and what follows it. A line of a file that only begins like one is none.
fn until_delimiter<'a>(rest: &'a [u8], delimiter: &[u8]) -> Option<(&'a [u8], After<'a>)> {
    let mut from = 0;
    loop {
        let at = from + position(rest.get(from..)?, delimiter)?;
        let (held, found) = rest.split_at_checked(at)?;
        match found.strip_prefix(delimiter).and_then(after_delimiter) {
            Some(after) => return Some((held, after)),
            None => from = at + 1,
        }
    }
}

/// Reads the end of a delimiter: two dashes close the form, spaces and a line break open a part, all else is content.
fn after_delimiter(rest: &[u8]) -> Option<After<'_>> {
    if rest.starts_with(b"--") {
        return Some(After::End);
    }
    let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = rest.get(spaces..)?;
    rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).map(After::Part)
}

/// Headers, an empty line, content.
fn part(held: &[u8]) -> Result<Part<'_>, &'static str> {
    let mut rest = held;
    let mut name = None;
    loop {
        let end = position(rest, b"\n").ok_or("A part has no empty line after its headers")?;
        let (line, after) = rest.split_at_checked(end + 1).unwrap_or((rest, &[]));
        rest = after;
        if held.len() - rest.len() > MOST_HEADER_BYTES {
            return Err("The headers of a part are too long");
        }
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if let Some((header, value)) = line.split_once(':')
            && header.trim().eq_ignore_ascii_case("content-disposition")
        {
            name = parameter(value, "name");
        }
    }
    name.map(|name| Part { name, content: rest }).ok_or("A part has no name")
}

/// A parameter of a header's value, such as `name` in `form-data; name="file"`.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        // A piece without a value may stand before the name.
        let name = name.rsplit(';').next().unwrap_or_default().trim();
        let (text, after) = if let Some(quoted) = after.trim_start().strip_prefix('"') {
            unquoted(quoted)?
        } else {
            let (text, after) = after.split_once(';').unwrap_or((after, ""));
            (text.trim().to_owned(), after)
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(text);
        }
        rest = after;
    }
}

/// A text up to its closing quote, and what follows; `None` if it is never closed.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return Some((text, characters.as_str())),
            '\\' => text.push(characters.next()?),
            other => text.push(other),
        }
    }
}

/// Where `needle`, which is not empty, first stands in `hay`.
fn position(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let start = *needle.first()?;
    let mut from = 0;
    loop {
        let rest = hay.get(from..)?;
        let at = rest.iter().position(|byte| *byte == start)?;
        if rest.get(at..)?.starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8]) -> Result<Vec<(String, Vec<u8>)>, &'static str> {
        Ok(parts(body, "b")?.into_iter().map(|part| (part.name, part.content.to_vec())).collect())
    }

    fn one(content: &[u8]) -> Vec<(String, Vec<u8>)> {
        vec![("file".to_owned(), content.to_vec())]
    }

    #[test]
    fn each_part_has_its_name_and_its_bytes_as_they_came() {
        let body = b"--b\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n\
            --b\r\nContent-Type: image/png\r\ncontent-disposition: form-data; filename=\"a; name=x.png\"; name=file\r\n\r\n\
            \x89PNG\r\n\0\xff\r\n\r\n--b--\r\n";
        let expected = [("type", b"image/png".as_slice()), ("file", b"\x89PNG\r\n\0\xff\r\n")];
        assert_eq!(read(body).unwrap(), expected.map(|(name, content)| (name.to_owned(), content.to_vec())));
    }

    #[test]
    fn a_line_that_only_begins_like_the_boundary_is_content() {
        let head = b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\n".as_slice();
        for content in [b"x\r\n--bc\r\ny".as_slice(), b"x\n--b\ny", b"x\n--b--", b"\r\n--b-", b"\r\n--b c", b"\r\n"] {
            let body = [head, content, b"\r\n--b--"].concat();
            assert_eq!(read(&body).unwrap(), one(content), "{}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn bare_line_feeds_and_text_around_the_form_are_taken() {
        let body = b"preamble --b\n--b \t\nContent-Disposition: form-data; name=\"file\"\n\nx\r\ny\n--b--\nepilogue";
        assert_eq!(read(body).unwrap(), one(b"x\r\ny"));
    }

    #[test]
    fn an_empty_part_holds_nothing() {
        assert_eq!(read(b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\n\r\n--b--").unwrap(), one(b""));
    }

    #[test]
    fn what_is_no_form_is_refused_with_what_is_wrong() {
        let head = "--b\r\nContent-Disposition: form-data; name=file\r\n\r\nx";
        let many = format!("{head}\r\n").repeat(MOST_PARTS + 1) + "--b--";
        let long = format!("--b\r\nX: {}\r\n\r\nx\r\n--b--", "x".repeat(MOST_HEADER_BYTES));
        for (body, error) in [
            ("", "Unexpected end of form"),
            ("--c\r\n", "Unexpected end of form"),
            (head, "Unexpected end of form"),
            ("--b--", "The form has no parts"),
            ("--b\r\n\r\n--b--", "A part has no empty line after its headers"),
            ("--b\r\n\r\nx\r\n--b--", "A part has no name"),
            ("--b\r\nContent-Disposition: form-data; name=\"file\r\n\r\nx\r\n--b--", "A part has no name"),
            (&many, "Too many parts"),
            (&long, "The headers of a part are too long"),
        ] {
            assert_eq!(read(body.as_bytes()), Err(error), "{}", body.get(..80).unwrap_or(body));
        }
        assert!(read((format!("{head}\r\n").repeat(MOST_PARTS) + "--b--").as_bytes()).is_ok());
    }

    #[test]
    fn parser_never_panics_on_truncated_or_corrupt_input() {
        let whole = b"x\r\n--b\r\nContent-Disposition: form-data; name=\"f\\\"\"; x\r\n\r\n\xffx\r\n--b--\r\n";
        assert_eq!(read(whole).unwrap(), [("f\"".to_owned(), b"\xffx".to_vec())]);
        for at in 0..whole.len() {
            let _ = read(&whole[..at]);
            for byte in [0, b'\r', b'\n', b'-', b'"', b'\\', b';', b'=', 0xff] {
                let mut bent = whole.to_vec();
                bent[at] = byte;
                let _ = read(&bent);
            }
        }
    }

    #[test]
    fn boundary_is_bare_or_quoted_with_1_to_70_characters() {
        let longest = "x".repeat(70);
        for (content_type, expected) in [
            ("multipart/form-data; boundary=b", Some("b")),
            ("multipart/form-data; charset=utf-8; Boundary=\"b;=c\"; x", Some("b;=c")),
            ("multipart/form-data;boundary = b ;x=y", Some("b")),
            (&format!("multipart/form-data; boundary={longest}"), Some(longest.as_str())),
            (&format!("multipart/form-data; boundary={longest}x"), None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=\"b", None),
            ("multipart/form-data; xboundary=b", None),
            ("multipart/form-data", None),
        ] {
            assert_eq!(boundary(content_type).as_deref(), expected, "{content_type}");
        }
        assert!(is_form("Multipart/Form-Data ;boundary=b") && !is_form("multipart/mixed; boundary=b"));
    }
}
