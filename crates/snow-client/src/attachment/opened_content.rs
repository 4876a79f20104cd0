//! Content that is ready to be sent: its length and type are known, and its body can be made.

use super::content_type::{self, SNIFF_LENGTH};
use super::file_error::file_error;
use super::reader_body::{BoxReader, ReaderBody, UploadReader, read_error};
use bytes::Bytes;
use snow_core::{Body, Error, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

pub(super) struct OpenedContent {
    body: BodySource,
    pub(super) length: Option<u64>,
    pub(super) content_type: &'static str,
    /// Whether code of the caller runs when the body is polled.
    pub(super) runs_callers_code: bool,
}

enum BodySource {
    /// Makes the body each time that the request is sent.
    Factory(Arc<dyn Fn() -> Body + Send + Sync>),
    /// The only body.
    Single(Body),
}

impl OpenedContent {
    pub(super) fn bytes(bytes: Bytes, file_name: &str) -> Self {
        let content_type = content_type::detect(file_name, bytes.get(..SNIFF_LENGTH).unwrap_or(&bytes));
        let length = Some(bytes.len() as u64);
        let body = BodySource::Factory(Arc::new(move || Body::from(bytes.clone())));
        Self { body, length, content_type, runs_callers_code: false }
    }

    pub(super) async fn file(path: PathBuf, file_name: &str) -> Result<Self, Error> {
        let (length, beginning) = inspect(&path).await?;
        let content_type = content_type::detect(file_name, &beginning);
        let path = Arc::new(path);
        let make = move || Body::stream(ReaderBody::file(path.clone(), length));
        let body = BodySource::Factory(Arc::new(make));
        Ok(Self { body, length, content_type, runs_callers_code: false })
    }

    pub(super) async fn reader(reader: UploadReader, file_name: &str) -> Result<Self, Error> {
        let UploadReader { mut reader, length, runs_in_place } = reader;
        let mut beginning = Vec::new();
        (&mut reader).take(SNIFF_LENGTH as u64).read_to_end(&mut beginning).await.map_err(read_error)?;
        check_length(&beginning, length)?;
        let content_type = content_type::detect(file_name, &beginning);
        let whole: BoxReader = Box::pin(std::io::Cursor::new(beginning).chain(reader));
        let body = BodySource::Single(Body::stream(ReaderBody::reader(whole, length)));
        Ok(Self { body, length, content_type, runs_callers_code: runs_in_place })
    }

    pub(super) fn body(body: Body, file_name: &str) -> Self {
        let length = http_body::Body::size_hint(&body).exact();
        let content_type = content_type::detect(file_name, &[]);
        Self { body: BodySource::Single(body), length, content_type, runs_callers_code: true }
    }

    /// The body, which has the length that it declares, or fails. `wrap` is applied each time that it is made.
    pub(super) fn into_body(self, wrap: impl Fn(Body) -> Body + Send + Sync + 'static) -> Body {
        match self.body {
            BodySource::Factory(make) => Body::factory(move || wrap(make().with_checked_length())),
            BodySource::Single(body) => wrap(body.with_checked_length()),
        }
    }
}

/// Compares the beginning of the content with the length that was declared, before anything is sent.
fn check_length(beginning: &[u8], length: Option<u64>) -> Result<(), Error> {
    let Some(length) = length else { return Ok(()) };
    let read = beginning.len() as u64;
    let why = match read {
        _ if read > length => "has more",
        _ if beginning.len() < SNIFF_LENGTH && read < length => "has fewer",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::InvalidInput, format!("the content was to have {length} bytes, and {why}")))
}

/// Reads the size that a file has now, and how it begins. Some files have content and no size, such as those below `/proc`.
async fn inspect(path: &PathBuf) -> Result<(Option<u64>, Vec<u8>), Error> {
    let inspected = async {
        let file = File::open(path).await?;
        let about = file.metadata().await?;
        if !about.is_file() {
            return Err(std::io::Error::other("it is not a regular file"));
        }
        let mut beginning = Vec::new();
        file.take(SNIFF_LENGTH as u64).read_to_end(&mut beginning).await?;
        let length = Some(about.len()).filter(|length| *length > 0 || beginning.is_empty());
        Ok((length, beginning))
    };
    inspected.await.map_err(|e| file_error("cannot be read", path, e))
}
