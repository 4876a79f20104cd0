//! An API key with every request.

use crate::HeaderAuth;
use crate::header::OriginHeader;
use http::HeaderName;
use snow_core::{Error, Origin, Secret};
use tower_layer::Layer;

const X_SN_APIKEY: HeaderName = HeaderName::from_static("x-sn-apikey");

/// A layer that adds `x-sn-apikey`, marked sensitive, to every request for one origin, and to requests whose URI names no host
/// yet. A request for another origin is passed on without it.
///
/// A key works only for APIs whose access policy lists it; the others respond with 401 ([facts 4.5]).
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
/// use snow_client::layer::ApiKeyLayer;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let instance = snow_client::Instance::parse("dev12345")?;
/// let inner = service_fn(|request: Request<()>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(request.headers()["x-sn-apikey"].clone()))
/// });
/// let service = ApiKeyLayer::new(instance.origin(), "now_abc")?.layer(inner);
/// assert_eq!(service.oneshot(Request::get("/").body(())?).await?.body(), "now_abc");
/// # Ok(()) }
/// ```
///
/// [facts 4.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#45-other-ways-in
#[derive(Clone, Debug)]
pub struct ApiKeyLayer(OriginHeader);

impl ApiKeyLayer {
    /// Creates a layer with a key of the instance at this origin.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](snow_core::ErrorKind::InvalidInput) if the key is empty or has characters that no header may have.
    pub fn new(origin: &Origin, key: impl Into<Secret>) -> Result<Self, Error> {
        OriginHeader::new(origin, X_SN_APIKEY, &key.into(), "API key").map(Self)
    }
}

impl<S> Layer<S> for ApiKeyLayer {
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
        let layer = ApiKeyLayer::new(Instance::parse("dev1").unwrap().origin(), "canary").unwrap();
        let (mut service, mut handle) = mock::spawn_layer::<Request<()>, (), _>(layer);
        handle.allow(0);
        tokio_test::assert_pending!(service.poll_ready());
        handle.allow(2);
        for (uri, expected) in [("/", Some("canary")), ("https://elsewhere.example.com/", None)] {
            tokio_test::assert_ready_ok!(service.poll_ready());
            let response = service.call(Request::get(uri).body(()).unwrap());
            let (request, send) = handle.next_request().await.unwrap();
            let seen = request.headers().get("x-sn-apikey");
            assert_eq!(seen.map(|value| value.to_str().unwrap()), expected);
            assert!(seen.is_none_or(http::HeaderValue::is_sensitive));
            send.send_response(());
            response.await.unwrap();
        }
    }

    #[test]
    fn bad_keys_are_refused_and_none_is_printed() {
        let origin = Instance::parse("dev1").unwrap().origin().clone();
        for bad in ["", "can\nary"] {
            let error = ApiKeyLayer::new(&origin, bad).unwrap_err();
            assert!(
                error.to_string().contains("the API key") && !error.to_string().contains("ary"),
                "{error}"
            );
        }
        let shown = format!("{:?}", ApiKeyLayer::new(&origin, "canary").unwrap().layer(()));
        assert!(!shown.contains("canary"), "{shown}");
    }
}
