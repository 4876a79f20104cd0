//! Which page to ask for next, and when a range is over: a machine without I/O.
//!
//! The service applies the limit before its access rules, so a short page, or an empty one, is not the end (facts 9). The end
//! is proven: a request that counts, and whose count fits its limit, has seen all there is. A page whose rows are all
//! hidden says nothing of where it ended; it is asked again from the same key, larger, for sys_ids alone, until a row shows.

use super::range::{Bound, Key, Range};
use snow_core::{Error, Kind};

/// What to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) range: Range,
    pub(super) limit: u32,
    /// Whether the service is to count what matches from here on.
    pub(super) counted: bool,
    /// Only the first sys_id is of use.
    pub(super) ids_only: bool,
    /// Rows to skip, where there is no key to go by.
    pub(super) offset: Option<u64>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) rows: u64,
    pub(super) first: Option<Key>,
    pub(super) last: Option<Key>,
    /// How many rows match from where the page began, hidden ones included.
    pub(super) total: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Page {
        counted: bool,
    },
    /// All rows of so many (`floor`) were hidden, and so many (`ceiling`) were more than the service gave.
    Search {
        limit: u32,
        floor: u32,
        ceiling: Option<u32>,
    },
    Over,
}

impl Stage {
    /// So many showed nothing: twice as many, or half way to what was too many.
    fn wider(self, floor: u32) -> Self {
        let ceiling = match self {
            Self::Search { ceiling, .. } => ceiling.filter(|ceiling| *ceiling > floor + 1),
            _ => None,
        };
        let limit = match ceiling {
            Some(ceiling) => floor + (ceiling.saturating_sub(floor) / 2).max(1),
            None => floor.saturating_mul(2),
        };
        Self::Search { limit, floor, ceiling }
    }
}

#[derive(Debug)]
pub(super) struct Walk {
    range: Range,
    stage: Stage,
    limit: u32,
    /// What the limit grows back to.
    most: u32,
    /// How many rows were passed, where there is no key to go by.
    offset: Option<u64>,
    /// A page broke, and the limit has yet to grow back.
    shrunk: bool,
    /// How many rows are left by the last count, as far as is known: the page that is to be the last one counts again.
    left: Option<u64>,
}

impl Walk {
    pub(super) fn new(range: Range, first: u32, most: u32) -> Self {
        let most = most.max(1);
        Self {
            range,
            stage: Stage::Page { counted: true },
            limit: first.clamp(1, most),
            most,
            offset: None,
            shrunk: false,
            left: None,
        }
    }

    /// By position, from this one on.
    pub(super) fn by_offset(offset: u64, limit: u32) -> Self {
        Self { offset: Some(offset), ..Self::new(Range::whole(), limit, limit) }
    }

    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    pub(super) fn range(&self) -> &Range {
        &self.range
    }

    pub(super) fn offset(&self) -> Option<u64> {
        self.offset
    }

    /// The largest page from now on.
    pub(super) fn set_most(&mut self, most: u32) {
        self.most = most.max(1);
        self.limit = if self.shrunk { self.limit.min(self.most) } else { self.most };
    }

    pub(super) fn ask(&self) -> Ask {
        let (limit, counted, ids_only) = match self.stage {
            Stage::Page { counted } => (self.limit, counted || self.offset.is_some(), false),
            Stage::Search { limit, .. } => (limit, true, true),
            Stage::Over => (1, true, true), // nobody asks
        };
        Ask { range: self.range.clone(), limit, counted, ids_only, offset: self.offset }
    }

    /// The answer to what was asked was whole. Gives how many rows are left behind it, hidden ones included, where that is known.
    pub(super) fn whole(&mut self, asked: &Ask, seen: &Seen) -> Result<Option<u64>, Error> {
        let left = match (asked.counted, seen.total) {
            (true, Some(total)) => Some(total.saturating_sub(asked.offset.unwrap_or_default())),
            (true, None) => return Err(uncounted()),
            (false, _) => None,
        };
        let fits = left.is_some_and(|left| left <= u64::from(asked.limit));
        self.left = left.or(self.left).map(|left| left.saturating_sub(seen.rows));
        // By a quarter, once a page has broken: what broke is close.
        let more = if self.shrunk { (self.limit / 4).max(1) } else { self.limit };
        self.limit = self.limit.saturating_add(more).min(self.most);
        self.shrunk &= self.limit < self.most;
        self.advance(asked, seen, fits);
        Ok(left.and(self.left))
    }

