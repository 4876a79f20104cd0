//! The names of a record's fields, once for all records that have the same ones in the same order.

use super::json_string;
use super::scan;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A record longer than this is not kept for its names alone.
const KEPT: usize = 64 << 10;

pub(super) struct Shape {
    /// The text that contains the names: the first record with them.
    text: Arc<str>,
    /// Their positions, quotes included.
    names: Box<[Range<u32>]>,
    /// The names, if any of them has escapes; `None` for one that is not text.
    read: Option<Box<[Option<Box<str>>]>>,
    /// The fields that are followed by another one of the same name; computed on first use.
    hidden: OnceLock<Box<[usize]>>,
    /// Whether the values are display values, because the request asked for those.
    pub(super) displayed: bool,
}

impl Shape {
    fn new(record: &Arc<str>, names: &[Range<u32>], escaped: bool, displayed: bool) -> Self {
        let (text, names) =
            if record.len() > KEPT { alone(record, names) } else { (record.clone(), names.into()) };
        let mut shape = Self { text, names, read: None, hidden: OnceLock::new(), displayed };
        if escaped {
            let read = |at| json_string::unescape(shape.raw_name(at)).map(|name| Box::from(&*name));
            shape.read = Some((0..shape.len()).map(read).collect());
        }
        shape
    }

    /// The same shape without the record that it came from.
    pub(super) fn alone(&self) -> Self {
        let (text, names) = alone(&self.text, &self.names);
        Self { text, names, read: self.read.clone(), hidden: self.hidden.clone(), displayed: self.displayed }
    }

    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The names from this position on as they came, including the quotes.
    #[inline]
    pub(super) fn quoted(&self, from: usize) -> impl Iterator<Item = &[u8]> {
        let text = self.text.as_bytes();
        let names = self.names.get(from..).unwrap_or_default().iter();
        names.map(|name| text.get(wide(name)).unwrap_or_default())
    }

    /// Whether the first names are those of another shape.
    fn begins_as(&self, other: &Self, count: usize) -> bool {
        self.quoted(0).take(count).eq(other.quoted(0).take(count))
    }

    #[inline]
    fn raw_name(&self, at: usize) -> &str {
        let name = self.names.get(at).map_or(0..0, |name| scan::unquoted(&wide(name)));
        self.text.get(name).unwrap_or_default()
    }

    /// A name; `None` if it is half a surrogate pair, which is not text.
    #[inline]
    pub(super) fn name(&self, at: usize) -> Option<&str> {
        match &self.read {
            None => Some(self.raw_name(at)),
            Some(read) => read.get(at)?.as_deref(),
        }
    }

    /// A name, or how it came if it is not text.
    pub(super) fn shown(&self, at: usize) -> &str {
        self.name(at).unwrap_or_else(|| self.raw_name(at))
    }

    /// Returns the position of a field: the last one of that name, as in serde_json.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        if self.read.is_some() {
            return (0..self.len()).rev().find(|at| self.name(*at) == Some(name));
        }
        // Nearly all other names differ in length.
        let (text, length) = (self.text.as_bytes(), scan::place(name.len()).saturating_add(2));
        self.names.iter().rposition(|place| {
            place.end.wrapping_sub(place.start) == length
                && text.get(scan::unquoted(&wide(place))) == Some(name.as_bytes())
        })
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

/// Converts a position in a text to `usize`.
#[inline]
fn wide(place: &Range<u32>) -> Range<usize> {
    place.start as usize..place.end as usize
}

/// The names without the record around them.
fn alone(record: &str, names: &[Range<u32>]) -> (Arc<str>, Box<[Range<u32>]>) {
    let mut text = String::new();
    let names = names.iter().map(|name| {
        let start = scan::place(text.len());
        text.push_str(record.get(wide(name)).unwrap_or_default());
        start..scan::place(text.len())
    });
    let names = names.collect();
    (text.into(), names)
}

/// How many shapes are remembered, because records of a class hierarchy, or with different hidden fields, alternate.
const KNOWN: usize = 8;

/// The shapes that were seen, and the one that the next record is expected to have.
#[derive(Clone, Default)]
pub(super) struct Shapes {
    /// A new one replaces the oldest.
    known: VecDeque<Arc<Shape>>,
    current: Option<Arc<Shape>>,
    displayed: bool,
}

impl Shapes {
    pub(super) fn new(displayed: bool) -> Self {
        Self { displayed, ..Self::default() }
    }

    /// The shapes of the response to the same request as the one before, if that was read in the same way.
    pub(super) fn after(last: Option<Arc<Shape>>, displayed: bool) -> Self {
        Self { current: last.filter(|shape| shape.displayed == displayed), ..Self::new(displayed) }
    }

    #[inline]
    pub(super) fn expected(&self) -> Option<&Shape> {
        self.current.as_deref()
    }

    /// Switches to another shape that has the same names so far, and this one next.
    pub(super) fn switch(&mut self, count: usize, next: &[u8]) -> bool {
        let Some(current) = &self.current else { return false };
        let fits =
            |shape: &&Arc<Shape>| shape.quoted(count).next() == Some(next) && shape.begins_as(current, count);
        match self.known.iter().find(fits).cloned() {
            Some(shape) => {
                self.current = Some(shape);
                true
            }
            None => false,
        }
    }

    /// The shape of a record with so many fields. All of its names are those of the current shape, or `novel` has those that
    /// are not, perhaps with escapes.
    pub(super) fn settle(
        &mut self,
        record: &Arc<str>,
        count: usize,
        novel: &[Range<u32>],
        escaped: bool,
    ) -> Arc<Shape> {
        let current = self.current.as_ref().filter(|_| novel.is_empty());
        let known = match current {
            Some(shape) if shape.len() == count => return shape.clone(),
            Some(current) => self
                .known
                .iter()
                .find(|shape| shape.len() == count && current.begins_as(shape, count))
                .cloned(),
            None => None,
        };
        let shape = known.unwrap_or_else(|| self.remember(record, count, novel, escaped));
        self.current = Some(shape.clone());
        shape
    }

    fn remember(
        &mut self,
        record: &Arc<str>,
        count: usize,
        novel: &[Range<u32>],
        escaped: bool,
    ) -> Arc<Shape> {
        let shape = Arc::new(if novel.len() == count {
            Shape::new(record, novel, escaped, self.displayed)
        } else {
            let names =
                scan::member_places(record).map(|(name, _)| scan::place(name.start)..scan::place(name.end));
            Shape::new(record, &names.collect::<Vec<_>>(), record.contains('\\'), self.displayed)
        });
        if self.known.len() == KNOWN {
            self.known.pop_front();
        }
        self.known.push_back(shape.clone());
        shape
    }
}
