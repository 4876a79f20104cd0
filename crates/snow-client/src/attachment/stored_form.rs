//! Which bytes of a gzip response are the file: those that were sent, or those that they unpack to.
//!
//! A download asks for `identity`. A response in gzip may nevertheless have been packed on the way, or it may be a file that is stored
//! in gzip, such as a `.tgz`, which web servers often serve that way. The file's metadata decides.

use super::Attachment;
use super::digest::Digest;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use snow_core::layer::GzipLayer;
use snow_core::{Body, Error, ErrorKind};
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tower::{Layer, ServiceExt, service_fn};

/// The form in which the bytes of a response are the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoredForm {
    AsSent,
    Unpacked,
}

impl StoredForm {
    /// Returns the form of the file in a response, if its length decides that.
    pub(super) fn by_length(response: &Response<Body>, attachment: &Attachment) -> Option<Self> {
        if !is_gzip(response.headers()) {
            return Some(Self::AsSent);
        }
        let length = response.body().size_hint().exact()?;
        Some(if length == attachment.size_bytes { Self::AsSent } else { Self::Unpacked })
    }

    /// Returns the form whose length and hash are those of the file. It reads the whole response, and keeps nothing.
    pub(super) async fn by_content(
        response: Response<Body>,
        attachment: &Attachment,
        hashes: bool,
    ) -> Result<Self, Error> {
        let sent = Arc::new(Mutex::new(Measurement::default()));
        let measurement = sent.clone();
        let response = response.map(|body| Body::stream(MeasuredBody { body, measurement }));
        let mut body = unpack(response).await?;
        let mut unpacked = Measurement::default();
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame?.into_data() {
                unpacked.update(&bytes);
            }
        }
        drop(body);
        let sent = std::mem::take(&mut *sent.lock().unwrap_or_else(PoisonError::into_inner));
        let lengths = (sent.bytes, unpacked.bytes);
        match (sent.matches(attachment, hashes), unpacked.matches(attachment, hashes)) {
            (true, _) => Ok(Self::AsSent),
            (false, true) => Ok(Self::Unpacked),
            (false, false) => Err(not_the_file(attachment, lengths)),
        }
    }

    /// Returns the file, which has this form in the response.
    pub(super) async fn body(self, response: Response<Body>) -> Result<Body, Error> {
        match self {
            Self::Unpacked if is_gzip(response.headers()) => unpack(response).await,
            Self::Unpacked | Self::AsSent => Ok(response.into_body()),
        }
    }
}

/// Describes how the bytes of a file were sent, for an error about a file that is not complete.
pub(super) fn describe_encoding(response: &Response<Body>) -> Option<String> {
    let encoding = response.headers().get(header::CONTENT_ENCODING)?.to_str().unwrap_or("an unreadable one");
    let length = response.body().size_hint().exact();
    let length = length.map(|bytes| format!(", as {bytes} bytes")).unwrap_or_default();
    Some(format!("it was sent with the content encoding {encoding:?}{length}"))
}

fn not_the_file(attachment: &Attachment, (sent, unpacked): (u64, u64)) -> Error {
    let Attachment { sys_id, size_bytes, .. } = attachment;
    let why = format!(
        "the attachment {sys_id}, which has {size_bytes} bytes, was sent in gzip: neither the {sent} bytes that came are this \
         file, nor the {unpacked} bytes that they unpack to"
    );
    Error::new(ErrorKind::Corrupt, why)
}

fn is_gzip(headers: &HeaderMap) -> bool {
    let encoding = headers.get(header::CONTENT_ENCODING).map_or(&b""[..], |encoding| encoding.as_bytes());
    encoding.eq_ignore_ascii_case(b"gzip") || encoding.eq_ignore_ascii_case(b"x-gzip")
}

/// Unpacks a response as the layer unpacks every other one.
async fn unpack(response: Response<Body>) -> Result<Body, Error> {
    let mut response = Some(response);
    let service = service_fn(move |_: Request<()>| {
        let what = "a response is unpacked twice";
        ready(response.take().ok_or_else(|| Error::internal(what)))
    });
    let response = GzipLayer::new().layer(service).oneshot(Request::new(())).await?;
    Ok(Body::stream(response.into_body()))
}

/// The number and the hash of bytes.
struct Measurement {
    bytes: u64,
    digest: Digest,
}

impl Default for Measurement {
    fn default() -> Self {
        Self { bytes: 0, digest: Digest::new() }
    }
}

impl Measurement {
    fn update(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.digest.update(bytes);
    }

    fn matches(self, attachment: &Attachment, hashes: bool) -> bool {
        let hash = attachment.hash.as_ref().filter(|_| hashes);
        self.bytes == attachment.size_bytes && hash.is_none_or(|hash| *hash == self.digest.finish())
    }
}

/// A body that is measured as it is read.
struct MeasuredBody {
    body: Body,
    measurement: Arc<Mutex<Measurement>>,
}

impl http_body::Body for MeasuredBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(bytes) = frame.data_ref()
        {
            self.measurement.lock().unwrap_or_else(PoisonError::into_inner).update(bytes);
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
