//! The wire: a hyper-util client with a pool, https by rustls, proxies.
//!
//! HTTP/1.1 only: the service speaks no h2 (facts 1.4). Redirects are not followed. Making a transport needs no runtime;
//! the pool and its timers live in the runtime of whoever sends. `docs/transport.md` in the repository shows what can be set.

mod body;
mod builder;
mod connector;
mod failure;
mod host;
mod proxy;
mod stream;
mod tls;

pub use body::TransportBody;
pub use builder::TransportBuilder;
pub use proxy::Proxy;
pub use tls::TlsVersion;

use crate::{Body, Error, Origin};
use connector::Connector;
use http::{Method, Request, Response, Uri};
use hyper_util::client::legacy::{self, Client};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_service::Service;

/// An HTTP/1.1 client with a connection pool: the bottom of the default stack, and a tower `Service` for any other.
///
/// Clones share the pool and cost one `Arc`. It sends what it is given: no header is added but what HTTP/1.1 needs, `Host` and
/// the body's length; nothing is retried but what never left.
///
/// ```no_run
/// # async fn example() -> Result<(), snow_core::Error> {
/// use snow_core::{Body, Transport};
/// use tower::ServiceExt;
///
/// let transport = Transport::builder().build()?;
/// let request = http::Request::get("https://dev12345.service-now.com/").body(Body::empty()).unwrap();
/// println!("{}", transport.oneshot(request).await?.status());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Transport(Arc<Inner>);

struct Inner {
    client: Client<Connector, Body>,
    connector: Connector,
}

impl Transport {
    /// A transport to be configured.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::new()
    }

    fn new(client: Client<Connector, Body>, connector: Connector) -> Self {
        Self(Arc::new(Inner { client, connector }))
    }

    /// Does now what the first request to this origin would have to do: for https, loads the machine's certificates,
    /// which takes tens of milliseconds.
    ///
    /// # Errors
    /// [`Kind::Tls`](crate::Kind::Tls) if there is no certificate to trust.
    pub fn prepare(&self, origin: &Origin) -> Result<(), Error> {
        if origin.is_https() { self.0.connector.prepare_tls() } else { Ok(()) }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<TransportBody>;
    type Error = Error;
    type Future = TransportFuture;

    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    #[inline(always)]
    fn call(&mut self, mut request: Request<Body>) -> TransportFuture {
        let about = Box::new((request.method().clone(), request.uri().clone()));
        host::name_host(request.headers_mut(), &about.1);
        let sent = is_usable(&about.1).then(|| self.0.client.request(request));
        TransportFuture { sent, about }
    }
}

fn is_usable(uri: &Uri) -> bool {
    uri.authority().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
}

/// The future of [`Transport`].
#[must_use = "futures do nothing unless awaited"]
pub struct TransportFuture {
    /// Not if it was refused.
    sent: Option<legacy::ResponseFuture>,
    /// What an error has to name: on the heap, so that the future moves lightly.
    about: Box<(Method, Uri)>,
}

impl TransportFuture {
    fn name(&self, error: Error) -> Error {
        let (method, uri) = &*self.about;
        error.with_operation(method, uri)
    }
}

impl Future for TransportFuture {
    type Output = Result<Response<TransportBody>, Error>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(sent) = &mut self.sent else { return Poll::Ready(Err(self.name(refused()))) };
        match Pin::new(sent).poll(cx) {
            Poll::Ready(Ok(answer)) => Poll::Ready(Ok(answer.map(TransportBody::new))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.name(failure::of_client(error)))),
            Poll::Pending => Poll::Pending,
        }
    }
}

fn refused() -> Error {
    let why =
        "the request's URI is none of http or https with a host: put a BaseUriLayer above the transport";
    Error::new(crate::Kind::InvalidInput, why)
}

impl fmt::Debug for TransportFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportFuture")
    }
}
