//! Uploads: `POST /v1/media`, as multipart/form-data written here.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{Request, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use transom::request::RequestBuilder;
use transom::transport::unreadable;
use transom::{Error, ErrorKind, MediaLimit, Purpose, Result, json};

use super::media::MEDIA;
use super::with_key;
use crate::config::Config;
use crate::error;

/// A file to upload with [`GoSendApi::upload`](crate::GoSendApi::upload): its bytes, checked against what WhatsApp takes.
///
/// The whole file is held in memory, since a request's body goes to the transport in one piece; while it is being sent,
/// twice. WhatsApp's own limits keep that bounded: 5 MiB for an image, 16 MiB for audio and video, 500 KiB for a sticker,
/// 100 MiB for a document. The vendor states formats but no sizes (docs, Messages; sizes inferred from WhatsApp's).
///
/// ```
/// use transom_gosendapi::Upload;
///
/// let receipt = Upload::new("image/png", "receipt.png", &b"\x89PNG..."[..])?;
/// assert!(Upload::new("image/gif", "cat.gif", &b"GIF89a"[..]).is_err());
/// # Ok::<(), transom::Error>(())
/// ```
#[derive(Clone)]
pub struct Upload {
    media_type: String,
    filename: String,
    bytes: Bytes,
}

impl Upload {
    /// A file that is in memory. `media_type` is its MIME type, such as `application/pdf`; parameters such as
    /// `audio/ogg; codecs=opus` are passed on.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if WhatsApp does not take the type, or the file is empty or too large for it.
    pub fn new(media_type: &str, filename: impl Into<String>, bytes: impl Into<Bytes>) -> Result<Self> {
        let limit = limit_of(media_type)?;
        let bytes: Bytes = bytes.into();
        match bytes.len() {
            0 => Err(refused("file: expected its bytes, got none".to_owned())),
            length if length > limit => {
                Err(refused(format!("file: {length} bytes are over the limit of {limit} for {media_type}")))
            }
            _ => Ok(Self { media_type: media_type.to_owned(), filename: filename.into(), bytes }),
        }
    }

    /// A file that comes out of `reader`, which is read to its end, or to the first byte too many. Blocks meanwhile.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`ErrorKind::InvalidRequest`] if the reader fails.
    pub fn from_reader(media_type: &str, filename: impl Into<String>, reader: impl Read) -> Result<Self> {
        let limit = limit_of(media_type)?;
        let one_too_many = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        reader.take(one_too_many).read_to_end(&mut bytes).map_err(unread)?;
        if bytes.len() > limit {
            return Err(refused(format!("file: it is longer than the limit of {limit} bytes for {media_type}")));
        }
        Self::new(media_type, filename, bytes)
    }

    /// The file at `path`, under its own name. Blocks while it is read.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`ErrorKind::InvalidRequest`] if the file cannot be read.
    pub fn from_file(media_type: &str, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let filename = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::from_reader(media_type, filename, File::open(path).map_err(unread)?)
    }
}

/// Without the bytes.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("media_type", &self.media_type)
            .field("filename", &self.filename)
            .field("length", &self.bytes.len())
            .finish()
    }
}

const KIB: usize = 1024;

fn limit_of(media_type: &str) -> Result<usize> {
    // It is written into the body, whose lines it must not break.
    let is_one_line = media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    match MediaLimit::of_type(MEDIA, media_type).filter(|_| is_one_line) {
        Some(limit) => Ok(usize::try_from(limit.bytes).unwrap_or(usize::MAX)),
        None => {
            let types = MEDIA.iter().flat_map(|limit| limit.types).copied().collect::<Vec<_>>().join(", ");
            Err(refused(format!("type: expected one of {types}, got {media_type:?}")))
        }
    }
}

fn refused(problem: String) -> Error {
    Error::problems(ErrorKind::InvalidRequest, vec![problem])
}

fn unread(error: std::io::Error) -> Error {
    refused("file: it cannot be read".to_owned()).with_source(error)
}

/// `POST /v1/media` with the parts `phone_number_id`, `type` and `file` [docs, Messages]. It sends nothing to anybody;
/// its purpose is that of a send for the time that a send is given.
pub(crate) fn encode_upload(config: &Config, upload: &Upload) -> Result<Request<Bytes>> {
    let Upload { media_type, filename, bytes } = upload;
    let boundary = boundary(bytes);
    let mut body = BytesMut::with_capacity(bytes.len().saturating_add(KIB));
    for (name, value) in [("phone_number_id", &config.phone_number_id), ("type", media_type)] {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.put_slice(head.as_bytes());
        body.put_slice(value.as_bytes());
        body.put_slice(b"\r\n");
    }
    let filename = quoted(filename);
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\nContent-Type: {media_type}\r\n\r\n"
    );
    body.put_slice(head.as_bytes());
    body.put_slice(bytes);
    body.put_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let request = RequestBuilder::post(&config.base_url, &["v1", "media"]);
    with_key(config, request).bytes(Purpose::Send, &content_type, body.freeze())
}

