//! Bytes in, records or an error out. No I/O.
//!
//! A status of 200 does not mean success (facts 0): rows may be followed by an error, the end may be missing, and an HTML
//! page may stand in place of an answer. [`Answer`] looks for all of it before it gives anything out; [`Records`] gives records
//! out while they come, and says at the end whether the answer was whole.

mod cell;
mod envelope;
mod feed;
mod field;
mod last_shape;
mod reading;
mod record;
mod records;
mod refusal;
mod scan;
mod shape;
mod split;
mod text;
mod typed;

use self::shape::Shapes;
use crate::{Body, Clock, Error, Kind, retry_after};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, response::Parts};
use serde::de::DeserializeOwned;

pub use field::Field;
pub use last_shape::LastShape;
pub use record::Record;
pub use records::Records;
pub use typed::{Both, Displayed, Reference, fields_of};

/// An answer that has arrived whole and is a success by its status and type.
///
/// ```
/// use snow_core::{Kind, decode::Answer};
///
/// let head = || {
///     let builder = http::Response::builder().header("content-type", "application/json;charset=UTF-8");
///     builder.body(()).unwrap().into_parts().0
/// };
/// let answer = Answer::new(head(), r#"{"result":[{"number":"INC0000001"}]}"#.into())?;
/// assert_eq!(answer.list()?[0].value("number")?, "INC0000001");
///
/// let cut = r#"{"result":[{"number":"INC0000001"}],"error":{"message":"Transaction cancelled"},"status":"failure"}"#;
/// let error = Answer::new(head(), cut.into())?.list().unwrap_err();
/// assert_eq!(error.kind(), Kind::Cut);
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Answer {
    head: Parts,
    body: Bytes,
    displayed: bool,
}

impl Answer {
    /// Takes an answer that is a success by its status and type.
    ///
    /// # Errors
    /// Whatever the status, the headers and the body say: every other kind of answer is told apart here.
    pub fn new(head: Parts, body: Bytes) -> Result<Self, Error> {
        match refusal::of(&head, &body) {
            Some(error) => Err(annotate(error, &head)),
            None => Ok(Self { head, body, displayed: false }),
        }
    }

    /// Tells that the request asked for what a person sees (`sysparm_display_value=true`): see
    /// [`Records::displayed`].
    #[must_use]
    pub fn displayed(self, displayed: bool) -> Self {
        Self { displayed, ..self }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The body as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// How many rows match the query, from `X-Total-Count`. It counts rows that the caller may not read, too (facts 9).
    pub fn total(&self) -> Option<u64> {
        total(&self.head.headers)
    }

    /// The one record of `{"result":{…}}`.
    ///
    /// # Errors
    /// [`Kind::Cut`] if the answer is not whole, [`Kind::Decode`] if it holds something else.
    pub fn one(&self) -> Result<Record, Error> {
        self.one_after(Shapes::new(self.displayed))
    }

    /// The same, quicker where it has the fields of the record that was read before.
    ///
    /// ```
    /// # use snow_core::decode::{Answer, LastShape};
    /// # let head = || http::Response::builder().header("content-type", "application/json").body(()).unwrap().into_parts().0;
    /// let last = LastShape::default();
    /// for number in ["INC1", "INC2"] {
    ///     let answer = Answer::new(head(), format!(r#"{{"result":{{"number":"{number}"}}}}"#).into())?;
    ///     assert_eq!(answer.one_like(&last)?.value("number")?, number);
    /// }
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`one`](Self::one).
    pub fn one_like(&self, last: &LastShape) -> Result<Record, Error> {
        let record = self.one_after(Shapes::after(last.get(), self.displayed))?;
        last.see(&record.shape);
        Ok(record)
    }

    fn one_after(&self, shapes: Shapes) -> Result<Record, Error> {
        envelope::one(&self.body, shapes).map_err(|error| annotate(error, &self.head))
    }

