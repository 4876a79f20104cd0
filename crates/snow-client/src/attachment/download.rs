//! The download of a file.

use super::digest::Digest;
use super::download_attempts::DownloadAttempts;
use super::file_error::{file_error, io_error};
use super::incoming::DownloadStream;
use super::progress::ProgressListener;
use super::temp_file::TempFile;
use super::{Attachment, Attachments, TransferProgress, requests};
use crate::{Error, ErrorKind, SysId};
use bytes::{Bytes, BytesMut};
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// How much memory is reserved for a file before anything of it has come.
const RESERVED: usize = 64 << 10;

/// A download of a file. Returned by [`Attachments::download`].
///
/// Nothing is sent before [`open`](Self::open), [`to_writer`](Self::to_writer), [`bytes`](Self::bytes) or
/// [`to_file`](Self::to_file) is called.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let incident = client.table("incident").list().first().await?.sys_id()?;
/// let attachments = client.attachments();
/// let note = attachments.upload("incident", incident, "note.txt", "the printer is on fire").await?;
/// let path = std::env::temp_dir().join("snow-download-example.txt");
/// let file = attachments.download(note.sys_id).overwrite(true).to_file(&path).await?;
/// assert_eq!(file.file_name, "note.txt");
///
/// let bytes = attachments.download(note.sys_id).bytes(1 << 20).await?;
/// assert_eq!(bytes, tokio::fs::read(&path).await?);
/// # tokio::fs::remove_file(&path).await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a download begins when `open`, `to_writer`, `bytes` or `to_file` is called"]
pub struct Download {
    attachments: Attachments,
    sys_id: Result<SysId, Error>,
    overwrite: bool,
    /// Whether the SHA-256 is compared.
    hashes: bool,
    skip_if_identical: bool,
    wait: Option<Duration>,
    deadline: Option<Duration>,
    listener: Option<ProgressListener>,
}

impl Download {
    pub(super) fn new(attachments: Attachments, sys_id: Result<SysId, Error>) -> Self {
        Self {
            attachments,
            sys_id,
            overwrite: false,
            hashes: true,
            skip_if_identical: false,
            wait: None,
            deadline: None,
            listener: None,
        }
    }

    /// Sets whether [`to_file`](Self::to_file) may replace an existing file; `false` by default.
    pub fn overwrite(self, overwrite: bool) -> Self {
        Self { overwrite, ..self }
    }

    /// Sets whether the SHA-256 of the content is compared with the instance's, in addition to the size. `true` by default.
    ///
    /// Hashing runs at about 1.5 GB per second, so it matters only on connections that are as fast.
    pub fn verify_hash(self, verify: bool) -> Self {
        Self { hashes: verify, ..self }
    }

    /// Sets whether [`to_file`](Self::to_file) downloads nothing if the file exists and already has this content; `false` by
    /// default.
    pub fn skip_if_identical(self, skip: bool) -> Self {
        Self { skip_if_identical: skip, ..self }
    }

    /// Waits before the download until the instance has scanned the file for viruses, for at most `limit`.
    pub fn wait_until_available(self, limit: Duration) -> Self {
        Self { wait: Some(limit), ..self }
    }

    /// Sets how long an attempt may take in total. By default, the client's own limit applies until the response begins, and one
    /// second is added for each 64 KiB of the file. The client's response timeout and idle timeout detect a server that stalls much
    /// sooner.
    #[doc(alias = "timeout")]
    pub fn deadline(self, limit: Duration) -> Self {
        Self { deadline: Some(limit), ..self }
    }

    /// Calls a function each time a part of the file has arrived.
    pub fn on_progress(self, listen: impl Fn(TransferProgress) + Send + Sync + 'static) -> Self {
        Self { listener: Some(ProgressListener::new(listen)), ..self }
    }

    /// Opens the file, and returns its content as a stream.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the file does not exist, or if the user may not read its record.
    pub async fn open(self) -> Result<DownloadStream, Error> {
        self.open_attempt().await.map_err(|error| self.annotate(error))
    }

    /// Writes the file to a writer as it arrives, and flushes the writer.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and errors while the file is read or written. In that case a part of it has been written.
    pub async fn to_writer<W: AsyncWrite + Unpin + ?Sized>(
        self,
        writer: &mut W,
    ) -> Result<Attachment, Error> {
        self.copy_to(writer).await.map_err(|error| self.annotate(error))
    }

    /// Returns the whole file in memory. `limit` is its maximum size in bytes.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`ErrorKind::ResponseTooLarge`] for a larger file, before any of it is read.
    pub async fn bytes(self, limit: usize) -> Result<Bytes, Error> {
        self.collect(limit).await.map_err(|error| self.annotate(error))
    }