/// A boundary that `bytes` does not hold: the first of a row of which no line of the file begins with.
fn boundary(bytes: &[u8]) -> String {
    let number = |line: &[u8]| {
        let digits = line.strip_prefix(b"--transom-")?.get(..16)?;
        u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut free = 0;
    for taken in bytes.split(|byte| *byte == b'\n').filter_map(number).collect::<BTreeSet<u64>>() {
        if taken != free {
            break;
        }
        free = taken.wrapping_add(1);
    }
    format!("transom-{free:016x}")
}

/// `filename` as browsers write it between quotes (WHATWG HTML, multipart form data).
fn quoted(filename: &str) -> String {
    filename.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// The media id, bare or within `data` [docs, Messages; the latter inferred].
pub(crate) fn decode_upload(response: &Response<Bytes>, now: SystemTime) -> Result<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Answer {
        #[serde(deserialize_with = "json::text_or_number")]
        id: Option<String>,
        #[serde(alias = "mediaId", deserialize_with = "json::text_or_number")]
        media_id: Option<String>,
        data: Option<Box<RawValue>>,
    }
    if !response.status().is_success() {
        return Err(error::of_read(response, now));
    }
    let answer: Answer = json::decode(response, Purpose::Read)?;
    let within: Answer = answer.data.as_deref().and_then(super::parse).unwrap_or_default();
    let id = answer.id.or(answer.media_id).or(within.id).or(within.media_id);
    id.ok_or_else(|| unreadable(response.status(), Purpose::Read, "there is no media id in the answer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::tests::{answer, config};

    fn png(bytes: &[u8]) -> Upload {
        Upload::new("image/png", "r \"1\"\r\n.png", bytes.to_vec()).unwrap()
    }

    #[test]
    fn an_upload_has_the_line_the_type_and_the_file_in_parts() {
        let request = encode_upload(&config(), &png(b"\x89PNG\r\n\0")).unwrap();
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/media"));
        assert_eq!(request.headers()["x-api-key"], "gsk_test_key");
        assert_eq!(request.headers()["content-type"], "multipart/form-data; boundary=transom-0000000000000000");
        let expected = b"--transom-0000000000000000\r\nContent-Disposition: form-data; name=\"phone_number_id\"\r\n\r\n109876543210987\r\n\
            --transom-0000000000000000\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n\
            --transom-0000000000000000\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r %221%22%0D%0A.png\"\r\nContent-Type: image/png\r\n\r\n\
            \x89PNG\r\n\0\r\n--transom-0000000000000000--\r\n";
        assert_eq!(request.body().as_ref(), expected.as_slice());
    }

    #[test]
    fn a_file_that_holds_a_boundary_gets_another_one() {
        for (held, expected) in [
            ("--transom-0000000000000000", 1),
            ("x\r\n--transom-0000000000000001--\r\n--transom-0000000000000000", 2),
            ("\n--transom-0000000000000000\n--transom-0000000000000002", 1),
            ("\n--transom-0000000000000007", 0),
            ("--transom-", 0),
        ] {
            assert_eq!(boundary(held.as_bytes()), format!("transom-{expected:016x}"), "{held:?}");
        }
    }

    #[test]
    fn what_whatsapp_does_not_take_is_refused_with_its_limit() {
        for (media_type, limit) in [
            ("image/jpeg", 5 * 1024 * 1024),
            ("IMAGE/PNG", 5 * 1024 * 1024),
            ("image/webp", 500 * 1024),
            ("video/mp4", 16 * 1024 * 1024),
            ("audio/ogg; codecs=opus", 16 * 1024 * 1024),
        ] {
            assert!(Upload::new(media_type, "x", vec![0; limit]).is_ok(), "{media_type}");
            let error = Upload::new(media_type, "x", vec![0; limit + 1]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.message().contains(&limit.to_string()), "{error}");
        }
        assert_eq!(limit_of("application/pdf").unwrap(), 100 * 1024 * 1024);
        for media_type in ["image/gif", "", "image", "image/png\r\nx: y", "application/zip"] {
            let error = Upload::new(media_type, "x", &b"x"[..]).unwrap_err();
            assert!(error.message().starts_with("type: expected one of image/jpeg"), "{error}");
        }
        assert!(Upload::new("image/png", "x", Bytes::new()).unwrap_err().message().contains("got none"));
    }

    #[test]
    fn a_reader_is_not_read_past_the_first_byte_too_many() {
        let mut endless = std::io::repeat(7);
        let error = Upload::from_reader("image/webp", "x", &mut endless).unwrap_err();
        assert!(error.message().contains("longer than the limit of 512000 bytes"), "{error}");
        assert!(Upload::from_reader("image/webp", "x", &b"RIFF"[..]).is_ok());
    }

    #[test]
    fn a_file_is_uploaded_under_its_own_name_and_a_missing_one_is_refused() {
        let upload = Upload::from_file("text/plain", concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
        assert_eq!((upload.filename.as_str(), &upload.bytes[..2]), ("README.md", &b"# "[..]));
        assert!(!format!("{upload:?}").contains("GoSendAPI"));
        assert_eq!(Upload::from_file("text/plain", "/").unwrap_err().kind(), ErrorKind::InvalidRequest);
    }

    #[test]
    fn the_media_id_is_read_wherever_it_stands() {
        for body in [r#"{"id":"770011"}"#, r#"{"id":770011}"#, r#"{"data":{"id":"770011"}}"#, r#"{"mediaId":"770011"}"#]
        {
            assert_eq!(decode_upload(&answer(201, body), SystemTime::UNIX_EPOCH).unwrap(), "770011", "{body}");
        }
        for (status, body, kind) in [
            (200, "{}", ErrorKind::MalformedResponse),
            (413, "", ErrorKind::InvalidRequest),
            (403, r#"{"message":"Outside the 24h window"}"#, ErrorKind::PermissionDenied),
            (503, "", ErrorKind::ProviderUnavailable),
        ] {
            let error = decode_upload(&answer(status, body), SystemTime::UNIX_EPOCH).unwrap_err();
            assert_eq!((error.kind(), error.may_have_been_sent()), (kind, false), "{status} {body}");
        }
    }
}
