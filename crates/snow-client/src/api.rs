//! Any other API: a path, and calls below it.

use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::PlainReader;
use crate::request::params::RequestParams;
use crate::{Error, ErrorKind, Query, Record};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use snow_core::ApiPath;
use snow_core::decode::ApiResponse;
use std::borrow::Borrow;
use std::sync::Arc;

/// An API that has no type of its own here: a product's, or a scripted one. Cheap to clone; holds a path and no parameters. Get it
/// by [`Client::api`](crate::Client::api).
///
/// A call gives the whole [`ApiResponse`], or what one of [`one`](Call::one), [`list`](Call::list), [`result`](Call::result),
/// [`read`](Call::read) and [`nothing`](Call::nothing) makes of it. Everything else is as everywhere: errors, sending again,
/// deadlines, batches.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let url = simulator.listen().await?;
/// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
/// use serde_json::json;
///
/// let changes = client.api("/api/sn_chg_rest/change");
/// let change = changes.at("normal").post(&json!({ "short_description": "new disks" })).one().await?;
/// let change = changes.at(change.sys_id()?).get().one().await?;
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

    /// A path below, by one segment, which may have any characters in it. Parameters are no part of a path: see
    /// [`param`](Call::param).
    pub fn at(&self, segment: impl AsRef<str>) -> Self {
        let path = self.path.clone().and_then(|path| path.push(segment.as_ref()));
        Self { client: self.client.clone(), path, params: self.params.clone() }
    }

    /// A GET of this path.
    pub fn get(&self) -> Call<ApiResponse> {
        self.request(Method::GET)
    }

    /// A POST with a JSON body.
    pub fn post(&self, body: &(impl Serialize + ?Sized)) -> Call<ApiResponse> {
        self.request(Method::POST).json(body)
    }

    /// A PUT with a JSON body.
    pub fn put(&self, body: &(impl Serialize + ?Sized)) -> Call<ApiResponse> {
        self.request(Method::PUT).json(body)
    }

    /// A PATCH with a JSON body.
    pub fn patch(&self, body: &(impl Serialize + ?Sized)) -> Call<ApiResponse> {
        self.request(Method::PATCH).json(body)
    }

    /// A DELETE of this path.
    pub fn delete(&self) -> Call<ApiResponse> {
        self.request(Method::DELETE)
    }

    /// Any method, without a body.
    pub fn request(&self, method: Method) -> Call<ApiResponse> {
        self.call(method, |response, _| Ok(response.clone()))
    }

    /// A call whose response is read as the type of this API.
    pub(crate) fn call<T>(
        &self,
        method: Method,
        read: impl Fn(&ApiResponse, &ApiRequest) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Call<T> {
        let params = self.params.clone();
        let request = self.path.clone().map(|path| ApiRequest { params, ..ApiRequest::new(method, path) });
        Call::new(self.client.clone(), request, read)
    }
}

/// A path without parameters, for which a call has functions of its own.
fn read(path: &str) -> Result<ApiPath, Error> {
    if let Some((before, _)) = path.split_once('?') {
        let why = format!(
            "the path {before:?} has parameters behind it: leave them out, and add each by param(name, value)"
        );
        return Err(Error::new(ErrorKind::InvalidInput, why));
    }
    ApiPath::parse(path)
}

impl Call<ApiResponse> {
    /// A body in JSON.
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        let body = serde_json::to_vec(body)
            .map_err(|e| Error::new(ErrorKind::InvalidInput, "the body cannot be sent").with_reason(e));
        self.change(|request| Ok(ApiRequest { body: Some(Bytes::from(body?)), ..request }))
    }

    /// A body of any type.
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        let body = Some(body.into());
        self.header(header::CONTENT_TYPE.as_str(), content_type)
            .change(|request| Ok(ApiRequest { body, ..request }))
    }

    /// A header. Those of the login are added by the client, and those that say how a body is sent are not for callers.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.change(|mut request| {
            let refuse =
                |why: &str| Error::new(ErrorKind::InvalidInput, format!("the header {name:?} {why}"));
            let name = HeaderName::try_from(name).map_err(|e| refuse("is none").with_reason(e))?;
            if [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION]
                .contains(&name)
            {
                return Err(refuse("is set by the client"));
            }
            let mut value = HeaderValue::from_str(value)
                .map_err(|e| refuse("has a value that none may have").with_reason(e))?;
            value.set_sensitive(snow_core::is_sensitive_header(&name));
            request.headers.insert(name, value);
            Ok(request)
        })
    }

    /// Which rows, for APIs that take `sysparm_query`.
    pub fn query<'q>(self, query: impl Borrow<Query<'q>>) -> Self {
        self.params(|params| params.query(query))
    }

    /// At most this many rows, for APIs that take `sysparm_limit`.
    pub fn limit(self, rows: u32) -> Self {
        self.params(|params| params.limit(rows))
    }

    /// How many rows to skip, for APIs that take `sysparm_offset`.
    pub fn offset(self, rows: u32) -> Self {
        self.params(|params| params.offset(rows))
    }

    /// The one record of `{"result":{…}}`.
    ///
    /// # Errors
    /// As [`ApiResponse::one`].
    pub fn one(self) -> Call<Record> {
        self.read_as(|answer, _| answer.one())
    }

    /// The records of `{"result":[…]}`. Whether they are all that match is for the API to say, and for the caller to ask.
    ///
    /// Lists of the Change API (`/api/sn_chg_rest`) end with an element that says which parts of the query were applied and which
    /// were ignored. It is not a record, and is left out here: await the call itself, and [`ApiResponse::meta`] returns it.
    ///
    /// # Errors
    /// As [`ApiResponse::list`].
    pub fn list(self) -> Call<Vec<Record>> {
        self.read_as(|answer, _| answer.list())
    }

    /// What `result` holds, as a type: for results that are no records of fields.
    ///
    /// # Errors
    /// As [`ApiResponse::result`].
    pub fn result<T: DeserializeOwned + 'static>(self) -> Call<T> {
        let read: PlainReader<T> = |answer, _| answer.result();
        self.read_as(read)
    }

    /// The whole body as a type: for APIs without `result`.
    ///
    /// # Errors
    /// As [`ApiResponse::read`].
    pub fn read<T: DeserializeOwned + 'static>(self) -> Call<T> {
        let read: PlainReader<T> = |answer, _| answer.read();
        self.read_as(read)
    }

    /// Nothing, which is what a DELETE answers.
    ///
    /// # Errors
    /// As [`ApiResponse::nothing`].
    pub fn nothing(self) -> Call<()> {
        self.read_as(|answer, _| answer.nothing())
    }
}
