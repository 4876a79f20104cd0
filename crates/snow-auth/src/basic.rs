//! A user and password with every request.

use crate::header::{HeaderAuth, OriginHeader};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::header;
use snow_core::{Error, ErrorKind, Origin, Secret, check_credential};
use tower_layer::Layer;

/// A layer that adds `Authorization: Basic`, marked sensitive, to every request for one origin, and to requests whose URI names
/// no host yet. A request for another origin is passed on without it.
///
/// The header is part of the first request, without waiting for a challenge: newer releases respond with 403 to some calls
/// without it ([facts 3.2]). New instances restrict basic authentication, and then respond with a plain 401 ([facts 4.6]).
///
/// # Order in the stack
///
/// The layer sees the request's URI, so it goes inside whatever makes relative URIs absolute or changes the host
/// ([`BaseUriLayer`](snow_core::layer::BaseUriLayer)). Inside of [`RetryLayer`](snow_core::layer::RetryLayer) it adds the header to each attempt;
/// outside of it, once for all attempts.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_client::layer::BasicAuthLayer;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let instance = snow_client::Instance::parse("dev12345")?;
/// let inner = service_fn(|request: Request<()>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(request.headers().contains_key("authorization")))
/// });
/// let service = BasicAuthLayer::new(instance.origin(), "admin", "secret")?.layer(inner);
/// assert!(*service.clone().oneshot(Request::get("https://dev12345.service-now.com/").body(())?).await?.body());
/// assert!(!*service.oneshot(Request::get("https://elsewhere.example.com/").body(())?).await?.body());
/// # Ok(()) }
/// ```
///
/// [facts 3.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#32-401
/// [facts 4.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#46-basic-authentication
#[derive(Clone, Debug)]
pub struct BasicAuthLayer(OriginHeader);

impl BasicAuthLayer {
    /// Creates a layer with the user and password of an account of the instance at this origin.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an empty user or password, for one that begins or ends with a line break or another
    /// control character, and for a user with a colon, which basic authentication cannot express.
    pub fn new(origin: &Origin, user: &str, password: impl Into<Secret>) -> Result<Self, Error> {
        let password = password.into();
        check(user, &password)?;
        let value = value(user, &password);
        OriginHeader::new(origin, header::AUTHORIZATION, &value, "user and password").map(Self)
    }
}

/// Refuses a user and a password that basic authentication cannot express, or that are not what was meant.
pub(crate) fn check(user: &str, password: &Secret) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::new(ErrorKind::InvalidInput, why.to_owned()));
    if user.is_empty() {
        return refuse("the user is empty: give the user_name of an account of the instance");
    }
    if password.is_empty() {
        return refuse("the password is empty");
    }
    if user.contains(':') {
        return refuse("the user contains ':', which separates user and password in basic authentication");
    }
    check_credential("user", user)?;
    check_credential("password", password.expose())
}

/// Returns the value of the header.
pub(crate) fn value(user: &str, password: &Secret) -> Secret {
    let pair = Secret::from(format!("{user}:{}", password.expose()));
    format!("Basic {}", BASE64_STANDARD.encode(pair.expose())).into()
}

impl<S> Layer<S> for BasicAuthLayer {
    type Service = HeaderAuth<S>;

    fn layer(&self, inner: S) -> HeaderAuth<S> {
        HeaderAuth { inner, header: self.0.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use snow_core::Instance;
    use tower_test::mock;

    fn layer() -> BasicAuthLayer {
        BasicAuthLayer::new(Instance::parse("dev1").unwrap().origin(), "admin", "canary").unwrap()
    }

    #[tokio::test]
    async fn passes_readiness_through_and_marks_the_header_sensitive() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, (), _>(layer());
        handle.allow(0);
        tokio_test::assert_pending!(service.poll_ready());
        handle.allow(1);
        tokio_test::assert_ready_ok!(service.poll_ready());
        let response = service.call(Request::get("/relative").body(()).unwrap());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request.headers()["authorization"], "Basic YWRtaW46Y2FuYXJ5");
        assert!(request.headers()["authorization"].is_sensitive());
        send.send_response(());
        response.await.unwrap();
    }

    #[tokio::test]
    async fn passes_errors_through_and_leaves_nothing_when_dropped() {
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, (), _>(layer());
        tokio_test::assert_ready_ok!(service.poll_ready());
        let mut response = tokio_test::task::spawn(service.call(Request::new(())));
        tokio_test::assert_pending!(response.poll());
        handle.next_request().await.unwrap().1.send_error("from below");
        assert_eq!(tokio_test::assert_ready_err!(response.poll()).to_string(), "from below");

        tokio_test::assert_ready_ok!(service.poll_ready());
        let mut dropped = tokio_test::task::spawn(service.call(Request::new(())));
        tokio_test::assert_pending!(dropped.poll());
        let (_, send) = handle.next_request().await.unwrap();
        drop(dropped);
        send.send_response(());
        handle.send_error("not ready");
        assert_eq!(tokio_test::assert_ready_err!(service.poll_ready()).to_string(), "not ready");
    }

    #[test]
    fn bad_credentials_are_refused_and_none_is_printed() {
        let origin = Instance::parse("dev1").unwrap().origin().clone();
        for (user, password, why) in
            [("", "canary", "user is empty"), ("a", "", "password"), ("a:b", "canary", "':'")]
        {
            let error = BasicAuthLayer::new(&origin, user, password).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(why) && !error.to_string().contains("canary"), "{error}");
        }
        let shown = format!("{:?}", layer().layer(()));
        assert!(!shown.contains("canary") && !shown.contains("YWRtaW"), "{shown}");
    }
}
