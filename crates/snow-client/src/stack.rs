//! The default stack, outermost first. `ARCHITECTURE.md` has the same table.

use http::{Request, Response};
use snow_core::layer::{BaseUriLayer, DefaultHeaders, DefaultHeadersLayer};
use snow_core::{Body, Error, HttpService, Instance};
use tower::ServiceBuilder;
use tower_layer::Layer;
use tower_service::Service;

/// What every request of the facade goes through.
pub(crate) fn default<A, T>(
    instance: Instance,
    auth: A,
    headers: DefaultHeadersLayer,
    transport: T,
) -> HttpService
where
    T: Service<Request<Body>, Response = Response<Body>, Error = Error> + Clone + Send + Sync + 'static,
    T::Future: Send,
    A: Layer<DefaultHeaders<T>>,
    A::Service:
        Service<Request<Body>, Response = Response<Body>, Error = Error> + Clone + Send + Sync + 'static,
    <A::Service as Service<Request<Body>>>::Future: Send,
{
    let stack = ServiceBuilder::new()
        .layer(BaseUriLayer::new(instance)) // below here every URI is absolute, and the instance's
        .layer(auth)
        .layer(headers) // innermost, so that what is kept for a second attempt is small
        .service(transport);
    HttpService::new(stack)
}

/// What token requests go through: the same transport, without authentication.
pub(crate) fn token<T>(headers: DefaultHeadersLayer, transport: T) -> DefaultHeaders<T> {
    headers.layer(transport)
}
