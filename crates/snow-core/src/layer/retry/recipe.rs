//! How to make a request once more: its parts, since a copy of the whole would cost each request that is never sent again.

use crate::{Operation, Replay};
use http::{Extensions, HeaderMap, Method, Request, Uri, Version};

/// What it takes to send a request once more.
pub(super) struct Recipe<B> {
    method: Method,
    uri: Uri,
    version: Version,
    headers: HeaderMap,
    extensions: Extensions,
    body: B,
}

impl<B: Replay> Recipe<B> {
    #[inline]
    pub(super) fn of(request: &Request<B>) -> Option<Self> {
        Some(Self {
            body: request.body().replay()?,
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: headers_of(request),
            extensions: request.extensions().clone(),
        })
    }

    /// The request, which has gone out so often before, and what it takes to send it yet again.
    pub(super) fn request(self, made: u32) -> (Request<B>, Option<Self>) {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.version_mut() = self.version;
        *request.headers_mut() = self.headers;
        *request.extensions_mut() = self.extensions;
        let operation = Operation::of(&request).cloned().unwrap_or_default();
        request.extensions_mut().insert(operation.attempted(made));
        let further = Self::of(&request);
        (request, further)
    }
}

/// Above the layers that add headers, most requests have none.
fn headers_of<B>(request: &Request<B>) -> HeaderMap {
    if request.headers().is_empty() { HeaderMap::new() } else { request.headers().clone() }
}
