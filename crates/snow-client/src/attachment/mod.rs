//! The Attachment API: files of records (facts 5).

mod attribute;
mod content;
mod content_type;
mod digest;
mod download;
mod download_attempts;
mod file_error;
mod incoming;
mod metadata;
mod multipart;
mod opened_content;
mod parent_record;
mod progress;
mod random_name;
mod reader_body;
mod requests;
mod stored_form;
mod temp_file;
mod transfer_all;
mod upload;

use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::PlainReader;
use crate::request::poll_until::poll_until;
use crate::{Error, ErrorKind, SysId, field};
use bytes::Bytes;
use http::Method;
use parent_record::ParentRecord;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use attribute::Attribute;
pub use content::Content;
pub use download::Download;
pub use incoming::DownloadStream;
pub use metadata::{Attachment, FileState};
pub use progress::TransferProgress;
pub use upload::{Upload, UploadFuture, Uploaded};

/// The files of an instance's records. Cheap to clone. Get it by [`Client::attachments`](crate::Client::attachments).
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
/// What a user may do with a file is decided by its record. Limits of the instance: 1024 MB a file, unless
/// `com.glide.attachment.max_size` says otherwise, and 60 s a request (facts 5).
#[derive(Clone, Debug)]
pub struct Attachments {
    pub(crate) client: Arc<ClientInner>,
}

impl Attachments {
    pub(crate) fn new(client: Arc<ClientInner>) -> Self {
        Self { client }
    }

    /// Files of all records: those of a query on the fields of [`Attachment`].
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] if no limit is set and more files match than the 1,000 that the service sends by itself.
    pub fn list(&self) -> Call<Vec<Attachment>> {
        Call::files(self.call(Method::GET, None, |_, _| Ok(())))
    }

    /// The files of one record.
    ///
    /// # Errors
    /// As [`list`](Self::list). A record that does not exist has no files.
    pub fn of(&self, table: &str, sys_id: impl AsRef<str>) -> Call<Vec<Attachment>> {
        let record = ParentRecord::parse(table, sys_id.as_ref());
        self.list().change(|mut request| {
            let ParentRecord { table, sys_id } = record?;
            let of_record = field("table_name").eq(table).and(field("table_sys_id").eq(sys_id));
            request.params.selection.fix(of_record);
            Ok(request)
        })
    }

    /// What is known of a file.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none, or if the user may not read its record.
    pub fn get(&self, sys_id: impl AsRef<str>) -> Call<Attachment> {
        self.call(Method::GET, Some(sys_id.as_ref()), |response, request| {
            let attachment = Attachment::from_response(response)?;
            match request.identity {
                Some(identity) => identity.matches(attachment.sys_id.as_str()).map(|()| attachment),
                None => Ok(attachment),
            }
        })
    }

    /// Gives a record a file: bytes, a file of this machine, a reader or a stream. Files go out in constant memory.
    ///
    /// ```no_run
    /// # async fn example(client: snow_client::Client, incident: &str) -> Result<(), snow_client::Error> {
    /// use snow_client::Content;
    ///
    /// let log = Content::file("/var/log/syslog");
    /// let log = client.attachments().upload("incident", incident, "syslog", log).skip_if_identical().await?;
    /// println!("{} bytes, {}", log.size_bytes, if log.already_existed() { "there already" } else { "new" });
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If the error's [`may_have_executed`](Error::may_have_executed) is true, look before you try again: the file may be
    /// there. [`ErrorKind::Corrupt`] if the instance has another size than was sent.
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

    /// Gives a record a file of this machine, under its own name.
    ///
    /// # Errors
    /// As [`upload`](Self::upload), and [`ErrorKind::Io`] if it cannot be read.
    pub fn upload_file(&self, table: &str, sys_id: impl AsRef<str>, path: impl Into<PathBuf>) -> Upload {
        Upload::new(self.clone(), ParentRecord::parse(table, sys_id.as_ref()), None, Content::file(path))
    }

    /// Gets a file: as a stream, into a writer, into a file, or into memory.
    ///
    /// ```no_run
    /// # async fn example(client: snow_client::Client, sys_id: &str) -> Result<(), snow_client::Error> {
    /// client.attachments().download(sys_id).to_file("report.pdf").await?;
    /// # Ok(()) }
    /// ```
    pub fn download(&self, sys_id: impl AsRef<str>) -> Download {
        Download::new(self.clone(), sys_id.as_ref().parse())
    }

    /// Gives a file another name.
    pub fn rename(&self, sys_id: impl AsRef<str>, file_name: &str) -> Call<()> {
        let call = self.call(Method::PATCH, Some(sys_id.as_ref()), |response, _| response.nothing());
        call.change(|mut request| {
            requests::check_file_name(file_name)?;
            let name = serde_json::json!({ "file_name": file_name });
            request.body = Some(Bytes::from(name.to_string()));
            // The file has this name afterwards, however often the request is sent.
            Ok(request.options(|options| options.idempotent(true)))
        })
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub fn delete(&self, sys_id: impl AsRef<str>) -> Call<()> {
        self.call(Method::DELETE, Some(sys_id.as_ref()), |response, _| response.nothing())
    }

    /// Waits until the instance has looked for viruses in a file, at most for so long: it looks after half a second, and then
    /// ever more rarely (facts 5). Instances that tell no state have no such files.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] if it is still not done.
    pub async fn wait_until_available(
        &self,
        sys_id: impl AsRef<str>,
        limit: Duration,
    ) -> Result<Attachment, Error> {
        let sys_id: SysId = sys_id.as_ref().parse()?;
        let request = requests::metadata(Method::GET, Some(sys_id.as_str()))?;
        let timed_out = |_| {
            let why = format!(
                "the attachment {sys_id} is on the instance, and still being scanned after {limit:?}"
            );
            request.annotate(&self.client, Error::new(ErrorKind::TimedOut, why))
        };
        let look = || self.get(sys_id).into_future();
        poll_until(limit, look, |attachment| !attachment.is_pending(), timed_out).await
    }

    fn call<T: 'static>(&self, method: Method, sys_id: Option<&str>, read: PlainReader<T>) -> Call<T> {
        Call::new(self.client.clone(), requests::metadata(method, sys_id), read)
    }
}
