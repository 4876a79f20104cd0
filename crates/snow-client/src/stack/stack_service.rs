//! The services of the default stack.

use bytes::Bytes;
use http::{Request, Response};
use snow_core::{Body, BoxError};
use tower_service::Service;

/// A service of the stack, as the layer above sees it: every service that takes our requests and can be sent anywhere.
pub(crate) trait StackService:
    Service<
        Request<Body>,
        Response = Response<<Self as StackService>::ApiResponse>,
        Error: Into<BoxError>,
        Future: Send,
    > + Clone
    + Send
    + Sync
    + 'static
{
    type ApiResponse: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;
}

impl<S, R> StackService for S
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type ApiResponse = R;
}
