//! One file on its way to a record.

use super::content::{Content, Opened, Twice};
use super::framed::Form;
use super::progress::{Counted, Listener};
use super::{Attachment, Attachments, TransferProgress, file_name_refused};
use crate::call::Prepared;
use crate::transfer;
use crate::{DateTime, Error, Kind, SysId};
use http::{HeaderValue, Method, header};
use snow_core::{ApiPath, Body};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;

/// An upload that begins when it is awaited: see [`Attachments::upload`].
///
/// **Cancelling**: a dropped future leaves open whether the file is there.
#[must_use = "an upload begins when it is awaited"]
pub struct Upload {
    attachments: Attachments,
    record: Result<(String, SysId), Error>,
    file_name: Option<String>,
    content: Content,
    content_type: Option<String>,
    created: Option<DateTime>,
    as_form: bool,
    skip_existing: bool,
    wait: Option<Duration>,
    deadline: Option<Duration>,
    listener: Option<Listener>,
}

/// A file that is there now.
#[derive(Clone, Debug)]
pub struct Uploaded {
    attachment: Attachment,
    was_there: bool,
}

impl Uploaded {
    /// Whether it was there already, and nothing was sent: see [`Upload::skip_existing`].
    pub fn was_there(&self) -> bool {
        self.was_there
    }

    /// What the instance tells of it.
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
        record: Result<(String, SysId), Error>,
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
            skip_existing: false,
            wait: None,
            deadline: None,
            listener: None,
        }
    }

    /// The name of the file on the instance.
    pub fn file_name(self, name: &str) -> Self {
        Self { file_name: Some(name.to_owned()), ..self }
    }

    /// The file's type. Without it, the file's name tells, and how its content begins: a picture that is called `.txt` is a
    /// picture, and what neither tells is `application/octet-stream`.
    pub fn content_type(self, content_type: &str) -> Self {
        Self { content_type: Some(content_type.to_owned()), ..self }
    }

    /// When the file was made, in place of now.
    pub fn created_on(self, created: DateTime) -> Self {
        Self { created: Some(created), ..self }
    }

    /// Sends it in a form (`multipart/form-data`) whose last part is the file, in place of the file as it is: for gateways that
    /// take nothing else.
    pub fn as_form(self) -> Self {
        Self { as_form: true, ..self }
    }

    /// Sends nothing if the record has a file with the same content already, whatever its name. The content is read once before
    /// it is sent, so that readers and streams are refused. Instances that give no hashes get the file again.
    pub fn skip_existing(self) -> Self {
        Self { skip_existing: true, ..self }
    }

    /// Waits, when the file is there, until the instance has looked for viruses in it, and at most for so long.
    pub fn wait_until_available(self, limit: Duration) -> Self {
        Self { wait: Some(limit), ..self }
    }

    /// How long the sending may take, everything included. Without it: the client's own limit, and a second for each 64 KiB; for
    /// content without a known size, an hour.
    pub fn deadline(self, limit: Duration) -> Self {
        Self { deadline: Some(limit), ..self }
    }

    /// Calls a function whenever a part of the file has gone out.
    pub fn on_progress(self, listen: impl Fn(TransferProgress) + Send + Sync + 'static) -> Self {
        Self { listener: Some(Listener::new(listen)), ..self }
    }

    async fn send(self) -> Result<Uploaded, Error> {
        let (table, sys_id) = self.record?;
        let file_name = self.file_name.or_else(|| self.content.file_name()).unwrap_or_default();
        if let Some(why) = file_name_refused(&file_name) {
            return Err(Error::new(Kind::InvalidInput, format!("the file name {file_name:?} {why}")));
        }
        if self.as_form && self.created.is_some() {
            let why = "a form cannot tell when the file was made: leave out as_form() or created_on()";
            return Err(Error::new(Kind::InvalidInput, why));
        }
        let attachments = self.attachments;
        let known = if self.skip_existing { Some(self.content.twice()?) } else { None };
        if let Some(content) = known
            && let Some(attachment) = there(&attachments, &table, sys_id, &content).await?
        {
            return Ok(Uploaded { attachment, was_there: true });
        }
        let opened = self.content.open(&file_name).await?;
        let length = opened.length;
        let new = New { table: &table, sys_id, file_name: &file_name, created: self.created };
        let content_type = self.content_type.unwrap_or_else(|| opened.content_type.to_owned());
        let (request, body) = match self.as_form {
            true => new.form(opened, &content_type, self.listener)?,
            false => new.plain(opened, &content_type, self.listener)?,
        };
        let request = match self.deadline {
            Some(limit) => request.operation(|operation| operation.deadline(limit)),
            None => request,
        };
        let request = transfer::allow(request, &attachments.target, length);
        let sent = transfer::send(&attachments.target, &request, body, |answer, _| Attachment::one(answer));
        let attachment = sent.await?;
        check_size(&attachment, length)?;
        let attachment = match self.wait {
            Some(limit) if attachment.is_pending() => {
                attachments.wait_until_available(attachment.sys_id, limit).await?
            }
            _ => attachment,
        };
        Ok(Uploaded { attachment, was_there: false })
    }
}

