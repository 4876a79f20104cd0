//! One step through the envelope: a member, a record, or a byte between them.

use super::{Expected, Records};
use crate::decode::Record;
use crate::decode::envelope::{EnvelopeMember, cancelled_error, decode_error};
use crate::decode::json_string::BOM;
use crate::decode::scan::{self, DEPTH, ScanError};
use crate::{Error, ErrorKind};

/// What comes next in the response.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    Start,
    /// A member of the envelope, or its end.
    First,
    Member,
    Value(EnvelopeMember),
    AfterValue,
    /// A record, or the end of the list.
    FirstRow,
    Row,
    AfterRow,
    /// The same after an empty text, which a cancelled transaction leaves, possibly followed by a second one.
    AfterText,
    /// The one record that is the result.
    Single,
    /// Nothing but white space.
    Behind,
}

/// What a step found.
pub(super) enum Step {
    /// Something was read that is not a record.
    Advanced,
    Record(Record),
    /// The response has ended, and nothing has followed it so far.
    AtEnd,
}

/// Why a step failed.
pub(super) enum StepError {
    Scan(ScanError),
    Failed(Error),
}

impl From<ScanError> for StepError {
    fn from(error: ScanError) -> Self {
        Self::Scan(error)
    }
}

const NO_RECORD: &str = "the response has something that is not a record among its records";
pub(super) const NO_RESULT: &str = "the response has no result";

/// Returns the value at the front and its length.
fn checked_value(bytes: &[u8]) -> Result<(&str, usize), StepError> {
    let end = scan::value(bytes, 0, DEPTH)?;
    let value = str::from_utf8(bytes.get(..end).unwrap_or_default()).map_err(|_| ScanError::Bad)?;
    Ok((value, end))
}

impl Records {
    /// Reads the next thing in the response.
    pub(super) fn step(&mut self) -> Result<Step, StepError> {
        let bytes = self.buffer.bytes();
        let at = scan::space(bytes, 0);
        if at > 0 {
            self.buffer.take(at);
            return Ok(Step::Advanced);
        }
        if self.position == Position::Behind && bytes.is_empty() {
            return Ok(Step::AtEnd);
        }
        let next = scan::byte(bytes, 0)?;
        match (self.position, next) {
            (Position::Start, b'{') => self.move_to(1, Position::First),
            (Position::Start, b'\xef') => self.skip_byte_order_mark(),
            (Position::Start, _) => self.read_bare_value(next),
            (Position::First | Position::AfterValue, b'}') => self.move_to(1, Position::Behind),
            (Position::First | Position::Member, b'"') => self.read_member_name(),
            (Position::AfterValue, b',') => self.move_to(1, Position::Member),
            (Position::Value(member), _) => self.read_member_value(member, next),
            (Position::AfterText, b'"') => Err(StepError::Failed(cancelled_error(NO_RECORD))),
            (Position::FirstRow | Position::AfterRow | Position::AfterText, b']') => {
                self.move_to(1, Position::AfterValue)
            }
            (Position::AfterRow | Position::AfterText, b',') => self.move_to(1, Position::Row),
            (Position::FirstRow | Position::Row, b'{') => self.read_record(Position::AfterRow),
            (Position::FirstRow | Position::Row, _) => self.skip_element(),
            (Position::Single, _) => self.read_record(Position::AfterValue),
            _ => Err(ScanError::Bad.into()),
        }
    }

    /// Skips a byte order mark, which may only be at the very beginning.
    fn skip_byte_order_mark(&mut self) -> Result<Step, StepError> {
        let bytes = self.buffer.bytes();
        match self.buffer.passed() == 0 {
            true if bytes.starts_with(BOM) => self.move_to(BOM.len(), Position::Start),
            true if BOM.starts_with(bytes) => Err(ScanError::Short.into()),
            _ => Err(ScanError::Bad.into()),
        }
    }

