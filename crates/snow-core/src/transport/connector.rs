//! TCP, and TLS over it where the scheme says so.

use super::Trust;
use crate::{BoxError, Error};
use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;

/// The TLS configuration is made when the first https connection is: it costs tens of milliseconds and can fail.
#[derive(Clone)]
pub(super) struct Connector {
    http: HttpConnector,
    trust: Trust,
    tls: Arc<OnceLock<Result<Arc<ClientConfig>, Error>>>,
}

impl Connector {
    pub(super) fn new(timeout: Duration, trust: Trust) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(timeout));
        http.set_keepalive(Some(Duration::from_secs(60)));
        Self { http, trust, tls: Arc::default() }
    }

    pub(super) fn tls(&self) -> Result<Arc<ClientConfig>, Error> {
        self.tls.get_or_init(|| configuration(self.trust).map(Arc::new)).clone()
    }
}

#[cfg(feature = "tls")]
use super::tls::configuration;

#[cfg(not(feature = "tls"))]
fn configuration(_: Trust) -> Result<ClientConfig, Error> {
    let why = "https needs the feature `tls` of snow-core (or snow-client), which this build is without";
    Err(Error::new(crate::Kind::Tls, why))
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        if uri.scheme() == Some(&http::uri::Scheme::HTTP) {
            let tcp = self.http.call(uri);
            return Box::pin(async move { Ok(MaybeHttpsStream::Http(tcp.await?)) });
        }
        match self.tls() {
            Ok(tls) => HttpsConnector::from((self.http.clone(), tls)).call(uri),
            Err(error) => Box::pin(async move { Err(error.into()) }),
        }
    }
}
