//! The default stack has its layers in the order that `ARCHITECTURE.md` shows.

#[path = "../benches/measured.rs"]
mod measured;

use http::{Request, Response};
use snow_auth::BasicAuthLayer;
use snow_client::{Client, OAuthClient, Transport};
use snow_core::layer::{
    AttemptSpanLayer, BaseUriLayer, BodyLimitLayer, CallSpanLayer, DeadlineLayer, DefaultHeadersLayer,
    GzipLayer, RetryLayer, RetryPolicy, SessionLayer, ThrottleLayer, TimeoutLayer,
};
use snow_core::{Body, Error, HttpService, Instance};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, layer::layer_fn, service_fn};

/// The layers of a service, from its type: what was built, not what was meant.
fn layers(service: &HttpService) -> Vec<String> {
    let shown = format!("{service:?}");
    let names = shown.trim_start_matches("HttpService(").split(['<', '>', ',', ' ', ')']);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The types in the first column of the table in `ARCHITECTURE.md`.
fn documented() -> Vec<String> {
    let text = include_str!("../../ARCHITECTURE.md");
    let table = text.split("## The default stack, outermost first").nth(1).unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let types = rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next());
    types.map(str::to_owned).collect()
}

#[test]
fn the_types_of_the_shipped_stack_are_those_of_the_table() {
    let plain = Client::builder().instance("http://127.0.0.1:1").user("a").password("b").build().unwrap();
    let shipped = layers(plain.service());
    assert_eq!(shipped, documented());

    let oauth = OAuthClient::builder().instance("http://127.0.0.1:1").client_id("a").client_secret("b");
    let oauth = layers(oauth.build().unwrap().service());
    assert_eq!(
        oauth,
        shipped.iter().map(|name| name.replace("HeaderAuth", "OAuthService")).collect::<Vec<_>>()
    );

    // A transport of one's own, or ours with settings, goes under the same stack.
    let ours = Transport::builder().no_proxy().build().unwrap();
    let builder = Client::builder().instance("http://127.0.0.1:1").user("a").password("b");
    assert_eq!(layers(builder.clone().transport(ours).build().unwrap().service()), shipped);

    // What the user brings is erased where it is, and with it what it is around.
    let own = service_fn(|_: Request<Body>| async { Ok::<_, Error>(Response::new(Body::empty())) });
    let over_own = layers(builder.clone().transport(own).build().unwrap().service());
    assert_eq!(over_own[..shipped.len() - 1], shipped[..shipped.len() - 1]);
    assert_eq!(over_own.last().unwrap(), "HttpService");
    let with_layers = builder.call_layer(recorder("operation", &Seen::default())).build().unwrap();
    assert_eq!(layers(with_layers.service()), ["BaseUri", "CallSpan", "Deadline", "HttpService"]);
}

/// What `cargo xtask bench` counts and times, over its wire in memory and over loopback.
#[test]
fn the_stack_that_is_measured_is_the_one_that_is_shipped() {
    let in_memory = service_fn(|_: http::Uri| async {
        Err::<hyper_util::rt::TokioIo<tokio::net::TcpStream>, _>(std::io::Error::other("nobody dials here"))
    });
    let wire = Transport::builder().no_proxy().connector(in_memory).build().unwrap();
    let url = "http://127.0.0.1";
    for measured in [measured::client(url).transport(wire), measured::client(url).concurrency(64)] {
        let measured = measured.build().unwrap();
        let shipped = Client::builder().instance("dev1").user("a").password("b").build().unwrap();
        assert_eq!(format!("{:?}", measured.service()), format!("{:?}", shipped.service()));
    }
}

type Seen = Arc<Mutex<Vec<String>>>;

/// A layer that writes down what comes by.
fn recorder(
    place: &'static str,
    seen: &Seen,
) -> impl Layer<HttpService, Service = HttpService> + Clone + Send + Sync + 'static {
    let seen = seen.clone();
    layer_fn(move |below: HttpService| {
        let seen = seen.clone();
        HttpService::new(service_fn(move |request: Request<Body>| {
            note(place, &request, &seen);
            below.send(request)
        }))
    })
}

fn note(place: &str, request: &Request<Body>, seen: &Seen) {
    let has = |name| if request.headers().contains_key(name) { name } else { "-" };
    let absolute = if request.uri().host().is_some() { "absolute" } else { "relative" };
    let parts = [place, absolute, has("authorization"), has("accept-encoding"), has("user-agent")];
    seen.lock().unwrap().push(parts.join(" "));
}

