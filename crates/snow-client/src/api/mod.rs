//! Calls of any other API: a product's, or a scripted one.
//!
//! Start with [`Client::api`](crate::Client::api), which returns an [`Api`] for a path. Its methods return a [`SendRequest`], whose
//! methods choose how the [`ApiResponse`] is read.

mod body_options;
mod read_response;
mod send_request;

pub use read_response::ReadResponse;
pub use send_request::SendRequest;
pub use snow_core::decode::ApiResponse;

use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use crate::request::params::RequestParams;
use crate::{Error, ErrorKind};
use http::Method;
use serde::Serialize;

use snow_core::{ApiPath, SysId};
use std::sync::Arc;

/// An API without a module of its own in this crate: a product's, or a scripted one.
///
/// It consists of a path, has no settings, and is cheap to clone. Create it with [`Client::api`](crate::Client::api).
///
/// A call returns the whole [`ApiResponse`]. [`record`](SendRequest::record), [`records`](SendRequest::records),
/// [`result`](SendRequest::result), [`json`](SendRequest::json) and [`discard`](SendRequest::discard) read it as something else.
/// Errors, retries, deadlines and batches work as for any other call.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let url = simulator.listen().await?;
/// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
/// use serde_json::json;
///
/// let changes = client.api("/api/sn_chg_rest/change");
/// let change = changes.path("normal").post(&json!({ "short_description": "new disks" })).record().await?;
/// let change = changes.path(change.sys_id()?).get().record().await?;
/// assert_eq!(change.value("short_description")?, "new disks");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Api {
    client: Arc<ClientInner>,
    path: Result<ApiPath, Error>,
    /// What every call begins with.
    params: RequestParams,
}

impl Api {
    pub(crate) fn new(client: Arc<ClientInner>, path: &str) -> Self {
        Self { client, path: read(path), params: RequestParams::any() }
    }

    /// An API that has a type of its own here, which knows what parameters it takes.
    pub(crate) fn known(client: Arc<ClientInner>, path: Result<ApiPath, Error>) -> Self {
        Self { client, path, params: RequestParams::default() }
    }

    /// Returns the API at a path below this one. `segment` is one segment, which may contain any characters.
    ///
    /// To set parameters, use [`SendRequest::param`].
    pub fn path(&self, segment: impl AsRef<str>) -> Self {
        let path = self.path.clone().and_then(|path| path.push(segment.as_ref()));
        Self { client: self.client.clone(), path, params: self.params.clone() }
    }

    /// Makes this the API of the record with this id.
    pub(crate) fn record(self, sys_id: SysId) -> Self {
        Self { path: self.path.map(|path| path.record(sys_id)), ..self }
    }

    /// Sends a GET request.
    pub fn get(&self) -> SendRequest {
        self.request(Method::GET)
    }

    /// Sends a POST request with a JSON body.
    pub fn post(&self, body: &(impl Serialize + ?Sized)) -> SendRequest {
        self.request(Method::POST).json_body(body)
    }

    /// Sends a PUT request with a JSON body.
    pub fn put(&self, body: &(impl Serialize + ?Sized)) -> SendRequest {
        self.request(Method::PUT).json_body(body)
    }

    /// Sends a PATCH request with a JSON body.
    pub fn patch(&self, body: &(impl Serialize + ?Sized)) -> SendRequest {
        self.request(Method::PATCH).json_body(body)
    }

    /// Sends a DELETE request.
    pub fn delete(&self) -> SendRequest {
        self.request(Method::DELETE)
    }

    /// Sends a request with any method and no body. [`json_body`](SendRequest::json_body) and [`body`](SendRequest::body) set one.
    pub fn request(&self, method: Method) -> SendRequest {
        SendRequest { call: self.call(method, |response, _| Ok(response.clone())) }
    }

    /// A call whose response is read as the type of this API.
    pub(crate) fn call<T>(
        &self,
        method: Method,
        read: impl Fn(&ApiResponse, &ApiRequest) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Call<T> {
        Call::new(self.client.clone(), self.clone().into_request(method), read)
    }

    /// Makes the request to this path.
    pub(crate) fn into_request(self, method: Method) -> Result<ApiRequest, Error> {
        let Self { client: _, path, params } = self;
        path.map(|path| ApiRequest { params, ..ApiRequest::new(method, path) })
    }
}

/// Reads a path without parameters, which calls have methods for.
fn read(path: &str) -> Result<ApiPath, Error> {
    if let Some((before, _)) = path.split_once('?') {
        let why = format!(
            "the path {before:?} has parameters after it: leave them out, and add each by param(name, value)"
        );
        return Err(Error::new(ErrorKind::InvalidInput, why));
    }
    ApiPath::parse(path)
}
