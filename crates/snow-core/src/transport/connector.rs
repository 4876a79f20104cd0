//! The steps to a connection, all under one timeout: TCP or a custom connector, a proxy, and TLS.

use super::proxy::{Proxies, Proxy, ProxyScheme, open_tunnel};
use super::stream::BoxedStream;
use super::{tls::Tls, wire_error};
use crate::timer::{self, Sleep};
use crate::{BoxError, Error, ErrorKind};
use futures_util::future::{BoxFuture, Either, Ready, ready, select};
use http::{HeaderMap, HeaderValue, Uri, header, uri::Scheme};
#[cfg(feature = "hyper-util-0_1")]
use hyper::rt::{Read, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
#[cfg(feature = "hyper-util-0_1")]
use hyper_util::client::legacy::connect::Connection;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tower::ServiceExt;
use tower_service::Service;

/// How long the first address family (IPv4 or IPv6) is tried alone.
const HAPPY_EYEBALLS: Duration = Duration::from_millis(300);

/// The time without traffic after which keep-alive probes are sent.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// The connector of the client, which clones it for every request: cloning costs one `Arc`.
#[derive(Clone)]
pub(super) struct Connector(Arc<ConnectorInner>);

struct ConnectorInner {
    dial: Dial,
    proxies: Proxies,
    tls: Tls,
    timeout: Duration,
    /// The `User-Agent` of the first request, for proxies.
    agent: OnceLock<HeaderValue>,
}

/// How to connect to a host and port.
#[derive(Clone)]
pub(super) enum Dial {
    Tcp(HttpConnector),
    #[cfg(feature = "hyper-util-0_1")]
    Own(Arc<dyn Fn(Uri) -> DialFuture + Send + Sync>),
}

#[cfg(feature = "hyper-util-0_1")]
type DialFuture = BoxFuture<'static, Result<BoxedStream, BoxError>>;

impl Connector {
    pub(super) fn new(dial: Dial, proxies: Proxies, tls: Tls, timeout: Duration) -> Self {
        Self(Arc::new(ConnectorInner { dial, proxies, tls, timeout, agent: OnceLock::new() }))
    }

    /// Notes the `User-Agent`, if there is a proxy that needs it.
    #[inline]
    pub(super) fn note_agent(&self, headers: &HeaderMap) {
        if !self.0.proxies.are_none()
            && self.0.agent.get().is_none()
            && let Some(agent) = headers.get(header::USER_AGENT)
        {
            self.0.agent.get_or_init(|| agent.clone());
        }
    }

    /// Prepares the TLS configuration, as the first https connection would.
    pub(super) fn prepare_tls(&self) -> Result<(), Error> {
        self.0.tls.config().map(drop)
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<BoxedStream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let inner = self.0.clone();
        Box::pin(async move { inner.connect(uri).await.map_err(BoxError::from) })
    }
}

impl ConnectorInner {
    async fn connect(&self, uri: Uri) -> Result<MaybeHttpsStream<BoxedStream>, Error> {
        let secure = uri.scheme() != Some(&Scheme::HTTP);
        if secure {
            self.tls.config()?; // so that an invalid configuration fails before anything is connected
        }
        let mut limit = ConnectTimeout::new(self.timeout);
        let target = host_and_port(&uri)?;
        let stream = match self.proxies.choose(&uri) {
            Some(proxy) => self.through(proxy, &target, &mut limit).await?,
            None => {
                let dialled = self.dial.connect(uri.clone());
                let failed = |error| wire_error::of_dial("no connection could be made", error);
                limit.step(&format!("connecting to {target}"), dialled).await?.map_err(failed)?
            }
        };
        if !secure {
            return Ok(MaybeHttpsStream::Http(stream));
        }
        let step = format!("the TLS handshake with {target}");
        limit.step(&step, self.encrypt(stream, uri)).await?
    }

    async fn through(
        &self,
        proxy: &Proxy,
        target: &str,
        limit: &mut ConnectTimeout,
    ) -> Result<BoxedStream, Error> {
        let dialled = self.dial.connect(proxy.uri().clone());
        let stream = limit.step(&format!("connecting to the proxy {proxy}"), dialled).await?;
        let mut stream = stream.map_err(|error| {
            wire_error::of_dial(&format!("the proxy {proxy} cannot be reached"), error)
                .with_advice("check the proxy's address, or connect without it: no_proxy()")
        })?;
        if proxy.scheme() == ProxyScheme::Https {
            let step = format!("the TLS handshake with the proxy {proxy}");
            let encrypted = limit.step(&step, self.encrypt(stream, proxy.uri().clone())).await?;
            stream = BoxedStream::new(
                encrypted.map_err(|error| error.with_context(&format!("the proxy {proxy}")))?,
            );
        }
        let step = format!("asking the proxy {proxy} for a connection to {target}");
        match proxy.scheme() {
            ProxyScheme::Socks5 => limit.step(&step, socks(proxy, stream, target)).await?,
            _ => limit.step(&step, open_tunnel(proxy, stream, target, self.agent.get())).await?,
        }
    }

    async fn encrypt(&self, stream: BoxedStream, uri: Uri) -> Result<MaybeHttpsStream<BoxedStream>, Error> {
        let mut https = HttpsConnector::from((given(stream), self.tls.config()?));
        https.call(uri).await.map_err(wire_error::of_handshake)
    }
}

async fn socks(proxy: &Proxy, stream: BoxedStream, target: &str) -> Result<BoxedStream, Error> {
    let socks = SocksV5::new(proxy.uri().clone(), given(stream));
    let mut socks = match proxy.login() {
        Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
        None => socks,
    };
    // It takes port 443 where none is named.
    let uri = Uri::builder().scheme("https").authority(target).path_and_query("/").build();
    let uri =
        uri.map_err(|e| Error::internal("a target with its port is not an authority").with_source(e))?;
    socks.call(uri).await.map_err(|error| {
        let why = format!(
            "the proxy {proxy} makes no connection to {target} ({error}): check its scheme and credentials, and whether it \
             allows this host"
        );
        Error::new(kind_of_socks(&error.to_string()), why)
    })
}

/// Returns the kind of a SOCKS failure by its text, because hyper-util does not export the types of these errors.
fn kind_of_socks(error: &str) -> ErrorKind {
    let refusals = ["credentials not accepted", "user/pass authentication", "connection not allowed"];
    if refusals.iter().any(|refusal| error.contains(refusal)) {
        ErrorKind::ProxyRefused
    } else {
        ErrorKind::Connect
    }
}

/// Creates a connector that returns an existing connection.
fn given(
    stream: BoxedStream,
) -> tower::util::ServiceFn<impl FnMut(Uri) -> Ready<Result<BoxedStream, BoxError>>> {
    let mut stream = Some(stream);
    tower::service_fn(move |_| ready(stream.take().ok_or_else(|| "the connection is in use".into())))
}

fn host_and_port(uri: &Uri) -> Result<String, Error> {
    let port = uri.port_u16().unwrap_or(if uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 });
    let host = uri.host().ok_or_else(|| Error::internal("a connection is wanted to a URI without a host"))?;
    Ok(format!("{host}:{port}"))
}

