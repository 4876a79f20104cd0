//! The metadata of a file.

use crate::request::api_request::ApiRequest;
use crate::{DateTime, Error, Record, SysId};
use http::HeaderMap;
use snow_core::decode::ApiResponse;
use std::fmt;

/// How many files the service sends if no limit is set (facts 5).
const DEFAULT_LIMIT: u64 = 1_000;

/// The metadata of a file: a record of `sys_attachment` ([facts 5]).
///
/// [facts 5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#5-attachments
#[derive(Clone)]
#[non_exhaustive]
pub struct Attachment {
    /// The id of the attachment.
    pub sys_id: SysId,
    /// The table of the record that the file belongs to. Fields that hold images have `ZZ_YY` before it.
    pub table_name: String,
    /// The record that the file belongs to.
    pub table_sys_id: String,
    /// The file's name.
    pub file_name: String,
    /// The file's type.
    pub content_type: String,
    /// The file's size.
    pub size_bytes: u64,
    /// The SHA-256 of the content in hexadecimal digits; `None` on older instances, and while the file is being scanned.
    pub hash: Option<String>,
    /// Whether the file was scanned for viruses; `None` on older instances.
    pub state: Option<FileState>,
    /// The time of the upload.
    pub created_on: Option<DateTime>,
    record: Record,
}

/// The state of the virus scan of a file ([facts 5]).
///
/// [facts 5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#5-attachments
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileState {
    /// The file is being scanned for viruses.
    Pending,
    /// The file can be downloaded.
    Available,
    /// Any other state.
    Other(String),
}

impl Attachment {
    /// Returns all metadata that the instance sent.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Returns whether the file is still being scanned.
    pub fn is_pending(&self) -> bool {
        self.state == Some(FileState::Pending)
    }

    /// Reads a response with one file.
    pub(super) fn from_response(response: &ApiResponse) -> Result<Self, Error> {
        Self::try_from(response.record()?)
    }

    /// Reads a response with a list of files, and checks that it is complete.
    pub(super) fn list_from_response(
        response: &ApiResponse,
        request: &ApiRequest,
    ) -> Result<Vec<Self>, Error> {
        let window = request.params.selection.window();
        let records = response.records_at_most(window.max_records(DEFAULT_LIMIT))?;
        let files = records.into_iter().map(Self::try_from).collect::<Result<Vec<_>, _>>()?;
        window.check_complete(files.len() as u64, response.total(), DEFAULT_LIMIT)?;
        Ok(files)
    }

    /// Reads the header of a download. Older instances do not send it.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let json = headers.get("x-attachment-metadata")?.to_str().ok()?;
        let record: Record = serde_json::from_str(json).ok()?;
        Self::try_from(record).ok()
    }
}

impl TryFrom<Record> for Attachment {
    type Error = Error;

    /// Reads a record of `sys_attachment`, as the Table API returns it as well.
    fn try_from(record: Record) -> Result<Self, Error> {
        let text = |name: &str| record.value(name).map(|text| text.into_owned());
        let optional = |name: &str| record.get(name).map(|field| field.value()).transpose();
        let size = record.field("size_bytes")?;
        let state = optional("state")?.filter(|state| !state.is_empty()).map(|state| match &*state {
            "pending" => FileState::Pending,
            "available" => FileState::Available,
            other => FileState::Other(other.to_owned()),
        });
        let hash = optional("hash")?.filter(|hash| !hash.is_empty()).map(|hash| hash.to_ascii_lowercase());
        let created_on = match record.get("sys_created_on") {
            Some(field) if !field.is_empty() => Some(field.read()?),
            _ => None,
        };
        Ok(Self {
            sys_id: record.sys_id()?,
            table_name: text("table_name")?,
            table_sys_id: text("table_sys_id")?,
            file_name: text("file_name")?,
            content_type: text("content_type")?,
            size_bytes: size.read()?,
            hash,
            state,
            created_on,
            record,
        })
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.record.fmt(f)
    }
}
