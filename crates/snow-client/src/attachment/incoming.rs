//! A file as it comes, and whether all of it came.

use super::Attachment;
use super::digest::Digest;
use super::progress::Listener;
use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body as _, Frame, SizeHint};
use snow_core::{Body, Error, Kind};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A file on its way in: a [`Stream`] of its bytes and an [`http_body::Body`]. Size and SHA-256 are compared with what the
/// instance says it has, where it says so: a stream that ends without an error was the whole file.
///
/// It holds a place of the client's until it is read to its end or dropped.
pub struct Incoming {
    attachment: Attachment,
    body: Body,
    digest: Option<Digest>,
    bytes: u64,
    listener: Option<Listener>,
    over: bool,
    /// How often the request went out until the file began to come.
    pub(super) tried: u32,
}

impl Incoming {
    pub(super) fn new(attachment: Attachment, body: Body, listener: Option<Listener>, tried: u32) -> Self {
        let digest = attachment.hash.as_ref().map(|_| Digest::new());
        Self { attachment, body, digest, bytes: 0, listener, over: false, tried }
    }

    /// Leaves the hash alone.
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
    /// What went wrong on the wire, or [`Kind::Corrupt`] if this is not the file that the instance says it has.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }

    fn taken(&mut self, bytes: &Bytes) {
        self.bytes += bytes.len() as u64;
        if let Some(digest) = &mut self.digest {
            digest.add(bytes);
        }
        if let Some(listener) = &self.listener {
            listener.tell(self.bytes, Some(self.attachment.size_bytes));
        }
    }

    fn check(&mut self) -> Result<(), Error> {
        let Attachment { sys_id, size_bytes, .. } = &self.attachment;
        if self.bytes != *size_bytes {
            let why = format!("{} bytes came of the attachment {sys_id}, which has {size_bytes}", self.bytes);
            return Err(Error::new(Kind::Corrupt, why));
        }
        if let Some(digest) = self.digest.take()
            && Some(digest.finish()) != self.attachment.hash
        {
            let why = format!("the bytes of the attachment {sys_id} are not those of its hash");
            return Err(Error::new(Kind::Corrupt, why));
        }
        Ok(())
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.over {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let Ok(bytes) = frame.into_data() else { continue };
                    self.taken(&bytes);
                    if self.bytes > self.attachment.size_bytes {
                        self.over = true;
                        return Poll::Ready(self.check().err().map(Err));
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Some(Err(error)) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.over = true;
                    return Poll::Ready(self.check().err().map(Err));
                }
            }
        }
        Poll::Ready(None)
    }
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.poll_next(cx).map(|next| next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.over
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.attachment.size_bytes.saturating_sub(self.bytes))
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incoming({} of {} bytes)", self.bytes, self.attachment.size_bytes)
    }
}
