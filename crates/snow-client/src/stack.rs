//! The default stack, outermost first. `ARCHITECTURE.md` has the same table.

use crate::row::Row;
use crate::settings::Settings;
use http::Request;
use snow_core::layer::{
    AttemptSpan, AttemptSpanLayer, BaseUriLayer, BodyLimit, BodyLimitLayer, DeadlineLayer, DefaultHeaders,
    DefaultHeadersLayer, Gzip, GzipLayer, OperationSpanLayer, Retry, RetryLayer, RetryPolicy, Session,
    Throttle, Timeout,
};
use snow_core::{Body, Error, HttpService, Instance, Transport};
use std::time::Duration;
use tower::ServiceBuilder;
use tower_layer::{Identity, Layer};

/// What every request of the facade goes through.
pub(crate) fn default<A>(
    instance: &Instance,
    settings: &Settings,
    retry: RetryPolicy,
    auth: A,
    bottom: Bottom,
) -> HttpService
where
    A: Layer<Limited<Transport>, Service: Row> + Layer<Limited<HttpService>, Service: Row>,
{
    let none = (Identity::new(), Identity::new());
    let layers = (settings.operation_layers.clone(), settings.attempt_layers.clone());
    match bottom {
        bottom if settings.has_layers() => table(instance, settings, retry, layers, auth, bottom.erased()),
        Bottom::Ours(transport) => table(instance, settings, retry, none, auth, transport),
        Bottom::Own(service) => table(instance, settings, retry, none, auth, service),
    }
}

/// The stack, in which only what the user brings is erased.
fn table<O, P, A, B>(
    instance: &Instance,
    settings: &Settings,
    retry: RetryPolicy,
    (operation_layers, attempt_layers): (O, P),
    auth: A,
    bottom: B,
) -> HttpService
where
    O: Layer<Retry<P::Service>, Service: Row>,
    P: Layer<Throttle<A::Service>, Service: Row>,
    A: Layer<Limited<B>, Service: Row>,
    B: Row,
{
    let stack = ServiceBuilder::new()
        .layer(BaseUriLayer::new(instance.clone())) // below here every URI is absolute, and the instance's
        .layer(OperationSpanLayer::new())
        .layer(DeadlineLayer::new(settings.deadline())) // everything below, pauses and the answer's body included
        .layer(operation_layers)
        .layer(RetryLayer::new(retry))
        .layer(attempt_layers)
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
#[derive(Clone)]
pub(crate) enum Bottom {
    Ours(Transport),
    Own(HttpService),
}

impl Bottom {
    fn erased(self) -> HttpService {
        match self {
            Self::Ours(transport) => HttpService::new(transport),
            Self::Own(service) => service,
        }
    }

    /// What is left to do when all input has been checked: to load certificates.
    pub(crate) fn prepare(&self, instance: &Instance) -> Result<(), Error> {
        match self {
            Self::Ours(transport) => transport.prepare(instance.origin()),
            Self::Own(_) => Ok(()),
        }
    }
}

/// What is below authentication.
pub(crate) type Limited<B> = Session<AttemptSpan<BodyLimit<Gzip<Timeout<DefaultHeaders<B>>>>>>;

/// What token requests go through: the same transport with limits of its own, without authentication, and without whatever
/// bounds the call that happened to ask first.
pub(crate) fn token(instance: &Instance, settings: &Settings, bottom: Bottom) -> HttpService {
    let bottom = bottom.erased();
    let stack = |headers: &DefaultHeadersLayer| {
        let stack = ServiceBuilder::new()
            .layer(OperationSpanLayer::detached())
            .layer(DeadlineLayer::new(TOKEN_DEADLINE))
            .layer(AttemptSpanLayer::new())
            .layer(BodyLimitLayer::new(TOKEN_BYTES))
            .layer(GzipLayer::new())
            .layer(settings.timeouts)
            .layer(headers.clone())
            .service(bottom.clone());
        HttpService::new(stack)
    };
    let (here, elsewhere) = (stack(&settings.headers), stack(&settings.headers_elsewhere));
    let origin = instance.origin().clone();
    HttpService::new(tower::service_fn(move |request: Request<Body>| {
        let stack = if origin.covers(request.uri()) { &here } else { &elsewhere };
        stack.send(request)
    }))
}

const TOKEN_DEADLINE: Duration = Duration::from_secs(120);
const TOKEN_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use crate::{Client, OAuthClient};
    use http::Request;
    use snow_core::Body;
    use tower_service::Service;

    /// Bytes on a 64-bit machine.
    const FUTURE: usize = 112;
    const ANSWER: usize = 208;

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
