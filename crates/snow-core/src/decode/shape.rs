//! The names of a record's fields, once for all records that have the same ones in the same order.

use super::text;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

#[derive(Default)]
pub(super) struct Shape {
    /// Every name as it stands in compact JSON, `"number":`, one behind the other.
    raw: String,
    /// Where each ends.
    ends: Box<[u32]>,
    /// The names, if any of them has escapes; `None` for one that is no text.
    read: Option<Box<[Option<Box<str>>]>>,
    /// The fields that another one of the same name follows, looked for when somebody asks.
    hidden: OnceLock<Box<[usize]>>,
    /// Whether the values are what a person sees, by what the request asked for.
    pub(super) displayed: bool,
}

impl Shape {
    fn new(raw: String, ends: Box<[u32]>, displayed: bool) -> Self {
        let mut shape = Self { raw, ends, displayed, ..Self::default() };
        if shape.raw.contains('\\') {
            let read = |at| text::unescape(shape.raw_name(at)).map(|name| Box::from(&*name));
            shape.read = Some((0..shape.len()).map(read).collect());
        }
        shape
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn end(&self, count: usize) -> usize {
        count.checked_sub(1).and_then(|last| self.ends.get(last)).map_or(0, |end| *end as usize)
    }

    /// The name as it stands in compact JSON, with quotes and colon.
    #[inline]
    pub(super) fn key(&self, at: usize) -> Option<&[u8]> {
        let end = *self.ends.get(at)?;
        self.raw.as_bytes().get(self.end(at)..end as usize)
    }

    /// All names before this one, as they stand.
    fn before(&self, count: usize) -> Option<&[u8]> {
        if count > self.len() { None } else { self.raw.as_bytes().get(..self.end(count)) }
    }

    fn raw_name(&self, at: usize) -> &str {
        let end = self.end(at + 1);
        self.raw.get(self.end(at) + 1..end.saturating_sub(2)).unwrap_or_default()
    }

    /// A name; `None` if it is half a surrogate pair, which is no text.
    #[inline]
    pub(super) fn name(&self, at: usize) -> Option<&str> {
        match &self.read {
            None => Some(self.raw_name(at)),
            Some(read) => read.get(at)?.as_deref(),
        }
    }

    /// A name, or how it came if it is no text.
    pub(super) fn shown(&self, at: usize) -> &str {
        self.name(at).unwrap_or_else(|| self.raw_name(at))
    }

    /// Where a field is: the last one of that name, as serde_json has it.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        (0..self.len()).rev().find(|at| self.name(*at) == Some(name))
    }

    /// The fields, without those that another one of the same name follows.
    pub(super) fn visible(&self) -> impl Iterator<Item = usize> {
        let hidden = self.hidden.get_or_init(|| {
            let mut last = HashMap::with_capacity(self.len());
            let hidden = (0..self.len()).filter_map(|at| last.insert(self.name(at)?, at));
            let mut hidden: Vec<usize> = hidden.collect();
            hidden.sort_unstable();
            hidden.into_boxed_slice()
        });
        (0..self.len()).filter(|at| hidden.binary_search(at).is_err())
    }
}

/// How many shapes are remembered: rows of a hierarchy, or with different fields hidden, take turns.
const KNOWN: usize = 8;

/// The shapes met so far, and the one that the next record is expected to have.
#[derive(Clone, Default)]
pub(super) struct Shapes {
    known: Vec<Arc<Shape>>,
    /// Which one makes room next.
    oldest: usize,
    pub(super) current: Arc<Shape>,
    displayed: bool,
}

impl Shapes {
    pub(super) fn new(displayed: bool) -> Self {
        Self { displayed, ..Self::default() }
    }

    /// Goes over to another shape with the same names before this one, and this one next.
    pub(super) fn switch(&mut self, count: usize, next: &[u8]) -> bool {
        let fits = |key: &[u8]| key.split_last().is_some_and(|(_, name)| name == next);
        if self.current.key(count).is_some_and(fits) {
            return true;
        }
        let before = self.current.before(count);
        let found = self
            .known
            .iter()
            .find(|shape| shape.key(count).is_some_and(fits) && shape.before(count) == before);
        match found.cloned() {
            Some(shape) => {
                self.current = shape;
                true
            }
            None => false,
        }
    }

    /// Goes over to the shape that has so many names of the current one and then those at these places of a record.
    pub(super) fn settle(&mut self, count: usize, record: &str, novel: &[Range<u32>]) {
        if novel.is_empty() && self.current.len() == count && self.current.displayed == self.displayed {
            return;
        }
        let before = self.current.before(count);
        let exactly = |shape: &&Arc<Shape>| shape.len() == count && shape.before(count) == before;
        match self.known.iter().find(exactly).filter(|_| novel.is_empty()) {
            Some(shape) => self.current = shape.clone(),
            None => self.remember(count, record, novel),
        }
    }

    fn remember(&mut self, count: usize, record: &str, novel: &[Range<u32>]) {
        let size: usize = novel.iter().map(|name| name.len() + 1).sum();
        let known = self.current.end(count);
        let mut raw = String::with_capacity(known + size);
        raw.push_str(self.current.raw.get(..known).unwrap_or_default());
        let mut ends = Vec::with_capacity(count + novel.len());
        ends.extend_from_slice(self.current.ends.get(..count).unwrap_or_default());
        for name in novel {
            raw.push_str(record.get(name.start as usize..name.end as usize).unwrap_or_default());
            raw.push(':');
            // As long as the record at most, whose length fits.
            ends.push(u32::try_from(raw.len()).unwrap_or(u32::MAX));
        }
        self.current = Arc::new(Shape::new(raw, ends.into(), self.displayed));
        match self.known.get_mut(self.oldest) {
            Some(old) => *old = self.current.clone(),
            None => self.known.push(self.current.clone()),
        }
        self.oldest = (self.oldest + 1) % KNOWN;
    }
}
