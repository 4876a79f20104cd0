//! Finds records in bytes. Each record is checked as a whole, and the position of every value is noted.

use super::json_string;
use super::raw_record::{LARGEST, RawRecord, Span};
use super::scan::{self, DEPTH, ScanError};
use super::shape::{Shape, Shapes};
use std::ops::Range;
use std::sync::Arc;

/// How deep a field's value may be nested. The record around it counts as a level.
const FIELD_DEPTH: u32 = DEPTH - 1;

/// Finds records one after another. An incomplete record is continued where the last call ended.
#[derive(Default)]
pub(super) struct RecordScanner {
    pub(super) shapes: Shapes,
    /// The values found so far, the names that the shape does not have, and where the next member begins; 0 before the first.
    spans: Vec<Span>,
    new_names: Vec<Range<u32>>,
    at: usize,
    /// Whether there are escapes in one of the names in `new_names`.
    escaped: bool,
    /// How many fields came before the first of the names in `new_names`.
    known_names: usize,
    /// Whether half a surrogate pair is replaced.
    pub(super) lossy: bool,
}

impl RecordScanner {
    pub(super) fn new(shapes: Shapes) -> Self {
        Self { shapes, ..Self::default() }
    }

    /// Returns how many bytes need not be scanned again.
    pub(super) fn seen(&self) -> usize {
        self.at
    }

    /// Returns the record that begins with these bytes, and its length. After [`ScanError::Short`], call it again with the same
    /// bytes and more.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Result<(RawRecord, usize), ScanError> {
        let bytes = bytes.get(..LARGEST).unwrap_or(bytes);
        let end = match self.at {
            0 => self.open(bytes)?,
            _ => self.members(bytes)?,
        };
        let text = bytes.get(..end).and_then(|record| str::from_utf8(record).ok()).ok_or(ScanError::Bad)?;
        let mended = if self.lossy { json_string::mended(text) } else { None };
        let text = Arc::from(mended.as_deref().unwrap_or(text));
        let shape = self.shapes.settle(&text, self.spans.len(), &self.new_names, self.escaped);
        let record = RawRecord { shape, text, spans: Arc::from(self.spans.as_slice()) };
        self.reset();
        Ok((record, end))
    }

    /// Forgets what was found of an incomplete record.
    pub(super) fn reset(&mut self) {
        self.spans.clear();
        self.new_names.clear();
        (self.at, self.known_names, self.escaped) = (0, 0, false);
    }

    fn open(&mut self, bytes: &[u8]) -> Result<usize, ScanError> {
        if scan::byte(bytes, 0)? != b'{' {
            return Err(ScanError::Bad);
        }
        let at = scan::space(bytes, 1);
        if scan::byte(bytes, at)? == b'}' {
            return Ok(at.saturating_add(1));
        }
        self.at = at;
        let expected = self.shapes.expected().map_or(bytes.len() / 32, Shape::len);
        self.spans.reserve(expected.min(1 << 10));
        self.members(bytes)
    }

    fn members(&mut self, bytes: &[u8]) -> Result<usize, ScanError> {
        loop {
            if self.new_names.is_empty()
                && let Some(end) = self.expected_members(bytes)?
            {
                return Ok(end);
            }
            let member = ScannedMember::read(bytes, self.name(bytes)?)?;
            self.spans.push(member.span);
            self.at = member.end;
            if member.last {
                return Ok(member.end);
            }
        }
    }

    /// Scans members that the previous record had in the same places, up to the first one that differs.
    fn expected_members(&mut self, bytes: &[u8]) -> Result<Option<usize>, ScanError> {
        let Some(shape) = self.shapes.expected() else { return Ok(None) };
        for name in shape.quoted(self.spans.len()) {
            let end = self.at.saturating_add(name.len());
            if bytes.get(self.at..end) != Some(name) {
                break;
            }
            let member = ScannedMember::read(bytes, scan::colon(bytes, end)?)?;
            self.spans.push(member.span);
            self.at = member.end;
            if member.last {
                return Ok(Some(member.end));
            }
        }
        Ok(None)
    }

    /// Scans a name that was not expected here, and its colon.
    fn name(&mut self, bytes: &[u8]) -> Result<usize, ScanError> {
        let start = scan::space(bytes, self.at);
        let (end, escaped) = scan::string(bytes, scan::past(bytes, start, b'"')?)?;
        let value = scan::colon(bytes, end)?;
        // A member that had not arrived completely is scanned again.
        self.new_names.truncate(self.spans.len().saturating_sub(self.known_names));
        if self.new_names.is_empty() {
            self.known_names = self.spans.len();
            if self.shapes.switch(self.known_names, bytes.get(start..end).unwrap_or_default()) {
                return Ok(value);
            }
            self.new_names.reserve(self.spans.capacity().saturating_sub(self.spans.len()));
        }
        self.escaped |= escaped;
        self.new_names.push(scan::place(start)..scan::place(end));
        Ok(value)
    }
}

