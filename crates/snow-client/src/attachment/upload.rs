//! The upload of a file.

use super::content::{Content, RereadableContent};
use super::multipart::MultipartForm;
#[cfg(feature = "blocking")]
use super::offloaded_body::off_io_thread;
use super::opened_content::OpenedContent;
use super::parent_record::ParentRecord;
use super::progress::{ProgressBody, ProgressListener};
use super::requests::{self, NewFile};
use super::{Attachment, Attachments, TransferProgress};
use crate::request::api_request::ApiRequest;
use crate::request::call::CallFuture;
use crate::request::stream;
use crate::{DateTime, Error, ErrorKind, SysId};
use http::Method;
use snow_core::Body;
use snow_core::decode::ApiResponse;
use std::fmt;
use std::future::IntoFuture;
use std::ops::Deref;
use std::time::Duration;

/// An upload of a file. Returned by [`Attachments::upload`] and [`Attachments::upload_file`].
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the file was uploaded.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let incident = client.table("incident").list().first().await?.sys_id()?;
/// let upload = client.attachments().upload("incident", incident, "report.csv", "number,state\nINC0000046,2\n");
/// let report = upload.content_type("text/csv").skip_if_identical(true).await?;
/// println!("{} as {}", report.file_name, report.sys_id);
/// # assert!(!report.already_existed());
/// # Ok(()) }
/// ```
#[must_use = "an upload begins when it is awaited"]
pub struct Upload {
    attachments: Attachments,
    record: Result<ParentRecord, Error>,
    file_name: Option<String>,
    content: Content,
    content_type: Option<String>,
    created: Option<DateTime>,
    as_form: bool,
    skip_if_identical: bool,
    wait: Option<Duration>,
    deadline: Option<Duration>,
    listener: Option<ProgressListener>,
}

/// A file that was uploaded.
#[derive(Clone, Debug)]
pub struct Uploaded {
    attachment: Attachment,
    already_existed: bool,
}

impl Uploaded {
    /// Returns whether the file existed already and nothing was sent: see [`Upload::skip_if_identical`].
    pub fn already_existed(&self) -> bool {
        self.already_existed
    }

    /// Returns the metadata of the file.
    pub fn into_attachment(self) -> Attachment {
        self.attachment
    }
}

impl Deref for Uploaded {
    type Target = Attachment;

    fn deref(&self) -> &Attachment {
        &self.attachment
    }
}

impl Upload {
    pub(super) fn new(
        attachments: Attachments,
        record: Result<ParentRecord, Error>,
        file_name: Option<&str>,
        content: Content,
    ) -> Self {
        Self {
            attachments,
            record,
            file_name: file_name.map(str::to_owned),
            content,
            content_type: None,
            created: None,
            as_form: false,
            skip_if_identical: false,
            wait: None,
            deadline: None,
            listener: None,
        }
    }

    /// Sets the name of the file on the instance.
    pub fn file_name(self, name: &str) -> Self {
        Self { file_name: Some(name.to_owned()), ..self }
    }

    /// Sets the content type.
    ///
    /// By default it is detected from the content and the name of the file: a picture named `.txt` is a picture. If neither is
    /// conclusive, it is `application/octet-stream`.
    pub fn content_type(self, content_type: &str) -> Self {
        Self { content_type: Some(content_type.to_owned()), ..self }
    }

    /// Sets the time at which the file was created; the current time by default.
    pub fn created_on(self, created: DateTime) -> Self {
        Self { created: Some(created), ..self }
    }

    /// Sets whether the file is sent as the last part of a form (`multipart/form-data`) instead of as the body, for gateways that
    /// accept nothing else; `false` by default.
    pub fn as_form(self, as_form: bool) -> Self {
        Self { as_form, ..self }
    }

    /// Sets whether nothing is sent if the record already has a file with the same content, whatever its name; `false` by default.
    ///
    /// The content is read once before it is sent, so readers and streams are refused. On instances that return no hashes, the file
    /// is sent regardless.
    pub fn skip_if_identical(self, skip: bool) -> Self {
        Self { skip_if_identical: skip, ..self }
    }

