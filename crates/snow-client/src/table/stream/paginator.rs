//! Which page to ask for next, and when a range has been read to its end. No I/O.
//!
//! The service applies the limit before its access rules, so a short or an empty page is not the end (facts 9). The end is proven: a
//! request that counts, and whose count fits its limit, has seen all there is. A page whose records are all hidden does not show
//! where it ended. It is asked for again from the same key, larger, for sys_ids alone, until a record shows.

use super::key_range::{KeyRange, RangeStart};
use super::page_request::PageRequest;
use super::page_summary::PageSummary;
use snow_core::{Error, ErrorKind};

const UNCOUNTED: &str =
    "the instance sent no X-Total-Count, without which it is unknown whether all records came";
const ALL_HIDDEN: &str =
    "the instance counts more records than one request can ask for, and shows none of them";

/// What a paginator asks for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Page {
        counted: bool,
    },
    /// Looks for the first record that shows. The first `floor` records are all hidden; a page of `ceiling` records broke off.
    Search {
        limit: u32,
        floor: u32,
        ceiling: Option<u32>,
    },
    Done,
}

impl Phase {
    /// Looks at more records after the first `floor` showed nothing: at twice as many, or half way to what was too many.
    fn wider(self, floor: u32) -> Self {
        let ceiling = match self {
            Self::Search { ceiling, .. } => ceiling.filter(|ceiling| *ceiling > floor.saturating_add(1)),
            _ => None,
        };
        let limit = match ceiling {
            Some(ceiling) => floor.saturating_add((ceiling.saturating_sub(floor) / 2).max(1)),
            None => floor.saturating_mul(2),
        };
        Self::Search { limit, floor, ceiling }
    }
}

/// The pages of one range, or of a whole table by position.
#[derive(Debug)]
pub(super) struct Paginator {
    range: KeyRange,
    phase: Phase,
    limit: u32,
    /// The limit never grows beyond this one.
    max_limit: u32,
    /// Where the next page begins, in a read by position.
    offset: Option<u64>,
    /// Whether all records of the last page by position were hidden.
    last_was_hidden: bool,
    /// Whether a page broke off, and the limit has not grown back yet.
    is_shrunk: bool,
    /// How many records are left according to the last count, if that is known. The page that should be the last one counts
    /// again.
    left: Option<u64>,
}

impl Paginator {
    pub(super) fn new(range: KeyRange, first: u32, max_limit: u32) -> Self {
        let max_limit = max_limit.max(1);
        Self {
            range,
            phase: Phase::Page { counted: true },
            limit: first.clamp(1, max_limit),
            max_limit,
            offset: None,
            last_was_hidden: false,
            is_shrunk: false,
            left: None,
        }
    }

    /// Creates the paginator of a read by position, from this one on.
    pub(super) fn by_offset(offset: u64, first: u32, max_limit: u32) -> Self {
        Self { offset: Some(offset), ..Self::new(KeyRange::whole(), first, max_limit) }
    }

    pub(super) fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    pub(super) fn range(&self) -> &KeyRange {
        &self.range
    }

    pub(super) fn offset(&self) -> Option<u64> {
        self.offset
    }

    /// Sets the limit of the largest page from now on.
    pub(super) fn set_max_limit(&mut self, max_limit: u32) {
        self.max_limit = max_limit.max(1);
        self.limit = if self.is_shrunk { self.limit.min(self.max_limit) } else { self.max_limit };
    }

    /// Returns the next page, of no more than the `wanted` records. Where all records of the last page were hidden, pages grow as if
    /// any number were wanted.
    pub(super) fn next_page(&self, wanted: u32) -> PageRequest {
        let wanted = if self.last_was_hidden { u32::MAX } else { wanted.max(1) };
        let (limit, counted, ids_only) = match self.phase {
            Phase::Page { counted } => (self.limit.min(wanted), counted || self.offset.is_some(), false),
            Phase::Search { limit, .. } => (limit, true, true),
            Phase::Done => (1, true, true), // the caller has asked is_done() before
        };
        PageRequest { range: self.range.clone(), limit, counted, ids_only, offset: self.offset }
    }

    /// Goes on after a complete page. Returns how many records are left after it, hidden ones included, where that is known.
    pub(super) fn page_completed(
        &mut self,
        page: &PageRequest,
        seen: &PageSummary,
    ) -> Result<Option<u64>, Error> {
        let left = match (page.counted, seen.total) {
            (true, Some(total)) => Some(total.saturating_sub(page.offset.unwrap_or_default())),
            (true, None) => return Err(Error::new(ErrorKind::Incomplete, UNCOUNTED)),
            (false, _) => None,
        };
        let is_last = left.is_some_and(|left| left <= u64::from(page.limit));
        if page.ids_only && !is_last && seen.records == 0 && page.limit == u32::MAX {
            return Err(Error::new(ErrorKind::Incomplete, ALL_HIDDEN));
        }
        self.left = left.or(self.left).map(|left| left.saturating_sub(seen.records));
        self.grow();
        self.advance(page, seen);
        self.phase = self.next_phase(page, seen, is_last);
        Ok(left.and(self.left))
    }

