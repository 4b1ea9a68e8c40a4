//! A provider's media formats and sizes as data.

use crate::adapter::error_code::Certainty;
use crate::capability::Capability;

/// The formats of one kind of medium, and their source.
///
/// A file of another known format is refused before the request, if the list is the provider's own (certainty
/// [`Authoritative`](Certainty::Authoritative) or [`Docs`](Certainty::Docs)). Lists from reports or judgements refuse
/// nothing.
///
/// What the format is, the declared type of an upload says. Of a link, only the extension of its path is looked at, and
/// that is a hint: a link without one, or with one that names no common format of media, says nothing and passes, as does
/// one whose extension may stand for a format on the list. Nothing is fetched to find out, so that the size of what a link
/// leads to is not checked either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaLimit {
    /// The kind of medium: [`Image`](Capability::Image), [`Video`](Capability::Video), [`Audio`](Capability::Audio),
    /// [`Document`](Capability::Document) or [`Sticker`](Capability::Sticker).
    pub kind: Capability,
    /// The MIME types.
    pub types: &'static [&'static str],
    /// The maximum file size in bytes.
    pub bytes: u64,
    /// The source page.
    pub source: &'static str,
    /// The certainty of the list.
    pub certainty: Certainty,
}

impl MediaLimit {
    /// The row of `table` for a MIME type, without its parameters.
    pub fn for_media_type<'t>(table: &'t [Self], media_type: &str) -> Option<&'t Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        table.iter().find(|limit| limit.types.iter().any(|known| known.eq_ignore_ascii_case(essence)))
    }

    /// The row of `table` for `kind`, if its certainty allows refusing.
    pub(crate) fn refusing(table: &[Self], kind: Capability) -> Option<&Self> {
        let sure = |limit: &&Self| matches!(limit.certainty, Certainty::Authoritative | Certainty::Docs);
        table.iter().filter(sure).find(|limit| limit.kind == kind)
    }

    /// The problem of `link`, if its extension names an excluded format.
    pub(crate) fn excludes(&self, link: &str) -> Option<String> {
        let extension = extension(link)?;
        let (_, formats) = EXTENSIONS.iter().find(|(known, _)| *known == extension)?;
        if formats.iter().any(|format| self.types.contains(format)) {
            return None;
        }
        let names: Vec<&str> = self.types.iter().filter_map(|wanted| extension_of(wanted)).collect();
        Some(format!("expected {} as {}, got {extension}", self.kind, names.join(", ")))
    }
}

/// The extension of a link's path, in lower case.
fn extension(link: &str) -> Option<String> {
    let (_, rest) = link.split_once("://")?;
    let (_, path) = rest.split(['?', '#']).next()?.split_once('/')?;
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    Some(extension.to_ascii_lowercase())
}

/// The usual extension of files of this MIME type.
fn extension_of(media_type: &str) -> Option<&'static str> {
    EXTENSIONS.iter().find(|(_, formats)| formats.first() == Some(&media_type)).map(|(extension, _)| *extension)
}