    fn advance(&mut self, asked: &Ask, seen: &Seen, fits: bool) {
        if let Some(offset) = &mut self.offset {
            *offset += u64::from(asked.limit);
        } else if asked.ids_only {
            self.range.from = seen.first.clone().map_or(self.range.from.clone(), Bound::At);
        } else if let Some(last) = &seen.last {
            self.range.from = Bound::After(last.clone());
        }
        self.stage = match (fits, asked.ids_only, seen.rows) {
            (true, true, 0) | (true, false, _) => Stage::Over,
            (_, true, 0) => self.stage.wider(asked.limit),
            (_, true, _) => Stage::Page { counted: false },
            (false, false, 0) if asked.counted && self.offset.is_none() => self.stage.wider(asked.limit),
            // A short page is confirmed by one that counts.
            (false, false, rows) => {
                let short = rows < u64::from(asked.limit) && !asked.counted;
                Stage::Page { counted: short || self.left.is_some_and(|left| left <= u64::from(self.limit)) }
            }
        };
    }

    /// The answer broke off behind these rows: the next one is to be smaller. Gives whether anything is other than before: rows
    /// came, or less is asked for.
    pub(super) fn broke(&mut self, seen: &Seen) -> bool {
        if let Stage::Search { limit, floor, .. } = self.stage {
            let half = floor + (limit.saturating_sub(floor) / 2).max(1);
            self.stage = Stage::Search { limit: half, floor, ceiling: Some(limit) };
            return half < limit;
        }
        let before = self.limit;
        self.limit = (before / 2).max(1);
        self.shrunk = true;
        match &seen.last {
            Some(last) if self.offset.is_none() => {
                self.range.from = Bound::After(last.clone());
                true
            }
            _ => self.limit < before,
        }
    }

    /// Keeps the first of so many pieces of what was not asked for yet, and gives the others away.
    pub(super) fn split(&mut self, pieces: u64) -> Vec<Range> {
        let mut ranges = self.range.split(pieces).into_iter();
        if let Some(first) = ranges.next() {
            self.range = first;
        }
        self.stage = Stage::Page { counted: true };
        ranges.collect()
    }
}

