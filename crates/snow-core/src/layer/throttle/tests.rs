use super::*;
use crate::Body as OwnBody;
use crate::layer::contract;
use crate::{Clock, ErrorKind, clock};
use http::{HeaderName, HeaderValue};
use tower::{ServiceExt, service_fn};

fn free(layer: &ThrottleLayer) -> usize {
    layer.state.permits.available_permits()
}

#[tokio::test]
async fn is_ready_at_once_and_waits_inside_its_future() {
    let layer = ThrottleLayer::new(1);
    contract::is_late(layer.clone()).await;
    contract::lets_go(layer.clone()).await;
    contract::completes_again(layer.clone());
    assert_eq!(free(&layer), 1, "a permit was lost");
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_kept_until_the_body_is_read_or_dropped() {
    let layer = ThrottleLayer::new(1);
    for read in [true, false] {
        let (mut sender, body) = contract::body_by_hand();
        let response = contract::response(layer.clone(), body).await;
        assert_eq!(free(&layer), 0);
        sender.send("x").await;
        drop(sender);
        if read {
            OwnBody::stream(response.into_body()).collect(9).await.unwrap();
        } else {
            drop(response);
        }
        assert_eq!(free(&layer), 1);
    }
    let response = contract::response(layer.clone(), OwnBody::empty()).await;
    assert_eq!(free(&layer), 1, "nothing to read, nothing to keep");
    drop(response);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_oneself_ends() {
    let layer = ThrottleLayer::new(1).wait(Duration::from_secs(20));
    let first = contract::response(layer.clone(), contract::stuck_body()).await;
    let inner = service_fn(|_: Request<OwnBody>| async { Ok::<_, Error>(Response::new(OwnBody::empty())) });
    let began = clock::now();
    let mut call = Box::pin(layer.layer(inner).call(contract::request("/")));
    let error = (&mut call).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::PermitTimeout, 20));
    assert!(!error.may_have_executed() && error.to_string().contains("all 1 were taken"), "{error}");
    assert_eq!((&mut call).await.unwrap_err().kind(), ErrorKind::Internal, "it is over");
    drop(first);
}

#[tokio::test(start_paused = true)]
async fn a_429_stops_all_clones_for_as_long_as_it_asks() {
    let header = |name, value: u64| Some((HeaderName::from_static(name), HeaderValue::from(value)));
    for case in ["retry-after", "x-ratelimit-reset", "none"] {
        let layer = ThrottleLayer::new(4);
        let unix = Clock::new().unix();
        let (header, milliseconds) = match case {
            "retry-after" => (header(case, 7), 7_000),
            // In whole seconds, of which this one has begun.
            "x-ratelimit-reset" => (header(case, unix.as_secs() + 8), 8_000 - unix.subsec_millis()),
            _ => (None, 1_000),
        };
        let inner = service_fn(move |request: Request<OwnBody>| {
            let mut response = Response::new(OwnBody::empty());
            if request.uri() == "/busy" {
                *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                response.headers_mut().extend(header.clone());
            }
            async move { Ok::<_, Error>(response) }
        });
        let began = clock::now();
        layer.layer(inner.clone()).oneshot(contract::request("/busy")).await.unwrap();
        layer.clone().layer(inner).oneshot(contract::request("/")).await.unwrap();
        let waited = began.elapsed().as_millis();
        assert!(waited.abs_diff(milliseconds.into()) <= 2, "{waited} ms in place of {milliseconds}: {case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_longer_pause_than_allowed_is_an_error_at_once() {
    let layer = ThrottleLayer::new(4).max_rate_limit_pause(Duration::MAX);
    layer.state.gate.pause(Duration::from_secs(1_800));
    let inner = service_fn(|_: Request<OwnBody>| async { Ok::<_, Error>(Response::new(OwnBody::empty())) });
    let began = clock::now();
    let error = layer.layer(inner).oneshot(contract::request("/")).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed()), (ErrorKind::RateLimited, Duration::ZERO));
    assert!(error.retry_after().unwrap() > Duration::from_secs(1_790) && !error.may_have_executed());
}
