//! TlsSettings of a transport. Everything that can be checked without a connection is checked in `build`.

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

/// TlsSettings of a [`Transport`].
///
/// ```
/// use snow_core::transport::{TlsVersion, Transport};
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
    /// `None`: as the process's environment says.
    proxies: Option<Result<Proxies, Error>>,
    #[cfg(feature = "hyper-util-0_1")]
    dial: Option<Dial>,
}

/// What hyper takes by itself, without memory of its own for each response.
const MAX_HEADERS: usize = 100;

/// The most that is read or buffered at once, and so the largest head.
const MAX_HEAD_SIZE: usize = 64 << 10;

/// Hyper takes no less.
const SMALLEST_HEAD: usize = 8 << 10;

/// `HeaderMap` holds no more.
const MOST_HEADERS: usize = 24 << 10;

/// No connection lives that long; and the moment at the end of a longer time cannot be told.
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

    /// How long a connection may take to come about; 10 seconds by default. It covers looking up the name, TCP, the proxy and TLS
    /// together. Past it the request fails as [`ErrorKind::Connect`]; it was not sent.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long a connection that nobody uses is kept; 20 seconds by default, 0 keeps none. Keep it under the time after which the
    /// far end closes: a request that goes out just then is lost. How long the service waits is not documented; the default stays
    /// well under the 60 seconds that are common.
    pub fn pool_idle_timeout(mut self, limit: Duration) -> Self {
        self.pool_idle_timeout = limit;
        self
    }

    /// How many connections that nobody uses are kept for each host; without a limit by default, 0 keeps none.
    pub fn pool_max_idle_per_host(mut self, limit: usize) -> Self {
        self.pool_max_idle_per_host = limit;
        self
    }

    /// Sets how many headers a response may have; 100 by default. A response with more is [`ErrorKind::InvalidHttp`]. An instance sends
    /// about 20; raise it where gateways add many. Any other number than 100 costs two allocations for each response.
    pub fn max_headers(mut self, headers: usize) -> Self {
        self.max_headers = headers;
        self
    }

    /// Sets how many bytes the head of a response may have, which is its status and all of its headers; 64 KiB by default, 8 KiB at
    /// least. A larger one is [`ErrorKind::InvalidHttp`]. It is also the most that is read at once: up to so much memory belongs to each
    /// connection.
    ///
    /// ```
    /// let transport = snow_core::Transport::builder().max_headers(1_000).max_head_size(1 << 20).build()?;
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn max_head_size(mut self, bytes: usize) -> Self {
        self.max_head_size = bytes;
        self
    }

    /// Trusts the certificates of Mozilla's list as it was when this was built, in place of those that the machine trusts: for
    /// containers that have none. They age with the build, and a company's own authority is not among them.
    #[cfg(feature = "bundled-roots")]
    pub fn bundled_roots(mut self) -> Self {
        self.tls.roots = Roots::Bundled;
        self
    }

    /// Trusts more authorities, beside those trusted anyway: one or more certificates in PEM. May be called again.
    /// [`build`](Self::build) refuses what is no certificate.
    pub fn add_root_certificates_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.tls.authorities.push(pem.as_ref().to_owned());
        self
    }

    /// Shows this certificate to servers that ask for one (mTLS), an `https://` proxy among them: the chain in PEM, the client's
    /// own certificate first, and its key in PEM, not encrypted (PKCS #8, PKCS #1 or SEC 1). [`build`](Self::build) refuses a key
    /// that belongs to another certificate.
    ///
    /// ```
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use snow_core::Transport;
    ///
    /// let (chain, key) = (std::fs::read("client.pem")?, std::fs::read_to_string("client.key")?);
    /// let transport = Transport::builder().client_certificate_pem(chain, key).build()?;
    /// # Ok(()) }
    /// ```
    pub fn client_certificate_pem(mut self, chain: impl AsRef<[u8]>, key: impl Into<Secret>) -> Self {
        self.tls.identity = Some((chain.as_ref().to_owned(), key.into()));
        self
    }

    /// The oldest version of TLS to take; 1.2 by default.
    pub fn min_tls_version(mut self, version: TlsVersion) -> Self {
        self.tls.min_version = Some(version);
        self
    }

    /// Takes **any** certificate, for any host, expired or not: whoever is between here and the instance can read and
    /// change everything, passwords included. For trying things on one's own machine.
    pub fn danger_accept_invalid_certificates(mut self) -> Self {
        self.tls.roots = Roots::Anything;
        self
    }

    /// A rustls configuration of your own, in place of every other setting of TLS here. Its ALPN protocols are cleared: HTTP/1.1
    /// is what is spoken.
    ///
    /// ```
    /// use rustls::{ClientConfig, RootCertStore, crypto::ring};
    /// use std::sync::Arc;
    ///
    /// let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
    ///     .with_safe_default_protocol_versions()?
    ///     .with_root_certificates(RootCertStore::empty())
    ///     .with_no_client_auth();
    /// let transport = snow_core::Transport::builder().rustls_config(config).build()?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "rustls-0_23")]
    pub fn rustls_config(mut self, config: rustls::ClientConfig) -> Self {
        self.tls.config = Some(config);
        self
    }

    /// Goes through this proxy, whatever the environment says; see [`Proxy`].
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxies = Some(Ok(Proxies::all(proxy)));
        self
    }

    /// Goes through no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxies = Some(Ok(Proxies::default()));
        self
    }

    /// Reads the usual variables from here in place of the process's environment: from a configuration file, for one.
    ///
    /// They are those that the environment is asked for by default, when the transport is built and only then: `HTTPS_PROXY`,
    /// `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each in lower case first. `HTTP_PROXY` is not read where `REQUEST_METHOD` is set,
    /// since a CGI program's callers could set it. Connections to this machine (`localhost`, `127.0.0.1`) never go through a proxy
    /// found this way. [`build`](Self::build) refuses a proxy that cannot be used and a variable of the environment that is not
    /// UTF-8, and passes over entries of `NO_PROXY` that cannot be used.
    ///
    /// ```
    /// use snow_core::Transport;
    ///
    /// let variable = |name: &str| (name == "HTTPS_PROXY").then(|| "http://proxy.example.com:3128".to_owned());
    /// let transport = Transport::builder().proxy_variables(variable).build()?;
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    pub fn proxy_variables(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        self.proxies = Some(from_environment(|name| variable(name).map(OsString::from)));
        self
    }

    /// A way to connect of your own in place of TCP: it gets the URI of the instance or of the proxy, and gives a stream
    /// without TLS. The proxy, TLS and the limit of time are put on top.
    ///
    /// ```
    /// use hyper_util::client::legacy::connect::HttpConnector;
    ///
    /// let mut tcp = HttpConnector::new();
    /// tcp.enforce_http(false); // it is asked for https URIs, too
    /// tcp.set_local_address(Some([192, 0, 2, 7].into()));
    /// let transport = snow_core::Transport::builder().connector(tcp).build()?;
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

    /// The transport. Needs no runtime.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], naming the setting that is wrong or at odds with another.
    pub fn build(self) -> Result<Transport, Error> {
        if self.connect_timeout.is_zero() {
            let why = "the connect timeout is zero, so that nothing could ever connect";
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
    /// Times and proxies; nothing of certificates and keys.
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
