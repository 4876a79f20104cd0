//! A timeout affects only the request that it belongs to, in whichever runtime the request's future is polled.

use futures_util::FutureExt;
use http::{Request, Response};
use snow_client::Client;
use snow_core::layer::{DeadlineLayer, TimeoutLayer};
use snow_core::{Body, Error, ErrorKind, Transport};
use std::future::pending;
use std::time::Duration;
use tokio::runtime::Runtime;
use tower::{Layer, Service, ServiceExt, service_fn};

/// One that stands still unless somebody drives it.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn stopped_clock() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

async fn never(_: Request<Body>) -> Result<Response<Body>, Error> {
    pending().await
}

async fn empty(_: Request<Body>) -> Result<Response<Body>, Error> {
    Ok(Response::new(Body::empty()))
}

/// Polled once in a runtime that stands still or has shut down, and then driven in another: it ends, and so do others.
fn ends_in_any_runtime<L>(layer: L, kind: ErrorKind)
where
    L: Layer<tower::util::BoxCloneService<Request<Body>, Response<Body>, Error>>,
    L::Service: Service<Request<Body>, Error = Error> + Clone,
{
    let service = layer.layer(tower::util::BoxCloneService::new(service_fn(never)));
    let (driven, idle, over) = (stopped_clock(), stopped_clock(), stopped_clock());
    for other in [Some(idle), None] {
        let mut moves = Box::pin(service.clone().oneshot(get("/")));
        match &other {
            Some(idle) => assert!(idle.block_on(async { (&mut moves).now_or_never() }).is_none()),
            None => assert!(over.block_on(async { (&mut moves).now_or_never() }).is_none()),
        }
        let ended = driven.block_on(async {
            let stays = service.clone().oneshot(get("/"));
            tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(moves, stays) }).await
        });
        let (moved, stayed) = ended.unwrap();
        for outcome in [moved.err().unwrap(), stayed.err().unwrap()] {
            assert_eq!(outcome.kind(), kind);
        }
    }
}

#[test]
fn a_time_limit_holds_in_whichever_runtime_the_future_is_driven() {
    let limit = Duration::from_secs(5);
    ends_in_any_runtime(DeadlineLayer::new(limit), ErrorKind::DeadlineExceeded);
    ends_in_any_runtime(TimeoutLayer::new().response_timeout(limit), ErrorKind::TimedOut);
}

#[test]
fn a_time_limit_survives_the_runtime_it_began_in() {
    let mut call =
        Box::pin(DeadlineLayer::new(Duration::from_secs(5)).layer(service_fn(never)).oneshot(get("/")));
    let ends = stopped_clock();
    assert!(ends.block_on(async { (&mut call).now_or_never() }).is_none());
    drop(ends);
    let ended = stopped_clock().block_on(async { tokio::time::timeout(Duration::from_secs(60), call).await });
    assert_eq!(ended.unwrap().err().unwrap().kind(), ErrorKind::DeadlineExceeded);
}

/// It need not wait, so that it needs nobody to wake it either.
#[test]
fn outside_a_runtime_only_waiting_is_an_error() {
    let layer = DeadlineLayer::new(Duration::from_secs(5));
    assert!(layer.layer(service_fn(empty)).oneshot(get("/")).now_or_never().unwrap().is_ok());
    for outcome in [
        layer.layer(service_fn(never)).oneshot(get("/")).now_or_never().unwrap().err(),
        TimeoutLayer::new().layer(service_fn(never)).oneshot(get("/")).now_or_never().unwrap().err(),
    ] {
        assert!(outcome.unwrap().to_string().contains("tokio runtime"));
    }
}

#[test]
fn sending_outside_a_runtime_is_an_error() {
    let call = Transport::builder().build().unwrap().oneshot(get("http://127.0.0.1:1/"));
    let error = call.now_or_never().unwrap().unwrap_err();
    assert!(error.to_string().contains("tokio runtime") && !error.may_have_executed(), "{error}");
}

/// Each has connections of its own, so that nobody waits for one that is not driven.
#[test]
fn a_runtime_that_stands_still_holds_up_no_other() {
    let (serving, idle, driven) = (runtime(), runtime(), runtime());
    let listener = serving.block_on(async { crate::simulator().listen().await.unwrap() });
    std::thread::spawn(move || serving.block_on(pending::<()>()));
    let builder = Client::builder().instance(listener.url()).user("admin").password("secret");
    let client = builder.build().unwrap();
    let read = async || client.table("incident").list().limit(1).await.unwrap().len();
    assert_eq!(idle.block_on(read()), 1);
    let ended = driven.block_on(async { tokio::time::timeout(Duration::from_secs(20), read()).await });
    assert_eq!(ended.expect("it waits for a connection of the other runtime"), 1);
}

/// As many as there may ever be; most are over.
#[test]
fn runtimes_may_come_and_go() {
    let serving = runtime();
    let listener = serving.block_on(async { crate::simulator().listen().await.unwrap() });
    std::thread::spawn(move || serving.block_on(pending::<()>()));
    let builder = Client::builder().instance(listener.url()).user("admin").password("secret");
    let client = builder.build().unwrap();
    for _ in 0..20 {
        let page = runtime().block_on(async { client.table("incident").list().limit(1).await });
        assert_eq!(page.unwrap().len(), 1);
    }
}
