//! One file on its way from a record.

use super::digest::Digest;
use super::incoming::Incoming;
use super::local::{self, Beside};
use super::progress::Listener;
use super::{Attachment, Attachments, TransferProgress};
use crate::call::Prepared;
use crate::exchange::{deadline, told as told_of};
use crate::target::Target;
use crate::transfer;
use crate::{Error, Kind, SysId};
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, Response, header};
use snow_core::layer::Attempts;
use snow_core::{ApiPath, Body, Clock};
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// A download to be: see [`Attachments::download`]. Nothing is sent before one of its ways is taken.
#[derive(Debug)]
#[must_use = "a download begins when it is opened or told where to go"]
pub struct Download {
    attachments: Attachments,
    sys_id: Result<SysId, Error>,
    overwrite: bool,
    hashes: bool,
    skip_same: bool,
    wait: Option<Duration>,
    deadline: Option<Duration>,
    listener: Option<Listener>,
}

impl Download {
    pub(super) fn new(attachments: Attachments, sys_id: Result<SysId, Error>) -> Self {
        Self {
            attachments,
            sys_id,
            overwrite: false,
            hashes: true,
            skip_same: false,
            wait: None,
            deadline: None,
            listener: None,
        }
    }

    /// Whether [`to_file`](Self::to_file) may replace a file that is there. By default it may not.
    pub fn overwrite(self, overwrite: bool) -> Self {
        Self { overwrite, ..self }
    }

    /// Compares the size alone, and not the SHA-256: it is computed at some 1.5 GB a second, which is felt on lines that are as fast.
    pub fn without_hash(self) -> Self {
        Self { hashes: false, ..self }
    }

    /// Lets [`to_file`](Self::to_file) leave a file that has this content already as it is, and download nothing.
    pub fn skip_same(self) -> Self {
        Self { skip_same: true, ..self }
    }

    /// Waits first until the instance has looked for viruses in the file, and at most for so long.
    pub fn wait_until_available(self, limit: Duration) -> Self {
        Self { wait: Some(limit), ..self }
    }

    /// How long an attempt may take, everything included. Without it: the client's own limit and an hour. A download that stands
    /// still is ended much sooner, by the client's idle timeout.
    pub fn deadline(self, limit: Duration) -> Self {
        Self { deadline: Some(limit), ..self }
    }

    /// Calls a function whenever a part of the file has come in.
    pub fn on_progress(self, listen: impl Fn(TransferProgress) + Send + Sync + 'static) -> Self {
        Self { listener: Some(Listener::new(listen)), ..self }
    }

    /// Opens the file, to be read as it comes.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none, or if the user may not read its record.
    pub async fn open(self) -> Result<Incoming, Error> {
        let sys_id = self.ready().await?;
        self.attempt(&self.request(sys_id)?, sys_id, 0, Duration::ZERO).await
    }

    /// Writes the file as it comes, and flushes the writer.
    ///
    /// # Errors
    /// As [`open`](Self::open), and what goes wrong while it is read or written. Then a part of it has been written.
    pub async fn to_writer<W: AsyncWrite + Unpin + ?Sized>(
        self,
        writer: &mut W,
    ) -> Result<Attachment, Error> {
        let mut incoming = self.open().await?;
        let failed = |e| Error::new(Kind::File, "the file cannot be written").with_source(e);
        while let Some(bytes) = incoming.chunk().await? {
            writer.write_all(&bytes).await.map_err(failed)?;
        }
        writer.flush().await.map_err(failed)?;
        Ok(incoming.attachment().clone())
    }

