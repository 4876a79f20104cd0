//! One call, from its parameters to its result.

use crate::Page;
use crate::exchange::{Read, exchange};
use crate::target::Target;
use bytes::Bytes;
use http::{HeaderMap, Method};
use snow_core::{ApiPath, DisplayValue, Error, Operation, Params, Query};
use std::borrow::Borrow;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// A call that goes out when it is awaited. Its parameters are its own: nothing is left for the next call.
///
/// Input that cannot be right, a table's name with a slash for one, is an error when the call is awaited, before anything
/// is sent.
///
/// **Cancelling**: a dropped future of a read is harmless; of a write, it leaves open whether it was carried out.
#[must_use = "a call goes out when it is awaited"]
pub struct Call<T> {
    target: Arc<Target>,
    request: Result<Prepared, Error>,
    read: Read<T>,
}

#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) method: Method,
    pub(crate) path: ApiPath,
    pub(crate) params: Params,
    pub(crate) headers: HeaderMap,
    /// JSON, unless a header says otherwise.
    pub(crate) body: Option<Bytes>,
    pub(crate) operation: Option<Operation>,
}

impl Prepared {
    pub(crate) fn new(method: Method, path: ApiPath) -> Self {
        let (params, headers) = (Params::new(), HeaderMap::new());
        Self { method, path, params, headers, body: None, operation: None }
    }

    /// With one more thing said of the operation.
    pub(crate) fn operation(self, set: impl FnOnce(Operation) -> Operation) -> Self {
        let operation = Some(set(self.operation.unwrap_or_default()));
        Self { operation, ..self }
    }
}

impl<T> Call<T> {
    pub(crate) fn new(target: Arc<Target>, request: Result<Prepared, Error>, read: Read<T>) -> Self {
        Self { target, request, read }
    }

    /// The same request, its answer read as something else.
    pub(crate) fn read_as<U>(self, read: Read<U>) -> Call<U> {
        Call { target: self.target, request: self.request, read }
    }

    /// Changes what is sent, unless it is refused already.
    pub(crate) fn change(self, change: impl FnOnce(Prepared) -> Result<Prepared, Error>) -> Self {
        Self { request: self.request.and_then(change), ..self }
    }

    pub(crate) fn target(&self) -> Arc<Target> {
        self.target.clone()
    }

    /// What is sent and where to, and how its answer is read: for whoever sends it in another way.
    pub(crate) fn into_parts(self) -> (Arc<Target>, Result<Prepared, Error>, Read<T>) {
        (self.target, self.request, self.read)
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

    /// How long this call may take, everything included, in place of the client's own limit.
    pub fn deadline(self, limit: Duration) -> Self {
        self.operation(|operation| operation.deadline(limit))
    }

    /// Whether the call may be sent again when it is not known whether it was carried out. By default reads and deletions may;
    /// updates may not, because they append to journal fields, and creations may not at all (facts 3.3).
    pub fn idempotent(self, idempotent: bool) -> Self {
        self.operation(|operation| operation.idempotent(idempotent))
    }

    fn operation(self, set: impl FnOnce(Operation) -> Operation) -> Self {
        self.change(|request| Ok(request.operation(set)))
    }

    pub(crate) fn params(mut self, set: impl FnOnce(Params) -> Params) -> Self {
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
            exchange(&self.target, &request, self.read).await
        }))
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
