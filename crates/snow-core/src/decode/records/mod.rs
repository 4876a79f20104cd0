//! Decodes a response piece by piece, and returns it record by record.

mod errors;
mod step;
mod whole_body;

pub(super) use whole_body::{check_body, read_fault, read_list, read_one};

use super::Record;
use super::chunk_buffer::ChunkBuffer;
use super::envelope::{EnvelopeErrors, decode_error};
use super::head::{annotate, total};
use super::record_scanner::RecordScanner;
use super::scan::ScanError;
use super::shape::Shapes;
use crate::Error;
use bytes::Bytes;
use http::response::Parts;
use std::fmt;
use step::{Position, Step, StepError};

/// The default of [`Records::max_record`].
const MAX_RECORD: usize = 16 << 20;

/// A decoder for the records of a response that is still arriving: push chunks of the body, take records, and learn at the end
/// whether the response was complete.
///
/// Only what has not been returned yet is kept, which is at most a part of one record for a page of any size. Everything is
/// checked. A record that is returned is good. The response is known to be complete only when [`next`](Self::next) has returned
/// `None` after [`finish`](Self::finish): an error may follow the last record ([facts 3.4]).
///
/// ```
/// use snow_core::{ErrorKind, decode::Records};
///
/// let mut records = Records::list();
/// records.push(r#"{"result":[{"number":"INC1"},{"num"#.into());
/// assert_eq!(records.next()?.unwrap().value("number")?, "INC1");
/// assert!(records.next()?.is_none());
///
/// records.push(r#"ber":"INC2"}],"error":{"message":"Transaction cancelled"},"status":"failure"}"#.into());
/// records.finish();
/// assert_eq!(records.next()?.unwrap().value("number")?, "INC2");
/// assert_eq!(records.next().unwrap_err().kind(), ErrorKind::TransactionCancelled);
/// # Ok::<_, snow_core::Error>(())
/// ```
///
/// [facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
pub struct Records {
    head: Option<Box<Parts>>,
    expected: Expected,
    max_record: usize,
    buffer: ChunkBuffer,
    scanner: RecordScanner,
    position: Position,
    envelope: EnvelopeErrors,
    /// An error that is returned at the end, unless the response reports an error itself.
    deferred_error: Option<Error>,
    /// Whether records are skipped, because it is known already that the response is an error.
    skips_records: bool,
    has_begun: bool,
    error: Option<Error>,
    given: u64,
}

/// What the result is expected to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    List,
    One,
    /// Anything: only the members next to the result count.
    Anything,
}

impl Records {
    /// Creates a decoder for the records of `{"result":[…]}`.
    pub fn list() -> Self {
        Self::new(Expected::List)
    }

    /// Creates a decoder for the one record of `{"result":{…}}`.
    pub fn one() -> Self {
        Self::new(Expected::One)
    }

    /// Creates a reader for any result, which only checks that the response is complete.
    pub(super) fn checking() -> Self {
        Self::new(Expected::Anything)
    }

    fn new(expected: Expected) -> Self {
        Self {
            head: None,
            expected,
            max_record: MAX_RECORD,
            buffer: ChunkBuffer::default(),
            scanner: RecordScanner::default(),
            position: Position::Start,
            envelope: EnvelopeErrors::default(),
            deferred_error: None,
            skips_records: false,
            has_begun: false,
            error: None,
            given: 0,
        }
    }

    /// Sets the head of the response: errors then include its status and transaction, and [`total`](Self::total) is known.
    #[must_use]
    pub fn head(mut self, head: Parts) -> Self {
        self.head = Some(Box::new(head));
        self
    }

    /// Sets the size limit of a record in bytes, which also applies to other parts of the response; 16 MiB by default.
    #[must_use]
    pub fn max_record(mut self, bytes: usize) -> Self {
        self.max_record = bytes;
        self
    }

    /// Sets whether the request asked for display values only (`sysparm_display_value=true`). If so, the text of a field is not a
    /// stored value, and only [`DisplayOnly`](super::DisplayOnly) reads it as a type.
    #[must_use]
    pub fn displayed(mut self, displayed: bool) -> Self {
        self.scanner.shapes = Shapes::new(displayed);
        self
    }

