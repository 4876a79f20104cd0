//! The default stack, which every request passes, and its settings.

#[cfg(not(feature = "transport"))]
mod absent_transport;
pub(crate) mod stack_service;
pub(crate) mod user_layers;

use crate::stack::stack_service::StackService;
use crate::stack::user_layers::UserLayers;
#[cfg(not(feature = "transport"))]
pub(crate) use absent_transport::DefaultTransport;
use http::{HeaderValue, Request, header};
#[cfg(feature = "transport")]
pub(crate) use snow_core::Transport as DefaultTransport;
use snow_core::layer::{
    AttemptSpan, AttemptSpanLayer, BaseUriLayer, BodyLimit, BodyLimitLayer, CallSpanLayer, DeadlineLayer,
    DefaultHeaders, DefaultHeadersLayer, Gzip, GzipLayer, Retry, RetryLayer, RetryPolicy, Session,
    SessionLayer, Throttle, ThrottleLayer, Timeout, TimeoutLayer,
};
use snow_core::{Body, Departure, Error, ErrorKind, HttpService, Instance};
use std::any::Any;
use std::time::Duration;
use tower::ServiceBuilder;
use tower::util::MapRequest;
use tower_layer::{Identity, Layer};

/// A node runs four requests of integrations at a time and queues fifty (facts 8.2); this leaves some of both to other clients.
const CONCURRENCY: usize = 32;
const PERMIT_WAIT: Duration = Duration::from_secs(60);
const RATE_LIMIT_PAUSE: Duration = Duration::from_secs(60);
const DEADLINE: Duration = Duration::from_secs(300);
const BODY_LIMIT: u64 = 64 << 20;
/// The maximum size of a token response in bytes.
#[cfg(feature = "oauth")]
const TOKEN_BODY_LIMIT: u64 = 1 << 20;

/// Makes the stack that every request of the client goes through.
pub(crate) fn default<A>(
    instance: &Instance,
    settings: &Settings,
    retry: RetryPolicy,
    throttle: ThrottleLayer,
    auth: A,
    bottom: BaseService,
) -> HttpService
where
    A: Layer<BelowAuth<DefaultTransport>, Service: StackService>
        + Layer<BelowAuth<HttpService>, Service: StackService>,
{
    let none = (Identity::new(), Identity::new());
    let layers = (settings.call_layers.clone(), settings.attempt_layers.clone());
    match bottom {
        bottom if settings.has_layers() => {
            assemble(instance, settings, retry, throttle, layers, auth, bottom.erased())
        }
        BaseService::Default(transport) => {
            assemble(instance, settings, retry, throttle, none, auth, transport)
        }
        BaseService::Custom(service) => assemble(instance, settings, retry, throttle, none, auth, service),
    }
}

/// Puts the layers together, outermost first; only the types of what the user brings are erased. `ARCHITECTURE.md` has the same
/// table.
fn assemble<O, P, A, B>(
    instance: &Instance,
    settings: &Settings,
    retry: RetryPolicy,
    throttle: ThrottleLayer,
    (call_layers, attempt_layers): (O, P),
    auth: A,
    bottom: B,
) -> HttpService
where
    O: Layer<Retry<P::Service>, Service: StackService>,
    P: Layer<Throttle<A::Service>, Service: StackService>,
    A: Layer<BelowAuth<B>, Service: StackService>,
    B: StackService,
{
    let stack = ServiceBuilder::new()
        .layer(BaseUriLayer::new(instance.clone())) // below here every URI is absolute, and the instance's
        .layer(CallSpanLayer::new())
        .layer(DeadlineLayer::new(settings.deadline())) // everything below, pauses and the response's body included
        .layer(call_layers)
        .layer(RetryLayer::new(retry))
        .layer(attempt_layers)
        .layer(throttle) // below retry: a request that pauses holds no permit
        .layer(auth) // below the throttle: a request that waited for a permit has the current token
        .layer(settings.sessions(instance))
        .layer(AttemptSpanLayer::new())
        .layer(BodyLimitLayer::new(settings.body_limit())) // above gzip: counts what comes out of it
        .layer(GzipLayer::new())
        .layer(settings.timeouts)
        .layer(settings.headers.clone()) // innermost, so that what is kept for a second attempt is small
        .service(bottom);
    #[cfg(all(test, feature = "transport", feature = "oauth"))]
    tests::assert_small(&stack);
    HttpService::new(stack)
}

/// What is below every layer: our transport, or the user's.
#[derive(Clone)]
pub(crate) enum BaseService {
    Default(DefaultTransport),
    Custom(HttpService),
}

impl BaseService {
    /// Takes our transport as it is. Any other service does not mark when a request leaves, so that is done for it.
    pub(crate) fn new<S: StackService>(service: S) -> Self {
        match (&service as &dyn Any).downcast_ref::<DefaultTransport>() {
            Some(ours) => Self::Default(ours.clone()),
            None => Self::Custom(HttpService::new(MapRequest::new(service, mark_departure))),
        }
    }

    /// Returns our transport, as it is without settings.
    ///
    /// # Errors
    ///
    /// Fails in a build without a transport.
    pub(crate) fn ours() -> Result<Self, Error> {
        #[cfg(feature = "transport")]
        let ours = DefaultTransport::builder().build();
        #[cfg(not(feature = "transport"))]
        let ours = DefaultTransport::build();
        Ok(Self::Default(ours?))
    }

    fn erased(self) -> HttpService {
        match self {
            Self::Default(transport) => HttpService::new(transport),
            Self::Custom(service) => service,
        }
    }