/// Layers of the user's own see each operation once and each attempt as often as it is made; what is below them, they do not
/// see yet.
#[tokio::test(start_paused = true)]
async fn a_recorder_between_the_layers_sees_what_is_above_it_and_nothing_from_below() {
    let seen = Seen::default();
    let at_the_bottom = seen.clone();
    let busy_once = service_fn(move |request: Request<Body>| {
        note("transport", &request, &at_the_bottom);
        let status = if at_the_bottom.lock().unwrap().len() < 5 { 429 } else { 200 };
        async move { Ok::<_, Error>(Response::builder().status(status).body(Body::empty()).unwrap()) }
    });
    let client = Client::builder()
        .instance("dev12345")
        .user("admin")
        .password("secret")
        .call_layer(recorder("operation 1", &seen))
        .call_layer(recorder("operation 2", &seen))
        .attempt_layer(recorder("attempt", &seen))
        .transport(busy_once)
        .build()
        .unwrap();
    let request = Request::get("/api/now/table/incident").body(Body::empty()).unwrap();
    assert_eq!(client.service().clone().oneshot(request).await.unwrap().status(), 200);
    let attempt = ["attempt absolute - - -", "transport absolute authorization accept-encoding user-agent"];
    let operation = ["operation 1 absolute - - -", "operation 2 absolute - - -"];
    assert_eq!(*seen.lock().unwrap(), [operation, attempt, attempt].concat());
}

/// A layer that writes down what comes by on the way down, and changes no type but by its name.
#[derive(Clone)]
struct Between(&'static str, Seen);

#[derive(Clone)]
struct Recorder<S> {
    below: S,
    between: Between,
}

impl<S> Layer<S> for Between {
    type Service = Recorder<S>;

    fn layer(&self, below: S) -> Recorder<S> {
        Recorder { below, between: self.clone() }
    }
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Recorder<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.below.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        note(self.between.0, &request, &self.between.1);
        self.below.call(request)
    }
}

/// The same layers by hand, which the types show, and a recorder between any two of them: each sees what those above it did,
/// as often as they send, and nothing of what those below it do.
#[tokio::test]
async fn a_recorder_between_all_layers_shows_their_order() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    let instance = Instance::parse(&listener.url()).unwrap();
    let seen = Seen::default();
    let below = |place| Between(place, seen.clone());
    let soon = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO);
    let stack = ServiceBuilder::new()
        .layer(BaseUriLayer::new(instance.clone()))
        .layer(below("base URI"))
        .layer(CallSpanLayer::new())
        .layer(below("operation span"))
        .layer(DeadlineLayer::new(Duration::from_secs(60)))
        .layer(below("deadline"))
        .layer(RetryLayer::new(soon))
        .layer(below("retry"))
        .layer(ThrottleLayer::new(4))
        .layer(below("throttle"))
        .layer(BasicAuthLayer::new(instance.origin(), "admin", "secret").unwrap())
        .layer(below("auth"))
        .layer(SessionLayer::none())
        .layer(below("session"))
        .layer(AttemptSpanLayer::new())
        .layer(below("attempt span"))
        .layer(BodyLimitLayer::new(1 << 20))
        .layer(below("body limit"))
        .layer(GzipLayer::new())
        .layer(below("gzip"))
        .layer(TimeoutLayer::new())
        .layer(below("timeout"))
        .layer(DefaultHeadersLayer::new())
        .layer(below("default headers"))
        .service(Transport::builder().no_proxy().build().unwrap());
    let stack = HttpService::new(stack);
    let by_hand: Vec<_> = layers(&stack).into_iter().filter(|name| name != "Recorder").collect();
    assert_eq!(by_hand, documented());

    simulator.fail_next(snow_sim::Fault::NoNode);
    let request = Request::get("/api/now/table/incident?sysparm_limit=1").body(Body::empty()).unwrap();
    assert_eq!(stack.oneshot(request).await.unwrap().status(), 200);
    let operation = ["base URI absolute - - -", "operation span absolute - - -", "deadline absolute - - -"];
    let attempt = [
        "retry absolute - - -",
        "throttle absolute - - -",
        "auth absolute authorization - -",
        "session absolute authorization - -",
        "attempt span absolute authorization - -",
        "body limit absolute authorization - -",
        "gzip absolute authorization accept-encoding -",
        "timeout absolute authorization accept-encoding -",
        "default headers absolute authorization accept-encoding user-agent",
    ];
    assert_eq!(*seen.lock().unwrap(), [&operation[..], &attempt, &attempt].concat());
}
