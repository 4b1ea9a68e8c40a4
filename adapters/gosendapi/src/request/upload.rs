//! Uploads: `POST /v1/media`, as multipart/form-data written here around the file.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::{Buf as _, Bytes};
use http::Request;
use transom::adapter::RequestBuilder;
use transom::adapter::{MediaLimit, Operation};
use transom::transport::StreamedBody;
use transom::{Error, ErrorKind, Result};

use super::with_key;
use crate::config::Config;
use crate::media_limits::MEDIA;

/// A file to upload with [`GoSendApi::upload`](crate::GoSendApi::upload), checked against what GoSendAPI takes.
///
/// It is read while it is sent, a chunk of 64 KiB at a time, so that memory does not grow with it. Its length is told
/// beforehand; a file that turns out shorter or longer fails the upload.
///
/// ```
/// use transom_gosendapi::Upload;
///
/// let receipt = Upload::new("image/png", "receipt.png", &b"\x89PNG..."[..])?;
/// assert!(Upload::new("image/gif", "cat.gif", &b"GIF89a"[..]).is_err());
/// # Ok::<(), transom::Error>(())
/// ```
pub struct Upload {
    media_type: String,
    filename: String,
    length: u64,
    reader: Box<dyn Read + Send>,
}

impl Upload {
    /// A file that is in memory. `media_type` is its MIME type, such as `application/pdf`; parameters such as
    /// `audio/ogg; codecs=opus` are passed on.
    ///
    /// # Errors
    /// As [`from_reader`](Self::from_reader).
    pub fn new(media_type: &str, filename: impl Into<String>, bytes: impl Into<Bytes>) -> Result<Self> {
        let bytes = bytes.into();
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self::from_reader(media_type, filename, length, bytes.reader())
    }

    /// A file of `length` bytes that `reader` gives while it is sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if GoSendAPI does not take the type, or the file is empty or too large for it.
    pub fn from_reader(
        media_type: &str,
        filename: impl Into<String>,
        length: u64,
        reader: impl Read + Send + 'static,
    ) -> Result<Self> {
        let limit = limit_of(media_type)?;
        if length == 0 {
            return Err(refused("file: expected its bytes, got none".to_owned()));
        }
        if length > limit {
            return Err(refused(format!("file: {length} bytes are over the limit of {limit} for {media_type}")));
        }
        let reader = Box::new(reader);
        Ok(Self { media_type: media_type.to_owned(), filename: filename.into(), length, reader })
    }

    /// The file at `path`, under its own name.
    ///
    /// # Errors
    /// As [`from_reader`](Self::from_reader), and [`ErrorKind::InvalidRequest`] if there is no such file.
    pub fn from_file(media_type: &str, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let unread = |error| refused("file: it cannot be read".to_owned()).with_source(error);
        let file = File::open(path).map_err(unread)?;
        let about = file.metadata().map_err(unread)?;
        if !about.is_file() {
            return Err(refused("file: expected a file, got a directory or a device".to_owned()));
        }
        let filename = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::from_reader(media_type, filename, about.len(), file)
    }
}

/// Without the bytes.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("media_type", &self.media_type)
            .field("filename", &self.filename)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// The most bytes that a file of this type may have.
fn limit_of(media_type: &str) -> Result<u64> {
    // It is written into the body, whose lines it must not break.
    let is_one_line = media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let limit = MediaLimit::for_media_type(MEDIA, media_type).filter(|_| is_one_line);
    limit.map(|limit| limit.bytes).ok_or_else(|| {
        let types = MEDIA.iter().flat_map(|limit| limit.types).copied().collect::<Vec<_>>().join(", ");
        refused(format!("type: expected one of {types}, got {media_type:?}"))
    })
}

fn refused(problem: String) -> Error {
    Error::invalid(ErrorKind::InvalidRequest, vec![problem])
}