fn uncounted() -> Error {
    let why = "the instance told no X-Total-Count, without which nobody knows whether all rows came";
    Error::new(Kind::Incomplete, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A table of rows in order, some of them hidden, as the service reads it.
    struct Table(Vec<(String, bool)>);

    impl Table {
        fn matching(&self, ask: &Ask) -> Vec<&(String, bool)> {
            let behind = |id: &str| match &ask.range.from {
                Bound::Start => true,
                Bound::After(key) => *id > *key.sys_id,
                Bound::From(from) => *id >= **from,
                Bound::At(key) => *id >= *key.sys_id,
            };
            let before = |id: &str| ask.range.until.as_ref().is_none_or(|until| *id < **until);
            self.0.iter().filter(|(id, _)| behind(id) && before(id)).collect()
        }

        /// The rows that show, and what a page tells of them; cut behind so many rows, if it is.
        fn answer(&self, ask: &Ask, cut: Option<usize>) -> (Vec<String>, Seen) {
            let matching = self.matching(ask);
            let skip = usize::try_from(ask.offset.unwrap_or_default()).unwrap();
            let page = matching.iter().skip(skip).take(ask.limit as usize).filter(|(_, shown)| *shown);
            let mut rows: Vec<String> = page.map(|(id, _)| id.clone()).collect();
            rows.truncate(cut.unwrap_or(usize::MAX));
            let key = |id: &String| Key { sys_id: id.clone(), value: None };
            let seen = Seen {
                rows: rows.len() as u64,
                first: rows.first().map(key),
                last: rows.last().map(key),
                // Without the count, what is told is not to be trusted.
                total: Some(if ask.counted { matching.len() as u64 } else { 0 }),
            };
            (rows, seen)
        }
    }

    fn walk(table: &Table, mut walk: Walk, cuts: &mut impl Iterator<Item = usize>) -> (Vec<String>, usize) {
        let (mut rows, mut requests) = (Vec::new(), 0);
        while !walk.is_over() {
            requests += 1;
            assert!(requests < 10_000, "it comes to an end");
            let ask = walk.ask();
            let cut = cuts.next().filter(|cut| *cut < 3);
            let (page, seen) = table.answer(&ask, cut);
            if !ask.ids_only && (cut.is_none() || ask.offset.is_none()) {
                rows.extend(page);
            }
            match cut {
                Some(_) => drop(walk.broke(&seen)),
                None => drop(walk.whole(&ask, &seen).unwrap()),
            }
        }
        (rows, requests)
    }

    proptest! {
        /// Whatever is hidden, however small the pages, wherever answers break off: each row that shows comes once, in order.
        #[test]
        fn every_row_that_shows_comes_once(
            shown in prop::collection::vec(prop::bool::weighted(0.4), 0..120),
            (first, most) in (1..12_u32, 1..12_u32),
            cuts in prop::collection::vec(0..12_usize, 0..40),
            pieces in 1..9_u64,
        ) {
            let table = Table(
                shown.iter().enumerate().map(|(at, shown)| (format!("{:032x}", at as u128 * (u128::MAX / 120)), *shown)).collect(),
            );
            let visible: Vec<String> = table.0.iter().filter(|(_, shown)| *shown).map(|(id, _)| id.clone()).collect();
            let mut cuts = cuts.into_iter();
            let (rows, _) = walk(&table, Walk::new(Range::whole(), first, most), &mut cuts);
            prop_assert_eq!(&rows, &visible);
            let parts = Range::whole().split(pieces).into_iter();
            let rows: Vec<String> = parts.flat_map(|part| walk(&table, Walk::new(part, first, most), &mut cuts).0).collect();
            prop_assert_eq!(&rows, &visible);
            let (rows, _) = walk(&table, Walk::by_offset(0, most), &mut std::iter::empty());
            prop_assert_eq!(&rows, &visible);
        }
    }

    fn table(rows: usize, shown: impl Fn(usize) -> bool) -> Table {
        Table((0..rows).map(|at| (format!("{at:032x}"), shown(at))).collect())
    }

    fn requests(table: &Table) -> usize {
        walk(table, Walk::new(Range::whole(), 10, 10), &mut std::iter::empty()).1
    }

    #[test]
    fn the_end_costs_one_request_at_most() {
        assert_eq!(requests(&table(0, |_| true)), 1);
        assert_eq!(requests(&table(10, |_| true)), 1);
        assert_eq!(requests(&table(11, |_| true)), 2, "the page that is to be the last one counts");
        assert_eq!(requests(&table(30, |_| true)), 3);
        // A hundred hidden rows in the middle: found by doubling.
        let hidden = table(140, |at| !(10..120).contains(&at));
        assert!(requests(&hidden) < 12, "{}", requests(&hidden));
    }

    /// Behind many hidden rows, few are too few and many are too many: what lies between is found.
    #[test]
    fn a_first_row_is_found_between_too_few_and_too_many() {
        let table = table(4_000, |at| at >= 1_562);
        let mut walk = Walk::new(Range::whole(), 10, 10);
        let mut rows = Vec::new();
        for request in 0.. {
            assert!(request < 400 && !walk.is_over());
            let ask = walk.ask();
            let (page, seen) = table.answer(&ask, None);
            match page.len() > 40 {
                true => drop(walk.broke(&Seen::default())),
                false => drop(walk.whole(&ask, &seen).unwrap()),
            }
            if !ask.ids_only && !page.is_empty() {
                rows.extend(page);
            }
            if rows.len() > 100 {
                break;
            }
        }
        assert_eq!(rows[0], format!("{:032x}", 1_562));
    }

    #[test]
    fn an_instance_that_does_not_count_is_told_and_not_guessed() {
        let mut walk = Walk::new(Range::whole(), 10, 10);
        let error = walk.whole(&walk.ask(), &Seen::default()).unwrap_err();
        assert_eq!(error.kind(), Kind::Incomplete);
    }

    #[test]
    fn pages_shrink_where_they_break_and_grow_back() {
        let mut walk = Walk::new(Range::whole(), 16, 16);
        let last = |id: &str| Some(Key { sys_id: id.into(), value: None });
        assert!(walk.broke(&Seen::default()), "less is asked for");
        assert_eq!(walk.ask().limit, 8);
        assert!(walk.broke(&Seen { rows: 1, last: last("a"), ..Seen::default() }));
        assert_eq!(walk.ask().limit, 4);
        for limit in [4, 5, 6, 7, 8, 10, 12, 15, 16, 16] {
            let ask = walk.ask();
            assert_eq!(ask.limit, limit);
            walk.whole(
                &ask,
                &Seen { rows: u64::from(limit), last: last("b"), total: Some(1_000), ..Seen::default() },
            )
            .unwrap();
        }
    }
}
