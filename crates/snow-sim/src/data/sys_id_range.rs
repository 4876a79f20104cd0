//! Ranges of sys_ids, which the index of a table answers.

use std::ops::{Bound, RangeBounds};

/// A range of sys_ids; by default, all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SysIdRange<'a> {
    lower: Bound<&'a str>,
    upper: Bound<&'a str>,
}

impl Default for SysIdRange<'_> {
    fn default() -> Self {
        Self { lower: Bound::Unbounded, upper: Bound::Unbounded }
    }
}

impl<'a> SysIdRange<'a> {
    pub(crate) fn after(id: &'a str) -> Self {
        Self { lower: Bound::Excluded(id), ..Self::default() }
    }

    pub(crate) fn from(id: &'a str) -> Self {
        Self { lower: Bound::Included(id), ..Self::default() }
    }

    pub(crate) fn before(id: &'a str) -> Self {
        Self { upper: Bound::Excluded(id), ..Self::default() }
    }

    pub(crate) fn until(id: &'a str) -> Self {
        Self { upper: Bound::Included(id), ..Self::default() }
    }

    /// Returns the ids that are in both ranges.
    pub(crate) fn intersection(self, other: Self) -> Self {
        // Of two bounds the one that leaves the other's edge out is the narrower one.
        let lower = if is_above(self.lower, other) { self.lower } else { other.lower };
        let upper = if is_below(self.upper, other) { self.upper } else { other.upper };
        Self { lower, upper }
    }

    /// Returns `true` if no id can be in the range. A map panics when it is asked for such a one.
    pub(super) fn is_empty(&self) -> bool {
        match (self.lower, self.upper) {
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => {
                from >= to
            }
            _ => false,
        }
    }
}

impl RangeBounds<str> for SysIdRange<'_> {
    fn start_bound(&self) -> Bound<&str> {
        self.lower
    }

    fn end_bound(&self) -> Bound<&str> {
        self.upper
    }
}

/// Whether a lower bound is as high as that of a range, or higher.
fn is_above(lower: Bound<&str>, range: SysIdRange<'_>) -> bool {
    match (lower, range.lower) {
        (_, Bound::Unbounded) => true,
        (Bound::Unbounded, _) => false,
        (Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) => a >= b,
        (Bound::Included(a), Bound::Included(b)) => a >= b,
        (Bound::Included(a), Bound::Excluded(b)) => a > b,
    }
}

/// Whether an upper bound is as low as that of a range, or lower.
fn is_below(upper: Bound<&str>, range: SysIdRange<'_>) -> bool {
    match (upper, range.upper) {
        (_, Bound::Unbounded) => true,
        (Bound::Unbounded, _) => false,
        (Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) => a <= b,
        (Bound::Included(a), Bound::Included(b)) => a <= b,
        (Bound::Included(a), Bound::Excluded(b)) => a < b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ranges_leave_what_is_in_both() {
        let all = |ranges: &[SysIdRange<'static>]| {
            ranges.iter().copied().fold(SysIdRange::default(), SysIdRange::intersection)
        };
        let ids = ["a", "b", "c", "d"];
        let ranges = ids.into_iter().flat_map(|id| {
            [SysIdRange::after(id), SysIdRange::from(id), SysIdRange::before(id), SysIdRange::until(id)]
        });
        let ranges: Vec<_> = ranges.collect();
        for (one, other) in ranges.iter().flat_map(|one| ranges.iter().map(move |other| (*one, *other))) {
            let both = all(&[one, other]);
            for id in ids {
                assert_eq!(
                    both.contains(id),
                    one.contains(id) && other.contains(id),
                    "{one:?} {other:?} {id}"
                );
                assert!(!both.is_empty() || !both.contains(id), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_range_without_ids_is_empty_and_one_id_is_not() {
        let both = |a: SysIdRange<'static>, b| a.intersection(b).is_empty();
        assert!(both(SysIdRange::after("a"), SysIdRange::before("a")));
        assert!(both(SysIdRange::after("a"), SysIdRange::until("a")));
        assert!(both(SysIdRange::from("b"), SysIdRange::until("a")));
        assert!(!both(SysIdRange::from("a"), SysIdRange::until("a")));
        assert!(!SysIdRange::default().is_empty());
    }
}
