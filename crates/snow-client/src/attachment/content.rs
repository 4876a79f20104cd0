//! What is uploaded, wherever it is.

use super::content_type::{self, LOOK};
use super::digest::Digest;
use super::local;
use super::read_body::{ReadBody, Reader};
use bytes::Bytes;
use snow_core::{Body, Error, Kind};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The content of a file to be: bytes, a file of this machine, a reader, or any body. Files and readers go out as they are
/// read, in constant memory.
///
/// Bytes and files can go out again where the first sending was refused, for a token that was over for one. Readers and bodies
/// go out once, unless the body is made by [`Body::factory`].
pub struct Content(Inner);

enum Inner {
    Bytes(Bytes),
    File(PathBuf),
    Reader(Reader, Option<u64>),
    Body(Body),
}

impl Content {
    /// A file of this machine.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Inner::File(path.into()))
    }

    /// Whatever a reader gives, to its end. Its length is not known: it goes out in chunks.
    pub fn reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self(Inner::Reader(Box::pin(reader), None))
    }

    /// What a reader gives, whose length is known.
    pub fn sized_reader(reader: impl AsyncRead + Send + 'static, length: u64) -> Self {
        Self(Inner::Reader(Box::pin(reader), Some(length)))
    }

    /// Any body: its type is known by the file's name alone.
    pub fn body(body: Body) -> Self {
        Self(Inner::Body(body))
    }

    /// The name of the file on this machine.
    pub(super) fn file_name(&self) -> Option<String> {
        match &self.0 {
            Inner::File(path) => Some(path.file_name()?.to_string_lossy().into_owned()),
            _ => None,
        }
    }

    /// What can be looked at before it is sent.
    pub(super) fn twice(&self) -> Result<Twice, Error> {
        match &self.0 {
            Inner::Bytes(bytes) => Ok(Twice::Bytes(bytes.clone())),
            Inner::File(path) => Ok(Twice::File(path.clone())),
            Inner::Reader(..) | Inner::Body(_) => {
                let why =
                    "a reader or a stream cannot be compared with what is there: it can be read only once";
                Err(Error::new(Kind::InvalidInput, why))
            }
        }
    }

    /// Opens it, and looks how it begins.
    pub(super) async fn open(self, file_name: &str) -> Result<Opened, Error> {
        let of = |beginning: &[u8]| content_type::of(file_name, beginning);
        match self.0 {
            Inner::Bytes(bytes) => {
                let content_type = of(bytes.get(..LOOK).unwrap_or(&bytes));
                let length = Some(bytes.len() as u64);
                let make = Making::Again(Arc::new(move || Body::from(bytes.clone())));
                Ok(Opened { make, length, content_type })
            }
            Inner::File(path) => {
                let (length, beginning) = look(&path).await?;
                let (path, content_type) = (Arc::new(path), of(&beginning));
                let make =
                    Making::Again(Arc::new(move || Body::stream(ReadBody::file(path.clone(), length))));
                Ok(Opened { make, length: Some(length), content_type })
            }
            Inner::Reader(mut reader, length) => {
                let mut beginning = Vec::new();
                let failed = |e| Error::new(Kind::File, "the content cannot be read").with_source(e);
                (&mut reader).take(LOOK as u64).read_to_end(&mut beginning).await.map_err(failed)?;
                let content_type = of(&beginning);
                let whole: Reader = Box::pin(std::io::Cursor::new(beginning).chain(reader));
                let make = Making::Once(Body::stream(ReadBody::reader(whole, length)));
                Ok(Opened { make, length, content_type })
            }
            Inner::Body(body) => {
                let length = http_body::Body::size_hint(&body).exact();
                Ok(Opened { make: Making::Once(body), length, content_type: of(&[]) })
            }
        }
    }
}

/// Content that can be read more than once.
pub(super) enum Twice {
    Bytes(Bytes),
    File(PathBuf),
}

impl Twice {
    pub(super) async fn hash(&self) -> Result<String, Error> {
        match self {
            Self::Bytes(bytes) => Ok(Digest::of(bytes)),
            Self::File(path) => Digest::of_file(path).await,
        }
    }
}

/// The size of a file, and how it begins.
async fn look(path: &PathBuf) -> Result<(u64, Vec<u8>), Error> {
    let looked = async {
        let file = File::open(path).await?;
        let about = file.metadata().await?;
        if !about.is_file() {
            return Err(std::io::Error::other("it is no plain file"));
        }
        let mut beginning = Vec::new();
        file.take(LOOK as u64).read_to_end(&mut beginning).await?;
        Ok((about.len(), beginning))
    };
    looked.await.map_err(|e| local::error("cannot be read", path, e))
}

/// Content that is ready to go out.
pub(super) struct Opened {
    make: Making,
    pub(super) length: Option<u64>,
    pub(super) content_type: &'static str,
}

enum Making {
    Again(Arc<dyn Fn() -> Body + Send + Sync>),
    Once(Body),
}

impl Opened {
    /// The body, with something around it each time that it is made.
    pub(super) fn into_body(self, around: impl Fn(Body) -> Body + Send + Sync + 'static) -> Body {
        match self.make {
            Making::Again(make) => Body::factory(move || around(make())),
            Making::Once(body) => around(body),
        }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Bytes(bytes))
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
            Inner::Bytes(bytes) => write!(f, "Content({} bytes)", bytes.len()),
            Inner::File(path) => write!(f, "Content({})", path.display()),
            Inner::Reader(..) => f.write_str("Content(reader)"),
            Inner::Body(body) => write!(f, "Content({body:?})"),
        }
    }
}
