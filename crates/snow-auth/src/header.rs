//! One header with every request for one origin: what the ways to log in that never change have in common.

use http::{HeaderName, HeaderValue, Request};
use snow_core::{Error, ErrorKind, Origin, Secret, check_credential};
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_service::Service;

/// A header that only one origin may see.
#[derive(Clone)]
pub(crate) struct OriginHeader(Arc<HeaderOfOrigin>);

struct HeaderOfOrigin {
    origin: Origin,
    name: HeaderName,
    value: HeaderValue,
}

impl OriginHeader {
    /// `what` names the input if no header can carry it.
    pub(crate) fn new(origin: &Origin, name: HeaderName, value: &Secret, what: &str) -> Result<Self, Error> {
        if value.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, format!("the {what} is empty")));
        }
        check_credential(what, value.expose())?;
        let refuse = |_| {
            Error::new(ErrorKind::InvalidInput, format!("the {what} has characters that no header may have"))
        };
        let mut value = HeaderValue::from_str(value.expose()).map_err(refuse)?;
        value.set_sensitive(true);
        Ok(Self(Arc::new(HeaderOfOrigin { origin: origin.clone(), name, value })))
    }
}

impl fmt::Debug for OriginHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.0.name, self.0.origin)
    }
}

/// The service of [`BasicAuthLayer`](crate::BasicAuthLayer), [`BearerAuthLayer`](crate::BearerAuthLayer) and
/// [`ApiKeyLayer`](crate::ApiKeyLayer): adds their header to requests for their origin, and passes others on as they are.
#[derive(Clone, Debug)]
pub struct HeaderAuth<S> {
    pub(crate) inner: S,
    pub(crate) header: OriginHeader,
}

impl<S, B> Service<Request<B>> for HeaderAuth<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline(always)]
    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let header = &*self.header.0;
        if header.origin.covers(request.uri()) {
            request.headers_mut().insert(header.name.clone(), header.value.clone());
        }
        self.inner.call(request)
    }
}
