//! One call, from its parameters to its result.

use crate::request::api_request::ApiRequest;
use crate::request::call_options::parameters;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::ResponseReader;
use crate::request::execute::execute;
use crate::request::params::RequestParams;
use http::HeaderMap;
use snow_core::decode::ApiResponse;
use snow_core::{DisplayValue, Error, ErrorKind, RequestOptions};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A call that goes out when it is awaited. Its parameters are its own: nothing is left for the next call.
///
/// Input that cannot be right, a table's name with a slash for one, is an error when the call is awaited, before anything
/// is sent.
///
/// **Cancelling**: a dropped future of a read is harmless; of a write, it leaves open whether it was carried out.
#[must_use = "a call goes out when it is awaited"]
pub struct Call<T> {
    client: Arc<ClientInner>,
    pub(crate) request: Result<ApiRequest, Error>,
    read: Box<ResponseReader<T>>,
}

impl<T> Call<T> {
    pub(crate) fn new(
        client: Arc<ClientInner>,
        request: Result<ApiRequest, Error>,
        read: impl Fn(&ApiResponse, &ApiRequest) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Self {
        Self { client, request, read: Box::new(read) }
    }

    parameters!();

    /// The same request, its answer read as something else.
    pub(crate) fn read_as<U>(
        self,
        read: impl Fn(&ApiResponse, &ApiRequest) -> Result<U, Error> + Send + Sync + 'static,
    ) -> Call<U> {
        Call::new(self.client, self.request, read)
    }

    /// Changes what is sent, unless it is refused already.
    pub(crate) fn change(self, change: impl FnOnce(ApiRequest) -> Result<ApiRequest, Error>) -> Self {
        Self { request: self.request.and_then(change), ..self }
    }

    pub(crate) fn client(&self) -> Arc<ClientInner> {
        self.client.clone()
    }

    /// What is sent and where to, and how its answer is read: for whoever sends it in another way.
    pub(crate) fn into_parts(self) -> (Arc<ClientInner>, Result<ApiRequest, Error>, Box<ResponseReader<T>>) {
        (self.client, self.request.and_then(ApiRequest::into_batch_item), self.read)
    }

    /// The fields to answer with; dot-walks such as `caller_id.name` are allowed. Those that do not exist or may not be read
    /// are missing in the record.
    pub fn fields<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        self.params(|params| params.fields(fields))
    }

    /// Stored values (the default), what a person sees, or both. With what a person sees alone, whatever reads a stored value
    /// fails, `sys_id` excepted: of a write, after it was carried out.
    pub fn display_value(self, values: DisplayValue) -> Self {
        self.params(|params| params.display_value(values))
    }

    /// Of a write: whether the values sent are what a person sees, times in the user's zone, in place of stored values and UTC.
    /// Encrypted fields need it (facts 1.2).
    pub fn input_display_value(self, display: bool) -> Self {
        self.params(|params| params.input_display_value(display))
    }

    /// Of a write: whether it brings `sys_id`, `sys_created_on` and their like itself (facts 1.2).
    pub fn suppress_auto_sys_field(self, suppress: bool) -> Self {
        self.params(|params| params.suppress_auto_sys_field(suppress))
    }

    /// Whether the call may be sent again when it is not known whether it was carried out. By default reads and deletions may;
    /// updates may not, because they append to journal fields, and creations may not at all (facts 3.3).
    pub fn idempotent(self, idempotent: bool) -> Self {
        self.options(|options| options.idempotent(idempotent))
    }

    /// Of a typed read: whether every field that was asked for has to be in the response, a dot-walked one included. By default a
    /// dot-walked field may be absent, because an instance may leave it out where the reference is empty; a plain one that is
    /// absent is an error in any case.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`], naming the fields. [`ErrorKind::InvalidInput`] for a write, which has happened by the time its response is
    /// read: use [`verified`](Self::verified).
    pub fn require_fields(self, require: bool) -> Self {
        self.change(|request| match request.method.is_safe() || !require {
            true => Ok(ApiRequest { requires_fields: require, ..request }),
            false => Err(Error::new(
                ErrorKind::InvalidInput,
                "require_fields() is for reads: a write has happened by the time its response is read",
            )),
        })
    }

    /// The answer's headers beside its value.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let incident = client.table("incident").list().first().await?.sys_id()?;
    /// let (incident, headers) = client.table("incident").get(incident).with_headers().await?;
    /// assert!(headers.contains_key("x-transaction-id"));
    /// # let _ = incident;
    /// # Ok(()) }
    /// ```
    pub fn with_headers(self) -> Call<(T, HeaderMap)>
    where
        T: 'static,
    {
        self.then(|value, answer, _| Ok((value, answer.headers().clone())))
    }

    /// The same call, read further.
    pub(crate) fn then<U>(
        self,
        further: impl Fn(T, &ApiResponse, &ApiRequest) -> Result<U, Error> + Send + Sync + 'static,
    ) -> Call<U>
    where
        T: 'static,
    {
        let Self { client, request, read } = self;
        Call::new(client, request, move |answer, request| further(read(answer, request)?, answer, request))
    }

    fn options(self, set: impl FnOnce(RequestOptions) -> RequestOptions) -> Self {
        self.change(|request| Ok(request.options(set)))
    }

    pub(crate) fn params(mut self, set: impl FnOnce(RequestParams) -> RequestParams) -> Self {
        self.request = self.request.map(|request| ApiRequest { params: set(request.params), ..request });
        self
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> CallFuture<T> {
        CallFuture::new(async move {
            let request = self.request?;
            let request = match self.client.checks_fields {
                // Boxed, so that a future is no larger for a check that most clients do not make.
                true => Box::pin(request.check(&self.client)).await?,
                false => request.without_validation(),
            };
            execute(&self.client, &request, &*self.read).await
        })
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

impl<T> CallFuture<T> {
    pub(crate) fn new(call: impl Future<Output = Result<T, Error>> + Send + 'static) -> Self {
        Self(Box::pin(call))
    }
}

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
