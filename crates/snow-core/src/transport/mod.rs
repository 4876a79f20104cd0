//! The transport: a hyper-util client with a connection pool, https by rustls, and proxies.
//!
//! It uses HTTP/1.1 only, because the service does not support HTTP/2. Redirects are not followed. Building a transport needs no
//! runtime: the pool and its timers belong to the runtime that sends. `docs/transport.md` in the repository describes the settings.

mod body;
mod builder;
mod connector;
mod host_header;
mod proxy;
mod runtime_pools;
mod stream;
mod tls;
mod wire_error;

pub use body::TransportBody;
pub use builder::TransportBuilder;
pub use proxy::Proxy;
pub use tls::TlsVersion;
// For the stores of this workspace only: no part of the public API.
#[doc(hidden)]
#[cfg(feature = "tls")]
pub use tls::client_config;

use crate::{Body, Departure, Error, Origin};
use http::{Method, Request, Response, Uri};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use runtime_pools::RuntimePools;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_service::Service;

/// An HTTP/1.1 client with a connection pool: the service at the bottom of the default stack, or of any other tower stack.
///
/// Clones share their connections and cost one `Arc`. Each tokio runtime that sends has its own pool; the pools of the last 8
/// runtimes are kept. A request is sent as it is: the only headers that are added are `Host` and the length of the body. A request is
/// retried only if no byte of it was sent. Proxies get the `User-Agent` of the first request.
///
/// # Errors
///
/// Errors name the request and the kind of failure, such as [`ErrorKind::Connect`](crate::ErrorKind::Connect),
/// [`Tls`](crate::ErrorKind::Tls), [`ProxyRefused`](crate::ErrorKind::ProxyRefused),
/// [`ConnectionClosed`](crate::ErrorKind::ConnectionClosed) and [`InvalidHttp`](crate::ErrorKind::InvalidHttp). Outside a tokio
/// runtime sending fails with [`ErrorKind::Other`](crate::ErrorKind::Other).
///
/// # Panics
///
/// Sending panics in a tokio runtime without sockets and timers: call `enable_all()` on the runtime's builder.
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> Result<(), snow_core::Error> {
/// use snow_client::{Transport, transport::Body};
/// use tower::ServiceExt;
///
/// let transport = Transport::builder().build()?;
/// let request = http::Request::get("https://dev12345.service-now.com/").body(Body::empty()).unwrap();
/// println!("{}", transport.oneshot(request).await?.status());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Transport(Arc<RuntimePools>);

impl Transport {
    /// Creates a builder with the default settings.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::new()
    }

    fn new(pools: RuntimePools) -> Self {
        Self(Arc::new(pools))
    }

    /// Prepares the first request to this origin: for https, loads the machine's certificates, which takes tens of milliseconds.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if there is no certificate to trust.
    pub fn prepare(&self, origin: &Origin) -> Result<(), Error> {
        if origin.is_https() { self.0.connector().prepare_tls() } else { Ok(()) }
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
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let waits = Departure::of(&request).cloned().map(|departure| {
            let connection = capture_connection(&mut request);
            departure.set_connection(connection.clone());
            (departure, connection)
        });
        self.0.connector().note_agent(request.headers());
        host_header::name_host(request.headers_mut(), &uri);
        let unsent = Some(request.map(Body::with_checked_length));
        let pending = PendingRequest { method, uri, waits, unsent, pools: self.0.clone() };
        TransportFuture { sent: None, pending: Box::new(pending) }
    }
}

fn is_usable(uri: &Uri) -> bool {
    uri.authority().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
}

/// The future of [`Transport`].
#[must_use = "futures do nothing unless awaited"]
pub struct TransportFuture {
    /// Set when it is polled for the first time, because it uses a connection of the runtime that polls it.
    sent: Option<legacy::ResponseFuture>,
    /// On the heap, so that the future stays small.
    pending: Box<PendingRequest>,
}

/// A request, and what it takes to send it and to name it in an error.
struct PendingRequest {
    /// The request, for errors.
    method: Method,
    uri: Uri,
    /// The departure of the request and its connection, until the request has left.
    waits: Option<(Departure, CaptureConnection)>,
    unsent: Option<Request<Body>>,
    pools: Arc<RuntimePools>,
}

impl PendingRequest {
    fn send(&mut self) -> Result<legacy::ResponseFuture, Error> {
        if is_usable(&self.uri) { self.pools.send(&mut self.unsent) } else { Err(invalid_uri()) }
    }

    /// Marks the request as sent, once there is a connection for it.
    fn notice_departure(&mut self) {
        if self.waits.as_ref().is_some_and(|(_, connection)| connection.connection_metadata().is_some())
            && let Some((departure, _)) = self.waits.take()
        {
            departure.leave();
        }
    }
}

impl TransportFuture {
    fn annotate(&self, error: Error) -> Error {
        error.with_request(&self.pending.method, &self.pending.uri)
    }
}

impl Future for TransportFuture {
    type Output = Result<Response<TransportBody>, Error>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let sent = match &mut this.sent {
            Some(sent) => sent,
            None => match this.pending.send() {
                Ok(sent) => this.sent.insert(sent),
                Err(error) => return Poll::Ready(Err(self.annotate(error))),
            },
        };
        let polled = Pin::new(sent).poll(cx);
        self.pending.notice_departure();
        match polled {
            Poll::Ready(Ok(response)) => Poll::Ready(Ok(response.map(TransportBody::new))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.annotate(wire_error::of_client(error)))),
            Poll::Pending => Poll::Pending,
        }
    }
}

fn invalid_uri() -> Error {
    let why =
        "the request's URI is not an http or https URI with a host: put a BaseUriLayer above the transport";
    Error::new(crate::ErrorKind::InvalidInput, why)
}

impl fmt::Debug for TransportFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportFuture")
    }
}