/// Scans the value of a member, and what follows it.
struct ScannedMember {
    span: Span,
    /// The position after the comma or brace.
    end: usize,
    last: bool,
}

impl ScannedMember {
    /// Scans from after the colon.
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Result<Self, ScanError> {
        let start = scan::space(bytes, at);
        let (end, escaped) = match scan::byte(bytes, start)? {
            b'"' => scan::string(bytes, start.saturating_add(1))?,
            b'{' => match scan::cell(bytes, start) {
                Some(end) => (end, false),
                None => (scan::value(bytes, start, FIELD_DEPTH)?, false),
            },
            _ => (scan::value(bytes, start, FIELD_DEPTH)?, false),
        };
        let span = Span::new(start, end, escaped);
        let at = scan::space(bytes, end);
        match scan::byte(bytes, at)? {
            b',' => Ok(Self { span, end: at.saturating_add(1), last: false }),
            b'}' => Ok(Self { span, end: at.saturating_add(1), last: true }),
            _ => Err(ScanError::Bad),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Record;

    /// The records of a text, one after the other.
    fn scan_all(scanner: &mut RecordScanner, text: &str) -> Vec<Record> {
        let (mut rest, mut records) = (text.as_bytes(), Vec::new());
        while !rest.is_empty() {
            let (record, end) = scanner.next(rest).unwrap();
            rest = &rest[end..];
            records.push(Record::from(record));
        }
        records
    }

    #[test]
    fn records_of_one_shape_share_their_names() {
        let (a, b, c) = (r#"{"a":"1","b":"2"}"#, r#"{"a":"1","c":"2"}"#, r#"{"a":"1"}"#);
        let mut scanner = RecordScanner::default();
        let records = scan_all(&mut scanner, &[a, a, b, a, b, c, a, c, b].concat());
        let shape = |at: usize| Arc::as_ptr(&records[at].raw.shape);
        assert!(shape(0) == shape(1) && shape(0) == shape(3) && shape(0) == shape(6));
        assert!(shape(2) == shape(4) && shape(2) == shape(8) && shape(5) == shape(7));
        assert!(shape(0) != shape(2) && shape(0) != shape(5) && shape(2) != shape(5));
        let names = |at: usize| records[at].fields().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            (names(6), names(8), names(7)),
            (vec!["a".into(), "b".into()], vec!["a".into(), "c".into()], vec!["a".into()])
        );
    }

    #[test]
    fn a_record_that_comes_in_pieces_is_gone_on_with() {
        let text = r#"{"a":"1","b":{"x":["2"]},"c\u0041":"\n","b":"4"}"#;
        for first in [None, Some(r#"{"a":"1","b":"2","d":"3"}"#)] {
            let mut scanner = RecordScanner::default();
            first.map(|first| scan_all(&mut scanner, first));
            for end in 1..text.len() {
                assert_eq!(scanner.next(&text.as_bytes()[..end]).map(drop), Err(ScanError::Short));
                assert!(scanner.seen() <= end);
            }
            let record = &scan_all(&mut scanner, text)[0];
            assert_eq!(record.json(), text);
            assert_eq!(record.fields().collect::<Vec<_>>(), ["a", "cA", "b"]);
            assert_eq!((record.value("b").unwrap(), record.value("cA").unwrap()), ("4".into(), "\n".into()));
        }
    }
}
