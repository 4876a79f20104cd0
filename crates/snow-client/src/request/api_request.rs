//! A request of the API, before it is HTTP.

use crate::request::params::RequestParams;
use crate::request::record_identity::Identity;
use bytes::Bytes;
use http::{HeaderMap, Method};
use snow_core::decode::ApiResponse;
use snow_core::{ApiPath, DisplayValue, Error, ErrorKind, RequestOptions};
use std::time::Duration;

/// One request, as what it means: what is asked of which path, and what its response has to have.
#[derive(Clone)]
pub(crate) struct ApiRequest {
    pub(crate) method: Method,
    pub(crate) path: ApiPath,
    pub(crate) params: RequestParams,
    pub(crate) headers: HeaderMap,
    /// JSON, unless a header says otherwise.
    pub(crate) body: Option<Bytes>,
    pub(crate) options: Option<RequestOptions>,
    /// Fields that the response has to have in addition to those that the caller asked for.
    pub(crate) needed: Vec<String>,
    /// The field whose value tells this creation from all others.
    pub(crate) correlation: Option<Box<str>>,
    /// The record that the response has to be about.
    pub(crate) identity: Option<Identity>,
    /// Whether every field that was asked for has to be there.
    pub(crate) requires_fields: bool,
}

impl ApiRequest {
    pub(crate) fn new(method: Method, path: ApiPath) -> Self {
        Self {
            method,
            path,
            params: RequestParams::default(),
            headers: HeaderMap::new(),
            body: None,
            options: None,
            needed: Vec::new(),
            correlation: None,
            identity: None,
            requires_fields: false,
        }
    }

    /// Sets one more option of the call.
    pub(crate) fn options(self, set: impl FnOnce(RequestOptions) -> RequestOptions) -> Self {
        let options = Some(set(self.options.unwrap_or_default()));
        Self { options, ..self }
    }

    /// The time limit that the caller set for this call.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.options.as_ref().and_then(RequestOptions::deadline_limit)
    }

    /// Adds the needed fields to those that the caller asked for. Without a list of fields, all of them come.
    pub(crate) fn add_needed_fields(&mut self) {
        let Some(fields) = &self.params.shape.fields else { return };
        let has_id = fields.iter().any(|field| field == "sys_id");
        self.identity = self.identity.map(|identity| if has_id { identity } else { identity.added() });
        let id = self.identity.map(|_| "sys_id");
        let needed = self.needed.iter().map(String::as_str).chain(id);
        self.params.shape = std::mem::take(&mut self.params.shape).including(needed);
    }

    /// Returns the request as an item of a batch.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a creation that is confirmed by a field: within a batch, nothing can be looked up.
    pub(crate) fn into_batch_item(mut self) -> Result<Self, Error> {
        match &self.correlation {
            None => {
                self.add_needed_fields();
                Ok(self)
            }
            Some(field) => Err(Error::new(
                ErrorKind::InvalidInput,
                format!("a creation that is looked for by its {field} goes out by itself, not in a batch"),
            )),
        }
    }

    /// Prepares a response to be read as the parameters of this request asked for it.
    pub(crate) fn prepare_response(&self, response: ApiResponse) -> ApiResponse {
        let displayed = self.params.shape.display() == DisplayValue::Display;
        response.displayed(displayed).with_meta(has_meta(&self.path))
    }
}

/// Whether lists below this path end with an element about themselves, which is not a record (facts 7.3).
fn has_meta(path: &ApiPath) -> bool {
    path.as_str()
        .strip_prefix("/api/sn_chg_rest")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