/// Extensions of common formats with their MIME types, the usual one first. Extensions of web pages and programs
/// (`php`, for example) are left out, because they do not tell the format.
const EXTENSIONS: &[(&str, &[&str])] = &[
    ("jpg", &["image/jpeg"]),
    ("jpeg", &["image/jpeg"]),
    ("png", &["image/png"]),
    ("webp", &["image/webp"]),
    ("gif", &["image/gif"]),
    ("bmp", &["image/bmp"]),
    ("tif", &["image/tiff"]),
    ("tiff", &["image/tiff"]),
    ("heic", &["image/heic"]),
    ("avif", &["image/avif"]),
    ("svg", &["image/svg+xml"]),
    ("mp4", &["video/mp4", "audio/mp4"]),
    ("3gp", &["video/3gpp"]),
    ("3gpp", &["video/3gpp"]),
    ("mov", &["video/quicktime"]),
    ("avi", &["video/x-msvideo"]),
    ("mkv", &["video/x-matroska"]),
    ("webm", &["video/webm", "audio/webm"]),
    ("wmv", &["video/x-ms-wmv"]),
    ("flv", &["video/x-flv"]),
    ("mp3", &["audio/mpeg"]),
    ("mpeg", &["video/mpeg", "audio/mpeg"]),
    ("mpg", &["video/mpeg", "audio/mpeg"]),
    ("mpga", &["audio/mpeg"]),
    ("m4a", &["audio/mp4"]),
    ("aac", &["audio/aac"]),
    ("amr", &["audio/amr"]),
    ("ogg", &["audio/ogg", "video/ogg"]),
    ("oga", &["audio/ogg"]),
    ("opus", &["audio/ogg"]),
    ("wav", &["audio/wav"]),
    ("flac", &["audio/flac"]),
    ("wma", &["audio/x-ms-wma"]),
    ("mid", &["audio/midi"]),
    ("pdf", &["application/pdf"]),
    ("txt", &["text/plain"]),
    ("csv", &["text/csv"]),
    ("rtf", &["application/rtf"]),
    ("doc", &["application/msword"]),
    ("docx", &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"]),
    ("xls", &["application/vnd.ms-excel"]),
    ("xlsx", &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]),
    ("ppt", &["application/vnd.ms-powerpoint"]),
    ("pptx", &["application/vnd.openxmlformats-officedocument.presentationml.presentation"]),
    ("odt", &["application/vnd.oasis.opendocument.text"]),
    ("ods", &["application/vnd.oasis.opendocument.spreadsheet"]),
    ("epub", &["application/epub+zip"]),
    ("zip", &["application/zip"]),
    ("rar", &["application/vnd.rar"]),
    ("7z", &["application/x-7z-compressed"]),
    ("gz", &["application/gzip"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGES: MediaLimit = MediaLimit {
        kind: Capability::Image,
        types: &["image/jpeg", "image/png"],
        bytes: 5,
        source: "",
        certainty: Certainty::Docs,
    };

    #[test]
    fn excluded_extension_is_refused_naming_expected_formats() {
        for link in [
            "https://x.example/a.gif",
            "http://x.example/a/b.v2.GIF?size=1#top",
            "https://x.example/png/a.gif",
            "https://x.example:8080/%C3%A9.gif",
        ] {
            assert_eq!(IMAGES.excludes(link).as_deref(), Some("expected image as jpg, png, got gif"), "{link}");
        }
        assert!(IMAGES.excludes("https://x.example/a.pdf").is_some());
    }

    #[test]
    fn a_link_that_does_not_say_its_format_passes() {
        for link in [
            "https://x.example/a.png",
            "https://x.example/a.JPEG?x=.gif",
            "https://x.example/a#b.gif",
            "https://x.example",
            "https://gif",
            "https://x.gif",
            "https://x.example/",
            "https://x.example/a",
            "https://x.example/a.",
            "https://x.example/.gif/a",
            "https://x.example/download.php?name=a.gif",
            "https://x.example/2026.11",
            "no link",
            "",
        ] {
            assert_eq!(IMAGES.excludes(link), None, "{link}");
        }
    }

    #[test]
    fn ambiguous_extension_is_refused_only_if_no_format_fits() {
        let audio = MediaLimit { kind: Capability::Audio, types: &["audio/mpeg", "audio/mp4"], ..IMAGES };
        let video = MediaLimit { kind: Capability::Video, types: &["video/mp4"], ..IMAGES };
        for extension in ["mp4", "mpeg"] {
            assert_eq!(audio.excludes(&format!("https://x.example/a.{extension}")), None, "{extension}");
        }
        assert_eq!(video.excludes("https://x.example/a.mp4"), None);
        assert_eq!(video.excludes("https://x.example/a.mpeg").as_deref(), Some("expected video as mp4, got mpeg"));
    }

    #[test]
    fn only_a_list_of_the_providers_own_refuses() {
        for (certainty, refuses) in [
            (Certainty::Authoritative, true),
            (Certainty::Docs, true),
            (Certainty::Field, false),
            (Certainty::Inferred, false),
        ] {
            let table = [MediaLimit { certainty, ..IMAGES }];
            assert_eq!(MediaLimit::refusing(&table, Capability::Image).is_some(), refuses, "{certainty:?}");
            assert_eq!(MediaLimit::refusing(&table, Capability::Video), None);
        }
    }

    #[test]
    fn a_type_is_found_in_any_case_and_with_parameters() {
        let table = [IMAGES];
        for media_type in ["image/png", "IMAGE/PNG", " image/png ; x=y"] {
            assert_eq!(MediaLimit::for_media_type(&table, media_type), Some(&IMAGES), "{media_type}");
        }
        assert_eq!(MediaLimit::for_media_type(&table, "image"), None);
    }
}
