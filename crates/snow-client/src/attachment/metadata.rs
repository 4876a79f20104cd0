//! The metadata of a file.

use crate::request::params::RequestParams;
use crate::table::page;
use crate::{Call, DateTime, Error, Query, Record, SysId};
use http::HeaderMap;
use snow_core::decode::ApiResponse;
use std::borrow::Borrow;
use std::fmt;

/// How many files the service sends if no limit is set (facts 5).
const DEFAULT_LIMIT: u64 = 1_000;

/// What is known of a file of a record: a row of `sys_attachment` (facts 5).
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
    /// SHA-256 of the content in hexadecimal digits. Older instances give none, and none is there while the file is scanned.
    pub hash: Option<String>,
    /// Whether the file was looked at for viruses; `None` on older instances.
    pub state: Option<FileState>,
    /// When it was uploaded.
    pub created_on: Option<DateTime>,
    record: Record,
}

/// How far an instance is with a new file (facts 5).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileState {
    /// It is being scanned for viruses.
    Pending,
    /// It is ready.
    Available,
    /// Something else, which the facts do not name.
    Other(String),
}

impl Attachment {
    /// Everything that the instance told.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Whether the file is still being scanned.
    pub fn is_pending(&self) -> bool {
        self.state == Some(FileState::Pending)
    }

    /// Reads a response with one file.
    pub(super) fn from_response(response: &ApiResponse) -> Result<Self, Error> {
        Self::try_from(response.one()?)
    }

    /// Reads a response with a list of files, and checks that it is complete.
    fn list_from_response(response: &ApiResponse, params: &RequestParams) -> Result<Vec<Self>, Error> {
        let window = params.selection.window();
        let records = response.list_at_most(page::max_records(window, DEFAULT_LIMIT))?;
        let files = records.into_iter().map(Self::try_from).collect::<Result<Vec<_>, _>>()?;
        page::check_complete(files.len() as u64, window, response.total(), DEFAULT_LIMIT)?;
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

    /// Reads a row of `sys_attachment`, as the Table API gives it too.
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

impl Call<Vec<Attachment>> {
    pub(super) fn files(call: Call<()>) -> Self {
        call.read_as(|response, request| Attachment::list_from_response(response, &request.params))
    }

    /// Which files, in which order. Setting it again replaces the first.
    pub fn query<'q>(self, query: impl Borrow<Query<'q>>) -> Self {
        self.params(|params| params.query(query))
    }

    /// At most this many files.
    pub fn limit(self, files: u32) -> Self {
        self.params(|params| params.limit(files))
    }

    /// How many files to skip.
    pub fn offset(self, files: u32) -> Self {
        self.params(|params| params.offset(files))
    }
}