    /// Reads a response that does not begin as an envelope. Where no envelope is needed, it may be any value.
    fn read_bare_value(&mut self, first: u8) -> Result<Step, StepError> {
        match first {
            b'<' => Err(StepError::Failed(Error::new(
                ErrorKind::NotJson,
                "the response is an HTML page, not JSON",
            ))),
            b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' if self.expected == Expected::Anything => {
                let end = match checked_value(self.buffer.bytes()) {
                    Err(StepError::Scan(ScanError::Short)) if self.buffer.is_all() => {
                        self.final_number_len()?
                    }
                    value => value?.1,
                };
                self.take_value(end, Position::Behind)
            }
            b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                Err(StepError::Failed(decode_error("the response is not an object with a result")))
            }
            _ => Err(ScanError::Bad.into()),
        }
    }

    /// Returns the length of a number that is the last thing in a response: a number ends where something else begins, or with
    /// the response.
    fn final_number_len(&self) -> Result<usize, ScanError> {
        let bytes = self.buffer.bytes();
        let is_number = matches!(bytes.first(), Some(b'-' | b'0'..=b'9'));
        match scan::value(&[bytes, b" "].concat(), 0, DEPTH) {
            Ok(end) if is_number && end == bytes.len() => Ok(end),
            _ => Err(ScanError::Short),
        }
    }

    fn move_to(&mut self, count: usize, position: Position) -> Result<Step, StepError> {
        self.buffer.take(count);
        self.position = position;
        Ok(Step::Advanced)
    }

    fn read_member_name(&mut self) -> Result<Step, StepError> {
        let bytes = self.buffer.bytes();
        let (end, _) = scan::string(bytes, 1)?;
        let value = scan::colon(bytes, end)?;
        let name = str::from_utf8(bytes.get(scan::unquoted(&(0..end))).unwrap_or_default())
            .map_err(|_| ScanError::Bad)?;
        let member = EnvelopeMember::of(name);
        if !self.envelope.record_member(member) {
            return Err(StepError::Failed(cancelled_error(
                "the response has a result, an error or a status twice",
            )));
        }
        self.move_to(value, Position::Value(member))
    }

    fn read_member_value(&mut self, member: EnvelopeMember, first: u8) -> Result<Step, StepError> {
        if member == EnvelopeMember::Result {
            match (self.expected, first) {
                (Expected::List, b'[') => return self.begin_result(Position::FirstRow),
                (Expected::One, b'{') => return self.begin_result(Position::Single),
                (Expected::Anything, _) => {}
                (_, b'n') => self.deferred_error = Some(decode_error(NO_RESULT)),
                (Expected::List, _) => {
                    self.deferred_error = Some(decode_error("the result of the response is not a list"))
                }
                (Expected::One, _) => {
                    self.deferred_error = Some(decode_error("the result of the response is not one record"))
                }
            }
        }
        let (value, end) = checked_value(self.buffer.bytes())?;
        match member {
            EnvelopeMember::Error => self.envelope.set_error(value),
            EnvelopeMember::Status => self.envelope.set_status(value),
            _ => {}
        }
        self.take_value(end, Position::AfterValue)
    }

    /// Begins the result. An error that came before it is returned at once; a bare status waits for the error that may follow.
    fn begin_result(&mut self, position: Position) -> Result<Step, StepError> {
        self.has_begun = true;
        match self.envelope.fault() {
            Some(_) if self.envelope.has_error() => Err(StepError::Failed(self.error_of_response())),
            fault => {
                self.skips_records = fault.is_some();
                self.move_to(usize::from(position == Position::FirstRow), position)
            }
        }
    }

    fn read_record(&mut self, position: Position) -> Result<Step, StepError> {
        if self.skips_records {
            let (_, end) = checked_value(self.buffer.bytes())?;
            return self.take_value(end, position);
        }
        let (record, end) = self.scanner.next(self.buffer.bytes())?;
        self.take_value(end, position).map(|_| Step::Record(Record::from(record)))
    }

    /// Skips an element that is not a record: a cancelled transaction may leave a text in place of one (facts 3.4). The error that
    /// explains it may follow.
    fn skip_element(&mut self) -> Result<Step, StepError> {
        let (value, end) = checked_value(self.buffer.bytes())?;
        let position = if value == r#""""# { Position::AfterText } else { Position::AfterRow };
        self.skips_records = true;
        self.deferred_error.get_or_insert_with(|| cancelled_error(NO_RECORD));
        self.take_value(end, position)
    }

    /// Goes on after a value, if it is not too large.
    fn take_value(&mut self, end: usize, position: Position) -> Result<Step, StepError> {
        if end > self.max_record {
            Err(StepError::Failed(self.too_large_error()))
        } else {
            self.move_to(end, position)
        }
    }
}
