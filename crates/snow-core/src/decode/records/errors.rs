//! The errors at the end of a response: it is truncated, malformed, or reports an error itself.

use super::step::{NO_RESULT, Position};
use super::{Expected, Records};
use crate::decode::envelope::{cancelled_error, decode_error};
use crate::decode::scan::{self, DEPTH, ScanError};
use crate::decode::syntax_error;
use crate::{Error, ErrorKind};

impl Records {
    /// Checks a response that has come to its end.
    pub(super) fn check_end(&self) -> Result<(), Error> {
        if self.envelope.fault().is_some() {
            return Err(self.error_of_response());
        }
        match &self.deferred_error {
            Some(error) => Err(error.clone()),
            None if self.expected != Expected::Anything && !self.has_begun => Err(decode_error(NO_RESULT)),
            None => Ok(()),
        }
    }

    /// Returns the error of a response that ends too early.
    pub(super) fn truncated_error(&self) -> Error {
        match self.position {
            Position::Start if self.buffer.bytes().is_empty() => {
                Error::new(ErrorKind::EmptyResponse, "the response has no body")
            }
            _ if self.envelope.fault().is_some() => self.error_of_response(),
            _ => Error::new(ErrorKind::Truncated, "the response breaks off"),
        }
    }

    /// Returns the error of a response that is not JSON from some byte on.
    pub(super) fn malformed_error(&self) -> Error {
        if self.envelope.fault().is_some() {
            return self.error_of_response();
        }
        let error = syntax_error::find(self.buffer.bytes(), |bytes| self.probe(bytes));
        let at = self.buffer.passed().saturating_add(error.at as u64);
        let record = match (self.expected, self.position) {
            (Expected::List, Position::FirstRow | Position::Row) => {
                format!(", in record {} of its list", self.given.saturating_add(1))
            }
            (Expected::List, Position::AfterRow | Position::AfterText) => {
                format!(", after record {} of its list", self.given)
            }
            _ => String::new(),
        };
        Error::new(
            ErrorKind::Malformed,
            format!("the response is malformed at byte {at}{record}: {}", error.what),
        )
    }

    /// Checks whether these bytes may be the beginning of what is expected here.
    fn probe(&self, bytes: &[u8]) -> Result<usize, ScanError> {
        match (self.position, scan::byte(bytes, 0)?) {
            (Position::First | Position::Member, b'"') => scan::colon(bytes, scan::string(bytes, 1)?.0),
            (Position::Value(_) | Position::FirstRow | Position::Row | Position::Single, _)
            | (Position::Start, b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                scan::value(bytes, 0, DEPTH)
            }
            _ => Err(ScanError::Bad),
        }
    }

    /// Returns the error that the response itself reports. Its text is localized and decides nothing, so that every such error is
    /// of one kind.
    pub(super) fn error_of_response(&self) -> Error {
        let (message, detail) = self.envelope.fault().unwrap_or_default();
        let what = match self.envelope.has_result() {
            true => "the response began with a result and ended in an error",
            false => "the response has the status of a success and contains an error",
        };
        cancelled_error(what).with_service_message(&message, &detail)
    }

    pub(super) fn too_large_error(&self) -> Error {
        let why = format!("a record of the response is larger than {} bytes", self.max_record);
        Error::new(ErrorKind::ResponseTooLarge, why)
    }
}
