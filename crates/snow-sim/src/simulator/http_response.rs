//! A response as it goes out: compressed, and in chunks.

use crate::body::BodyEnd;
use crate::gzip::{accepts_gzip, gzipped};
use crate::response::SimResponse;
use crate::{Body, Settings};
use bytes::Bytes;
use http::{HeaderValue, Method, Response, header, request::Parts};

/// Makes the response to a request with this head.
pub(super) fn http_response(response: SimResponse, head: &Parts, settings: &Settings) -> Response<Body> {
    let gzip = settings.gzip && response.by_node && accepts_gzip(&head.headers);
    let headless = head.method == Method::HEAD;
    let body = if headless { Bytes::new() } else { response.body };
    let compressed = gzip && !body.is_empty();
    let bytes = if compressed { gzipped(&body) } else { body };
    let body = match response.generated.filter(|_| !headless) {
        Some(size) => Body::generated(size, settings.chunk),
        None => Body::new(bytes, settings.chunk),
    };
    let body = if response.truncated { body.cut_at(usize::MAX, BodyEnd::Broken) } else { body };
    let mut http = Response::new(body);
    *http.status_mut() = response.status;
    *http.headers_mut() = response.headers;
    if compressed {
        http.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    http
}
