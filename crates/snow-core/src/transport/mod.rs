//! The wire: a hyper-util client with a pool, https by rustls.
//!
//! HTTP/1.1 only: the service speaks no h2 (facts 1.4). Redirects are not followed. Making a transport needs no runtime;
//! the pool and its timers live in the runtime of whoever sends.

mod connector;
mod failure;
#[cfg(feature = "tls")]
mod tls;

use crate::{Body, Error, Origin};
use connector::Connector;
use http::{Method, Request, Response, Uri};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::{fmt, time::Duration};
use tower_service::Service;

/// Idle connections are closed before the far end is likely to: a request on a connection that just closed is lost.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// An HTTP/1.1 client with a connection pool: the bottom of the default stack, and a tower `Service` for any other.
///
/// Clones share the pool. It sends what it is given: no header is added, nothing is retried but what never left.
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
pub struct Transport {
    client: Client<Connector, Body>,
    connector: Connector,
}

impl Transport {
    /// A transport to be configured.
    pub fn builder() -> TransportBuilder {
        TransportBuilder { connect_timeout: Duration::from_secs(10), trust: Trust::Platform }
    }

    /// Does now what the first request to this origin would have to do: for https, loads the machine's certificates,
    /// which takes tens of milliseconds.
    ///
    /// # Errors
    /// [`Kind::Tls`](crate::Kind::Tls) if there is no certificate to trust.
    pub fn prepare(&self, origin: &Origin) -> Result<(), Error> {
        if origin.is_https() { self.connector.tls().map(drop) } else { Ok(()) }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = Error;
    type Future = TransportFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> TransportFuture {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let state = match uri.scheme().zip(uri.authority()) {
            Some(_) => State::Sent(self.client.request(request)),
            None => State::Refused,
        };
        TransportFuture { state, method, uri }
    }
}

/// The future of [`Transport`].
#[must_use = "futures do nothing unless awaited"]
pub struct TransportFuture {
    state: State,
    method: Method,
    uri: Uri,
}

enum State {
    Sent(legacy::ResponseFuture),
    Refused,
}

impl Future for TransportFuture {
    type Output = Result<Response<Body>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match &mut self.state {
            State::Sent(inner) => ready!(Pin::new(inner).poll(cx)).map_err(failure::of_client),
            State::Refused => {
                let why =
                    "the request's URI names no scheme and host: put a BaseUriLayer above the transport";
                Err(Error::new(crate::Kind::InvalidInput, why))
            }
        };
        let answer = answer.map(|answer| answer.map(failure::told_apart));
        Poll::Ready(answer.map_err(|error| error.with_operation(&self.method, &self.uri)))
    }
}

impl fmt::Debug for TransportFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportFuture")
    }
}

/// Which certificates are trusted.
#[derive(Clone, Copy, Debug)]
enum Trust {
    Platform,
    Anything,
}

/// Settings of a [`Transport`].
#[derive(Clone, Debug)]
#[must_use]
pub struct TransportBuilder {
    connect_timeout: Duration,
    trust: Trust,
}

impl TransportBuilder {
    /// How long a TCP connection may take to come about; 10 seconds by default.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Takes **any** certificate, for any host, expired or not: whoever is between here and the instance can read and
    /// change everything, passwords included. For trying things on one's own machine.
    pub fn danger_accept_invalid_certificates(mut self) -> Self {
        self.trust = Trust::Anything;
        self
    }

    /// The transport.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`](crate::Kind::InvalidInput) if a setting makes no sense.
    pub fn build(self) -> Result<Transport, Error> {
        if self.connect_timeout.is_zero() {
            let why = "the connect timeout is zero, so that nothing could ever connect";
            return Err(Error::new(crate::Kind::InvalidInput, why));
        }
        let connector = Connector::new(self.connect_timeout, self.trust);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .build(connector.clone());
        Ok(Transport { client, connector })
    }
}
