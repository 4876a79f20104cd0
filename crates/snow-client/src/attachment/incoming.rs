//! A download as a stream, which fails unless it was the complete file.

use super::Attachment;
use super::digest::Digest;
use super::progress::ProgressListener;
use bytes::Bytes;
use futures_util::Stream;
use http::{Method, Uri};
use http_body::{Body as _, Frame, SizeHint};
use snow_core::{Body, Error, ErrorKind};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A file on its way in: a [`Stream`] of its bytes and an [`http_body::Body`]. Size and SHA-256 are compared with what the
/// instance says it has, where it says so: a stream that ends without an error was the whole file.
///
/// It holds a place of the client's until it is read to its end or dropped.
pub struct DownloadStream {
    attachment: Attachment,
    body: Body,
    digest: Option<Digest>,
    bytes: u64,
    listener: Option<ProgressListener>,
    has_ended: bool,
    /// The address that errors name.
    address: Uri,
    /// How the file was sent, unless it was sent as it is.
    encoding: Option<String>,
    /// Why nothing of the file comes.
    error: Option<Error>,
    /// How many attempts were made until the file began to come.
    pub(super) attempts: u32,
}

impl DownloadStream {
    /// Creates the stream of a file of which nothing has come.
    pub(super) fn new(
        attachment: Attachment,
        listener: Option<ProgressListener>,
        address: Uri,
        attempts: u32,
    ) -> Self {
        let digest = attachment.hash.as_ref().map(|_| Digest::new());
        Self {
            attachment,
            body: Body::empty(),
            digest,
            bytes: 0,
            listener,
            has_ended: false,
            address,
            encoding: None,
            error: None,
            attempts,
        }
    }

    /// Sets the body that the file comes from, in a response with this content encoding.
    pub(super) fn set_body(&mut self, encoding: Option<String>, body: Body) {
        (self.encoding, self.body) = (encoding, body);
    }

    /// The same stream, which fails before its first byte.
    pub(super) fn failing_with(self, error: Error) -> Self {
        Self { error: Some(error), ..self }
    }

    /// The same stream, whose hash is not compared.
    pub(super) fn without_hash(self) -> Self {
        Self { digest: None, ..self }
    }

    /// What the instance tells of the file.
    pub fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    /// The next bytes; `None` when the whole file has come.
    ///
    /// # Errors
    /// What went wrong on the wire, or [`ErrorKind::Corrupt`] if this is not the file that the instance says it has.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }

    fn count(&mut self, bytes: &Bytes) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        if let Some(listener) = &self.listener {
            listener.report(self.bytes, Some(self.attachment.size_bytes));
        }
    }

    fn check_complete(&mut self) -> Result<(), Error> {
        let Attachment { sys_id, size_bytes, .. } = &self.attachment;
        if self.bytes != *size_bytes {
            let why = format!("{} bytes came of the attachment {sys_id}, which has {size_bytes}", self.bytes);
            return Err(self.corrupt(why));
        }
        if let Some(digest) = self.digest.take()
            && Some(digest.finish()) != self.attachment.hash
        {
            let why =
                format!("the bytes of the attachment {} are not those of its hash", self.attachment.sys_id);
            return Err(self.corrupt(why));
        }
        Ok(())
    }

    fn corrupt(&self, why: String) -> Error {
        match &self.encoding {
            Some(encoding) => Error::new(ErrorKind::Corrupt, format!("{why} ({encoding})")),
            None => Error::new(ErrorKind::Corrupt, why),
        }
    }

    fn end(&mut self, error: Option<Error>) -> Poll<Option<Result<Bytes, Error>>> {
        self.has_ended = true;
        Poll::Ready(error.map(|error| Err(error.with_request(&Method::GET, &self.address))))
    }
}

impl Stream for DownloadStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(error) = self.error.take() {
            return self.end(Some(error));
        }
        while !self.has_ended {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let Ok(bytes) = frame.into_data() else { continue };
                    self.count(&bytes);
                    if self.bytes > self.attachment.size_bytes {
                        let error = self.check_complete().err();
                        return self.end(error);
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Some(Err(error)) => return self.end(Some(error)),
                None => {
                    let error = self.check_complete().err();
                    return self.end(error);
                }
            }
        }
        Poll::Ready(None)
    }
}

impl http_body::Body for DownloadStream {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.poll_next(cx).map(|next| next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.attachment.size_bytes.saturating_sub(self.bytes))
    }
}

impl fmt::Debug for DownloadStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DownloadStream({} of {} bytes)", self.bytes, self.attachment.size_bytes)
    }
}
