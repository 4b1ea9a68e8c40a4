//! The media that Messangi takes.

use transom::Capability;
use transom::adapter::{Certainty, MediaLimit};

/// Formats by kind, each file under 5 MB (docs, Media Message; for audio the page gives no size). `.acc` on the page is
/// read as `aac`.
pub(crate) const MEDIA: &[MediaLimit] = &[
    row(Capability::Image, &["image/jpeg", "image/png"]),
    row(Capability::Video, &["video/mp4", "video/3gpp"]),
    row(Capability::Audio, &["audio/aac", "audio/mpeg", "audio/amr"]),
    row(Capability::Document, &["application/pdf"]),
];

const fn row(kind: Capability, types: &'static [&'static str]) -> MediaLimit {
    const PAGE: &str = "docs.messangi.com/docs/media-message";
    MediaLimit { kind, types, bytes: 5 * 1024 * 1024 - 1, source: PAGE, certainty: Certainty::Docs }
}
