use super::*;
use crate::ErrorKind;
use crate::layer::contract;
use crate::{Body as OwnBody, Instance};
use http::header;
use tower::{ServiceExt, service_fn};

fn pooled(sessions: usize) -> SessionLayer {
    SessionLayer::pooled(Instance::parse("dev1").unwrap().origin(), sessions)
}

/// Tells which cookies came, and opens a session for a request without.
fn instance() -> impl Service<
    Request<OwnBody>,
    Response = Response<OwnBody>,
    Error = Error,
    Future = std::future::Ready<Result<Response<OwnBody>, Error>>,
> + Clone {
    let sessions = Arc::new(std::sync::atomic::AtomicU32::new(0));
    service_fn(move |request: Request<OwnBody>| {
        let cookie = request.headers().get(header::COOKIE).map(|value| value.to_str().unwrap().to_owned());
        let mut response = Response::builder();
        if cookie.is_none() {
            let number = sessions.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            response = response.header(header::SET_COOKIE, format!("JSESSIONID={number}; Path=/; HttpOnly"));
        }
        let status = if request.uri().path() == "/401" { 401 } else { 200 };
        let body = OwnBody::from(cookie.unwrap_or("none".to_owned()));
        std::future::ready(Ok(response.status(status).body(body).unwrap()))
    })
}

fn request(path: &str, user: &str) -> Request<OwnBody> {
    Request::get(path).header("authorization", user).body(OwnBody::empty()).unwrap()
}

async fn cookies<S>(service: &S, request: Request<OwnBody>) -> Bytes
where
    S: Service<Request<OwnBody>, Response = Response<SessionBody<OwnBody>>, Error = Error> + Clone,
{
    let response = service.clone().oneshot(request).await.unwrap();
    read(response.into_body()).await
}

async fn read(body: SessionBody<OwnBody>) -> Bytes {
    http_body_util::BodyExt::collect(body).await.unwrap().to_bytes()
}

#[tokio::test]
async fn passes_errors_and_bodies_through_and_waits_inside_its_future() {
    contract::is_transparent(SessionLayer::none()).await;
    contract::lets_go(SessionLayer::none()).await;
    contract::is_late(pooled(1)).await;
    contract::lets_go(pooled(1)).await;
    contract::completes_again(pooled(1));
    contract::completes_again(SessionLayer::none());
}

#[tokio::test]
async fn without_sessions_no_cookie_is_kept() {
    let service = SessionLayer::none().layer(instance());
    for _ in 0..2 {
        assert_eq!(cookies(&service, request("/", "anna")).await, "none");
    }
}

#[tokio::test]
async fn a_session_is_used_again_by_the_same_user_only() {
    let service = pooled(1).layer(instance());
    assert_eq!(cookies(&service, request("/", "anna")).await, "none");
    assert_eq!(cookies(&service, request("/", "anna")).await, "JSESSIONID=0");
    assert_eq!(cookies(&service, request("/", "ben")).await, "none");
    assert_eq!(cookies(&service, request("/", "ben")).await, "JSESSIONID=1");
    assert_eq!(cookies(&service, request("/", "anna")).await, "none");
}

#[tokio::test]
async fn nothing_goes_to_another_origin_and_own_cookies_stay() {
    let service = pooled(1).layer(instance());
    cookies(&service, request("/", "anna")).await;
    assert_eq!(cookies(&service, request("https://elsewhere.example.com/", "anna")).await, "none");
    let mut own = request("/", "anna");
    own.headers_mut().insert(header::COOKIE, "mine=1".parse().unwrap());
    assert_eq!(cookies(&service, own).await, "mine=1");
    assert_eq!(cookies(&service, request("/", "anna")).await, "JSESSIONID=0");
}

#[tokio::test]
async fn a_session_that_was_refused_or_abandoned_begins_anew() {
    let service = pooled(1).layer(instance());
    cookies(&service, request("/", "anna")).await;
    cookies(&service, request("/401", "anna")).await;
    assert_eq!(cookies(&service, request("/", "anna")).await, "none");
    drop(service.clone().oneshot(request("/", "anna")).await.unwrap());
    assert_eq!(cookies(&service, request("/", "anna")).await, "none");
    assert_eq!(cookies(&service, request("/", "anna")).await, "JSESSIONID=2");
}

/// One request in flight each; and waiting ends.
#[tokio::test(start_paused = true)]
async fn two_requests_never_share_a_session() {
    let service = pooled(2).layer(instance());
    let first = service.clone().oneshot(request("/", "anna")).await.unwrap();
    let second = service.clone().oneshot(request("/", "anna")).await.unwrap();
    let third = service.clone().oneshot(request("/", "anna")).await.unwrap_err();
    assert_eq!(third.kind(), ErrorKind::PermitTimeout);
    assert!(third.is_retryable() && third.to_string().contains("all 2"), "{third}");
    read(first.into_body()).await;
    read(second.into_body()).await;
    let both = [cookies(&service, request("/", "anna")).await, cookies(&service, request("/", "anna")).await];
    assert!(both.iter().all(|cookie| cookie.starts_with(b"JSESSIONID=")), "{both:?}");
}
