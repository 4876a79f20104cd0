//! What is uploaded, wherever it is.

use super::digest::Digest;
use super::opened_content::OpenedContent;
use super::reader_body::BoxReader;
use bytes::Bytes;
use snow_core::{Body, Error, ErrorKind};
use std::fmt;
use std::path::PathBuf;
use tokio::io::AsyncRead;

/// The content of a file to be: bytes, a file of this machine, a reader, or any body. Files and readers go out as they are
/// read, in constant memory.
///
/// Bytes and files can go out again where the first sending was refused, for a token that was over for one. Readers and bodies
/// go out once, unless the body is made by [`Body::factory`].
pub struct Content(ContentSource);

enum ContentSource {
    Bytes(Bytes),
    File(PathBuf),
    Reader(BoxReader, Option<u64>),
    Body(Body),
}

impl Content {
    /// Sends a file of this machine, of the length that it has when the upload begins: what is appended meanwhile, as to a log, is
    /// left out. A file that becomes shorter is an error.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(ContentSource::File(path.into()))
    }

    /// Whatever a reader gives, to its end. Its length is not known: it goes out in chunks.
    pub fn reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self(ContentSource::Reader(Box::pin(reader), None))
    }

    /// Reads from a reader whose length is known. A reader that turns out to have more or fewer bytes is an error, and the upload
    /// is not completed.
    pub fn sized_reader(reader: impl AsyncRead + Send + 'static, length: u64) -> Self {
        Self(ContentSource::Reader(Box::pin(reader), Some(length)))
    }

    /// Any body: its type is known by the file's name alone. A body that declares an exact length has to have it, as
    /// [`sized_reader`](Self::sized_reader). If the body fails, so does the upload, with [`ErrorKind::Other`] and the body's error as its
    /// source.
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
    /// [`ErrorKind::InvalidInput`] for a reader or a stream.
    pub(super) fn rereadable(&self) -> Result<RereadableContent, Error> {
        match &self.0 {
            ContentSource::Bytes(bytes) => Ok(RereadableContent::Bytes(bytes.clone())),
            ContentSource::File(path) => Ok(RereadableContent::File(path.clone())),
            ContentSource::Reader(..) | ContentSource::Body(_) => {
                let why =
                    "a reader or a stream cannot be compared with what is there: it can be read only once";
                Err(Error::new(ErrorKind::InvalidInput, why))
            }
        }
    }

    /// Opens the content, and detects its type.
    pub(super) async fn open(self, file_name: &str) -> Result<OpenedContent, Error> {
        match self.0 {
            ContentSource::Bytes(bytes) => Ok(OpenedContent::bytes(bytes, file_name)),
            ContentSource::File(path) => OpenedContent::file(path, file_name).await,
            ContentSource::Reader(reader, length) => OpenedContent::reader(reader, length, file_name).await,
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
    /// Where it is from; never the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ContentSource::Bytes(bytes) => write!(f, "Content({} bytes)", bytes.len()),
            ContentSource::File(path) => write!(f, "Content({})", path.display()),
            ContentSource::Reader(..) => f.write_str("Content(reader)"),
            ContentSource::Body(body) => write!(f, "Content({body:?})"),
        }
    }
}
