//! The default stack, outermost first. `ARCHITECTURE.md` has the same table.

use crate::maybe_erased::MaybeErased;
use crate::settings::Settings;
use bytes::Bytes;
use http::{Request, Response};
use snow_core::layer::{
    AttemptSpan, AttemptSpanLayer, BaseUriLayer, BodyLimit, BodyLimitLayer, DeadlineLayer, DefaultHeaders,
    Gzip, GzipLayer, OperationSpanLayer, RetryLayer, RetryPolicy, Session, Timeout,
};
use snow_core::{Body, BoxError, Error, HttpService, Instance, Transport};
use std::time::Duration;
use tower::ServiceBuilder;
use tower_layer::Layer;
use tower_service::Service;

/// What every request of the facade goes through.
pub(crate) fn default<A, R>(
    instance: &Instance,
    settings: &Settings,
    retry: RetryPolicy,
    auth: A,
    bottom: Bottom,
) -> HttpService
where
    A: Layer<Limited>,
    A::Service: Service<Request<Body>, Response = Response<R>, Error = Error> + Clone + Send + Sync + 'static,
    <A::Service as Service<Request<Body>>>::Future: Send,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    let stack = ServiceBuilder::new()
        .layer(BaseUriLayer::new(instance.clone())) // below here every URI is absolute, and the instance's
        .layer(OperationSpanLayer::new())
        .layer(DeadlineLayer::new(settings.deadline())) // everything below, pauses and the answer's body included
        .layer(settings.operation_layers.clone())
        .layer(RetryLayer::new(retry))
        .layer(settings.attempt_layers.clone())
        .layer(settings.throttle()) // below retry: who pauses holds no place
        .layer(auth) // below the throttle: whoever waited for a place has the token of now
        .layer(settings.sessions(instance))
        .layer(AttemptSpanLayer::new())
        .layer(BodyLimitLayer::new(settings.body_limit())) // above gzip: counts what comes out of it
        .layer(GzipLayer::new())
        .layer(settings.timeouts)
        .layer(settings.headers.clone()) // innermost, so that what is kept for a second attempt is small
        .service(bottom);
    #[cfg(test)]
    tests::assert_small(&stack);
    HttpService::new(stack)
}

/// Our transport, or the user's.
pub(crate) type Bottom = MaybeErased<Transport>;

/// What is below authentication.
pub(crate) type Limited = Session<AttemptSpan<BodyLimit<Gzip<Timeout<DefaultHeaders<Bottom>>>>>>;

/// What token requests go through: the same transport with limits of its own, without authentication, and without whatever
/// bounds the call that happened to ask first.
pub(crate) fn token(settings: &Settings, bottom: Bottom) -> HttpService {
    let stack = ServiceBuilder::new()
        .layer(OperationSpanLayer::detached())
        .layer(DeadlineLayer::new(TOKEN_DEADLINE))
        .layer(AttemptSpanLayer::new())
        .layer(BodyLimitLayer::new(TOKEN_BYTES))
        .layer(GzipLayer::new())
        .layer(settings.timeouts)
        .layer(settings.headers.clone())
        .service(bottom);
    HttpService::new(stack)
}

const TOKEN_DEADLINE: Duration = Duration::from_secs(120);
const TOKEN_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, OAuthClient};

    /// Bytes on a 64-bit machine.
    const FUTURE: usize = 456;
    const ANSWER: usize = 448;

    /// Every layer's future holds the one below it, and every answer is moved through all of them: what they hold is
    /// paid for on each request, and what is rarely needed is therefore on the heap.
    pub(super) fn assert_small<S: Service<Request<Body>>>(_: &S) {
        let (future, answer) = (size_of::<S::Future>(), size_of::<S::Response>());
        assert!(future <= FUTURE, "a request's future takes {future} bytes");
        assert!(answer <= ANSWER, "an answer takes {answer} bytes");
    }

    #[test]
    fn what_moves_through_the_stack_is_small() {
        Client::builder().instance("dev1").user("a").password("b").build().unwrap();
        OAuthClient::builder().instance("dev1").client_id("a").client_secret("b").build().unwrap();
    }
}
