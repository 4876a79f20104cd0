//! One record found in a run of bytes: checked whole, with the place of every field's value.

use super::record::Record;
use super::scan::{self, DEPTH, Stop};
use super::shape::Shapes;
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
        Self { start: place(start), end: place(end) << 1 | u32::from(escaped) }
    }

    #[inline]
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..(self.end >> 1) as usize
    }

    pub(super) fn is_escaped(self) -> bool {
        self.end & 1 == 1
    }
}

/// Nothing longer than [`LARGEST`] is looked at.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "places are below LARGEST")]
fn place(at: usize) -> u32 {
    at as u32
}

/// Finds records, one after the other. One that has not come whole is gone on with where the last look ended.
#[derive(Default)]
pub(super) struct Splitter {
    pub(super) shapes: Shapes,
    /// The values found so far, the names that the shape does not have, and where the next member begins; 0 before the first.
    spans: Vec<Span>,
    novel: Vec<Range<u32>>,
    at: usize,
    /// So many fields came before the first of the names in `novel`.
    familiar: usize,
}

impl Splitter {
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
        self.shapes.settle(self.spans.len().saturating_sub(self.novel.len()), text, &self.novel);
        let record =
            Record::new(self.shapes.current.clone(), Arc::from(text), Arc::from(self.spans.as_slice()));
        self.reset();
        Ok((record, end))
    }

    /// Forgets what has been found of a record.
    pub(super) fn reset(&mut self) {
        self.spans.clear();
        self.novel.clear();
        (self.at, self.familiar) = (0, 0);
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
        self.members(bytes)
    }

    fn members(&mut self, bytes: &[u8]) -> Result<usize, Stop> {
        loop {
            let start = scan::space(bytes, self.name(bytes)?);
            let (end, escaped) = match scan::byte(bytes, start)? {
                b'"' => scan::string(bytes, start + 1)?,
                _ => (scan::value(bytes, start, DEPTH - 1)?, false),
            };
            let at = scan::space(bytes, end);
            match scan::byte(bytes, at)? {
                b',' => {
                    self.spans.push(Span::new(start, end, escaped));
                    self.at = at + 1;
                }
                b'}' => {
                    self.spans.push(Span::new(start, end, escaped));
                    return Ok(at + 1);
                }
                _ => return Err(Stop::Bad),
            }
        }
    }

    /// Past a name and its colon: the one that the record before had in this place, or any other.
    #[inline]
    fn name(&mut self, bytes: &[u8]) -> Result<usize, Stop> {
        if self.novel.is_empty()
            && let Some(key) = self.shapes.current.key(self.spans.len())
            && bytes.get(self.at..self.at + key.len()) == Some(key)
        {
            return Ok(self.at + key.len());
        }
        self.other_name(bytes)
    }

    fn other_name(&mut self, bytes: &[u8]) -> Result<usize, Stop> {
        let start = scan::space(bytes, self.at);
        if scan::byte(bytes, start)? != b'"' {
            return Err(Stop::Bad);
        }
        let (end, _) = scan::string(bytes, start + 1)?;
        let value = scan::colon(bytes, end)?;
        // A member that had not come whole is looked at once more.
        self.novel.truncate(self.spans.len().saturating_sub(self.familiar));
        if self.novel.is_empty() {
            self.familiar = self.spans.len();
            if self.shapes.switch(self.familiar, bytes.get(start..end).unwrap_or_default()) {
                return Ok(value);
            }
        }
        self.novel.push(place(start)..place(end));
        Ok(value)
    }
}
