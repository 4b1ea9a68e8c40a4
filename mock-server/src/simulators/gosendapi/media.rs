//! `POST /v1/media`: a file goes up, and messages of the same sender may name it by the id it got.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::call::Call;
use super::call::sender;
use super::common::{MESSAGES, NAME};
use super::multipart::{self, Part};
use super::refusal::Refusal;
use crate::core::finding::{Certainty, Source};
use crate::core::request::header;
use crate::core::response::json_response;
use crate::core::world::Content;
use crate::simulators::cloud_api::{FieldError, is_medium};

/// Which types are taken and how large: the vendor names some formats (Messages, docs) and no sizes; the rest is Meta's.
const LIMITS: Source = Source::new("GoSendAPI, Messages", Certainty::Inferred);
/// The parts of an upload (Messages, docs).
const PARTS: [&str; 3] = ["phone_number_id", "file", "type"];
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What WhatsApp takes, each type with the most bytes of it (Meta, supported media types). A sticker that does not move
/// may have 100 KiB only, which its type does not tell, so that all are held to the limit of those that do.
const TYPES: [(&str, usize); 18] = [
    ("image/jpeg", 5 * MIB),
    ("image/png", 5 * MIB),
    ("image/webp", 500 * KIB),
    ("video/mp4", 16 * MIB),
    ("video/3gpp", 16 * MIB),
    ("audio/aac", 16 * MIB),
    ("audio/amr", 16 * MIB),
    ("audio/mpeg", 16 * MIB),
    ("audio/mp4", 16 * MIB),
    ("audio/ogg", 16 * MIB),
    ("text/plain", 100 * MIB),
    ("application/pdf", 100 * MIB),
    ("application/msword", 100 * MIB),
    ("application/vnd.ms-excel", 100 * MIB),
    ("application/vnd.ms-powerpoint", 100 * MIB),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", 100 * MIB),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 100 * MIB),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", 100 * MIB),
];

/// Takes a file. Of the file itself nothing is kept, only its id and whose it is.
///
/// The answer is that of the Messages page (docs). Its status is that of every `POST` here (inferred), and what is refused
/// is documented nowhere: it is refused as on sends (inferred).
pub(super) fn upload(call: &mut Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let upload = match read(call.request) {
        Ok(upload) => upload,
        Err(refusal) => {
            call.review.refused(refusal.message.clone(), refusal.source.unwrap_or(MESSAGES));
            return Err(refusal);
        }
    };
    for name in upload.unknown {
        call.review.tolerated(format!("`{name}` is no part the provider knows, or is there twice"), MESSAGES);
    }
    sender(call, &upload.phone_number_id)?;
    // As many digits as in the page's sample.
    let id = format!("770{:012}", call.world.next_number());
    call.world.keep_upload(NAME, &id, &upload.phone_number_id);
    Ok(json_response(201, &json!({ "id": id })))
}

/// Notes media of a message that its sender never uploaded. No page says what becomes of such a message, so that it is
/// taken; Meta ties an upload to the number that made it (inferred for the vendor from the part `phone_number_id`).
pub(super) fn note_strangers(call: &mut Call<'_>, content: &Content<'_>, phone_number_id: &str) {
    let Content::Other(content) = content else { return };
    for medium in [Some(content), content.get("header")].into_iter().flatten() {
        let text = |name| medium.get(name).and_then(Value::as_str);
        let (Some(kind), Some(id)) = (text("type").filter(|kind| is_medium(kind)), text("id")) else { continue };
        match call.world.uploader(NAME, id) {
            Some(uploader) if uploader == phone_number_id => {}
            Some(_) => call.review.note(format!("the `id` of the {kind} was uploaded for another sender"), LIMITS),
            None => call.review.note(format!("the `id` of the {kind} is of no upload that is known here"), LIMITS),
        }
    }
}

/// An upload, its form checked.
struct Upload {
    phone_number_id: String,
    /// The names of parts that have no meaning, in order.
    unknown: Vec<String>,
}

/// Checks the content type, the form, its parts, and then the file against its type.
fn read(request: &Request<Bytes>) -> Result<Upload, Refusal> {
    let content_type = header(request, "content-type").filter(|value| multipart::is_form(value));
    let Some(content_type) = content_type else {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type"));
    };
    let broken = |why: &str| Refusal::new(StatusCode::BAD_REQUEST, format!("Multipart: {why}"));
    let boundary = multipart::boundary(content_type).ok_or_else(|| broken("Boundary not found"))?;
    let parts = multipart::parts(request.body(), &boundary).map_err(broken)?;
    let flaw = |flaw: FieldError| Refusal::flaw(&flaw.by(LIMITS));
    let needed = |name: &str| content(&parts, name).ok_or_else(|| Refusal::flaw(&FieldError::missing(name)));
    let phone_number_id = String::from_utf8_lossy(needed("phone_number_id")?).into_owned();
    let file = needed("file")?;
    let media_type = String::from_utf8_lossy(needed("type")?);
    let Some(limit) = limit_of(&media_type) else {
        let types = TYPES.map(|(known, _)| known).join(", ");
        return Err(flaw(FieldError::wrong("type", format!("must be one of {types}"))));
    };
    if file.len() > limit {
        return Err(flaw(FieldError::wrong("file", format!("must be of at most {limit} bytes for its type"))));
    }
    Ok(Upload { phone_number_id, unknown: unknown(parts) })
}

/// What the first part of this name holds, if that is anything.
fn content<'a>(parts: &[Part<'a>], name: &str) -> Option<&'a [u8]> {
    parts.iter().find(|part| part.name == name).map(|part| part.content).filter(|content| !content.is_empty())
}

/// The most bytes of a type, whose parameters such as `codecs` do not matter.
fn limit_of(media_type: &str) -> Option<usize> {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(essence)).map(|(_, limit)| *limit)
}

/// The names of parts other than the first of each that is known.
fn unknown(parts: Vec<Part<'_>>) -> Vec<String> {
    let mut known = PARTS.to_vec();
    let mut unknown = Vec::new();
    for part in parts {
        match known.iter().position(|name| *name == part.name) {
            Some(place) => drop(known.swap_remove(place)),
            None => unknown.push(part.name),
        }
    }
    unknown
}

#[cfg(test)]
mod tests;