    /// Does what is left when all input was checked: loads certificates.
    pub(crate) fn prepare(&self, instance: &Instance) -> Result<(), Error> {
        match self {
            Self::Default(transport) => transport.prepare(instance.origin()),
            Self::Custom(_) => Ok(()),
        }
    }
}

/// Marks that a request leaves when it is handed over.
fn mark_departure(request: Request<Body>) -> Request<Body> {
    if let Some(departure) = Departure::of(&request) {
        departure.leave();
    }
    request
}

/// What is below authentication.
pub(crate) type BelowAuth<B> = Session<AttemptSpan<BodyLimit<Gzip<Timeout<DefaultHeaders<B>>>>>>;

/// The stack of token requests: the same transport with limits of its own, without authentication, and independent of the limits
/// of the call that happened to need the token. The endpoint decides how long a request may take.
#[cfg(feature = "oauth")]
pub(crate) fn token(instance: &Instance, settings: &Settings, bottom: BaseService) -> HttpService {
    let bottom = bottom.erased();
    let stack = |headers: &DefaultHeadersLayer| {
        let stack = ServiceBuilder::new()
            .layer(CallSpanLayer::detached())
            .layer(AttemptSpanLayer::new())
            .layer(BodyLimitLayer::new(TOKEN_BODY_LIMIT))
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

/// The settings that both clients have. `None` stands for the default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) concurrency: Option<usize>,
    /// That of a client whose limit is shared.
    pub(crate) shared_throttle: Option<ThrottleLayer>,
    pub(crate) rate_limit_pause: Option<Duration>,
    pub(crate) sessions: Option<usize>,
    pub(crate) body_limit: Option<u64>,
    pub(crate) checks_fields: bool,
    /// Whether nothing is proven before a query with a time.
    pub(crate) trusts_times: bool,
    pub(crate) lossy_text: bool,
    pub(crate) timeouts: TimeoutLayer,
    pub(crate) headers: DefaultHeadersLayer,
    /// The settings for another issuer of tokens, which gets none of the caller's headers, because those are for the instance.
    pub(crate) headers_elsewhere: DefaultHeadersLayer,
    pub(crate) call_layers: UserLayers,
    pub(crate) attempt_layers: UserLayers,
    /// The names of those that were set, in order.
    pub(crate) given: Vec<&'static str>,
    pub(crate) refused: Option<Error>,
}

impl Settings {
    pub(crate) fn user_agent(&mut self, agent: &str) {
        match HeaderValue::from_str(agent) {
            Ok(agent) => {
                self.headers = self.headers.clone().with(header::USER_AGENT, agent.clone());
                self.headers_elsewhere = self.headers_elsewhere.clone().with(header::USER_AGENT, agent);
            }
            Err(_) => self.refuse("the user agent has characters that no header may have"),
        }
    }

    pub(crate) fn refuse(&mut self, why: &'static str) {
        self.refused.get_or_insert_with(|| Error::new(ErrorKind::InvalidInput, why));
    }

    /// Whether there are layers of the user's own.
    pub(crate) fn has_layers(&self) -> bool {
        !self.call_layers.is_empty() || !self.attempt_layers.is_empty()
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.deadline.unwrap_or(DEADLINE)
    }

    pub(crate) fn body_limit(&self) -> u64 {
        self.body_limit.unwrap_or(BODY_LIMIT)
    }

    /// Its clones share a budget, so this is asked for once.
    pub(crate) fn retry(&self) -> RetryPolicy {
        let policy = self.retry.clone().unwrap_or_default().max_elapsed(self.deadline());
        match self.max_attempts {
            Some(attempts) => policy.max_attempts(attempts),
            None => policy,
        }
    }

    /// No request is held back for longer than a call may take.
    pub(crate) fn throttle(&self) -> ThrottleLayer {
        let layer = match &self.shared_throttle {
            Some(shared) => shared.for_another_user(),
            None => ThrottleLayer::new(self.concurrency.unwrap_or(CONCURRENCY)),
        };
        let pause = self.rate_limit_pause.unwrap_or(RATE_LIMIT_PAUSE);
        layer.wait(PERMIT_WAIT.min(self.deadline())).max_rate_limit_pause(pause)
    }

    pub(crate) fn sessions(&self, instance: &Instance) -> SessionLayer {
        match self.sessions {
            Some(sessions) => SessionLayer::pooled(instance.origin(), sessions),
            None => SessionLayer::none(),
        }
    }
}

// The sizes are those of the stack over our own transport.
#[cfg(all(test, feature = "transport", feature = "oauth"))]
mod tests {
    use crate::{Client, OAuthClient};
    use http::Request;
    use snow_core::Body;
    use tower_service::Service;

    /// Bytes on a 64-bit machine.
    const FUTURE: usize = 120;
    const RESPONSE: usize = 208;

    /// Every layer's future holds the one below it, and every response is moved through all of them: what they hold is
    /// paid for on each request, and what is rarely needed is therefore on the heap.
    pub(super) fn assert_small<S: Service<Request<Body>>>(_: &S) {
        let (future, response) = (size_of::<S::Future>(), size_of::<S::Response>());
        assert!(future <= FUTURE, "a request's future takes {future} bytes");
        assert!(response <= RESPONSE, "a response takes {response} bytes");
    }

    #[test]
    fn what_moves_through_the_stack_is_small() {
        Client::builder().instance("dev1").user("a").password("b").build().unwrap();
        OAuthClient::builder().instance("dev1").client_id("a").client_secret("b").build().unwrap();
    }
}