    /// Sets whether half of a surrogate pair (`"\ud83d"`) is replaced by U+FFFD, the replacement character; `false` by default,
    /// which makes reading such a value an error.
    #[must_use]
    pub fn lossy_text(mut self, lossy: bool) -> Self {
        self.scanner.lossy = lossy;
        self
    }

    /// Starts with the shapes of earlier records.
    pub(super) fn shapes(mut self, shapes: Shapes) -> Self {
        self.scanner.shapes = shapes;
        self
    }

    /// Creates an empty decoder for the next response to the same request, which already knows the names of its fields.
    #[must_use]
    pub fn again(&self) -> Self {
        let mut next = Self::new(self.expected).max_record(self.max_record);
        next.scanner.shapes = self.scanner.shapes.clone();
        next.scanner.lossy = self.scanner.lossy;
        next
    }

    /// Adds a chunk of the body.
    pub fn push(&mut self, chunk: Bytes) {
        self.buffer.push(chunk);
    }

    /// Marks the body as complete.
    pub fn finish(&mut self) {
        self.buffer.end();
    }

    /// Returns the next record. `None` means that more of the body is needed; or, after [`finish`](Self::finish), that the response
    /// was complete and all of its records have been returned.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) if the response ends too early.
    /// - [`ErrorKind::TransactionCancelled`](crate::ErrorKind::TransactionCancelled) if it reports an error in addition to its
    ///   result, or has something that is not a record among its records.
    /// - [`ErrorKind::Malformed`](crate::ErrorKind::Malformed) if it is not JSON from some byte on, which the error names.
    /// - [`ErrorKind::EmptyResponse`](crate::ErrorKind::EmptyResponse) if it is empty.
    /// - [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it is complete and contains something else.
    /// - [`ErrorKind::NotJson`](crate::ErrorKind::NotJson) if it is an HTML page.
    /// - [`ErrorKind::ResponseTooLarge`](crate::ErrorKind::ResponseTooLarge) for a record that exceeds the limit.
    ///
    /// After an error, every further call returns an error.
    #[expect(clippy::should_implement_trait, reason = "None is not the end before finish()")]
    pub fn next(&mut self) -> Result<Option<Record>, Error> {
        match &self.error {
            Some(error) => Err(error.clone()),
            None => self.advance().map_err(|error| {
                let error = match &self.head {
                    Some(head) => annotate(error, head),
                    None => error,
                };
                self.error = Some(error.clone());
                error
            }),
        }
    }

    /// Returns how many bytes have arrived and have not been returned as records.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Returns how many records have been returned.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// Returns how many records match the query, from `X-Total-Count`. Records that the user may not read are counted, too ([facts
    /// 9]).
    ///
    /// [facts 9]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#9-paging
    pub fn total(&self) -> Option<u64> {
        total(&self.head.as_ref()?.headers)
    }

    /// Returns whether the result has begun.
    #[doc(hidden)]
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Returns the message and detail of an error so far, in whatever form.
    pub(super) fn stated_error(&self) -> Option<(String, String)> {
        self.envelope.stated()
    }

    fn advance(&mut self) -> Result<Option<Record>, Error> {
        while self.buffer.is_ready() {
            match self.step() {
                Ok(Step::Advanced) => {}
                Ok(Step::Record(record)) => {
                    self.given = self.given.saturating_add(1);
                    return Ok(Some(record));
                }
                Ok(Step::AtEnd) if self.buffer.has_ended() => return self.check_end().map(|()| None),
                Ok(Step::AtEnd) => return Ok(None),
                Err(StepError::Failed(error)) => return Err(error),
                Err(StepError::Scan(ScanError::Deep)) => {
                    return Err(decode_error("the response is nested too deep"));
                }
                Err(StepError::Scan(ScanError::Bad)) => return Err(self.malformed_error()),
                Err(StepError::Scan(ScanError::Short)) => {
                    let held = self.buffer.bytes().len();
                    if held > self.max_record {
                        return Err(self.too_large_error());
                    }
                    if !self.buffer.want(held.saturating_sub(self.scanner.seen())) {
                        return Err(self.truncated_error());
                    }
                }
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for Records {
    /// Shows the progress and not the content, which may be confidential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Records({} given, {} bytes buffered)", self.given, self.buffered())
    }
}