    /// Doubles the limit. Once a page has broken off, the limit grows by a quarter only, because the one that was too large is close.
    fn grow(&mut self) {
        let more = if self.is_shrunk { (self.limit / 4).max(1) } else { self.limit };
        self.limit = self.limit.saturating_add(more).min(self.max_limit);
        self.is_shrunk &= self.limit < self.max_limit;
    }

    fn advance(&mut self, page: &PageRequest, seen: &PageSummary) {
        if let Some(offset) = &mut self.offset {
            *offset = offset.saturating_add(u64::from(page.limit));
            self.last_was_hidden = seen.records == 0;
        } else if page.ids_only {
            self.range.from = seen.first.clone().map_or(self.range.from.clone(), RangeStart::At);
        } else if let Some(last) = &seen.last {
            self.range.from = RangeStart::After(last.clone());
        }
    }

    fn next_phase(&self, page: &PageRequest, seen: &PageSummary, is_last: bool) -> Phase {
        match (is_last, page.ids_only, seen.records) {
            (true, true, 0) | (true, false, _) => Phase::Done,
            (_, true, 0) => self.phase.wider(page.limit),
            (_, true, _) => Phase::Page { counted: false },
            (false, false, 0) if page.counted && self.offset.is_none() => self.phase.wider(page.limit),
            // A short page is confirmed by one that counts.
            (false, false, records) => {
                let is_short = records < u64::from(page.limit) && !page.counted;
                let is_near_end = self.left.is_some_and(|left| left <= u64::from(self.limit));
                Phase::Page { counted: is_short || is_near_end }
            }
        }
    }

    /// Goes on after a page that broke off behind these records: the next one is smaller. Returns whether the next request differs
    /// from this one, because records came or because it asks for less.
    pub(super) fn page_broken(&mut self, page: &PageRequest, seen: &PageSummary) -> bool {
        if let Phase::Search { limit, floor, .. } = self.phase {
            let half = floor.saturating_add((limit.saturating_sub(floor) / 2).max(1));
            self.phase = Phase::Search { limit: half, floor, ceiling: Some(limit) };
            return half < limit;
        }
        let before = self.limit.min(page.limit);
        self.limit = (before / 2).max(1);
        self.is_shrunk = true;
        match &seen.last {
            Some(last) if self.offset.is_none() => {
                self.range.from = RangeStart::After(last.clone());
                true
            }
            _ => self.limit < before,
        }
    }

    /// Splits what was not asked for yet into so many pieces, but into at most `most` ranges: the last one is all the rest. Keeps the
    /// first range, and returns the others.
    pub(super) fn split(&mut self, pieces: u64, most: u64) -> Vec<KeyRange> {
        let mut ranges = self.range.split_first(pieces, most).into_iter();
        if let Some(first) = ranges.next() {
            self.range = first;
        }
        self.phase = Phase::Page { counted: true };
        ranges.collect()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::super::key_range::RecordKey;
    use super::*;
    use proptest::prelude::*;

    /// A table of rows in order, some of them hidden, as the service reads it.
    struct Table(Vec<(String, bool)>);

    impl Table {
        fn matching(&self, request: &PageRequest) -> Vec<&(String, bool)> {
            let behind = |id: &str| match &request.range.from {
                RangeStart::Start => true,
                RangeStart::After(key) => *id > *key.sys_id,
                RangeStart::From(from) => *id >= **from,
                RangeStart::At(key) => *id >= *key.sys_id,
            };
            let before = |id: &str| request.range.until.as_ref().is_none_or(|until| *id < **until);
            self.0.iter().filter(|(id, _)| behind(id) && before(id)).collect()
        }

        /// The rows that show, and what a page tells of them; cut behind so many rows, if it is.
        fn response(&self, request: &PageRequest, cut: Option<usize>) -> (Vec<String>, PageSummary) {
            let matching = self.matching(request);
            let skip = usize::try_from(request.offset.unwrap_or_default()).unwrap();
            let page = matching.iter().skip(skip).take(request.limit as usize).filter(|(_, shown)| *shown);
            let mut rows: Vec<String> = page.map(|(id, _)| id.clone()).collect();
            rows.truncate(cut.unwrap_or(usize::MAX));
            let key = |id: &String| RecordKey { sys_id: id.clone(), value: None };
            let seen = PageSummary {
                records: rows.len() as u64,
                first: rows.first().map(key),
                last: rows.last().map(key),
                // Without the count, the number is not to be trusted.
                total: Some(if request.counted { matching.len() as u64 } else { 0 }),
            };
            (rows, seen)
        }
    }

    fn read_all(
        table: &Table,
        mut paginator: Paginator,
        cuts: &mut impl Iterator<Item = usize>,
    ) -> (Vec<String>, usize) {
        let (mut rows, mut requests) = (Vec::new(), 0);
        while !paginator.is_done() {
            requests += 1;
            assert!(requests < 10_000, "it comes to an end");
            let request = paginator.next_page(u32::MAX);
            let cut = cuts.next().filter(|cut| *cut < 3);
            let (page, seen) = table.response(&request, cut);
            if !request.ids_only && (cut.is_none() || request.offset.is_none()) {
                rows.extend(page);
            }
            match cut {
                Some(_) => drop(paginator.page_broken(&request, &seen)),
                None => drop(paginator.page_completed(&request, &seen).unwrap()),
            }
        }
        (rows, requests)
    }

    proptest! {
        /// Whatever is hidden, however small the pages, wherever responses break off: each row that shows comes once, in order.
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
            let (rows, _) = read_all(&table, Paginator::new(KeyRange::whole(), first, most), &mut cuts);
            prop_assert_eq!(&rows, &visible);
            let parts = KeyRange::whole().split(pieces).into_iter();
            let rows: Vec<String> = parts.flat_map(|part| read_all(&table, Paginator::new(part, first, most), &mut cuts).0).collect();
            prop_assert_eq!(&rows, &visible);
            let (rows, _) = read_all(&table, Paginator::by_offset(0, first, most), &mut std::iter::empty());
            prop_assert_eq!(&rows, &visible);
        }
    }

