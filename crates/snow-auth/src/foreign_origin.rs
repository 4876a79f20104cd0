//! A request for an origin that the credentials do not belong to.

use http::Uri;
use snow_core::{Error, ErrorKind, Origin};

/// Returns the error of such a request, which is not sent. `credentials` names them: "this token is".
pub(crate) fn refuse_elsewhere(origin: &Origin, uri: &Uri, credentials: &str) -> Result<(), Error> {
    if origin.covers(uri) {
        return Ok(());
    }
    let elsewhere = uri.host().unwrap_or("another host");
    let why = format!("the request is for {elsewhere}, and {credentials} for {origin} only");
    Err(Error::new(ErrorKind::ForeignOrigin, why))
}
