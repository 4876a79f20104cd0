//! The default stack, outermost first. `ARCHITECTURE.md` has the same table.

use crate::maybe_erased::MaybeErased;
use crate::settings::Settings;
use bytes::Bytes;
use http::{Request, Response};
use snow_core::layer::{
    AttemptSpan, AttemptSpanLayer, BaseUriLayer, BodyLimit, BodyLimitLayer, DeadlineLayer, DefaultHeaders,
    Gzip, GzipLayer, OperationSpanLayer, RetryLayer, RetryPolicy, Session, Throttle, Timeout,
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
        .layer(RetryLayer::new(retry)) // above auth: each attempt has the current token
        .layer(settings.attempt_layers.clone())
        .layer(auth)
        .layer(settings.throttle()) // below retry: who pauses holds no place
        .layer(settings.sessions(instance))
        .layer(AttemptSpanLayer::new())
        .layer(BodyLimitLayer::new(settings.body_limit())) // above gzip: counts what comes out of it
        .layer(GzipLayer::new())
        .layer(settings.timeouts)
        .layer(settings.headers.clone()) // innermost, so that what is kept for a second attempt is small
        .service(bottom);
    HttpService::new(stack)
}

/// Our transport, or the user's.
pub(crate) type Bottom = MaybeErased<Transport>;

/// What is below authentication.
pub(crate) type Limited = Throttle<Session<AttemptSpan<BodyLimit<Gzip<Timeout<DefaultHeaders<Bottom>>>>>>>;

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

    fn size<S: Service<Request<Body>>>(_: &S) -> (usize, usize, usize) {
        (size_of::<S>(), size_of::<S::Future>(), size_of::<S::Response>())
    }

    #[test]
    fn sizes() {
        let transport = Transport::builder().build().unwrap();
        println!("transport {:?}", size(&transport));
        let s = Bottom::Plain(transport);
        println!("bottom {:?}", size(&s));
        let settings = Settings::default();
        let s = settings.headers.clone().layer(s);
        let s = settings.timeouts.layer(s);
        println!("timeouts {:?}", size(&s));
        let s = GzipLayer::new().layer(s);
        println!("gzip {:?}", size(&s));
        let s = BodyLimitLayer::new(1).layer(s);
        println!("limit {:?}", size(&s));
        let s = AttemptSpanLayer::new().layer(s);
        println!("attempt {:?}", size(&s));
        let i = Instance::parse("dev1").unwrap();
        let s = settings.sessions(&i).layer(s);
        println!("session {:?}", size(&s));
        let s = settings.throttle().layer(s);
        println!("throttle {:?}", size(&s));
        let s = snow_auth::BasicAuthLayer::new(i.origin(), "a", "b").unwrap().layer(s);
        println!("basic {:?}", size(&s));
        let s = settings.attempt_layers.layer(s);
        let s = RetryLayer::new(settings.retry()).layer(s);
        println!("retry {:?}", size(&s));
        let s = settings.operation_layers.layer(s);
        let s = DeadlineLayer::new(settings.deadline()).layer(s);
        println!("deadline {:?}", size(&s));
        let s = OperationSpanLayer::new().layer(s);
        println!("operation {:?}", size(&s));
        let s = BaseUriLayer::new(i).layer(s);
        println!("base {:?}", size(&s));
        println!("request {}", size_of::<Request<Body>>());
    }
}