    /// The whole file in memory, of at most so many bytes.
    ///
    /// # Errors
    /// [`Kind::AnswerTooLarge`] for a larger one, before any of it is read.
    pub async fn bytes(self, limit: usize) -> Result<Bytes, Error> {
        let sys_id = self.ready().await?;
        let request = self.request(sys_id)?;
        let mut again = Again::new(&self.attachments.target, &request);
        loop {
            let mut incoming = self.attempt(&request, sys_id, again.made, again.elapsed()).await?;
            match collect(&mut incoming, limit).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => again.wait(error, incoming).await?,
            }
        }
    }

    /// Writes the file beside its place, and puts it there when it is whole and good: there is never a part of a file under
    /// this name. A download that breaks off is begun again, as often as reads are.
    ///
    /// # Errors
    /// [`Kind::File`] if there is a file already, unless [`overwrite`](Self::overwrite) is set, or if it cannot be written.
    pub async fn to_file(self, path: impl AsRef<Path>) -> Result<Attachment, Error> {
        let path = path.as_ref();
        let sys_id = self.ready().await?;
        if self.skip_same
            && let Some(same) = self.same(sys_id, path).await?
        {
            return Ok(same);
        }
        let mut file = Beside::begin(path, self.overwrite).await?;
        let request = self.request(sys_id)?;
        let mut again = Again::new(&self.attachments.target, &request);
        let attachment = loop {
            let mut incoming = self.attempt(&request, sys_id, again.made, again.elapsed()).await?;
            match pour(&mut incoming, &mut file).await {
                Ok(()) => break incoming.attachment().clone(),
                Err(error) => again.wait(error, incoming).await?,
            }
            file.restart().await?;
        };
        file.publish(self.overwrite).await?;
        Ok(attachment)
    }

    /// The id, when the file may be read.
    async fn ready(&self) -> Result<SysId, Error> {
        let sys_id = self.sys_id.clone()?;
        if let Some(limit) = self.wait {
            self.attachments.wait_until_available(sys_id, limit).await?;
        }
        Ok(sys_id)
    }

    fn request(&self, sys_id: SysId) -> Result<Prepared, Error> {
        let path = ApiPath::parse("/api/now/attachment")?.record(sys_id).push("file")?;
        let mut request = Prepared::new(Method::GET, path);
        request.headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        let request = match self.deadline {
            Some(limit) => request.operation(|operation| operation.deadline(limit)),
            None => request,
        };
        Ok(transfer::allow(request, &self.attachments.target, None))
    }

    async fn attempt(
        &self,
        request: &Prepared,
        sys_id: SysId,
        attempts: u32,
        elapsed: Duration,
    ) -> Result<Incoming, Error> {
        let mut response = transfer::open(&self.attachments.target, request, attempts, elapsed).await?;
        let attachment = match told(&response) {
            Some(attachment) => attachment,
            None => {
                // It would keep the place that the question needs.
                drop(response);
                let attachment = self.attachments.get(sys_id).await?;
                response = transfer::open(&self.attachments.target, request, attempts, elapsed).await?;
                attachment
            }
        };
        let tried = response.extensions().get::<Attempts>().map_or(attempts + 1, Attempts::count);
        let incoming = Incoming::new(attachment, response.into_body(), self.listener.clone(), tried);
        Ok(if self.hashes { incoming } else { incoming.without_hash() })
    }

    /// The attachment, if the file of this machine is the same by its size and hash.
    async fn same(&self, sys_id: SysId, path: &Path) -> Result<Option<Attachment>, Error> {
        let length = match tokio::fs::metadata(path).await {
            Ok(about) => about.len(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(local::error("cannot be read", path, e)),
        };
        let attachment = self.attachments.get(sys_id).await?;
        if attachment.size_bytes != length || attachment.hash.is_none() {
            return Ok(None);
        }
        let hash = Digest::of_file(path).await?;
        Ok(Some(attachment).filter(|attachment| attachment.hash == Some(hash)))
    }
}

async fn pour(incoming: &mut Incoming, file: &mut Beside) -> Result<(), Error> {
    while let Some(bytes) = incoming.chunk().await? {
        file.write(&bytes).await?;
    }
    Ok(())
}

async fn collect(incoming: &mut Incoming, limit: usize) -> Result<Bytes, Error> {
    let size = usize::try_from(incoming.attachment().size_bytes).unwrap_or(usize::MAX);
    if size > limit {
        let why = format!("the file has {size} bytes, more than {limit}");
        return Err(Error::new(Kind::AnswerTooLarge, why));
    }
    let mut all = BytesMut::with_capacity(size);
    while let Some(bytes) = incoming.chunk().await? {
        all.extend_from_slice(&bytes);
    }
    Ok(all.freeze())
}

/// What the answer tells of its file in a header; older instances tell nothing there.
fn told(response: &Response<Body>) -> Option<Attachment> {
    Attachment::of_header(response.headers().get("x-attachment-metadata")?.to_str().ok()?)
}

/// A download that breaks off is a read that is sent again, by the rules and out of the budget of all the others.
struct Again<'a> {
    target: &'a Target,
    request: &'a Prepared,
    clock: Clock,
    began: SystemTime,
    made: u32,
}

impl<'a> Again<'a> {
    fn new(target: &'a Target, request: &'a Prepared) -> Self {
        let clock = Clock::new();
        Self { target, request, clock, began: clock.now(), made: 0 }
    }

    fn elapsed(&self) -> Duration {
        self.clock.now().duration_since(self.began).unwrap_or_default()
    }

    /// Waits before the next attempt, or says that there is none.
    async fn wait(&mut self, error: Error, broken: Incoming) -> Result<(), Error> {
        self.made = broken.tried;
        drop(broken); // its place is free while this waits
        let error = told_of(error, self.target, self.request);
        let Some(resend) = &self.target.resend else { return Err(error) };
        let limit = deadline(self.request).unwrap_or(resend.deadline);
        let pause = resend.policy.clone().within(limit).again(error, self.made, self.elapsed())?;
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