    /// The records of `{"result":[…]}`.
    ///
    /// # Errors
    /// [`Kind::Cut`] if the answer is not whole, [`Kind::Decode`] if it holds something else.
    pub fn list(&self) -> Result<Vec<Record>, Error> {
        envelope::list(&self.body, Shapes::new(self.displayed)).map_err(|error| annotate(error, &self.head))
    }

    /// The whole body as a type of one's own, for APIs that put something else than `result` at the top (facts 7.2). Values are
    /// read as they came, by serde_json; a [`Record`] in the type reads stored values in every form.
    ///
    /// # Errors
    /// [`Kind::Cut`] if the answer is not whole or tells of an error, [`Kind::Decode`] if
    /// it does not fit the type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let read = || {
            envelope::check(&self.body)?;
            serde_json::from_slice(&self.body).map_err(|e| {
                Error::new(Kind::Decode, "the answer does not fit the type asked for").with_source(e)
            })
        };
        read().map_err(|error| annotate(error, &self.head))
    }

    /// What `result` holds as a type of one's own: for APIs whose results are no records of fields, with numbers, booleans and
    /// lists in them (facts 7.3).
    ///
    /// ```
    /// # use snow_core::decode::Answer;
    /// # let head = http::Response::builder().header("content-type", "application/json").body(()).unwrap().into_parts().0;
    /// #[derive(serde::Deserialize)]
    /// struct Progress { status: String, percent_complete: u8 }
    ///
    /// let answer = Answer::new(head, r#"{"result":{"status":"2","percent_complete":100}}"#.into())?;
    /// assert_eq!(answer.result::<Progress>()?.percent_complete, 100);
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn result<T: DeserializeOwned>(&self) -> Result<T, Error> {
        #[derive(serde::Deserialize)]
        struct Envelope<T> {
            result: T,
        }
        self.read::<Envelope<T>>().map(|envelope| envelope.result)
    }

    /// Nothing, which is what a DELETE answers.
    ///
    /// # Errors
    /// [`Kind::Cut`] if there is a body and it tells of an error.
    pub fn nothing(&self) -> Result<(), Error> {
        if self.body.is_empty() {
            return Ok(());
        }
        envelope::check(&self.body).map_err(|error| annotate(error, &self.head))
    }
}

impl std::fmt::Debug for Answer {
    /// The status and the size: headers and body may hold a token or anybody's data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.head.status, self.body.len())
    }
}

/// Waits for the whole of an answer, up to a limit in bytes. The head of a refusal says enough: its body is read no further
/// than it comes, and one that breaks takes nothing from it.
///
/// # Errors
/// [`Kind::AnswerTooLarge`] past the limit, or what went wrong on the wire, with what the head told.
pub async fn receive(response: Response<Body>, limit: usize) -> Result<(Parts, Bytes), Error> {
    let (head, body) = response.into_parts();
    if head.status.is_success() {
        return match body.collect(limit).await {
            Ok(body) => Ok((head, body)),
            Err(error) => Err(annotate(error, &head)),
        };
    }
    let body = body.collect(limit.min(REFUSAL)).await.unwrap_or_default();
    Ok((head, body))
}

/// Far more than any refusal says.
const REFUSAL: usize = 1 << 20;

/// Whether an answer with this head is a success by its status and type, so that its body can be read by [`Records`]. The body
/// of any other goes to [`Answer::new`] with it, which tells what it is.
pub fn is_success(head: &Parts) -> bool {
    refusal::of(head, &Bytes::from_static(b"{")).is_none()
}

fn total(headers: &HeaderMap) -> Option<u64> {
    headers.get("x-total-count")?.to_str().ok()?.parse().ok()
}

/// Adds what every error of an answer knows: its status, its transaction and how long to wait.
fn annotate(error: Error, head: &Parts) -> Error {
    let mut error = error.with_status(head.status);
    if let Some(id) = head.headers.get("x-transaction-id").and_then(|id| id.to_str().ok()) {
        error = error.with_transaction_id(id);
    }
    match retry_after::of(head.status, &head.headers, &Clock::new()) {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}
