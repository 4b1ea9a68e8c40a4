//! The media that Exotel takes.

use transom::Capability;
use transom::adapter::{Certainty, MediaLimit};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Formats and sizes by kind (docs, Media Messages). "Office" on the page is read as the six formats that WhatsApp itself
/// lists.
pub(crate) const MEDIA: &[MediaLimit] = &[
    row(Capability::Image, &["image/jpeg", "image/png"], 5 * MIB),
    row(Capability::Video, &["video/mp4", "video/3gpp"], 16 * MIB),
    row(Capability::Audio, &["audio/aac", "audio/mpeg", "audio/amr", "audio/ogg"], 16 * MIB),
    row(
        Capability::Document,
        &[
            "application/pdf",
            "text/plain",
            "application/msword",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.ms-excel",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ],
        100 * MIB,
    ),
    // 100 KiB if it does not move.
    row(Capability::Sticker, &["image/webp"], 500 * KIB),
];

const fn row(kind: Capability, types: &'static [&'static str], bytes: u64) -> MediaLimit {
    const PAGE: &str = "developer.exotel.com/docs/whatsapp-support/media-messages";
    MediaLimit { kind, types, bytes, source: PAGE, certainty: Certainty::Docs }
}
