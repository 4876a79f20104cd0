//! The contract that every layer is tested against. For tests only.

use crate::{Body, Error, ErrorKind};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::BodyExt;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tokio::sync::mpsc;
use tower::util::BoxCloneService;
use tower::{Service, ServiceExt, service_fn};
use tower_layer::Layer;
use tower_test::mock::{self, Handle, Mock, Spawn};

pub(crate) type MockService = Mock<Request<Body>, Response<Body>>;

/// Any service.
pub(crate) type AnyService = BoxCloneService<Request<Body>, Response<Body>, Error>;

pub(crate) type MockHandle = Handle<Request<Body>, Response<Body>>;

pub(crate) fn spawn<L: Layer<MockService>>(layer: L) -> (Spawn<L::Service>, MockHandle) {
    mock::spawn_layer(layer)
}

pub(crate) fn request(path: &'static str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

/// Ready only when what is below is, and passes on errors of readiness and of calls, and the whole of a response's body.
pub(crate) async fn is_transparent<L, R>(layer: L)
where
    L: Layer<MockService>,
    L::Service: Service<Request<Body>, Response = Response<R>>,
    <L::Service as Service<Request<Body>>>::Error: Into<crate::BoxError> + Debug,
    R: http_body::Body<Data = Bytes> + Send + Debug + 'static,
    R::Error: Into<crate::BoxError>,
{
    let (mut service, mut handle) = spawn(layer);
    handle.allow(0);
    tokio_test::assert_pending!(service.poll_ready());
    handle.allow(3);
    passes_calls(&mut service, &mut handle).await;
    handle.send_error(Error::new(ErrorKind::InstanceBusy, "inside"));
    let Poll::Ready(Err(error)) = service.poll_ready() else { panic!("the error of readiness is lost") };
    assert_eq!(Error::wrap(error).kind(), ErrorKind::InstanceBusy);
}

/// Drops what is below with its own future, and the body below with its own: nothing continues after the caller has dropped it.
pub(crate) async fn lets_go<L, R>(layer: L)
where
    L: Layer<AnyService>,
    <L as Layer<AnyService>>::Service: Service<Request<Body>, Response = Response<R>>,
    <<L as Layer<AnyService>>::Service as Service<Request<Body>>>::Error: Debug,
    R: http_body::Body<Data = Bytes> + Debug,
{
    let going = Arc::new(AtomicUsize::new(0));
    let counted = going.clone();
    let never = service_fn(move |_: Request<Body>| {
        let call = CallGuard::new(&counted);
        async move {
            std::future::pending::<()>().await;
            drop(call);
            Ok::<_, Error>(Response::new(Body::empty()))
        }
    });
    let mut call = tokio_test::task::spawn(layer.layer(BoxCloneService::new(never)).oneshot(request("/")));
    tokio_test::assert_pending!(call.poll());
    assert_eq!(going.load(Ordering::Relaxed), 1);
    drop(call);
    assert_eq!(going.load(Ordering::Relaxed), 0, "what was called goes on");

    let (sender, body) = body_by_hand();
    let body = Arc::new(Mutex::new(Some(body)));
    let once = service_fn(move |_: Request<Body>| {
        let body = body.lock().unwrap().take().unwrap_or_else(Body::empty);
        async move { Ok::<_, Error>(Response::new(body)) }
    });
    let response = layer.layer(BoxCloneService::new(once)).oneshot(request("/")).await.unwrap();
    let mut body = Box::pin(response.into_body());
    let mut frame = tokio_test::task::spawn(body.frame());
    assert!(frame.poll().is_pending());
    drop(frame);
    assert!(!sender.is_abandoned());
    drop(body);
    assert!(sender.is_abandoned(), "the body goes on");
}

/// Polled again after it completed, over a future that completes each time, it completes again: never pending with nobody to
/// wake it, and if it can do no more, with an error that says so.
pub(crate) fn completes_again<L, R>(layer: L)
where
    L: Layer<AnyService>,
    <L as Layer<AnyService>>::Service: Service<Request<Body>, Response = Response<R>>,
    <<L as Layer<AnyService>>::Service as Service<Request<Body>>>::Error: Into<crate::BoxError>,
{
    let below = service_fn(|_: Request<Body>| {
        std::future::poll_fn(|_| Poll::Ready(Ok::<_, Error>(Response::new(Body::empty()))))
    });
    let mut service = layer.layer(BoxCloneService::new(below));
    let mut call = tokio_test::task::spawn(service.call(request("/")));
    assert!(call.poll().map(|response| response.is_ok()) == Poll::Ready(true));
    let Poll::Ready(again) = call.poll() else { panic!("nobody wakes it") };
    assert!(again.map_or_else(|error| Error::wrap(error).kind() == ErrorKind::Internal, |_| true));
}

/// The same over a future that is pending when it is polled again.
pub(crate) fn does_not_wait_for_ever<L, R>(layer: L)
where
    L: Layer<AnyService>,
    <L as Layer<AnyService>>::Service: Service<Request<Body>, Response = Response<R>>,
    <<L as Layer<AnyService>>::Service as Service<Request<Body>>>::Error: Into<crate::BoxError>,
{
    let below = service_fn(|_: Request<Body>| {
        let mut response = Some(Ok::<_, Error>(Response::new(Body::empty())));
        std::future::poll_fn(move |_| response.take().map_or(Poll::Pending, Poll::Ready))
    });
    let mut service = layer.layer(BoxCloneService::new(below));
    let mut call = tokio_test::task::spawn(service.call(request("/")));
    assert!(call.poll().map(|response| response.is_ok()) == Poll::Ready(true));
    let Poll::Ready(Err(error)) = call.poll() else { panic!("it waits forever") };
    assert_eq!(Error::wrap(error).kind(), ErrorKind::Internal);
}

/// A call that goes on, counted.
struct CallGuard(Arc<AtomicUsize>);

impl CallGuard {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Ready at once, waits for what is below inside its future, and leaves nothing behind when it is dropped there.
pub(crate) async fn is_late<L, R>(layer: L)
where
    L: Layer<MockService>,
    L::Service: Service<Request<Body>, Response = Response<R>>,
    <L::Service as Service<Request<Body>>>::Error: Into<crate::BoxError> + Debug,
    R: http_body::Body<Data = Bytes> + Send + Debug + 'static,
    R::Error: Into<crate::BoxError>,
{
    let (mut service, mut handle) = spawn(layer);
    handle.allow(0);
    tokio_test::assert_ready_ok!(service.poll_ready());
    let mut dropped = tokio_test::task::spawn(service.call(request("/dropped")));
    tokio_test::assert_pending!(dropped.poll());
    drop(dropped);
    handle.allow(3);
    passes_calls(&mut service, &mut handle).await;
}

async fn passes_calls<S, R>(service: &mut Spawn<S>, handle: &mut Handle<Request<Body>, Response<Body>>)
where
    S: Service<Request<Body>, Response = Response<R>>,
    S::Error: Into<crate::BoxError> + Debug,
    R: http_body::Body<Data = Bytes> + Send + Debug + 'static,
    R::Error: Into<crate::BoxError>,
{
    tokio_test::assert_ready_ok!(service.poll_ready());
    let mut response = tokio_test::task::spawn(service.call(request("/a?b=c")));
    tokio_test::assert_pending!(response.poll());
    let (seen, send) = handle.next_request().await.unwrap();
    assert_eq!(seen.uri().path_and_query().unwrap(), "/a?b=c");
    send.send_response(Response::new(Body::from("whole")));
    let body = tokio_test::assert_ready_ok!(response.poll()).into_body();
    assert_eq!(Body::stream(body).collect(100).await.unwrap(), "whole");

    tokio_test::assert_ready_ok!(service.poll_ready());
    let mut response = tokio_test::task::spawn(service.call(request("/fails")));
    tokio_test::assert_pending!(response.poll());
    handle.next_request().await.unwrap().1.send_error(Error::new(ErrorKind::Forbidden, "inside"));
    assert_eq!(Error::wrap(tokio_test::assert_ready_err!(response.poll())).kind(), ErrorKind::Forbidden);

    tokio_test::assert_ready_ok!(service.poll_ready());
    let mut dropped = tokio_test::task::spawn(service.call(request("/dropped")));
    tokio_test::assert_pending!(dropped.poll());
    drop(dropped);
    let (_, send) = handle.next_request().await.unwrap();
    send.send_response(Response::new(Body::empty()));
}

/// Returns what a layer returns for a response with this body.
pub(crate) async fn response<L, R: Debug>(layer: L, body: Body) -> Response<R>
where
    L: Layer<MockService>,
    L::Service: Service<Request<Body>, Response = Response<R>>,
    <L::Service as Service<Request<Body>>>::Error: Debug,
{
    let (below, mut handle) = mock::pair();
    let mut response = tokio_test::task::spawn(layer.layer(below).oneshot(request("/")));
    handle.allow(1);
    tokio_test::assert_pending!(response.poll());
    handle.next_request().await.unwrap().1.send_response(Response::new(body));
    tokio_test::assert_ready_ok!(response.poll())
}

/// A body whose chunks come when the test says so.
pub(crate) fn body_by_hand() -> (Sender, Body) {
    let (sender, mut receiver) = mpsc::channel::<&'static str>(8);
    let chunks = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let frames =
        futures_util::StreamExt::map(chunks, |chunk| Ok::<_, Error>(Frame::data(Bytes::from(chunk))));
    (Sender(sender), Body::stream(http_body_util::StreamBody::new(frames)))
}

pub(crate) struct Sender(mpsc::Sender<&'static str>);

impl Sender {
    pub(crate) async fn send(&mut self, chunk: &'static str) {
        self.0.send(chunk).await.unwrap();
    }

    /// Whether the body was dropped.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.is_closed()
    }
}

/// A body that never comes.
pub(crate) fn stuck_body() -> Body {
    let (sender, body) = body_by_hand();
    std::mem::forget(sender);
    body
}
