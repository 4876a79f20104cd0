//! A response that has arrived completely.

use super::error_response::{self, ResponseSource};
use super::head::{annotate, total};
use super::json_object::JsonObject;
use super::records::{check_body, read_list, read_one};
use super::shape::Shapes;
use super::{LastShape, Record, json_string, meta, redact};
use crate::error::Attempts;
use crate::{Body, Error, ErrorKind, mark_sensitive_headers};
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use serde::de::DeserializeOwned;

/// A response that has arrived completely and is a success by its status and type.
///
/// ```
/// use snow_client::{ErrorKind, api::ApiResponse};
///
/// let head = || {
///     let builder = http::Response::builder().header("content-type", "application/json;charset=UTF-8");
///     builder.body(()).unwrap().into_parts().0
/// };
/// let response = ApiResponse::new(head(), r#"{"result":[{"number":"INC0000001"}]}"#.into())?;
/// assert_eq!(response.records()?[0].value("number")?, "INC0000001");
///
/// let cancelled = r#"{"result":[{"number":"INC0000001"}],"error":{"message":"Transaction cancelled"},"status":"failure"}"#;
/// let error = ApiResponse::new(head(), cancelled.into())?.records().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::TransactionCancelled);
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone)]
pub struct ApiResponse {
    head: Parts,
    body: Bytes,
    displayed: bool,
    has_meta: bool,
}

impl ApiResponse {
    /// Creates a response from a head and a body that are a success by status and type.
    ///
    /// # Errors
    ///
    /// The error that the status, the headers and the body show, if the response is not a success.
    pub fn new(head: Parts, body: Bytes) -> Result<Self, Error> {
        Self::from_source(head, body, ResponseSource::Own)
    }

    /// Creates the response to an item of a batch, which has fewer headers than other responses of the instance ([facts 7.1]). A 202
    /// is a success here, because no item waits for a session.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    ///
    /// [facts 7.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#71-batch
    pub fn of_item(head: Parts, body: Bytes) -> Result<Self, Error> {
        Self::from_source(head, body, ResponseSource::BatchItem)
    }

    fn from_source(mut head: Parts, body: Bytes, source: ResponseSource) -> Result<Self, Error> {
        match error_response::error_of(&head, &body, source) {
            Some(error) => Err(annotate(error, &head)),
            None => {
                mark_sensitive_headers(&mut head.headers);
                Ok(Self { head, body, displayed: false, has_meta: false })
            }
        }
    }

    /// Adds the status and transaction of this response to an error about its content. An error about invalid input becomes one
    /// about the response, which is complete but does not fit: the request has been executed.
    pub fn about(&self, error: Error) -> Error {
        let error = match error.kind() {
            ErrorKind::InvalidInput => {
                let body = String::from_utf8_lossy(&self.body);
                Error::new(ErrorKind::Decode, redact::redacted(&error.to_string(), &body))
            }
            _ => error,
        };
        annotate(error, &self.head)
    }

    /// Sets whether the request asked for display values only (`sysparm_display_value=true`): see
    /// [`Records::displayed`](super::Records::displayed).
    #[must_use]
    pub fn displayed(self, displayed: bool) -> Self {
        Self { displayed, ..self }
    }

    /// Sets whether a list in this response may have an element about itself, `{"__meta":{…}}`. Lists of the Change API end with
    /// one ([facts 7.3]), and those of no other API do. `false` by default.
    ///
    /// With `true` that element is not a record: [`records`](Self::records) and [`result`](Self::result) leave it out, and
    /// [`meta`](Self::meta) returns it.
    ///
    /// ```
    /// # use snow_core::decode::ApiResponse;
    /// # let head = http::Response::builder().header("content-type", "application/json").body(()).unwrap().into_parts().0;
    /// let body = r#"{"result":[{"number":"CHG1"},{"__meta":{"encodedQuery":"active=true"}}]}"#;
    /// let response = ApiResponse::new(head, body.into())?.with_meta(true);
    /// assert_eq!(response.records()?.len(), 1);
    /// assert_eq!(response.meta()?.unwrap().value("encodedQuery")?, "active=true");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// [facts 7.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#73-scripted-rest-and-the-dictionary
    #[must_use]
    pub fn with_meta(self, has_meta: bool) -> Self {
        Self { has_meta, ..self }
    }

    /// Sets whether half of a surrogate pair (`"\ud83d"`), which JSON allows and no Rust string can hold, is replaced by U+FFFD,
    /// the replacement character. `false` by default, which makes reading such a value an error. With `true`, [`body`](Self::body)
    /// contains the replacement, too.
    ///
    /// ```
    /// # use snow_core::decode::ApiResponse;
    /// # let head = || http::Response::builder().header("content-type", "application/json").body(()).unwrap().into_parts().0;
    /// let body = r#"{"result":{"name":"half: \ud83d"}}"#;
    /// assert!(ApiResponse::new(head(), body.into())?.record()?.value("name").is_err());
    /// let response = ApiResponse::new(head(), body.into())?.lossy_text(true);
    /// assert_eq!(response.record()?.value("name")?, "half: \u{fffd}");
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    #[must_use]
    pub fn lossy_text(mut self, lossy: bool) -> Self {
        if lossy && let Some(mended) = str::from_utf8(&self.body).ok().and_then(json_string::mended) {
            self.body = mended.into();
        }
        self
    }

