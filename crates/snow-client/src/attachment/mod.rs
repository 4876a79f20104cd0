//! Files of records, with the Attachment API ([facts 5]).
//!
//! Start with [`Client::attachments`](crate::Client::attachments), which returns [`Attachments`]:
//! [`upload`](Attachments::upload) and [`download`](Attachments::download) transfer files in constant memory,
//! [`for_record`](Attachments::for_record) lists the files of a record. [`Attachment`] is the metadata of a file.
//!
//! [facts 5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#5-attachments

mod attachment_calls;
mod attribute;
mod content;
mod content_type;
mod digest;
mod download;
mod download_attempts;
#[cfg(feature = "blocking")]
mod download_reader;
mod file_error;
mod incoming;
mod list_attachments;
mod metadata;
mod multipart;
#[cfg(feature = "blocking")]
mod offloaded_body;
mod opened_content;
mod parent_record;
mod progress;
mod random_name;
mod reader_body;
mod requests;
#[cfg(feature = "blocking")]
mod std_reader;
mod stored_form;
mod temp_file;
mod transfer_all;
mod upload;

use crate::api::Api;
use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::PlainReader;
use crate::request::poll_until::poll_until;
use crate::{Error, ErrorKind, SysId, field};
use bytes::Bytes;
use http::Method;
use parent_record::ParentRecord;
use snow_core::ApiPath;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use attachment_calls::{DeleteAttachment, GetAttachment, RenameAttachment};
pub use attribute::{Attribute, ListAttributes, WriteAttribute};
pub use content::Content;
pub(crate) use digest::Digest;
pub use download::Download;
#[cfg(feature = "blocking")]
pub use download_reader::DownloadReader;
pub(crate) use file_error::{directory_error, file_error};
pub use incoming::DownloadStream;
pub use list_attachments::ListAttachments;
pub use metadata::{Attachment, FileState};
pub use progress::TransferProgress;
pub use upload::{Upload, Uploaded};

/// The Attachment API: the files of an instance's records. Create it with [`Client::attachments`](crate::Client::attachments). It
/// is cheap to clone.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let url = simulator.listen().await?;
/// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
/// # let incident = client.table("incident").list().limit(1).await?[0].sys_id()?;
/// let attachments = client.attachments();
/// let note = attachments.upload("incident", incident, "note.txt", "the printer is on fire").await?;
/// assert_eq!(note.content_type, "text/plain");
/// assert_eq!(attachments.download(note.sys_id).bytes(1 << 20).await?, "the printer is on fire");
/// # Ok(()) }
/// ```
///
/// The permissions of a file are those of its record. The limits of an instance are 1024 MB for a file, unless
/// `com.glide.attachment.max_size` is set, and 60 seconds for a request ([facts 5]).
///
/// [facts 5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#5-attachments
#[derive(Clone, Debug)]
pub struct Attachments {
    pub(crate) client: Arc<ClientInner>,
}

impl Attachments {
    pub(crate) fn new(client: Arc<ClientInner>) -> Self {
        Self { client }
    }

    /// Lists the files of all records. A query selects them by the fields of [`Attachment`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incomplete`] if no limit is set and more files match than the 1,000 that the service sends by default.
    pub fn list(&self) -> ListAttachments {
        ListAttachments::new(self.api().call(Method::GET, Attachment::list_from_response))
    }

    /// Lists the files of one record.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list). A record that does not exist has no files.
    pub fn for_record(&self, table: &str, sys_id: impl AsRef<str>) -> ListAttachments {
        let record = ParentRecord::parse(table, sys_id.as_ref());
        self.list().fix(record.map(|ParentRecord { table, sys_id }| {
            field("table_name").eq(table).and(field("table_sys_id").eq(sys_id))
        }))
    }

    /// Returns the metadata of a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the file does not exist, or if the user may not read its record.
    pub fn get(&self, sys_id: impl AsRef<str>) -> GetAttachment {
        let call = self.call(Method::GET, sys_id.as_ref(), |response, request| {
            let attachment = Attachment::from_response(response)?;
            match request.identity {
                Some(identity) => identity.matches(attachment.sys_id.as_str()).map(|()| attachment),
                None => Ok(attachment),
            }
        });
        GetAttachment { call }
    }

