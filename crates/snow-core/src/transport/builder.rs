//! The settings of a transport. Everything that can be checked without a connection is checked in `build`.

use super::Transport;
use super::connector::{Connector, Dial};
use super::proxy::{Proxies, Proxy, from_environment};
use super::runtime_pools::RuntimePools;
use super::tls::{Roots, TlsSettings, TlsVersion};
use crate::{Error, ErrorKind, Secret};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

/// A builder for a [`Transport`].
///
/// ```
/// use snow_client::{Transport, transport::TlsVersion};
/// use std::time::Duration;
///
/// let transport = Transport::builder()
///     .connect_timeout(Duration::from_secs(5))
///     .min_tls_version(TlsVersion::Tls13)
///     .no_proxy()
///     .build()?;
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct TransportBuilder {
    connect_timeout: Duration,
    pool_idle_timeout: Duration,
    pool_max_idle_per_host: usize,
    max_headers: usize,
    max_head_size: usize,
    tls: TlsSettings,
    /// `None`: the proxies of the process's environment.
    proxies: Option<Result<Proxies, Error>>,
    #[cfg(feature = "hyper-util-0_1")]
    dial: Option<Dial>,
}

/// hyper's default, for which it needs no additional memory per response.
const MAX_HEADERS: usize = 100;

/// The maximum that is read or buffered at once, and so the maximum size of a head.
const MAX_HEAD_SIZE: usize = 64 << 10;

/// The minimum that hyper accepts.
const SMALLEST_HEAD: usize = 8 << 10;

/// The maximum of `HeaderMap`.
const MOST_HEADERS: usize = 24 << 10;

