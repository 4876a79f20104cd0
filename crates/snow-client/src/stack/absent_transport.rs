//! What stands for the transport in a build without one: a type that has no values.

use http::{Request, Response};
use snow_core::{Body, Error, ErrorKind, Origin};
use std::convert::Infallible;
use std::future::Ready;
use std::task::{Context, Poll};
use tower_service::Service;

#[derive(Clone, Debug)]
pub(crate) struct DefaultTransport(Infallible);

impl DefaultTransport {
    /// # Errors
    /// Fails in any case: there is no transport.
    pub(crate) fn build() -> Result<Self, Error> {
        let why = "no transport is given, and this build of snow-client has none: call transport() with your own, or enable the \
                   feature \"tls\"";
        Err(Error::new(ErrorKind::InvalidInput, why))
    }

    pub(crate) fn prepare(&self, _: &Origin) -> Result<(), Error> {
        match self.0 {}
    }
}

impl Service<Request<Body>> for DefaultTransport {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Ready<Result<Response<Body>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.0 {}
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        match self.0 {}
    }
}