    /// Returns the element that a list of the Change API adds about itself: the query that was executed, and which of its fields
    /// were applied or ignored. `None` if the response has no such element, and for other APIs: see [`with_meta`](Self::with_meta).
    ///
    /// # Errors
    ///
    /// As [`records`](Self::records), and [`ErrorKind::Decode`] if the element does not contain an object.
    pub fn meta(&self) -> Result<Option<Record>, Error> {
        Ok(self.split_meta()?.1)
    }

    /// Returns the body without its element about itself, and the content of that element.
    fn split_meta(&self) -> Result<(Bytes, Option<Record>), Error> {
        match self.has_meta {
            true => meta::split_meta(&self.body).map_err(|error| annotate(error, &self.head)),
            false => Ok((self.body.clone(), None)),
        }
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// Returns the headers. Those that hold a secret (`set-cookie`, `x-usertoken`) are marked sensitive, so that they are not
    /// printed.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Returns the body as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns how many records match the query, from `X-Total-Count`. Records that the user may not read are counted, too ([facts
    /// 9]).
    ///
    /// [facts 9]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#9-paging
    pub fn total(&self) -> Option<u64> {
        total(&self.head.headers)
    }

    /// Returns how often the request was attempted, if the stack has a retry layer.
    pub fn attempts(&self) -> Option<Attempts> {
        self.head.extensions.get().copied()
    }

    /// Returns the one record of `{"result":{…}}`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Truncated`] if the response ends too early, [`ErrorKind::TransactionCancelled`] if it contains an error,
    /// [`ErrorKind::Malformed`] if it is not JSON, [`ErrorKind::EmptyResponse`] if it is empty, and [`ErrorKind::Decode`] if it contains
    /// something else.
    pub fn record(&self) -> Result<Record, Error> {
        self.read_record(Shapes::new(self.displayed))
    }

    /// Returns the one record, as [`record`](Self::record) does, but faster if it has the same fields as the record before.
    ///
    /// ```
    /// # use snow_core::decode::{ApiResponse, LastShape};
    /// # let head = || http::Response::builder().header("content-type", "application/json").body(()).unwrap().into_parts().0;
    /// let last = LastShape::default();
    /// for number in ["INC1", "INC2"] {
    ///     let response = ApiResponse::new(head(), format!(r#"{{"result":{{"number":"{number}"}}}}"#).into())?;
    ///     assert_eq!(response.record_like(&last)?.value("number")?, number);
    /// }
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn record_like(&self, last: &LastShape) -> Result<Record, Error> {
        let record = self.read_record(Shapes::after(last.get(), self.displayed))?;
        last.see(&record.raw.shape);
        Ok(record)
    }

    fn read_record(&self, shapes: Shapes) -> Result<Record, Error> {
        read_one(&self.body, shapes).map_err(|error| annotate(error, &self.head))
    }

    /// Returns the records of `{"result":[…]}`, however many there are. Small records take many times the memory of the body. If
    /// the request has a limit, use [`records_at_most`](Self::records_at_most).
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record). The error about a malformed record names the record before it.
    pub fn records(&self) -> Result<Vec<Record>, Error> {
        self.records_at_most(usize::MAX)
    }