/// No connection lives that long, and longer times would overflow.
const LONGEST_IDLE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl TransportBuilder {
    pub(super) fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            pool_idle_timeout: Duration::from_secs(20),
            pool_max_idle_per_host: usize::MAX,
            max_headers: MAX_HEADERS,
            max_head_size: MAX_HEAD_SIZE,
            tls: TlsSettings::default(),
            proxies: None,
            #[cfg(feature = "hyper-util-0_1")]
            dial: None,
        }
    }

    /// Sets how long establishing a connection may take; 10 seconds by default. It covers the name lookup, TCP, the proxy and TLS
    /// together. A request whose connection takes longer fails with [`ErrorKind::Connect`], and was not sent.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets how long an idle connection is kept; 20 seconds by default, and zero keeps none. Keep it shorter than the server's own
    /// timeout, because a request that is sent while the server closes the connection is lost. The service's timeout is not documented;
    /// the default is well below the common 60 seconds.
    pub fn pool_idle_timeout(mut self, limit: Duration) -> Self {
        self.pool_idle_timeout = limit;
        self
    }

    /// Sets how many idle connections are kept for each host; unlimited by default, and zero keeps none.
    pub fn pool_max_idle_per_host(mut self, limit: usize) -> Self {
        self.pool_max_idle_per_host = limit;
        self
    }

    /// Sets how many headers a response may have; 100 by default. A response with more fails with [`ErrorKind::InvalidHttp`]. An
    /// instance sends about 20; raise it if gateways add many. Any other number than 100 costs two allocations for each response.
    pub fn max_headers(mut self, headers: usize) -> Self {
        self.max_headers = headers;
        self
    }

    /// Sets how many bytes the head of a response may have, its status and all of its headers; 64 KiB by default, and at least 8 KiB. A
    /// larger head fails with [`ErrorKind::InvalidHttp`]. It is also the maximum that is read at once, and so the maximum buffer of each
    /// connection.
    ///
    /// ```
    /// let transport = snow_client::Transport::builder().max_headers(1_000).max_head_size(1 << 20).build()?;
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn max_head_size(mut self, bytes: usize) -> Self {
        self.max_head_size = bytes;
        self
    }

    /// Sets whether to trust Mozilla's root certificates as of the time of the build, in place of those that the machine trusts: for
    /// containers without certificates. They age with the build, and do not include the authority of a company. Default: `false`.
    #[cfg(feature = "bundled-roots")]
    pub fn bundled_roots(mut self, bundled: bool) -> Self {
        self.tls.switch_roots(Roots::Bundled, bundled);
        self
    }

    /// Trusts additional authorities: one or more certificates in PEM. It may be called again. [`build`](Self::build) refuses text that is
    /// not a certificate.
    pub fn add_root_certificates_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.tls.authorities.push(pem.as_ref().to_owned());
        self
    }

    /// Uses this client certificate for servers that request one (mTLS), including an `https://` proxy: the chain in PEM, with the
    /// client's own certificate first, and its unencrypted key in PEM (PKCS #8, PKCS #1 or SEC 1). [`build`](Self::build) refuses a key
    /// that belongs to another certificate.
    ///
    /// ```
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use snow_client::Transport;
    ///
    /// let (chain, key) = (std::fs::read("client.pem")?, std::fs::read_to_string("client.key")?);
    /// let transport = Transport::builder().client_certificate_pem(chain, key).build()?;
    /// # Ok(()) }
    /// ```
    pub fn client_certificate_pem(mut self, chain: impl AsRef<[u8]>, key: impl Into<Secret>) -> Self {
        self.tls.identity = Some((chain.as_ref().to_owned(), key.into()));
        self
    }

    /// Sets the minimum version of TLS; 1.2 by default.
    pub fn min_tls_version(mut self, version: TlsVersion) -> Self {
        self.tls.min_version = Some(version);
        self
    }

    /// Sets whether to accept **any** certificate, for any host, expired or not: anyone on the network path can then read and change
    /// everything, including passwords. Use it only for tests on your own machine. Default: `false`.
    pub fn danger_accept_invalid_certificates(mut self, accept: bool) -> Self {
        self.tls.switch_roots(Roots::Anything, accept);
        self
    }

    /// Sets a custom rustls configuration, in place of all other TLS settings. Its ALPN protocols are cleared, because only HTTP/1.1 is
    /// used.
    ///
    /// ```
    /// use rustls::{ClientConfig, RootCertStore, crypto::ring};
    /// use std::sync::Arc;
    ///
    /// let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
    ///     .with_safe_default_protocol_versions()?
    ///     .with_root_certificates(RootCertStore::empty())
    ///     .with_no_client_auth();
    /// let transport = snow_client::Transport::builder().rustls_config(config).build()?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "rustls-0_23")]
    pub fn rustls_config(mut self, config: rustls::ClientConfig) -> Self {
        self.tls.config = Some(config);
        self
    }

    /// Uses this proxy, regardless of the environment; see [`Proxy`].
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxies = Some(Ok(Proxies::all(proxy)));
        self
    }

    /// Uses no proxy, regardless of the environment.
    pub fn no_proxy(mut self) -> Self {
        self.proxies = Some(Ok(Proxies::default()));
        self
    }

    /// Reads the proxy variables from this function in place of the process's environment: for example from a configuration file.
    ///
    /// By default the environment is read once, when the transport is built: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`,
    /// each in lower case first. `HTTP_PROXY` is ignored if `REQUEST_METHOD` is set, because callers of a CGI program could set it.
    /// Connections to this machine (`localhost`, `127.0.0.1`) never use a proxy of the environment. [`build`](Self::build) refuses a
    /// proxy that cannot be used and a variable that is not UTF-8, and ignores entries of `NO_PROXY` that cannot be used.
    ///
    /// ```
    /// use snow_client::Transport;
    ///
    /// let variable = |name: &str| (name == "HTTPS_PROXY").then(|| "http://proxy.example.com:3128".to_owned());
    /// let transport = Transport::builder().proxy_variables(variable).build()?;
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn proxy_variables(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        self.proxies = Some(from_environment(|name| variable(name).map(OsString::from)));
        self
    }

    /// Sets a custom connector in place of TCP. It gets the URI of the instance or of the proxy, and returns a stream without TLS. The
    /// proxy, TLS and the timeout are added on top.
    ///
    /// ```
    /// use hyper_util::client::legacy::connect::HttpConnector;
    ///
    /// let mut tcp = HttpConnector::new();
    /// tcp.enforce_http(false); // it gets https URIs, too
    /// tcp.set_local_address(Some([192, 0, 2, 7].into()));
    /// let transport = snow_client::Transport::builder().connector(tcp).build()?;
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    #[cfg(feature = "hyper-util-0_1")]
    pub fn connector<C>(mut self, connector: C) -> Self
    where
        C: tower_service::Service<http::Uri> + Clone + Send + Sync + 'static,
        C::Response: hyper_util::client::legacy::connect::Connection
            + hyper::rt::Read
            + hyper::rt::Write
            + Send
            + Unpin
            + 'static,
        C::Error: Into<crate::BoxError>,
        C::Future: Send + 'static,
    {
        self.dial = Some(Dial::own(connector));
        self
    }

    /// Builds the transport. It needs no runtime.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], naming the setting that is invalid or contradicts another one.
    pub fn build(self) -> Result<Transport, Error> {
        if self.connect_timeout.is_zero() {
            let why = "the connect timeout is zero, so no connection could be made";
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        if self.max_head_size < SMALLEST_HEAD || !(1..=MOST_HEADERS).contains(&self.max_headers) {
            let why = format!(
                "the head of a response may have {} bytes and {} headers: at least {SMALLEST_HEAD} bytes are needed, and 1 to \
                 {MOST_HEADERS} headers",
                self.max_head_size, self.max_headers
            );
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        let proxies = match self.proxies.clone() {
            Some(proxies) => proxies?,
            None => from_environment(|name| std::env::var_os(name))?,
        };
        let dial = self.dial();
        let connector = Connector::new(dial, proxies, self.tls.read()?, self.connect_timeout);
        let max_idle = if self.pool_idle_timeout.is_zero() { 0 } else { self.pool_max_idle_per_host };
        let mut settings = Client::builder(TokioExecutor::new());
        settings
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.pool_idle_timeout.min(LONGEST_IDLE))
            .pool_max_idle_per_host(max_idle)
            .http1_max_buf_size(self.max_head_size)
            .set_host(false); // see `host`
        if self.max_headers != MAX_HEADERS {
            settings.http1_max_headers(self.max_headers);
        }
        Ok(Transport::new(RuntimePools::new(settings, connector)))
    }

    #[cfg(feature = "hyper-util-0_1")]
    fn dial(&self) -> Dial {
        self.dial.clone().unwrap_or_else(|| Dial::tcp(self.connect_timeout))
    }

    #[cfg(not(feature = "hyper-util-0_1"))]
    fn dial(&self) -> Dial {
        Dial::tcp(self.connect_timeout)
    }
}

impl fmt::Debug for TransportBuilder {
    /// Writes times and proxies, no certificates and keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("pool_idle_timeout", &self.pool_idle_timeout)
            .field("pool_max_idle_per_host", &self.pool_max_idle_per_host)
            .field("max_headers", &self.max_headers)
            .field("max_head_size", &self.max_head_size)
            .field("proxies", &self.proxies)
            .finish_non_exhaustive()
    }
}