    /// Waits after the upload until the instance has scanned the file for viruses, for at most `limit`.
    pub fn wait_until_available(self, limit: Duration) -> Self {
        Self { wait: Some(limit), ..self }
    }

    /// Sets how long the upload may take in total. By default it is the client's own limit plus one second for each 64 KiB; one
    /// hour for content of unknown size.
    #[doc(alias = "timeout")]
    pub fn deadline(self, limit: Duration) -> Self {
        Self { deadline: Some(limit), ..self }
    }

    /// Calls a function each time a part of the file has been sent.
    pub fn on_progress(self, listen: impl Fn(TransferProgress) + Send + Sync + 'static) -> Self {
        Self { listener: Some(ProgressListener::new(listen)), ..self }
    }

    /// Returns a future that uploads the file and returns its metadata.
    ///
    /// The upload can also be awaited directly. Use `send` with functions that take a future: `tokio::spawn`, `join_all`,
    /// `block_on`.
    pub fn send(self) -> CallFuture<Uploaded> {
        CallFuture::new(self.run())
    }

    async fn run(self) -> Result<Uploaded, Error> {
        let (attachments, wait) = (self.attachments.clone(), self.wait);
        // If anything fails before then, nothing has left this machine.
        let prepared = match self.prepare().await.map_err(Error::before_sending)? {
            UploadPlan::Skip(attachment) => {
                return Ok(Uploaded { attachment: *attachment, already_existed: true });
            }
            UploadPlan::Send(prepared) => *prepared,
        };
        let attachment = prepared.send(&attachments).await?;
        let attachment = match wait {
            Some(limit) if attachment.is_pending() => {
                let id = attachment.sys_id;
                let available = attachments.wait_until_available(id, limit).await;
                available.map_err(|error| not_known_available(error, id))?
            }
            _ => attachment,
        };
        Ok(Uploaded { attachment, already_existed: false })
    }

    async fn prepare(self) -> Result<UploadPlan, Error> {
        let record = self.record?;
        let file_name = self.file_name.or_else(|| self.content.file_name()).unwrap_or_default();
        requests::check_file_name(&file_name)?;
        if self.as_form && self.created.is_some() {
            let why = "a form has no field for the time of creation: leave out as_form() or created_on()";
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        let rereadable = if self.skip_if_identical { Some(self.content.rereadable()?) } else { None };
        if let Some(content) = rereadable
            && let Some(attachment) = find_existing(&self.attachments, &record, &content).await?
        {
            return Ok(UploadPlan::Skip(Box::new(attachment)));
        }
        let content = self.content.open(&file_name).await?;
        let length = content.length;
        let content_type = self.content_type.unwrap_or_else(|| content.content_type.to_owned());
        let file = NewFile { record: &record, file_name: &file_name, created: self.created };
        let (request, body) = match self.as_form {
            true => form(&file, content, &content_type, self.listener)?,
            false => plain(&file, content, &content_type, self.listener)?,
        };
        let request = requests::with_upload_time(request, self.deadline, length);
        Ok(UploadPlan::Send(Box::new(PreparedUpload { request, body, length, record: record.sys_id })))
    }
}

/// What there is to do.
enum UploadPlan {
    /// Nothing: the record has this file.
    Skip(Box<Attachment>),
    Send(Box<PreparedUpload>),
}

/// An upload that is about to be sent.
struct PreparedUpload {
    request: ApiRequest,
    body: Body,
    length: Option<u64>,
    record: SysId,
}

impl PreparedUpload {
    async fn send(self, attachments: &Attachments) -> Result<Attachment, Error> {
        let Self { request, body, length, record } = self;
        let read = move |response: &ApiResponse, _: &ApiRequest| {
            let attachment = Attachment::from_response(response)?;
            check_record(&attachment, record)?;
            Ok(attachment)
        };
        let request = request.check(&attachments.client).await?;
        let attachment = stream::send(&attachments.client, &request, body, &read).await?;
        check_size(&attachment, length)?;
        Ok(attachment)
    }
}

/// Returns the request and the body of a file that is sent as it is.
fn plain(
    file: &NewFile<'_>,
    content: OpenedContent,
    content_type: &str,
    listener: Option<ProgressListener>,
) -> Result<(ApiRequest, Body), Error> {
    let request = requests::upload(file, content_type)?;
    let hooks = UploadHooks::new(&content, listener);
    Ok((request, content.into_body(move |body| hooks.wrap(body))))
}

/// Returns the request and the body of a file that is sent in a form.
fn form(
    file: &NewFile<'_>,
    content: OpenedContent,
    content_type: &str,
    listener: Option<ProgressListener>,
) -> Result<(ApiRequest, Body), Error> {
    requests::content_type_header(content_type)?;
    let fields = [("table_name", file.record.table.as_str()), ("table_sys_id", file.record.sys_id.as_str())];
    let form = MultipartForm::new(&fields, file.file_name, content_type)?;
    let request = requests::upload_form(&form.content_type())?;
    let hooks = UploadHooks::new(&content, listener);
    Ok((request, content.into_body(move |body| form.wrap(hooks.wrap(body)))))
}

/// What is put around the content of a file each time that it is sent.
struct UploadHooks {
    listener: Option<ProgressListener>,
    runs_callers_code: bool,
}

impl UploadHooks {
    fn new(content: &OpenedContent, listener: Option<ProgressListener>) -> Self {
        let runs_callers_code = content.runs_callers_code || listener.is_some();
        Self { listener, runs_callers_code }
    }