    /// Returns the records of `{"result":[…]}`, and stops reading if there are more than `max`.
    ///
    /// ```
    /// # use snow_core::{ErrorKind, decode::ApiResponse};
    /// # let head = http::Response::builder().header("content-type", "application/json").body(()).unwrap().into_parts().0;
    /// let response = ApiResponse::new(head, r#"{"result":[{"number":"INC1"},{"number":"INC2"}]}"#.into())?;
    /// assert_eq!(response.records_at_most(2)?.len(), 2);
    /// assert_eq!(response.records_at_most(1).unwrap_err().kind(), ErrorKind::ResponseMismatch);
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`records`](Self::records), and [`ErrorKind::ResponseMismatch`] if there are more than `max` records.
    pub fn records_at_most(&self, max: usize) -> Result<Vec<Record>, Error> {
        let (body, _) = self.split_meta()?;
        let shapes = Shapes::new(self.displayed);
        read_list(&body, shapes, max).map_err(|error| annotate(error, &self.head))
    }

    /// Returns the whole body as a type of your own, for APIs whose responses have no `result` at the top ([facts 7.2]): an object,
    /// an array, or any other JSON. Values are read as they came, by serde_json; a [`Record`] in the type reads stored values in
    /// every form.
    ///
    /// A member `error` is data like any other, unless it has the form of the service's own errors: an object with a message, a
    /// text together with `"status":"failure"`, or either of them in addition to a `result` ([facts 3.1]).
    ///
    /// ```
    /// # use snow_core::{ErrorKind, decode::ApiResponse};
    /// # let head = || http::Response::builder().header("content-type", "application/json").body(()).unwrap().into_parts().0;
    /// assert_eq!(ApiResponse::new(head(), "[1,2]".into())?.json::<Vec<u8>>()?, [1, 2]);
    ///
    /// let own = r#"{"error":false,"data":7}"#;
    /// assert_eq!(ApiResponse::new(head(), own.into())?.json::<serde_json::Value>()?["data"], 7);
    ///
    /// let failed = r#"{"error":{"message":"Transaction cancelled"}}"#;
    /// let error = ApiResponse::new(head(), failed.into())?.json::<serde_json::Value>().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TransactionCancelled);
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Truncated`] if the response ends too early, [`ErrorKind::TransactionCancelled`] if it contains an error,
    /// [`ErrorKind::Malformed`] if it is not JSON, [`ErrorKind::EmptyResponse`] if it is empty, and [`ErrorKind::Decode`] if it does not
    /// fit the type.
    ///
    /// [facts 7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets
    /// [facts 3.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#31-envelope
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.read_from(&self.body)
    }

    fn read_from<T: DeserializeOwned>(&self, body: &Bytes) -> Result<T, Error> {
        let read = || {
            check_body(body)?;
            let body = json_string::without_bom(body);
            serde_json::from_slice(body).map_err(|error| {
                let why = redact::redacted(&error.to_string(), &String::from_utf8_lossy(body));
                Error::new(ErrorKind::Decode, format!("the response does not fit the requested type: {why}"))
            })
        };
        read().map_err(|error| annotate(error, &self.head))
    }

    /// Returns the content of `result` as a type of your own, for APIs whose results are not records but contain numbers, booleans
    /// and lists ([facts 7.3]).
    ///
    /// ```
    /// # use snow_core::decode::ApiResponse;
    /// # let head = http::Response::builder().header("content-type", "application/json").body(()).unwrap().into_parts().0;
    /// #[derive(serde::Deserialize)]
    /// struct Progress { status: String, percent_complete: u8 }
    ///
    /// let response = ApiResponse::new(head, r#"{"result":{"status":"2","percent_complete":100}}"#.into())?;
    /// assert_eq!(response.result::<Progress>()?.percent_complete, 100);
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`json`](Self::json).
    ///
    /// [facts 7.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#73-scripted-rest-and-the-dictionary
    pub fn result<T: DeserializeOwned>(&self) -> Result<T, Error> {
        #[derive(serde::Deserialize)]
        struct Envelope<T> {
            result: T,
        }
        self.read_from::<JsonObject<Envelope<T>>>(&self.split_meta()?.0)
            .map(|JsonObject(envelope)| envelope.result)
    }

    /// Checks a response without a result, such as that to a DELETE.
    ///
    /// # Errors
    ///
    /// If there is a body: [`ErrorKind::Truncated`] if it ends too early, [`ErrorKind::TransactionCancelled`] if it contains an
    /// error, and [`ErrorKind::Malformed`] if it is not JSON.
    pub fn discard(&self) -> Result<(), Error> {
        if self.body.trim_ascii().is_empty() {
            return Ok(());
        }
        check_body(&self.body).map_err(|error| annotate(error, &self.head))
    }
}

impl std::fmt::Debug for ApiResponse {
    /// Shows the status and the size only, because headers and body may contain a token or confidential data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiResponse({}, {} bytes)", self.head.status, self.body.len())
    }
}

/// Receives a whole response, up to a limit in bytes. The head of a rejection says enough, so its body is read only as far as it
/// arrives, and an error while reading it is ignored.
///
/// # Errors
///
/// [`ErrorKind::ResponseTooLarge`] if the response exceeds the limit, and errors of the connection, with the status of the head.
pub async fn receive(response: Response<Body>, limit: usize) -> Result<(Parts, Bytes), Error> {
    let (head, body) = response.into_parts();
    if head.status.is_success() {
        return match body.collect(limit).await {
            Ok(body) => Ok((head, body)),
            Err(error) => Err(annotate(error, &head)),
        };
    }
    let body = body.collect(limit.min(MAX_ERROR_BODY)).await.unwrap_or_default();
    Ok((head, body))
}

/// Far more than the body of any refusal.
const MAX_ERROR_BODY: usize = 1 << 20;

/// Returns whether a response with this head is a success by its status and type, so that [`Records`](super::Records) can read its
/// body. For any other, pass head and body to [`ApiResponse::new`], which returns the error that it is.
pub fn is_success(head: &Parts) -> bool {
    error_response::error_of(head, &Bytes::from_static(b"{"), ResponseSource::Own).is_none()
}
