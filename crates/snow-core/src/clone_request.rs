//! A copy of a request for another attempt.

use crate::Replay;
use http::Request;

/// Clones a request so that it can be sent once more; returns `None` if its body can be sent only once.
pub fn clone_request<B: Replay>(request: &Request<B>) -> Option<Request<B>> {
    let mut clone = Request::new(request.body().replay()?);
    *clone.method_mut() = request.method().clone();
    *clone.uri_mut() = request.uri().clone();
    *clone.version_mut() = request.version();
    // Above the layers that add headers, most requests have none.
    if !request.headers().is_empty() {
        *clone.headers_mut() = request.headers().clone();
    }
    *clone.extensions_mut() = request.extensions().clone();
    Some(clone)
}
