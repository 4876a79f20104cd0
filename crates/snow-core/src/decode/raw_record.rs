//! What a record holds: its text as it came, the place of each value in it, and the names of its fields.

use super::scan;
use super::shape::Shape;
use std::ops::Range;
use std::sync::Arc;

/// No record is larger: places in it are counted in 31 bits.
pub(super) const LARGEST: usize = i32::MAX as usize;

/// Where a value is in its record.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: u32,
    /// Twice the end, plus one if it is a string with escapes.
    end: u32,
}

impl Span {
    #[inline]
    pub(super) fn new(start: usize, end: usize, escaped: bool) -> Self {
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

/// A record as it came.
#[derive(Clone)]
pub(super) struct RawRecord {
    pub(super) shape: Arc<Shape>,
    pub(super) text: Arc<str>,
    pub(super) spans: Arc<[Span]>,
}

/// The JSON of a place that is not in the text. It is not valid, so that reading it is an error and not an empty value.
const NOWHERE: &str = "?";

impl RawRecord {
    /// Returns the JSON of the value in this place.
    #[inline]
    pub(super) fn value(&self, at: usize) -> &str {
        self.spans.get(at).and_then(|span| self.text.get(span.range())).unwrap_or(NOWHERE)
    }

    /// Returns whether the value in this place is a string with escapes.
    pub(super) fn is_escaped(&self, at: usize) -> bool {
        self.spans.get(at).is_some_and(|span| span.is_escaped())
    }
}