/// `POST /v1/media` with the parts `phone_number_id`, `type` and `file` [docs, Messages]. It sends nothing to anybody;
/// its purpose is that of a send for the time that a send is given.
pub(crate) fn encode_upload(config: &Config, upload: Upload) -> Result<Request<StreamedBody>> {
    encode_between(config, upload, &boundary()?)
}

fn encode_between(config: &Config, upload: Upload, boundary: &str) -> Result<Request<StreamedBody>> {
    let Upload { media_type, filename, length, reader } = upload;
    let part = |disposition: &str| format!("--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n");
    let head = [
        part("name=\"phone_number_id\""),
        format!("\r\n{}\r\n", config.phone_number_id),
        part("name=\"type\""),
        format!("\r\n{media_type}\r\n"),
        part(&format!("name=\"file\"; filename=\"{}\"", quoted(&filename))),
        format!("Content-Type: {media_type}\r\n\r\n"),
    ]
    .concat();
    let tail = format!("\r\n--{boundary}--\r\n");
    let body = StreamedBody::new(length, reader).between(head, tail);
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let request = RequestBuilder::post(&config.base_url, &["v1", "media"]);
    with_key(config, request).streamed(Operation::Send, &content_type, body)
}

/// A boundary that the file does not hold: 128 random bits, since the file is not read beforehand.
fn boundary() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Config, format!("this machine gives no random numbers: {error}")))?;
    Ok(format!("transom-{:032x}", u128::from_be_bytes(bytes)))
}

/// `filename` as browsers write it between quotes (WHATWG HTML, multipart form data).
fn quoted(filename: &str) -> String {
    filename.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::tests::config;

    fn png(bytes: &[u8]) -> Upload {
        Upload::new("image/png", "r \"1\"\r\n.png", bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_upload_has_the_line_the_type_and_the_file_in_parts() {
        let request = encode_between(&config(), png(b"\x89PNG\r\n\0"), "transom-0").unwrap();
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/media"));
        assert_eq!(request.headers()["x-api-key"], "gsk_test_key");
        assert_eq!(request.headers()["content-type"], "multipart/form-data; boundary=transom-0");
        let expected = b"--transom-0\r\nContent-Disposition: form-data; name=\"phone_number_id\"\r\n\r\n109876543210987\r\n\
            --transom-0\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n\
            --transom-0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r %221%22%0D%0A.png\"\r\nContent-Type: image/png\r\n\r\n\
            \x89PNG\r\n\0\r\n--transom-0--\r\n";
        assert_eq!(request.body().length(), expected.len() as u64);
        assert_eq!(request.into_body().collect().await.unwrap(), expected.as_slice());
    }

    #[test]
    fn no_two_uploads_have_the_same_boundary() {
        let (one, other) = (boundary().unwrap(), boundary().unwrap());
        assert_ne!(one, other);
        assert!(one.len() == 40 && one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{one}");
    }

    #[test]
    fn what_is_not_taken_is_refused_with_its_limit() {
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

    #[tokio::test]
    async fn file_upload_uses_its_name_and_missing_file_is_refused() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let upload = Upload::from_file("text/plain", path).unwrap();
        assert!(!format!("{upload:?}").contains("GoSendAPI"));
        let body = encode_between(&config(), upload, "b").unwrap().into_body().collect().await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("filename=\"README.md\""), "{body}");
        assert!(body.contains(&std::fs::read_to_string(path).unwrap()));
        for path in ["/", "/no/such/file"] {
            assert_eq!(Upload::from_file("text/plain", path).unwrap_err().kind(), ErrorKind::InvalidRequest, "{path}");
        }
    }

    #[test]
    fn a_file_too_large_is_refused_without_being_read() {
        struct Untouched;
        impl Read for Untouched {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                panic!("it was read")
            }
        }
        let error = Upload::from_reader("application/pdf", "x", 100 * 1024 * 1024 + 1, Untouched).unwrap_err();
        assert_eq!(error.message(), "file: 104857601 bytes are over the limit of 104857600 for application/pdf");
    }
}
