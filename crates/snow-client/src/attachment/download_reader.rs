//! A download as a `std::io::Read`.

use super::{Attachment, DownloadStream};
use crate::blocking::{Iter, Iterate};
use bytes::{Buf, Bytes};
use snow_core::Error;
use std::fmt;
use std::io::{self, BufRead, Read};

/// The content of a file that is being downloaded, as a reader for programs without async. Returned by
/// [`DownloadStream::into_std_reader`].
///
/// If it is read to its end without an error, it was the complete file. After an error, every further read fails with it, so that no
/// part of a file is taken for the whole of it. The [`io::Error`] contains the [`Error`](crate::Error): see [`io::Error::get_ref`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::attachment::Content;
/// use snow_client::blocking::Wait;
/// use std::io::BufRead;
///
/// let incident = client.table("incident").list().first().wait()?.sys_id()?;
/// let log = std::io::Cursor::new("it was on fire\nit is out\n"); // or a file, a pipe, an archive that is being written …
/// let log = client.attachments().upload("incident", incident, "fire.log", Content::std_reader(log)).wait()?;
///
/// let reader = client.attachments().download(log.sys_id).open().wait()?.into_std_reader();
/// assert_eq!(reader.attachment().size_bytes, 25);
/// for line in reader.lines() {
///     println!("{}", line?);
/// }
/// # Ok(()) }
/// ```
pub struct DownloadReader {
    chunks: Iter<DownloadStream>,
    attachment: Attachment,
    chunk: Bytes,
    error: Option<Error>,
}

impl DownloadStream {
    /// Returns the rest of the file as a [`std::io::Read`], for programs without async.
    pub fn into_std_reader(self) -> DownloadReader {
        let attachment = self.attachment().clone();
        DownloadReader { chunks: self.iterate(), attachment, chunk: Bytes::new(), error: None }
    }
}

impl DownloadReader {
    /// Returns the metadata of the file.
    pub fn attachment(&self) -> &Attachment {
        &self.attachment
    }
}

impl BufRead for DownloadReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.chunk.is_empty() && self.error.is_none() {
            match self.chunks.next() {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(error)) => self.error = Some(error),
                None => break,
            }
        }
        match &self.error {
            Some(error) => Err(io::Error::other(error.clone())),
            None => Ok(&self.chunk),
        }
    }

    fn consume(&mut self, count: usize) {
        self.chunk.advance(count.min(self.chunk.len()));
    }
}

impl Read for DownloadReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl fmt::Debug for DownloadReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DownloadReader({})", self.attachment.sys_id)
    }
}
