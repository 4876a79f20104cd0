//! Layers of the user's own, in the middle of the default stack.

use crate::stack::stack_service::StackService;
use snow_core::HttpService;
use std::fmt;
use std::sync::Arc;
use tower_layer::Layer;

type Wrap = Arc<dyn Fn(HttpService) -> HttpService + Send + Sync>;

/// Any number of layers, the first one outermost. They see an erased stack below them and are erased themselves.
#[derive(Clone, Default)]
pub(crate) struct UserLayers(Vec<Wrap>);

impl UserLayers {
    pub(crate) fn push<L>(&mut self, layer: L)
    where
        L: Layer<HttpService, Service: StackService> + Send + Sync + 'static,
    {
        self.0.push(Arc::new(move |below| HttpService::new(layer.layer(below))));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<S: StackService> Layer<S> for UserLayers {
    type Service = HttpService;

    fn layer(&self, below: S) -> HttpService {
        self.0.iter().rev().fold(HttpService::new(below), |below, wrap| wrap(below))
    }
}

impl fmt::Debug for UserLayers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} layers", self.0.len())
    }
}
