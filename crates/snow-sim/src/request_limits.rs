//! The longest URL and the largest body of a request (facts 1.10).

use crate::Settings;
use crate::response::SimResponse;
use crate::upload::ReceivedBody;
use http::{StatusCode, Uri};

/// The edge refuses a path and query that are longer than [`Settings::url_limit`] with 414.
pub(crate) fn check_url(uri: &Uri, settings: &Settings) -> Result<(), Box<SimResponse>> {
    let length = uri.path_and_query().map_or(0, |target| target.as_str().len());
    if length > settings.url_limit {
        return Err(Box::new(SimResponse::edge(StatusCode::URI_TOO_LONG, "<html>414 URI Too Long</html>")));
    }
    Ok(())
}

/// A node refuses a body that is larger than [`Settings::body_limit`] with 400. Files have a limit of their own (facts 5).
pub(crate) fn check_body(body: &ReceivedBody, settings: &Settings) -> Result<(), Box<SimResponse>> {
    let (size, limit) = (body.size, settings.body_limit);
    if size > limit && body.upload.is_none() {
        let detail = format!(
            "Rejected large REST payload with content-length = {size} bytes. Max allowed: {limit} bytes."
        );
        let message = "Exception while reading request";
        return Err(Box::new(SimResponse::error(StatusCode::BAD_REQUEST, message, &detail)));
    }
    Ok(())
}
