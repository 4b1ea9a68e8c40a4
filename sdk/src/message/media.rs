//! Media, and headers that may hold a medium.

use serde::{Deserialize, Serialize};

use crate::capability::Capability;

/// An image, a video, audio, a document or a sticker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MediaForm", into = "MediaForm")]
#[non_exhaustive]
pub struct Media {
    /// Where the bytes are.
    pub source: MediaSource,
    /// A caption; not for audio and stickers.
    pub caption: Option<String>,
    /// The file name shown for a document.
    pub filename: Option<String>,
}

/// Where the bytes of a medium are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaSource {
    /// A public http or https URL that the provider fetches.
    Link(String),
    /// The id of an earlier upload, at providers with [`Capability::MediaUpload`].
    Id(String),
}

/// The header above the body of buttons, a list or a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Header {
    /// A line of up to 60 characters.
    Text(HeaderText),
    /// An image.
    Image(Media),
    /// A video.
    Video(Media),
    /// A document.
    Document(Media),
}

/// A line of text above a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HeaderText {
    /// The line; in a template, the value of its one placeholder.
    pub text: String,
}

impl Header {
    /// A line of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(HeaderText { text: text.into() })
    }

    /// An image.
    pub fn image(media: impl Into<Media>) -> Self {
        Self::Image(media.into())
    }

    /// A video.
    pub fn video(media: impl Into<Media>) -> Self {
        Self::Video(media.into())
    }

    /// A document.
    pub fn document(media: impl Into<Media>) -> Self {
        Self::Document(media.into())
    }

    /// The kind of the medium, if the header is one.
    pub(crate) const fn capability(&self) -> Option<Capability> {
        match self {
            Self::Text(_) => None,
            Self::Image(_) => Some(Capability::Image),
            Self::Video(_) => Some(Capability::Video),
            Self::Document(_) => Some(Capability::Document),
        }
    }

    /// The word for its kind in JSON: `text`, `image`, `video`, `document`.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Image(_) => "image",
            Self::Video(_) => "video",
            Self::Document(_) => "document",
        }
    }

    /// The medium, if it is one.
    pub const fn media(&self) -> Option<&Media> {
        match self {
            Self::Text(_) => None,
            Self::Image(media) | Self::Video(media) | Self::Document(media) => Some(media),
        }
    }
}

impl Media {
    /// By a public http or https URL.
    pub fn link(url: impl Into<String>) -> Self {
        Self { source: MediaSource::Link(url.into()), caption: None, filename: None }
    }

    /// By the id of an earlier upload.
    pub fn id(id: impl Into<String>) -> Self {
        Self { source: MediaSource::Id(id.into()), caption: None, filename: None }
    }

    /// Adds a caption.
    #[must_use]
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    /// Sets the file name that is shown for a document.
    #[must_use]
    pub fn filename(mut self, filename: impl Into<String>) -> Self {
        self.filename = Some(filename.into());
        self
    }
}

/// A text is a link. For an earlier upload, see [`Media::id`].
impl<T: Into<String>> From<T> for Media {
    fn from(link: T) -> Self {
        Self::link(link)
    }
}

/// The JSON form of [`Media`]: `link` or `id`, never both.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MediaForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filename: Option<String>,
}

impl TryFrom<MediaForm> for Media {
    type Error = &'static str;

    fn try_from(form: MediaForm) -> Result<Self, Self::Error> {
        let source = match (form.link, form.id) {
            (Some(link), None) => MediaSource::Link(link),
            (None, Some(id)) => MediaSource::Id(id),
            (Some(_), Some(_)) => return Err("`link` and `id` exclude each other"),
            (None, None) => return Err("expected `link` or `id`"),
        };
        Ok(Self { source, caption: form.caption, filename: form.filename })
    }
}

impl From<Media> for MediaForm {
    fn from(media: Media) -> Self {
        let (link, id) = match media.source {
            MediaSource::Link(link) => (Some(link), None),
            MediaSource::Id(id) => (None, Some(id)),
        };
        Self { link, id, caption: media.caption, filename: media.filename }
    }
}