impl Dial {
    /// Creates a TCP connector, which looks the name up and tries its addresses, the second family (IPv4 or IPv6) soon after the first.
    pub(super) fn tcp(timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_happy_eyeballs_timeout(Some(HAPPY_EYEBALLS));
        // It is divided among the addresses of a host, so that a dead one leaves time for the others.
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_keepalive(Some(KEEPALIVE));
        Self::Tcp(tcp)
    }

    #[cfg(feature = "hyper-util-0_1")]
    pub(super) fn own<C>(connector: C) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Read + Write + Send + Unpin + 'static,
        C::Error: Into<BoxError>,
        C::Future: Send + 'static,
    {
        Self::Own(Arc::new(move |uri| {
            let connecting = connector.clone().oneshot(uri);
            Box::pin(async move { connecting.await.map(BoxedStream::new).map_err(Into::into) })
        }))
    }

    async fn connect(&self, uri: Uri) -> Result<BoxedStream, BoxError> {
        match self {
            Self::Tcp(tcp) => Ok(BoxedStream::new(tcp.clone().oneshot(uri).await?)),
            #[cfg(feature = "hyper-util-0_1")]
            Self::Own(connect) => connect(uri).await,
        }
    }
}

/// The timeout for all steps of a connection.
struct ConnectTimeout {
    total: Duration,
    sleep: Sleep,
}

impl ConnectTimeout {
    fn new(total: Duration) -> Self {
        Self { total, sleep: timer::sleep(total) }
    }

    /// Performs a step. Its name is in the error if the time ends in it.
    async fn step<T>(&mut self, name: &str, step: impl Future<Output = T>) -> Result<T, Error> {
        let step = pin!(step);
        // The timeout is polled first, because the name of the step says more than an error of the step at the same moment.
        match select(&mut self.sleep, step).await {
            Either::Right((done, _)) => Ok(done),
            Either::Left((Err(error), _)) => Err(error),
            Either::Left((Ok(()), _)) => {
                let why = format!("no connection within {:?}: it timed out at this step: {name}", self.total);
                Err(Error::new(ErrorKind::Connect, why))
            }
        }
    }
}