/// What a new file is told with.
struct New<'a> {
    table: &'a str,
    sys_id: SysId,
    file_name: &'a str,
    created: Option<DateTime>,
}

impl New<'_> {
    fn plain(
        &self,
        content: Opened,
        content_type: &str,
        listener: Option<Listener>,
    ) -> Result<(Prepared, Body), Error> {
        let mut request = prepared("/api/now/attachment/file", content_type)?;
        let params = request.params.custom("table_name", self.table);
        let params = params.custom("table_sys_id", self.sys_id.as_str()).custom("file_name", self.file_name);
        request.params = match self.created {
            Some(created) => params.custom("creation_time", &created.to_string()),
            None => params,
        };
        Ok((request, content.into_body(move |body| counted(body, &listener))))
    }

    fn form(
        &self,
        content: Opened,
        content_type: &str,
        listener: Option<Listener>,
    ) -> Result<(Prepared, Body), Error> {
        content_type_header(content_type)?;
        let fields = [("table_name", self.table), ("table_sys_id", self.sys_id.as_str())];
        let form = Form::new(&fields, self.file_name, content_type)?;
        let request = prepared("/api/now/attachment/upload", &form.content_type())?;
        Ok((request, content.into_body(move |body| form.around(counted(body, &listener)))))
    }
}

fn counted(body: Body, listener: &Option<Listener>) -> Body {
    match listener {
        Some(listener) => Counted::around(body, listener.clone()),
        None => body,
    }
}

fn prepared(path: &str, content_type: &str) -> Result<Prepared, Error> {
    let mut request = Prepared::new(Method::POST, ApiPath::parse(path)?);
    request.headers.insert(header::CONTENT_TYPE, content_type_header(content_type)?);
    Ok(request)
}

fn content_type_header(content_type: &str) -> Result<HeaderValue, Error> {
    let plain = content_type.split('/').filter(|part| !part.trim().is_empty()).count() == 2;
    HeaderValue::from_str(content_type).ok().filter(|_| plain).ok_or_else(|| {
        let why = format!("the content type {content_type:?} is none: write one such as \"image/png\"");
        Error::new(Kind::InvalidInput, why)
    })
}

/// The file of the record that has this content.
async fn there(
    attachments: &Attachments,
    table: &str,
    sys_id: SysId,
    content: &Twice,
) -> Result<Option<Attachment>, Error> {
    let hash = content.hash().await?;
    let files = attachments.of(table, sys_id).await?;
    Ok(files.into_iter().find(|file| file.hash.as_deref() == Some(&hash)))
}

/// An instance that has another size has not got all of it.
fn check_size(attachment: &Attachment, length: Option<u64>) -> Result<(), Error> {
    match length {
        Some(length) if length != attachment.size_bytes => {
            let why = format!(
                "{length} bytes were sent, and the instance has {} (attachment {})",
                attachment.size_bytes, attachment.sys_id
            );
            Err(Error::new(Kind::Corrupt, why))
        }
        _ => Ok(()),
    }
}

impl IntoFuture for Upload {
    type Output = Result<Uploaded, Error>;
    type IntoFuture = UploadFuture;

    fn into_future(self) -> UploadFuture {
        UploadFuture(Box::pin(self.send()))
    }
}

/// The future of an [`Upload`].
#[must_use = "futures do nothing unless awaited"]
pub struct UploadFuture(Pin<Box<dyn Future<Output = Result<Uploaded, Error>> + Send>>);

impl Future for UploadFuture {
    type Output = Result<Uploaded, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for UploadFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadFuture")
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({:?})", self.content)
    }
}
