//! The media that GoSendAPI takes.

use transom::Capability;
use transom::adapter::{Certainty, MediaLimit};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Formats and sizes by kind. The vendor names JPEG, PNG, MP4, MP3, OGG, PDF, DOCX, XLSX and WebP (docs, Messages); the
/// others are WhatsApp's own, to which it passes what it gets, as are the sizes of audio and documents (WhatsApp Cloud
/// API, supported media types). What is on neither list is refused.
pub(crate) const MEDIA: &[MediaLimit] = &[
    row(Capability::Image, &["image/jpeg", "image/png"], 5 * MIB),
    // 100 KiB if it does not move, which its type does not tell.
    row(Capability::Sticker, &["image/webp"], 500 * KIB),
    row(Capability::Video, &["video/mp4", "video/3gpp"], 16 * MIB),
    row(Capability::Audio, &["audio/mpeg", "audio/ogg", "audio/aac", "audio/amr", "audio/mp4"], 16 * MIB),
    row(
        Capability::Document,
        &[
            "application/pdf",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "text/plain",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ],
        100 * MIB,
    ),
];

const fn row(kind: Capability, types: &'static [&'static str], bytes: u64) -> MediaLimit {
    const PAGE: &str = "docs.gosendapi.com/concepts/messages; WhatsApp Cloud API, supported media types";
    MediaLimit { kind, types, bytes, source: PAGE, certainty: Certainty::Docs }
}
