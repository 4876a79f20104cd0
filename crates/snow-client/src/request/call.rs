//! One call, from its request to its result: what every operation is made of.

use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::ResponseReader;
use crate::request::execute::execute;
use http::HeaderMap;
use snow_core::Error;
use snow_core::decode::ApiResponse;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// A request and how its response is read. Input that cannot be right is kept as an error until the call is sent.
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

    /// Reads the response of the same request as something else.
    pub(crate) fn read_as<U>(
        self,
        read: impl Fn(&ApiResponse, &ApiRequest) -> Result<U, Error> + Send + Sync + 'static,
    ) -> Call<U> {
        Call::new(self.client, self.request, read)
    }

    /// Changes the request, unless it was refused already.
    pub(crate) fn change(self, change: impl FnOnce(ApiRequest) -> Result<ApiRequest, Error>) -> Self {
        Self { request: self.request.and_then(change), ..self }
    }

    pub(crate) fn client(&self) -> Arc<ClientInner> {
        self.client.clone()
    }

    /// Returns what a batch sends instead of this call, and how the response is read.
    pub(crate) fn into_batch_item(
        self,
    ) -> (Arc<ClientInner>, Result<ApiRequest, Error>, Box<ResponseReader<T>>) {
        (self.client, self.request.and_then(ApiRequest::into_batch_item), self.read)
    }

    /// Makes something else of the value and its response.
    pub(crate) fn then<U>(
        self,
        further: impl Fn(T, &ApiResponse, &ApiRequest) -> Result<U, Error> + Send + Sync + 'static,
    ) -> Call<U>
    where
        T: 'static,
    {
        let Self { client, request, read } = self;
        Call::new(client, request, move |response, request| {
            further(read(response, request)?, response, request)
        })
    }

    pub(crate) fn with_headers(self) -> Call<(T, HeaderMap)>
    where
        T: 'static,
    {
        self.then(|value, response, _| Ok((value, response.headers().clone())))
    }

    pub(crate) fn send(self) -> CallFuture<T>
    where
        T: Send + 'static,
    {
        CallFuture::new(async move {
            let request = self.request?;
            let request = match request.needs_check(&self.client) {
                // Boxed, so that a future is no larger for a check that most requests do not need.
                true => Box::pin(request.check(&self.client)).await?,
                false => request.without_validation(),
            };
            execute(&self.client, &request, &*self.read).await
        })
    }

    /// Checks the request as it is checked before it is sent.
    pub(crate) async fn check(self) -> Result<(), Error> {
        let request = self.request?.check(&self.client).await?;
        request.to_http(&self.client, 0, Duration::ZERO).map(drop)
    }

    /// Writes the call as `name(GET /path …)`, without anything that it sends.
    pub(crate) fn fmt(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request {
            Ok(request) => write!(f, "{name}({} {} {:?})", request.method, request.path, request.params),
            Err(error) => write!(f, "{name}({error:?})"),
        }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt("Call", f)
    }
}

/// The future of a call.
///
/// # Cancel safety
///
/// Dropping the future of a read is harmless. Dropping the future of a write leaves it unknown whether the write was executed.
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
