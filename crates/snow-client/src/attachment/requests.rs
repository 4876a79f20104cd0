//! The requests of the Attachment API.

use super::parent_record::ParentRecord;
use crate::api::Api;
use crate::request::api_request::ApiRequest;
use crate::request::record_identity::Identity;
use crate::request::stream;
use crate::{DateTime, Error, ErrorKind, SysId};
use http::{HeaderValue, Method, header};
use snow_core::ApiPath;
use std::time::Duration;

/// What a new file is uploaded with.
pub(super) struct NewFile<'a> {
    pub(super) record: &'a ParentRecord,
    pub(super) file_name: &'a str,
    pub(super) created: Option<DateTime>,
}

/// The request about the metadata of one file.
pub(super) fn metadata(files: Api, method: Method, sys_id: &str) -> Result<ApiRequest, Error> {
    let sys_id: SysId = sys_id.parse()?;
    let identity = Some(Identity::new(sys_id));
    Ok(ApiRequest { identity, ..files.record(sys_id).into_request(method)? })
}

/// The request about the attributes of a file, or about the one with this key.
pub(super) fn attributes(
    files: Api,
    method: Method,
    sys_id: &str,
    key: Option<&str>,
) -> Result<ApiRequest, Error> {
    let mut request = metadata(files, method, sys_id)?;
    request.path = request.path.push("attributes")?;
    if let Some(key) = key {
        request.path = request.path.push(key)?;
    }
    Ok(request)
}

/// The request for the content of a file.
pub(super) fn download(sys_id: SysId, deadline: Option<Duration>) -> Result<ApiRequest, Error> {
    let path = ApiPath::parse("/api/now/attachment")?.record(sys_id).push("file")?;
    let mut request = ApiRequest::new(Method::GET, path);
    request.headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    // A file that is stored in gzip would be unpacked otherwise, and be another file.
    request.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(stream::downloads(with_deadline(request, deadline)))
}

/// The request that uploads a file as it is.
pub(super) fn upload(file: &NewFile<'_>, content_type: &str) -> Result<ApiRequest, Error> {
    let mut request = post("/api/now/attachment/file", content_type)?;
    let NewFile { record, file_name, created } = file;
    let params = request.params.own("table_name", &record.table);
    let params = params.own("table_sys_id", record.sys_id.as_str()).own("file_name", file_name);
    request.params = match created {
        Some(created) => params.own("creation_time", &created.to_string()),
        None => params,
    };
    Ok(request)
}

/// The request that uploads a file in a form. `content_type`: that of the form.
pub(super) fn upload_form(content_type: &str) -> Result<ApiRequest, Error> {
    post("/api/now/attachment/upload", content_type)
}

/// The same upload with the time that so many bytes take, unless the caller has set a deadline.
pub(super) fn with_upload_time(
    request: ApiRequest,
    deadline: Option<Duration>,
    bytes: Option<u64>,
) -> ApiRequest {
    stream::uploads(with_deadline(request, deadline), bytes)
}

fn post(path: &str, content_type: &str) -> Result<ApiRequest, Error> {
    let mut request = ApiRequest::new(Method::POST, ApiPath::parse(path)?);
    request.headers.insert(header::CONTENT_TYPE, content_type_header(content_type)?);
    Ok(request)
}

fn with_deadline(request: ApiRequest, deadline: Option<Duration>) -> ApiRequest {
    match deadline {
        Some(limit) => request.options(|options| options.deadline(limit)),
        None => request,
    }
}

/// The header with this content type.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] for text that is not a content type.
pub(super) fn content_type_header(content_type: &str) -> Result<HeaderValue, Error> {
    let has_two_parts = content_type.split('/').filter(|part| !part.trim().is_empty()).count() == 2;
    HeaderValue::from_str(content_type).ok().filter(|_| has_two_parts).ok_or_else(|| {
        let why = format!("{content_type:?} is not a valid content type: write one such as \"image/png\"");
        Error::new(ErrorKind::InvalidInput, why)
    })
}

/// Refuses a name that no file can have.
pub(super) fn check_file_name(name: &str) -> Result<(), Error> {
    let why = match name {
        "" => "is empty",
        _ if name.chars().any(char::is_control) => "has characters that no name may have",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::InvalidInput, format!("the file name {name:?} {why}")))
}
