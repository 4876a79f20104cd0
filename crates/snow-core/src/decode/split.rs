//! One record found in a run of bytes: checked whole, with the place of every field's value.

use super::record::Record;
use super::scan::{self, DEPTH, Stop};
use super::shape::{Shape, Shapes};
use std::ops::Range;
use std::sync::Arc;

/// No record is larger: places in it are counted in 31 bits.
pub(super) const LARGEST: usize = i32::MAX as usize;

/// Where a value is in its record.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: u32,
    /// Twice the end, and one if it is a string with escapes.
    end: u32,
}

impl Span {
    #[inline]
    fn new(start: usize, end: usize, escaped: bool) -> Self {
        Self { start: scan::place(start), end: scan::place(end) << 1 | u32::from(escaped) }
    }

    #[inline]
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..(self.end >> 1) as usize
    }

    pub(super) fn is_escaped(self) -> bool {
        self.end & 1 == 1
    }
}

/// Finds records, one after the other. One that has not come whole is gone on with where the last look ended.
#[derive(Default)]
pub(super) struct Splitter {
    pub(super) shapes: Shapes,
    /// The values found so far, the names that the shape does not have, and where the next member begins; 0 before the first.
    spans: Vec<Span>,
    novel: Vec<Range<u32>>,
    at: usize,
    /// Whether there are escapes in one of the names in `novel`.
    escaped: bool,
    /// So many fields came before the first of the names in `novel`.
    familiar: usize,
}

impl Splitter {
    pub(super) fn new(shapes: Shapes) -> Self {
        Self { shapes, ..Self::default() }
    }

    /// So many bytes have been looked at and need no other look.
    pub(super) fn seen(&self) -> usize {
        self.at
    }

    /// The record that begins with these bytes, and its length. After [`Stop::Short`] the same bytes and more are wanted.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Result<(Record, usize), Stop> {
        let bytes = bytes.get(..LARGEST).unwrap_or(bytes);
        let end = match self.at {
            0 => self.open(bytes)?,
            _ => self.members(bytes)?,
        };
        let text = bytes.get(..end).and_then(|record| str::from_utf8(record).ok()).ok_or(Stop::Bad)?;
        let text = Arc::from(text);
        let shape = self.shapes.settle(&text, self.spans.len(), &self.novel, self.escaped);
        let record = Record::new(shape, text, Arc::from(self.spans.as_slice()));
        self.reset();
        Ok((record, end))
    }

    /// Forgets what has been found of a record.
    pub(super) fn reset(&mut self) {
        self.spans.clear();
        self.novel.clear();
        (self.at, self.familiar, self.escaped) = (0, 0, false);
    }

    fn open(&mut self, bytes: &[u8]) -> Result<usize, Stop> {
        if scan::byte(bytes, 0)? != b'{' {
            return Err(Stop::Bad);
        }
        let at = scan::space(bytes, 1);
        if scan::byte(bytes, at)? == b'}' {
            return Ok(at + 1);
        }
        self.at = at;
        let expected = self.shapes.expected().map_or(bytes.len() / 32, Shape::len);
        self.spans.reserve(expected.min(1 << 10));
        self.members(bytes)
    }

    fn members(&mut self, bytes: &[u8]) -> Result<usize, Stop> {
        loop {
            if self.novel.is_empty()
                && let Some(end) = self.expected_members(bytes)?
            {
                return Ok(end);
            }
            let member = Member::read(bytes, self.name(bytes)?)?;
            self.spans.push(member.span);
            self.at = member.end;
            if member.last {
                return Ok(member.end);
            }
        }
    }

    /// Members that the record before had in the same places, until there is another one.
    fn expected_members(&mut self, bytes: &[u8]) -> Result<Option<usize>, Stop> {
        let Some(shape) = self.shapes.expected() else { return Ok(None) };
        for name in shape.quoted(self.spans.len()) {
            let end = self.at + name.len();
            if bytes.get(self.at..end) != Some(name) {
                break;
            }
            let member = Member::read(bytes, scan::colon(bytes, end)?)?;
            self.spans.push(member.span);
            self.at = member.end;
            if member.last {
                return Ok(Some(member.end));
            }
        }
        Ok(None)
    }

    /// Past a name that was not expected here, and its colon.
    fn name(&mut self, bytes: &[u8]) -> Result<usize, Stop> {
        let start = scan::space(bytes, self.at);
        if scan::byte(bytes, start)? != b'"' {
            return Err(Stop::Bad);
        }
        let (end, escaped) = scan::string(bytes, start + 1)?;
        let value = scan::colon(bytes, end)?;
        // A member that had not come whole is looked at once more.
        self.novel.truncate(self.spans.len().saturating_sub(self.familiar));
        if self.novel.is_empty() {
            self.familiar = self.spans.len();
            if self.shapes.switch(self.familiar, bytes.get(start..end).unwrap_or_default()) {
                return Ok(value);
            }
            self.novel.reserve(self.spans.capacity() - self.spans.len());
        }
        self.escaped |= escaped;
        self.novel.push(scan::place(start)..scan::place(end));
        Ok(value)
    }
}

/// The value of a member, and what follows it.
struct Member {
    span: Span,
    /// Behind the comma or brace.
    end: usize,
    last: bool,
}

impl Member {
    /// From behind the colon.
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Result<Self, Stop> {
        let start = scan::space(bytes, at);
        let (end, escaped) = match scan::byte(bytes, start)? {
            b'"' => scan::string(bytes, start + 1)?,
            b'{' => match scan::cell(bytes, start) {
                Some(end) => (end, false),
                None => (scan::value(bytes, start, DEPTH - 1)?, false),
            },
            _ => (scan::value(bytes, start, DEPTH - 1)?, false),
        };
        let span = Span::new(start, end, escaped);
        let at = scan::space(bytes, end);
        match scan::byte(bytes, at)? {
            b',' => Ok(Self { span, end: at + 1, last: false }),
            b'}' => Ok(Self { span, end: at + 1, last: true }),
            _ => Err(Stop::Bad),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of some text, one behind the other.
    fn split(splitter: &mut Splitter, text: &str) -> Vec<Record> {
        let (mut rest, mut records) = (text.as_bytes(), Vec::new());
        while !rest.is_empty() {
            let (record, end) = splitter.next(rest).unwrap();
            rest = &rest[end..];
            records.push(record);
        }
        records
    }

    #[test]
    fn records_of_one_shape_share_their_names() {
        let (a, b, c) = (r#"{"a":"1","b":"2"}"#, r#"{"a":"1","c":"2"}"#, r#"{"a":"1"}"#);
        let mut splitter = Splitter::default();
        let records = split(&mut splitter, &[a, a, b, a, b, c, a, c, b].concat());
        let shape = |at: usize| Arc::as_ptr(&records[at].shape);
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
            let mut splitter = Splitter::default();
            first.map(|first| split(&mut splitter, first));
            for end in 1..text.len() {
                assert_eq!(splitter.next(&text.as_bytes()[..end]).map(drop), Err(Stop::Short));
                assert!(splitter.seen() <= end);
            }
            let record = &split(&mut splitter, text)[0];
            assert_eq!(record.json(), text);
            assert_eq!(record.fields().collect::<Vec<_>>(), ["a", "cA", "b"]);
            assert_eq!((record.value("b").unwrap(), record.value("cA").unwrap()), ("4".into(), "\n".into()));
        }
    }
}