    /// Uploads a file to a record: bytes, a file of this machine, a reader or a stream. Files are sent in constant memory.
    ///
    /// ```no_run
    /// # async fn example(client: snow_client::Client, incident: &str) -> Result<(), snow_client::Error> {
    /// use snow_client::attachment::Content;
    ///
    /// let log = Content::file("/var/log/syslog");
    /// let log = client.attachments().upload("incident", incident, "syslog", log).skip_if_identical(true).await?;
    /// println!("{} bytes, {}", log.size_bytes, if log.already_existed() { "existed already" } else { "new" });
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// If the error's [`may_have_executed`](Error::may_have_executed) is true, check before you try again: the file may exist.
    /// [`ErrorKind::Corrupt`] if the instance stored another size than was sent.
    pub fn upload(
        &self,
        table: &str,
        sys_id: impl AsRef<str>,
        file_name: &str,
        content: impl Into<Content>,
    ) -> Upload {
        Upload::new(
            self.clone(),
            ParentRecord::parse(table, sys_id.as_ref()),
            Some(file_name),
            content.into(),
        )
    }

    /// Uploads a file of this machine to a record, under its own name.
    ///
    /// # Errors
    ///
    /// As [`upload`](Self::upload), and [`ErrorKind::Io`] if the file cannot be read.
    pub fn upload_file(&self, table: &str, sys_id: impl AsRef<str>, path: impl Into<PathBuf>) -> Upload {
        Upload::new(self.clone(), ParentRecord::parse(table, sys_id.as_ref()), None, Content::file(path))
    }

    /// Downloads a file as a stream, to a writer, to a file, or into memory.
    ///
    /// ```no_run
    /// # async fn example(client: snow_client::Client, sys_id: &str) -> Result<(), snow_client::Error> {
    /// client.attachments().download(sys_id).to_file("report.pdf").await?;
    /// # Ok(()) }
    /// ```
    pub fn download(&self, sys_id: impl AsRef<str>) -> Download {
        Download::new(self.clone(), sys_id.as_ref().parse())
    }

    /// Renames a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the file does not exist.
    pub fn rename(&self, sys_id: impl AsRef<str>, file_name: &str) -> RenameAttachment {
        let call = self.call(Method::PATCH, sys_id.as_ref(), |response, _| response.discard());
        let call = call.change(|request| {
            requests::check_file_name(file_name)?;
            let name = serde_json::json!({ "file_name": file_name });
            // The file has this name afterwards, however often the request is sent.
            let request = request.options(|options| options.idempotent(true));
            Ok(request.with_body(Bytes::from(name.to_string())))
        });
        RenameAttachment { call }
    }

    /// Deletes a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the file does not exist.
    pub fn delete(&self, sys_id: impl AsRef<str>) -> DeleteAttachment {
        let call = self.call(Method::DELETE, sys_id.as_ref(), |response, _| response.discard());
        DeleteAttachment { call }
    }

    /// Waits until the instance has scanned a file for viruses, for at most `limit`. The state is requested after half a second,
    /// and then at increasing intervals ([facts 5]). On instances that send no state, this returns at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] if the scan has not finished by then.
    ///
    /// [facts 5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#5-attachments
    pub async fn wait_until_available(
        &self,
        sys_id: impl AsRef<str>,
        limit: Duration,
    ) -> Result<Attachment, Error> {
        let sys_id: SysId = sys_id.as_ref().parse()?;
        let request = requests::metadata(self.api(), Method::GET, sys_id.as_str())?;
        let timed_out = |_| {
            let why = format!(
                "the attachment {sys_id} is on the instance, but still being scanned after {limit:?}"
            );
            request.annotate(&self.client, Error::new(ErrorKind::TimedOut, why))
        };
        let look = || self.get(sys_id).send();
        poll_until(limit, look, |attachment| !attachment.is_pending(), timed_out).await
    }

    /// The API of all files.
    fn api(&self) -> Api {
        Api::known(self.client.clone(), ApiPath::parse("/api/now/attachment"))
    }

    /// A call about one file.
    fn call<T: 'static>(&self, method: Method, sys_id: &str, read: PlainReader<T>) -> Call<T> {
        Call::new(self.client.clone(), requests::metadata(self.api(), method, sys_id), read)
    }
}