    fn wrap(&self, body: Body) -> Body {
        let body = match &self.listener {
            Some(listener) => ProgressBody::wrap(body, listener.clone()),
            None => body,
        };
        if self.runs_callers_code { off_io_thread(body) } else { body }
    }
}

/// Nothing waits on an I/O thread of this crate.
#[cfg(not(feature = "blocking"))]
fn off_io_thread(body: Body) -> Body {
    body
}

/// Finds the file of the record that has this content.
async fn find_existing(
    attachments: &Attachments,
    record: &ParentRecord,
    content: &RereadableContent,
) -> Result<Option<Attachment>, Error> {
    let hash = content.hash().await?;
    let files = attachments.for_record(&record.table, record.sys_id).await?;
    Ok(files.into_iter().find(|file| file.hash.as_deref() == Some(&hash)))
}

/// An error after the file was uploaded.
fn not_known_available(error: Error, sys_id: SysId) -> Error {
    let why =
        format!("the file was uploaded as the attachment {sys_id}, but it is not known to be available");
    error.about_item(&Method::POST).carried_out().with_context(&why)
}

/// Fails if the response is about a file of another record than the one that the file was sent to.
fn check_record(attachment: &Attachment, sys_id: SysId) -> Result<(), Error> {
    if attachment.table_sys_id.eq_ignore_ascii_case(sys_id.as_str()) {
        return Ok(());
    }
    let why =
        format!("the response is about a file of another record than {sys_id}, to which this file was sent");
    Err(Error::new(ErrorKind::ResponseMismatch, why))
}

/// Fails if the instance has another size than was sent: it has not received all of the file.
fn check_size(attachment: &Attachment, length: Option<u64>) -> Result<(), Error> {
    match length {
        Some(length) if length != attachment.size_bytes => {
            let why = format!(
                "{length} bytes were sent, but the instance stored {} (attachment {})",
                attachment.size_bytes, attachment.sys_id
            );
            Err(Error::new(ErrorKind::Corrupt, why))
        }
        _ => Ok(()),
    }
}

impl IntoFuture for Upload {
    type Output = Result<Uploaded, Error>;
    type IntoFuture = CallFuture<Uploaded>;

    fn into_future(self) -> CallFuture<Uploaded> {
        self.send()
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({:?})", self.content)
    }
}
