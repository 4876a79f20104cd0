//! Takes in a response piece by piece, and gives it out record by record.

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

/// The records of an answer, while it comes: chunks of the body in, records out, and at the end whether it was whole.
///
/// Nothing is kept but what has not been given out: of a page of any size, that is as much of a record as has come. All of it
/// is checked. A record that is given out is good; that the answer is whole is known when [`next`](Self::next) has said
/// `None` after [`finish`](Self::finish), and not before: an error may stand behind the last record (facts 3.4).
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
pub struct Records {
    head: Option<Box<Parts>>,
    expected: Expected,
    max_record: usize,
    buffer: ChunkBuffer,
    scanner: RecordScanner,
    position: Position,
    envelope: EnvelopeErrors,
    /// An error that is returned at the end, unless the response tells of an error itself.
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
    /// For the records of `{"result":[…]}`.
    pub fn list() -> Self {
        Self::new(Expected::List)
    }

    /// For the one record of `{"result":{…}}`.
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

    /// Adds the head of the answer: errors then tell its status and transaction, and [`total`](Self::total) is known.
    #[must_use]
    pub fn head(mut self, head: Parts) -> Self {
        self.head = Some(Box::new(head));
        self
    }

    /// The largest record to take, in bytes, and the largest of what else may stand in an answer. 16 MiB by default.
    #[must_use]
    pub fn max_record(mut self, bytes: usize) -> Self {
        self.max_record = bytes;
        self
    }

    /// Tells that the request asked for what a person sees (`sysparm_display_value=true`). Then a field's text is no stored
    /// value, and only [`DisplayOnly`](super::DisplayOnly) reads it as a type.
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

    /// Begins with the shapes of earlier records.
    pub(super) fn shapes(mut self, shapes: Shapes) -> Self {
        self.scanner.shapes = shapes;
        self
    }

    /// An empty one for the next answer to the same question, which knows already what the records look like.
    #[must_use]
    pub fn again(&self) -> Self {
        let mut next = Self::new(self.expected).max_record(self.max_record);
        next.scanner.shapes = self.scanner.shapes.clone();
        next.scanner.lossy = self.scanner.lossy;
        next
    }

    /// Takes a chunk of the body.
    pub fn push(&mut self, chunk: Bytes) {
        self.buffer.push(chunk);
    }

    /// Takes note that the body is over.
    pub fn finish(&mut self) {
        self.buffer.end();
    }

    /// The next record. `None` means: not enough has come; or, after [`finish`](Self::finish), that the answer was whole and all
    /// of its records have been given out.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) if the response ends too early,
    /// [`ErrorKind::TransactionCancelled`](crate::ErrorKind::TransactionCancelled) if it reports an error in addition to its result or
    /// has something that is not a record among its records.
    /// [`ErrorKind::Malformed`](crate::ErrorKind::Malformed) if it is not JSON from some byte on, which the error names. [`ErrorKind::EmptyResponse`](crate::ErrorKind::EmptyResponse) if there is nothing
    /// in it. [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it is whole and holds something else, [`ErrorKind::NotJson`](crate::ErrorKind::NotJson) if it is a page,
    /// [`ErrorKind::ResponseTooLarge`](crate::ErrorKind::ResponseTooLarge) for a record past the limit. What failed once stays so.
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

    /// How many bytes have come and not been given out.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// How many records have been given out.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// How many rows match the query, from `X-Total-Count`. It counts rows that the caller may not read, too (facts 9).
    pub fn total(&self) -> Option<u64> {
        total(&self.head.as_ref()?.headers)
    }

    /// Whether the result has begun.
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
    /// How far it is: what it holds may be anybody's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Records({} given, {} bytes buffered)", self.given, self.buffered())
    }
}
