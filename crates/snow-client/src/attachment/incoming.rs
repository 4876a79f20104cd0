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

/// The content of a file that is being downloaded: a [`Stream`] of its bytes and an [`http_body::Body`].
///
/// If the instance sent the size and the SHA-256 of the file, the content is compared with them: a stream that ends without an
/// error was the complete file. The stream holds a concurrency permit of the client until it is read to its end or dropped.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let incident = client.table("incident").list().first().await?.sys_id()?;
/// let attachments = client.attachments();
/// let note = attachments.upload("incident", incident, "note.txt", "the printer is on fire").await?;
/// let mut content = attachments.download(note.sys_id).open().await?;
/// while let Some(bytes) = content.chunk().await? {
///     println!("{} of {} bytes", bytes.len(), content.attachment().size_bytes);
/// }
/// # Ok(()) }
/// ```
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

    /// Returns the metadata of the file.
    pub fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    /// Returns the next bytes; `None` when the whole file has arrived.
    ///
    /// # Errors
    ///
    /// Errors of the connection, and [`ErrorKind::Corrupt`] if the content does not have the size or the hash that the instance
    /// sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call continues.
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
            let why =
                format!("{} bytes arrived of the attachment {sys_id}, which has {size_bytes}", self.bytes);
            return Err(self.corrupt(why));
        }
        if let Some(digest) = self.digest.take()
            && Some(digest.finish()) != self.attachment.hash
        {
            let why =
                format!("the content of the attachment {} does not match its hash", self.attachment.sys_id);
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
