//! The wire: a hyper-util client with a pool, https by rustls, proxies.
//!
//! HTTP/1.1 only: the service speaks no h2 (facts 1.4). Redirects are not followed. Making a transport needs no runtime;
//! the pool and its timers live in the runtime of whoever sends. `docs/transport.md` in the repository shows what can be set.

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

/// An HTTP/1.1 client with a connection pool: the bottom of the default stack, and a tower `Service` for any other.
///
/// Clones share their connections, a pool for each tokio runtime that sends (the 8 that sent last), and cost one `Arc`. It sends what it is given: no header is added but what HTTP/1.1 needs, `Host` and
/// the body's length; nothing is retried but what never left. Proxies are told the `User-Agent` of the first request.
///
/// # Panics
/// Sending panics in a tokio runtime without sockets and timers: call `enable_all()` on the runtime's builder. Outside a runtime it
/// is an error.
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
pub struct Transport(Arc<RuntimePools>);

impl Transport {
    /// A transport to be configured.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::new()
    }

    fn new(pools: RuntimePools) -> Self {
        Self(Arc::new(pools))
    }

    /// Does now what the first request to this origin would have to do: for https, loads the machine's certificates,
    /// which takes tens of milliseconds.
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
    /// Not until it is polled for the first time, for it goes over a connection of the runtime that polls it.
    sent: Option<legacy::ResponseFuture>,
    /// On the heap, so that the future moves lightly.
    pending: Box<PendingRequest>,
}

/// A request, and what it takes to send it and to name it in an error.
struct PendingRequest {
    /// What an error has to name.
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

    /// Tells that the request left, once there is a connection for it.
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
        "the request's URI is none of http or https with a host: put a BaseUriLayer above the transport";
    Error::new(crate::ErrorKind::InvalidInput, why)
}

impl fmt::Debug for TransportFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportFuture")
    }
}