    /// Writes the file to a temporary file, which is renamed to `path` when it is complete and verified: a partial file never has
    /// this name. A download that breaks off is started again, as often as reads are retried.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`ErrorKind::Io`] if the file exists already and [`overwrite`](Self::overwrite) is not set, or
    /// if it cannot be written.
    pub async fn to_file(self, path: impl AsRef<Path>) -> Result<Attachment, Error> {
        self.save(path.as_ref()).await.map_err(|error| self.annotate(error))
    }

    async fn open_attempt(&self) -> Result<DownloadStream, Error> {
        self.attempts().await?.open().await
    }

    async fn copy_to<W: AsyncWrite + Unpin + ?Sized>(&self, writer: &mut W) -> Result<Attachment, Error> {
        let mut incoming = self.open_attempt().await?;
        let failed = |e| io_error("the file cannot be written", e);
        while let Some(bytes) = incoming.chunk().await? {
            writer.write_all(&bytes).await.map_err(failed)?;
        }
        writer.flush().await.map_err(failed)?;
        Ok(incoming.attachment().clone())
    }

    async fn collect(&self, limit: usize) -> Result<Bytes, Error> {
        let mut attempts = self.attempts().await?;
        loop {
            let mut incoming = attempts.open().await?;
            match read_to_end(&mut incoming, limit).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => attempts.retry(error, incoming).await?,
            }
        }
    }

    async fn save(&self, path: &Path) -> Result<Attachment, Error> {
        let mut attempts = self.attempts().await?;
        if self.skip_if_identical
            && let Some(same) = self.find_same(path).await?
        {
            return Ok(same);
        }
        let mut file = TempFile::create(path, self.overwrite).await?;
        let attachment = loop {
            let mut incoming = attempts.open().await?;
            match write_to_file(&mut incoming, &mut file).await {
                Ok(()) => break incoming.attachment().clone(),
                Err(error) => attempts.retry(error, incoming).await?,
            }
            file.truncate().await?;
        };
        file.persist(self.overwrite).await?;
        Ok(attachment)
    }

    /// Begins the download, when the file may be read.
    async fn attempts(&self) -> Result<DownloadAttempts<'_>, Error> {
        let sys_id = self.sys_id.clone()?;
        if let Some(limit) = self.wait {
            self.attachments.wait_until_available(sys_id, limit).await?;
        }
        let request = requests::download(sys_id, self.deadline)?.check(&self.attachments.client).await?;
        let listener = self.listener.clone();
        Ok(DownloadAttempts::new(&self.attachments, sys_id, request, self.hashes, listener))
    }

    /// Names the request in every error, also in one of this machine: a download changes nothing on the instance.
    fn annotate(&self, error: Error) -> Error {
        let request = self.sys_id.clone().and_then(|sys_id| requests::download(sys_id, self.deadline));
        match request {
            Ok(request) => request.annotate(&self.attachments.client, error),
            Err(_) => error,
        }
    }

    /// Returns the attachment, if the file of this machine has the same size and hash.
    async fn find_same(&self, path: &Path) -> Result<Option<Attachment>, Error> {
        let length = match tokio::fs::metadata(path).await {
            Ok(about) => about.len(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(file_error("cannot be read", path, e)),
        };
        let attachment = self.attachments.get(self.sys_id.clone()?).await?;
        if attachment.size_bytes != length || attachment.hash.is_none() {
            return Ok(None);
        }
        let hash = Digest::of_file(path).await?;
        Ok(Some(attachment).filter(|attachment| attachment.hash == Some(hash)))
    }
}

async fn write_to_file(incoming: &mut DownloadStream, file: &mut TempFile) -> Result<(), Error> {
    while let Some(bytes) = incoming.chunk().await? {
        file.write(&bytes).await?;
    }
    Ok(())
}

async fn read_to_end(incoming: &mut DownloadStream, limit: usize) -> Result<Bytes, Error> {
    let size = usize::try_from(incoming.attachment().size_bytes).unwrap_or(usize::MAX);
    if size > limit {
        let why = format!("the file has {size} bytes, more than {limit}");
        return Err(Error::new(ErrorKind::ResponseTooLarge, why));
    }
    // The size is only what the metadata says, so memory is taken as the file comes.
    let mut all = BytesMut::with_capacity(size.min(RESERVED));
    while let Some(bytes) = incoming.chunk().await? {
        all.extend_from_slice(&bytes);
    }
    Ok(all.freeze())
}