    fn table(rows: usize, shown: impl Fn(usize) -> bool) -> Table {
        Table((0..rows).map(|at| (format!("{at:032x}"), shown(at))).collect())
    }

    fn requests(table: &Table) -> usize {
        read_all(table, Paginator::new(KeyRange::whole(), 10, 10), &mut std::iter::empty()).1
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

    /// After many hidden rows, small pages show nothing and large pages break off; a size between the two is found.
    #[test]
    fn a_first_row_is_found_between_too_few_and_too_many() {
        let table = table(4_000, |at| at >= 1_562);
        let mut paginator = Paginator::new(KeyRange::whole(), 10, 10);
        let mut rows = Vec::new();
        for request in 0.. {
            assert!(request < 400 && !paginator.is_done());
            let request = paginator.next_page(u32::MAX);
            let (page, seen) = table.response(&request, None);
            match page.len() > 40 {
                true => drop(paginator.page_broken(&request, &PageSummary::default())),
                false => drop(paginator.page_completed(&request, &seen).unwrap()),
            }
            if !request.ids_only && !page.is_empty() {
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
        let mut paginator = Paginator::new(KeyRange::whole(), 10, 10);
        let error =
            paginator.page_completed(&paginator.next_page(u32::MAX), &PageSummary::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete);
    }

    /// However few rows are wanted, pages that show nothing grow; one that broke is asked for smaller than it was, not than it might
    /// have been.
    #[test]
    fn pages_grow_past_hidden_rows_and_shrink_from_what_was_asked() {
        let mut paginator = Paginator::by_offset(0, 1, 1_000);
        let nothing = PageSummary { total: Some(5_001), ..PageSummary::default() };
        let mut limits = Vec::new();
        for _ in 0..14 {
            let request = paginator.next_page(1);
            limits.push(request.limit);
            paginator.page_completed(&request, &nothing).unwrap();
        }
        assert_eq!(limits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000, 1_000, 1_000, 1_000]);
        let found = PageSummary { records: 1, ..nothing.clone() };
        paginator.page_completed(&paginator.next_page(1), &found).unwrap();
        assert_eq!(paginator.next_page(3).limit, 3);
        assert!(
            paginator.page_broken(&paginator.next_page(3), &PageSummary::default())
                && paginator.next_page(3).limit == 1
        );
        assert!(
            !paginator.page_broken(&paginator.next_page(3), &PageSummary::default()),
            "nothing less can be asked for"
        );
    }

    #[test]
    fn pages_shrink_where_they_break_and_grow_back() {
        let mut paginator = Paginator::new(KeyRange::whole(), 16, 16);
        let last = |id: &str| Some(RecordKey { sys_id: id.into(), value: None });
        assert!(
            paginator.page_broken(&paginator.next_page(u32::MAX), &PageSummary::default()),
            "less is asked for"
        );
        assert_eq!(paginator.next_page(u32::MAX).limit, 8);
        let one = PageSummary { records: 1, last: last("a"), ..PageSummary::default() };
        assert!(paginator.page_broken(&paginator.next_page(u32::MAX), &one));
        assert_eq!(paginator.next_page(u32::MAX).limit, 4);
        for limit in [4, 5, 6, 7, 8, 10, 12, 15, 16, 16] {
            let request = paginator.next_page(u32::MAX);
            assert_eq!(request.limit, limit);
            paginator
                .page_completed(
                    &request,
                    &PageSummary {
                        records: u64::from(limit),
                        last: last("b"),
                        total: Some(1_000),
                        ..PageSummary::default()
                    },
                )
                .unwrap();
        }
    }
}
