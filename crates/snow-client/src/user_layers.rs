//! Layers of the user's own, in the middle of the default stack.

use crate::maybe_erased::MaybeErased;
use http::{Request, Response};
use snow_core::{Body, BoxError, HttpService};
use std::fmt;
use std::sync::Arc;
use tower_layer::Layer;
use tower_service::Service;

type Wrap = Arc<dyn Fn(HttpService) -> HttpService + Send + Sync>;

/// Any number of layers, the first one outermost. Without any, nothing is erased and nothing costs.
#[derive(Clone, Default)]
pub(crate) struct UserLayers(Vec<Wrap>);

impl UserLayers {
    pub(crate) fn push<L, R>(&mut self, layer: L)
    where
        L: Layer<HttpService> + Send + Sync + 'static,
        L::Service: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request<Body>>>::Future: Send + 'static,
        <L::Service as Service<Request<Body>>>::Error: Into<BoxError>,
        R: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        self.0.push(Arc::new(move |below| HttpService::new(layer.layer(below))));
    }
}

impl<S, R> Layer<S> for UserLayers
where
    S: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    R: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Service = MaybeErased<S>;

    fn layer(&self, below: S) -> MaybeErased<S> {
        if self.0.is_empty() {
            return MaybeErased::Plain(below);
        }
        MaybeErased::Erased(self.0.iter().rev().fold(HttpService::new(below), |below, wrap| wrap(below)))
    }
}

impl fmt::Debug for UserLayers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} layers", self.0.len())
    }
}
