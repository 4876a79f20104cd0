//! One call, from its parameters to its result.

use crate::Page;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use snow_core::decode::{self, Answer};
use snow_core::{ApiPath, Body, DisplayValue, Error, HttpService, Instance, Params, Query};
use std::borrow::Borrow;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The most that an answer of JSON may hold.
const LIMIT: usize = 64 << 20;

/// Where calls go: what [`Client`](crate::Client) is inside.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) instance: Instance,
    pub(crate) http: HttpService,
}

/// A call that goes out when it is awaited. Its parameters are its own: nothing is left for the next call.
///
/// Input that cannot be right, a table's name with a slash for one, is an error when the call is awaited, before anything
/// is sent.
///
/// **Cancelling**: a dropped future of a read is harmless; of a write, it leaves open whether it was carried out.
#[must_use = "a call goes out when it is awaited"]
pub struct Call<T> {
    target: Target,
    request: Result<Prepared, Error>,
    read: fn(&Answer, &Prepared) -> Result<T, Error>,
}

pub(crate) struct Prepared {
    pub(crate) method: Method,
    pub(crate) path: ApiPath,
    pub(crate) params: Params,
    pub(crate) body: Option<Bytes>,
}

impl Prepared {
    pub(crate) fn new(method: Method, path: ApiPath) -> Self {
        Self { method, path, params: Params::new(), body: None }
    }
}

impl<T> Call<T> {
    pub(crate) fn new(
        target: Target,
        request: Result<Prepared, Error>,
        read: fn(&Answer, &Prepared) -> Result<T, Error>,
    ) -> Self {
        Self { target, request, read }
    }

    /// The fields to answer with; dot-walks such as `caller_id.name` are allowed. Those that do not exist or may not be
    /// read are missing in the record.
    pub fn fields<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        self.params(|params| params.fields(fields))
    }

    /// Stored values (the default), what a person sees, or both.
    pub fn display_value(self, values: DisplayValue) -> Self {
        self.params(|params| params.display_value(values))
    }

    /// Whether references come without their links.
    pub fn exclude_reference_link(self, exclude: bool) -> Self {
        self.params(|params| params.exclude_reference_link(exclude))
    }

    /// Any other parameter.
    pub fn param(self, name: &str, value: &str) -> Self {
        self.params(|params| params.custom(name, value))
    }

    fn params(mut self, set: impl FnOnce(Params) -> Params) -> Self {
        self.request = self.request.map(|request| Prepared { params: set(request.params), ..request });
        self
    }
}

impl Call<Page> {
    /// Which rows, in which order: built from [`field`](crate::field)s, or text as the instance's list view copies it,
    /// [`Query::parse`]d or [`raw`](Query::raw). Setting it again replaces the first.
    pub fn query<'q>(self, query: impl Borrow<Query<'q>>) -> Self {
        self.params(|params| params.query(query))
    }

    /// At most this many rows.
    pub fn limit(self, rows: u32) -> Self {
        self.params(|params| params.limit(rows))
    }

    /// How many rows to skip. Without an order that tells every two rows apart, rows repeat and get lost between pages.
    pub fn offset(self, rows: u32) -> Self {
        self.params(|params| params.offset(rows))
    }
}

impl<T: 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> CallFuture<T> {
        CallFuture(Box::pin(async move {
            let request = self.request?;
            let answer = send(&self.target, &request).await?;
            (self.read)(&answer, &request).map_err(|error| told(error, &self.target, &request))
        }))
    }
}

async fn send(target: &Target, request: &Prepared) -> Result<Answer, Error> {
    let answered = async {
        let response = target.http.send(wire(target, request)?).await?;
        let (head, body) = decode::receive(response, LIMIT).await?;
        Answer::new(head, body)
    };
    answered.await.map_err(|error| told(error, target, request))
}

fn wire(target: &Target, request: &Prepared) -> Result<Request<Body>, Error> {
    let mut wire = Request::new(request.body.clone().map_or_else(Body::empty, Body::from));
    *wire.method_mut() = request.method.clone();
    *wire.uri_mut() = target.instance.uri(&request.path, &request.params)?;
    if request.body.is_some() {
        wire.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(wire)
}

/// Adds what was called; the query is left out.
fn told(error: Error, target: &Target, request: &Prepared) -> Error {
    match target.instance.uri(&request.path, &Params::new()) {
        Ok(uri) => error.with_operation(&request.method, &uri),
        Err(_) => error,
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request {
            Ok(request) => write!(f, "Call({} {} {:?})", request.method, request.path, request.params),
            Err(error) => write!(f, "Call({error:?})"),
        }
    }
}

/// The future of a [`Call`].
#[must_use = "futures do nothing unless awaited"]
pub struct CallFuture<T>(Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>);

impl<T> Future for CallFuture<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> fmt::Debug for CallFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallFuture")
    }
}
