//! A request of the API, before it is HTTP.

use crate::request::params::RequestParams;
use crate::request::record_identity::Identity;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use snow_core::decode::ApiResponse;
use snow_core::{ApiPath, DisplayValue, Error, ErrorKind, RequestOptions};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The fields that are sent, each in the JSON of the body: reading a number as a float could change it.
pub(crate) type SentFields = BTreeMap<String, Box<RawValue>>;

/// Headers of the connection, of how a body is sent, and of the login.
const SET_BY_CLIENT: [HeaderName; 12] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::EXPECT,
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
];

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
    /// The field whose value identifies this creation.
    pub(crate) correlation: Option<Box<str>>,
    /// The record that the response has to be about.
    pub(crate) identity: Option<Identity>,
    /// Whether every field that was asked for has to be there.
    pub(crate) requires_fields: bool,
    /// The fields that are sent, if the record has to have them afterwards.
    pub(crate) required_applied: Option<Arc<SentFields>>,
    /// Whether an import returns rows that failed, instead of an error.
    pub(crate) allows_failures: bool,
}

impl ApiRequest {
    /// The table of a request to the Table API or the Aggregate API, whose parameters name fields of it.
    pub(crate) fn queried_table(&self) -> Option<&str> {
        let apis = ["/api/now/table/", "/api/now/stats/"];
        let rest = apis.iter().find_map(|api| self.path.as_str().strip_prefix(api))?;
        rest.split('/').next()
    }

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
            required_applied: None,
            allows_failures: false,
        }
    }

    /// Changes the parameters.
    pub(crate) fn params(self, set: impl FnOnce(RequestParams) -> RequestParams) -> Self {
        Self { params: set(self.params), ..self }
    }

    /// Sends these fields as JSON.
    pub(crate) fn with_body(self, body: Bytes) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Sets a header, as a caller names it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for text that is not a header, and for headers that the client sets itself.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        let refused = |why: &str| Error::new(ErrorKind::InvalidInput, format!("the header {name:?} {why}"));
        let name = HeaderName::try_from(name).map_err(|e| refused("is not a valid name").with_reason(e))?;
        if SET_BY_CLIENT.contains(&name) {
            return Err(refused("is set by the client"));
        }
        let mut value =
            HeaderValue::from_str(value).map_err(|e| refused("has an invalid value").with_reason(e))?;
        value.set_sensitive(snow_core::is_sensitive_header(&name));
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Returns the headers for another request that belongs to this call: without those about its body, or under which conditions it
    /// is executed.
    pub(crate) fn shared_headers(&self) -> HeaderMap {
        let is_shared =
            |name: &HeaderName| !name.as_str().starts_with("content-") && !name.as_str().starts_with("if-");
        let shared = self.headers.iter().filter(|(name, _)| is_shared(name));
        shared.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Selects the records of another request, with its headers.
    pub(crate) fn in_scope_of(mut self, scope: &Self) -> Self {
        self.headers.extend(scope.shared_headers());
        self.params(|params| params.in_place_of(&scope.params))
    }

    /// Sets whether the record has to have the fields that are sent.
    pub(crate) fn require_applied(mut self, require: bool) -> Result<Self, Error> {
        self.required_applied = if require { Some(Arc::new(self.sent_fields()?)) } else { None };
        Ok(self)
    }

    /// Returns the fields that are sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] for a request that sends no fields.
    pub(crate) fn sent_fields<F: DeserializeOwned>(&self) -> Result<F, Error> {
        let body =
            self.body.as_ref().ok_or_else(|| Error::internal("a call that sends no fields was compared"))?;
        serde_json::from_slice(body)
            .map_err(|e| Error::new(ErrorKind::InvalidInput, "the fields cannot be compared").with_reason(e))
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
        let applied = self.required_applied.iter().flat_map(|sent| sent.keys());
        let needed = self.needed.iter().chain(applied).map(String::as_str).chain(id);
        self.params.shape = std::mem::take(&mut self.params.shape).including(needed);
    }

    /// Returns the request as an item of a batch.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] for a creation that is confirmed by a field: within a batch, nothing can be looked up.
    pub(crate) fn into_batch_item(mut self) -> Result<Self, Error> {
        if self.correlation.is_some() {
            return Err(Error::internal("a creation that is confirmed was added to a batch"));
        }
        self.add_needed_fields();
        Ok(self)
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
