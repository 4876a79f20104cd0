//! One header with every request for one origin: what the layers with constant credentials have in common.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use snow_core::{Error, ErrorKind, Origin, Secret, check_credential};
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_service::Service;

/// Makes a header of a secret, marked sensitive, whose bytes are overwritten when its last clone is dropped. Returns `None` if no
/// header can carry it.
pub(crate) fn zeroized_header(text: Secret) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(ZeroizedHeader(text))).ok()?;
    header.set_sensitive(true);
    Some(header)
}

struct ZeroizedHeader(Secret);

impl AsRef<[u8]> for ZeroizedHeader {
    fn as_ref(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

/// A header that only one origin may see.
#[derive(Clone)]
pub(crate) struct OriginHeader(Arc<HeaderOfOrigin>);

struct HeaderOfOrigin {
    origin: Origin,
    name: HeaderName,
    value: HeaderValue,
}

impl OriginHeader {
    /// Creates a header. `what` names the input in the error if no header can carry it.
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
/// [`ApiKeyLayer`](crate::ApiKeyLayer). It adds their header to requests for their origin, and passes other requests on
/// unchanged.
#[derive(Clone, Debug)]
pub struct HeaderAuth<S> {
    pub(crate) inner: S,
    pub(crate) header: OriginHeader,
}

impl<S> HeaderAuth<S> {
    /// Returns a reference to the inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Consumes the service and returns the inner one.
    pub fn into_inner(self) -> S {
        self.inner
    }
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

#[cfg(test)]
mod tests {
    use crate::{ApiKeyLayer, BasicAuthLayer, BearerAuthLayer};
    use snow_core::Instance;
    use tower_layer::Layer;

    #[test]
    fn the_inner_service_can_be_reached_changed_and_taken_back() {
        let instance = Instance::parse("dev1").unwrap();
        let origin = instance.origin();
        for mut service in [
            BasicAuthLayer::new(origin, "admin", "secret").unwrap().layer("inner"),
            BearerAuthLayer::new(origin, "abc").unwrap().layer("inner"),
            ApiKeyLayer::new(origin, "abc").unwrap().layer("inner"),
        ] {
            assert_eq!(*service.get_ref(), "inner");
            *service.get_mut() = "changed";
            assert_eq!(service.into_inner(), "changed");
        }
    }
}
