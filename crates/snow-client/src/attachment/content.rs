//! The content of an upload: bytes, a file, a reader or a body.

use super::digest::Digest;
use super::opened_content::OpenedContent;
use super::reader_body::UploadReader;
use bytes::Bytes;
use snow_core::{Body, Error, ErrorKind};
use std::fmt;
use std::path::PathBuf;
use tokio::io::AsyncRead;

/// The content of an upload: bytes, a file of this machine, a reader, or any body. Files and readers are sent as they are read, in
/// constant memory.
///
/// Bytes and files can be sent again if the first attempt was refused, for example because of an expired token. Readers and bodies
/// are sent once, unless the body is made by [`Body::factory`].
///
/// ```no_run
/// # async fn example(client: snow_client::Client, incident: &str) -> Result<(), Box<dyn std::error::Error>> {
/// use snow_client::attachment::Content;
///
/// let socket = tokio::net::TcpStream::connect("camera.example.com:80").await?;
/// client.attachments().upload("incident", incident, "picture.jpg", Content::reader(socket)).await?;
/// # Ok(()) }
/// ```
pub struct Content(ContentSource);

enum ContentSource {
    Bytes(Bytes),
    File(PathBuf),
    Reader(UploadReader),
    Body(Body),
}

impl Content {
    /// Creates content from a file of this machine. It is sent with the length that it has when the upload begins: what is appended
    /// afterwards, as to a log, is left out. A file that becomes shorter makes the upload fail.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(ContentSource::File(path.into()))
    }

    /// Creates content from everything that a reader returns. Its length is not known, so it is sent in chunks.
    pub fn reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self::polled(reader, None)
    }

    /// Creates content from a reader of known length. If the reader returns more or fewer bytes, the upload fails and is not
    /// completed.
    pub fn sized_reader(reader: impl AsyncRead + Send + 'static, length: u64) -> Self {
        Self::polled(reader, Some(length))
    }

    fn polled(reader: impl AsyncRead + Send + 'static, length: Option<u64>) -> Self {
        Self(ContentSource::Reader(UploadReader { reader: Box::pin(reader), length, runs_in_place: true }))
    }

    /// Creates content from everything that a [`std::io::Read`] returns. It is read on a thread of its own, which ends when the reader
    /// returns from the read that it is at. The length is not known, so it is sent in chunks.
    ///
    /// [`DownloadReader`](super::DownloadReader) has an example.
    #[cfg(feature = "blocking")]
    pub fn std_reader(reader: impl std::io::Read + Send + 'static) -> Self {
        Self::blocking(reader, None)
    }

    /// Creates content from a [`std::io::Read`] of known length, as [`std_reader`](Self::std_reader) does. If it returns more or fewer
    /// bytes, the upload fails and is not completed.
    #[cfg(feature = "blocking")]
    pub fn sized_std_reader(reader: impl std::io::Read + Send + 'static, length: u64) -> Self {
        Self::blocking(reader, Some(length))
    }

    #[cfg(feature = "blocking")]
    fn blocking(reader: impl std::io::Read + Send + 'static, length: Option<u64>) -> Self {
        let reader = Box::pin(super::std_reader::ThreadReader::new(reader));
        Self(ContentSource::Reader(UploadReader { reader, length, runs_in_place: false }))
    }

    /// Creates content from any body. Its content type is detected from the name of the file alone. A body that declares an exact
    /// length has to have it, as for [`sized_reader`](Self::sized_reader). If the body fails, so does the upload, with
    /// [`ErrorKind::Other`] and the error of the body as its source.
    pub fn body(body: Body) -> Self {
        Self(ContentSource::Body(body))
    }

    /// The name of the file on this machine.
    pub(super) fn file_name(&self) -> Option<String> {
        match &self.0 {
            ContentSource::File(path) => Some(path.file_name()?.to_string_lossy().into_owned()),
            _ => None,
        }
    }

    /// The same content, to be read before it is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a reader or a stream.
    pub(super) fn rereadable(&self) -> Result<RereadableContent, Error> {
        match &self.0 {
            ContentSource::Bytes(bytes) => Ok(RereadableContent::Bytes(bytes.clone())),
            ContentSource::File(path) => Ok(RereadableContent::File(path.clone())),
            ContentSource::Reader(..) | ContentSource::Body(_) => {
                let why = "a reader or a stream cannot be compared with the existing files: it can be read only once";
                Err(Error::new(ErrorKind::InvalidInput, why))
            }
        }
    }

    /// Opens the content, and detects its type.
    pub(super) async fn open(self, file_name: &str) -> Result<OpenedContent, Error> {
        match self.0 {
            ContentSource::Bytes(bytes) => Ok(OpenedContent::bytes(bytes, file_name)),
            ContentSource::File(path) => OpenedContent::file(path, file_name).await,
            ContentSource::Reader(reader) => OpenedContent::reader(reader, file_name).await,
            ContentSource::Body(body) => Ok(OpenedContent::body(body, file_name)),
        }
    }
}

/// Content that can be read more than once.
pub(super) enum RereadableContent {
    Bytes(Bytes),
    File(PathBuf),
}

impl RereadableContent {
    /// The SHA-256 of the content.
    pub(super) async fn hash(&self) -> Result<String, Error> {
        match self {
            Self::Bytes(bytes) => Ok(Digest::of(bytes)),
            Self::File(path) => Digest::of_file(path).await,
        }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self(ContentSource::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Content {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Content {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl From<Body> for Content {
    fn from(body: Body) -> Self {
        Self::body(body)
    }
}

impl fmt::Debug for Content {
    /// Shows the kind of the content, and never the content itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ContentSource::Bytes(bytes) => write!(f, "Content({} bytes)", bytes.len()),
            ContentSource::File(path) => write!(f, "Content({})", path.display()),
            ContentSource::Reader(..) => f.write_str("Content(reader)"),
            ContentSource::Body(body) => write!(f, "Content({body:?})"),
        }
    }
}
