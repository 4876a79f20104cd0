//! Every layer works in a stack made by hand, without `snow-client` and over services other than our transport.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use snow_auth::{
    ApiKeyLayer, BasicAuthLayer, BearerAuthLayer, Credentials, CredentialsLayer, Grant, MemoryStore, OAuth,
};
use snow_core::layer::{
    AttemptSpanLayer, BaseUriLayer, BodyLimitLayer, CallSpanLayer, DeadlineLayer, DefaultHeadersLayer,
    GzipLayer, RetryLayer, RetryPolicy, SessionLayer, ThrottleLayer, TimeoutLayer,
};
use snow_core::{ApiPath, Body, BoxError, ErrorKind, Instance, Once, Params};
use std::time::Duration;
use tower::limit::{ConcurrencyLimit, ConcurrencyLimitLayer};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_http::map_response_body::MapResponseBodyLayer;
use tower_http::set_header::{SetResponseHeader, SetResponseHeaderLayer};

fn list<B>(body: B) -> Request<B> {
    Request::get("/api/now/table/incident?sysparm_limit=1").body(body).unwrap()
}

#[tokio::test]
async fn basic_over_a_hyper_client_of_the_callers_own() {
    let listener = crate::simulator().listen().await.unwrap();
    let instance = Instance::parse(&listener.url()).unwrap();
    let hyper: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let stack = ServiceBuilder::new()
        .layer(BaseUriLayer::new(instance.clone()))
        .layer(BasicAuthLayer::new(instance.origin(), "admin", "secret").unwrap())
        .layer(DefaultHeadersLayer::new())
        .service(hyper);
    let answer = stack.oneshot(list(Full::default())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(br#"{"result":[{"#));
}

#[tokio::test]
async fn oauth_over_a_hyper_client_of_the_callers_own_among_foreign_layers() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    let instance = Instance::parse(&listener.url()).unwrap();
    let tokens: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
    let data: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let oauth =
        OAuth::builder().client_id("my-id").client_secret("my-secret").build(&instance, tokens).unwrap();
    let mut stack = ServiceBuilder::new()
        .layer(mark("x-above"))
        .layer(BaseUriLayer::new(instance))
        .layer(oauth.layer())
        .layer(mark("x-below"))
        .service(data);

    let error = stack.ready().await.unwrap().call(list(Full::default())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoToken);
    oauth.generate_token("admin", "secret").await.unwrap();
    simulator.revoke_access_tokens();
    let answer = stack.ready().await.unwrap().call(list(Full::default())).await.unwrap();
    assert_eq!((answer.status(), simulator.token_requests()), (StatusCode::OK, 2));
    assert!(answer.headers().contains_key("x-above") && answer.headers().contains_key("x-below"));
}

#[tokio::test]
async fn one_oauth_layer_serves_services_of_different_types() {
    let simulator = crate::simulator();
    let instance = Instance::parse("dev12345").unwrap();
    let oauth = OAuth::builder().client_id("my-id").client_secret("my-secret");
    let oauth = oauth.build(&instance, simulator.clone()).unwrap();
    oauth.generate_token("admin", "secret").await.unwrap();
    let layer = oauth.layer();

    let text = tower::service_fn(|request: Request<String>| async move {
        Ok::<_, std::io::Error>(Response::new(request.headers().contains_key("authorization")))
    });
    let stack = ServiceBuilder::new().layer(layer.clone()).service(text);
    assert!(stack.oneshot(list(String::new())).await.unwrap().into_body());

    let stack = ServiceBuilder::new().layer(layer).service(simulator);
    let answer = stack.clone().oneshot(list(Full::<Bytes>::default())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = stack.oneshot(list(Once(Full::<Bytes>::default()))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

/// What the user's own credentials may be.
struct Key(&'static str);

impl Credentials for Key {
    type Error = http::header::InvalidHeaderValue;

    async fn apply(&self, head: &mut http::request::Parts) -> Result<(), Self::Error> {
        head.headers.insert("x-sn-apikey", self.0.parse()?);
        Ok(())
    }
}

/// What a layer does over a hyper client of the caller's own, and over the simulator in memory, foreign layers around it.
async fn gets_in<L>(instance: &Instance, simulator: &snow_sim::Simulator, layer: L)
where
    L: Clone + Layer<Client<HttpConnector, Full<Bytes>>>,
    L: Layer<snow_sim::Simulator>,
    <L as Layer<Client<HttpConnector, Full<Bytes>>>>::Service:
        Service<Request<Full<Bytes>>, Response = Response<hyper::body::Incoming>, Error: Into<BoxError>>,
    <L as Layer<snow_sim::Simulator>>::Service:
        Service<Request<Full<Bytes>>, Response = Response<snow_sim::Body>, Error: Into<BoxError>>,
{
    let hyper = Client::builder(TokioExecutor::new()).build_http();
    let stack = ServiceBuilder::new().layer(mark("x-above")).layer(BaseUriLayer::new(instance.clone()));
    let answer = stack.layer(layer.clone()).service(hyper).oneshot(list(Full::default())).await;
    assert_eq!(answer.map_err(snow_core::Error::wrap).unwrap().status(), StatusCode::OK);
    let memory = ServiceBuilder::new().layer(mark("x-above")).layer(layer).service(simulator.clone());
    let answer = memory.oneshot(list(Full::default())).await.map_err(Into::into).unwrap();
    assert!(answer.status() == StatusCode::OK && answer.headers().contains_key("x-above"));
}

#[tokio::test]
async fn every_way_to_log_in_over_a_hyper_client_and_over_a_service_in_memory() {
    let simulator = snow_sim::Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret");
    let simulator = simulator.api_key("now_key", "admin").build().unwrap();
    let listener = simulator.listen().await.unwrap();
    let instance = Instance::parse(&listener.url()).unwrap();
    let tokens: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
    let oauth =
        OAuth::builder().client_id("my-id").client_secret("my-secret").token_store(MemoryStore::new());
    let oauth = oauth.grant(Grant::password("admin", "secret")).build(&instance, tokens).unwrap();
    let origin = instance.origin();
    gets_in(&instance, &simulator, oauth.layer()).await;
    gets_in(&instance, &simulator, BasicAuthLayer::new(origin, "admin", "secret").unwrap()).await;
    gets_in(&instance, &simulator, ApiKeyLayer::new(origin, "now_key").unwrap()).await;
    gets_in(&instance, &simulator, CredentialsLayer::new(origin, Key("now_key"))).await;
    let token = oauth.token().unwrap();
    gets_in(&instance, &simulator, BearerAuthLayer::new(origin, token.access_token().clone()).unwrap()).await;
}

#[tokio::test]
async fn a_body_that_can_be_sent_only_once_is_sent_only_once() {
    let simulator = crate::simulator();
    let instance = Instance::parse("dev12345").unwrap();
    let oauth = OAuth::builder().client_id("my-id").client_secret("my-secret");
    let oauth = oauth.build(&instance, simulator.clone()).unwrap();
    oauth.generate_token("admin", "secret").await.unwrap();
    let stack = ServiceBuilder::new().layer(oauth.layer()).service(simulator.clone());
    simulator.revoke_access_tokens();
    let once = stack.clone().oneshot(list(Once(Full::<Bytes>::default()))).await.unwrap();
    assert_eq!(once.status(), StatusCode::UNAUTHORIZED);
    let next = stack.oneshot(list(Once(Full::<Bytes>::default()))).await.unwrap();
    assert_eq!((next.status(), simulator.token_requests()), (StatusCode::OK, 2));
}

#[tokio::test]
async fn the_oauth_layer_refuses_another_origin_and_sends_nothing() {
    let simulator = crate::simulator();
    let instance = Instance::parse("dev12345").unwrap();
    let oauth = OAuth::builder().client_id("my-id").client_secret("my-secret");
    let oauth = oauth.build(&instance, simulator.clone()).unwrap();
    let stack = ServiceBuilder::new().layer(oauth.layer()).service(simulator.clone());
    let elsewhere = Request::get("https://evil.example.com/").body(Full::<Bytes>::default()).unwrap();
    assert_eq!(stack.oneshot(elsewhere).await.unwrap_err().kind(), ErrorKind::ForeignOrigin);
    assert_eq!(simulator.journal(), []);
}

/// A hyper client of the caller's own under layers of tower and tower-http, one request at a time.
type Foreign = ConcurrencyLimit<SetResponseHeader<Client<HttpConnector, Full<Bytes>>, HeaderValue>>;

fn mark(name: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(HeaderName::from_static(name), HeaderValue::from_static("yes"))
}

/// Twenty calls at once through a layer with foreign ones above and below.
async fn among_foreign_layers<L, R>(layer: L, instance: &Instance)
where
    L: Layer<Foreign>,
    L::Service: Service<Request<Full<Bytes>>, Response = Response<R>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static,
    R: hyper::body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let below: Foreign = ServiceBuilder::new()
        .layer(ConcurrencyLimitLayer::new(1))
        .layer(mark("x-below"))
        .service(Client::builder(TokioExecutor::new()).build_http());
    let stack = ServiceBuilder::new()
        .layer(mark("x-above"))
        .layer(MapResponseBodyLayer::new(Body::stream::<R>))
        .layer(layer)
        .service(below);
    let path = ApiPath::table("incident").unwrap();
    let uri = instance.uri(&path, &Params::new().limit(1)).unwrap();
    let calls = (0..20).map(|_| {
        let request = Request::get(uri.clone()).header("authorization", "Basic YWRtaW46c2VjcmV0");
        let call = stack.clone().oneshot(request.body(Full::default()).unwrap());
        async move {
            let answer = call.await.map_err(Into::into).unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            assert!(answer.headers().contains_key("x-above") && answer.headers().contains_key("x-below"));
            let body = answer.into_body().collect(10_000).await.unwrap();
            assert!(body.starts_with(br#"{"result":[{"#));
        }
    });
    futures_util::future::join_all(calls).await;
}

#[tokio::test]
async fn each_layer_works_among_foreign_ones() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    let instance = Instance::parse(&listener.url()).unwrap();
    let minute = Duration::from_secs(60);
    among_foreign_layers(BaseUriLayer::new(instance.clone()), &instance).await;
    among_foreign_layers(CallSpanLayer::new(), &instance).await;
    among_foreign_layers(DeadlineLayer::new(minute), &instance).await;
    among_foreign_layers(RetryLayer::new(RetryPolicy::new()), &instance).await;
    among_foreign_layers(BasicAuthLayer::new(instance.origin(), "admin", "secret").unwrap(), &instance).await;
    among_foreign_layers(ThrottleLayer::new(4), &instance).await;
    among_foreign_layers(SessionLayer::none(), &instance).await;
    among_foreign_layers(SessionLayer::pooled(instance.origin(), 2), &instance).await;
    among_foreign_layers(AttemptSpanLayer::new(), &instance).await;
    among_foreign_layers(BodyLimitLayer::new(10_000), &instance).await;
    among_foreign_layers(GzipLayer::new(), &instance).await;
    among_foreign_layers(TimeoutLayer::new(), &instance).await;
    among_foreign_layers(DefaultHeadersLayer::new(), &instance).await;
    assert_eq!(simulator.journal().len(), 13 * 20, "none was sent twice");
}

/// Goes through a service as tower's middleware is taken apart: by reference, by mutable reference, and by value.
macro_rules! take_apart {
    ($($layer:expr),+ $(,)?) => {
        $({
            let mut service = $layer.layer("below".to_owned());
            assert_eq!(service.get_ref(), "below");
            service.get_mut().push_str(", changed");
            assert_eq!(service.into_inner(), "below, changed");
        })+
    };
}

#[test]
fn each_service_gives_access_to_the_one_below() {
    let instance = Instance::parse("dev12345").unwrap();
    take_apart![
        BaseUriLayer::new(instance.clone()),
        CallSpanLayer::new(),
        DeadlineLayer::new(Duration::from_secs(60)),
        RetryLayer::new(RetryPolicy::new()),
        ThrottleLayer::new(4),
        SessionLayer::none(),
        AttemptSpanLayer::new(),
        BodyLimitLayer::new(10_000),
        GzipLayer::new(),
        TimeoutLayer::new(),
        DefaultHeadersLayer::new(),
    ];
}

/// The token request and the data requests share a limit of four. A layer that reserved its place below before it had a token
/// would leave callers stuck forever.
#[tokio::test(start_paused = true)]
async fn two_hundred_calls_through_a_limit_that_the_token_request_shares() {
    let simulator = crate::slow_simulator();
    let instance = Instance::parse("dev12345").unwrap();
    let limited = ServiceBuilder::new().layer(ConcurrencyLimitLayer::new(4)).service(simulator.clone());
    let oauth = OAuth::builder().client_id("my-id").client_secret("my-secret");
    let oauth = oauth.build(&instance, limited.clone()).unwrap();
    oauth.generate_token("admin", "secret").await.unwrap();
    tokio::time::advance(Duration::from_secs(1_800)).await;
    let stack = ServiceBuilder::new().layer(oauth.layer()).service(limited);
    let calls = (0..200).map(|_| tokio::spawn(stack.clone().oneshot(list(Full::<Bytes>::default()))));
    for call in futures_util::future::join_all(calls).await {
        assert_eq!(call.unwrap().unwrap().status(), StatusCode::OK);
    }
    assert_eq!(simulator.token_requests(), 2);
}
