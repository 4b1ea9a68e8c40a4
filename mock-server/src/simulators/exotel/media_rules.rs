//! Which files may go. Nothing is fetched: the end of a link tells the format.

use serde_json::Value;

use super::common::{NAME, TEMPLATE_PAGE, TYPES_PAGE};
use super::problem::Problem;
use crate::core::finding::Source;
use crate::core::world::World;

/// The endings of the formats of each kind. Source: Media Messages (docs).
const FORMATS: [(&str, &[&str]); 5] = [
    ("image", &["jpg", "jpeg", "png"]),
    ("video", &["mp4", "3gp", "3gpp"]),
    ("audio", &["aac", "mp3", "amr", "ogg", "opus"]),
    ("document", &["pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt"]),
    ("sticker", &["webp"]),
];
/// The same for the header of a template. Source: Template Messages (docs).
const HEADER_FORMATS: [(&str, &[&str]); 3] =
    [("image", &["jpg", "jpeg", "png"]), ("video", &["mp4"]), ("document", &["pdf"])];
/// Endings of formats that no kind has. Any other ending tells nothing.
const OTHERS: [&str; 12] = ["gif", "bmp", "tif", "tiff", "svg", "heic", "mov", "avi", "mkv", "webm", "wav", "flac"];
/// The top-level domain in which no host exists (RFC 2606).
const NOWHERE: &str = ".invalid";

/// Refuses a file, or the one above an interactive message, whose link names a wrong format or a host that cannot exist.
pub(super) fn check(world: &World, content: &Value) -> Result<(), Problem> {
    let file = if content.get("link").is_some() { Some(content) } else { content.get("header") };
    file.map_or(Ok(()), |file| check_file(world, file, &FORMATS, TYPES_PAGE))
}

/// The same for the header of a template.
pub(super) fn check_header(world: &World, header: Option<&Value>) -> Result<(), Problem> {
    header.map_or(Ok(()), |header| check_file(world, header, &HEADER_FORMATS, TEMPLATE_PAGE))
}

fn check_file(world: &World, file: &Value, formats: &[(&str, &[&str])], page: Source) -> Result<(), Problem> {
    let text = |name: &str| file.get(name).and_then(Value::as_str);
    let (Some(kind), Some(link)) = (text("type"), text("link")) else { return Ok(()) };
    let refuse = |symbol, description: String| Err(Problem { source: page, ..Problem::symbol(symbol, &description) });
    let switched = match world.switch(NAME, "media_error") {
        "download_failed" => Some("MEDIA_DOWNLOAD_FAILED"),
        "type_not_supported" => Some("MEDIA_TYPE_NOT_SUPPORTED"),
        "size_exceeded" => Some("MEDIA_SIZE_EXCEEDED"),
        "processing_error" => Some("MEDIA_PROCESSING_ERROR"),
        _ => None,
    };
    if let Some(symbol) = switched {
        return refuse(symbol, format!("the {kind} was not taken"));
    }
    let path = link.split(['?', '#']).next().unwrap_or_default();
    let rest = path.get("https://".len()..).unwrap_or_default();
    let (host, name) = rest.split_once('/').unwrap_or((rest, ""));
    if host.to_ascii_lowercase().ends_with(NOWHERE) {
        return refuse("MEDIA_DOWNLOAD_FAILED", format!("the {kind} could not be fetched"));
    }
    let ending = name.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    let ending = ending.map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let ending = ending.as_str();
    let allowed = formats.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, allowed)| allowed);
    let is_known = OTHERS.contains(&ending) || FORMATS.iter().any(|(_, endings)| endings.contains(&ending));
    if is_known && !allowed.contains(&ending) {
        let expected = allowed.join(", ");
        return refuse("MEDIA_TYPE_NOT_SUPPORTED", format!("the {kind} is a {ending}, expected one of {expected}"));
    }
    Ok(())
}
