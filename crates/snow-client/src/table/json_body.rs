//! The fields of a write, as the JSON that is sent.

use bytes::Bytes;
use serde::Serialize;
use snow_core::{Error, ErrorKind};

/// The fields as the JSON object that is sent.
pub(super) fn json_body(fields: &(impl Serialize + ?Sized)) -> Result<Bytes, Error> {
    let body = serde_json::to_vec(fields).map_err(|e| cannot_be_sent(e.into()))?;
    if body.first() != Some(&b'{') {
        return Err(cannot_be_sent("they are not an object of fields and values".into()));
    }
    Ok(Bytes::from(body))
}

fn cannot_be_sent(why: snow_core::BoxError) -> Error {
    Error::new(ErrorKind::InvalidInput, "the fields cannot be sent").with_reason(why)
}
