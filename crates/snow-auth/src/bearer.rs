//! A constant bearer token with every request.

use crate::HeaderAuth;
use crate::header::OriginHeader;
use http::header;
use snow_core::{Error, ErrorKind, Origin, Secret};
use tower_layer::Layer;

/// A layer that adds `Authorization: Bearer` with a constant token, marked sensitive, to every request for one origin, and to
/// requests whose URI names no host yet. A request for another origin is passed on without it.
///
/// For tokens that expire and can be obtained again there is [`OAuth`](crate::OAuth), whoever issues them.
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
/// use snow_client::layer::BearerAuthLayer;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let instance = snow_client::Instance::parse("dev12345")?;
/// let inner = service_fn(|request: Request<()>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(request.headers()["authorization"].clone()))
/// });
/// let service = BearerAuthLayer::new(instance.origin(), "abc")?.layer(inner);
/// assert_eq!(service.oneshot(Request::get("/").body(())?).await?.body(), "Bearer abc");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct BearerAuthLayer(OriginHeader);

impl BearerAuthLayer {
    /// Creates a layer with a token for the instance at this origin.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the token is empty or has characters that no header may have.
    pub fn new(origin: &Origin, token: impl Into<Secret>) -> Result<Self, Error> {
        let token = token.into();
        if token.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "the bearer token is empty"));
        }
        let value = Secret::from(format!("Bearer {}", token.expose()));
        OriginHeader::new(origin, header::AUTHORIZATION, &value, "bearer token").map(Self)
    }
}

impl<S> Layer<S> for BearerAuthLayer {
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

    #[tokio::test]
    async fn passes_readiness_through_and_marks_the_header_sensitive() {
        let layer = BearerAuthLayer::new(Instance::parse("dev1").unwrap().origin(), "canary").unwrap();
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, (), _>(layer);
        handle.allow(0);
        tokio_test::assert_pending!(service.poll_ready());
        handle.allow(2);
        for (uri, expected) in [("/", Some("Bearer canary")), ("https://elsewhere.example.com/", None)] {
            tokio_test::assert_ready_ok!(service.poll_ready());
            let response = service.call(Request::get(uri).body(()).unwrap());
            let (request, send) = handle.next_request().await.unwrap();
            let seen = request.headers().get("authorization");
            assert_eq!(seen.map(|value| value.to_str().unwrap()), expected);
            assert!(seen.is_none_or(http::HeaderValue::is_sensitive));
            send.send_error(std::io::Error::other("below"));
            assert_eq!(response.await.unwrap_err().to_string(), "below");
        }
    }

    #[test]
    fn bad_tokens_are_refused_and_none_is_printed() {
        let origin = Instance::parse("dev1").unwrap().origin().clone();
        for bad in ["", "can\nary"] {
            let error = BearerAuthLayer::new(&origin, bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(
                error.to_string().contains("bearer token") && !error.to_string().contains("ary"),
                "{error}"
            );
        }
        let shown = format!("{:?}", BearerAuthLayer::new(&origin, "canary").unwrap().layer(()));
        assert!(!shown.contains("canary"), "{shown}");
    }
}
