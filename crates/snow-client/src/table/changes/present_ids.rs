//! The ids that exist within a range, and how they differ from those of a sink.

use snow_core::SysId;

/// The ids of all records that exist within a range: see [`Change::Present`](super::Change::Present).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentIds {
    after: Option<SysId>,
    through: Option<SysId>,
    /// Each id, and how often its record was updated.
    ids: Vec<(SysId, Option<u32>)>,
}

/// How the ids of a sink differ from those of a table: see [`PresentIds::compare`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepDifference {
    /// Ids of the sink that are not in the table any more: deleted, hidden from this user, or left out by the query.
    pub gone: Vec<SysId>,
    /// Ids of the table that the sink lacks, or has in another version: fetch the records with
    /// [`ChangeFeed::records`](super::ChangeFeed::records).
    pub missing: Vec<SysId>,
}

impl PresentIds {
    pub(super) fn new(after: Option<SysId>, through: Option<SysId>, ids: Vec<(SysId, Option<u32>)>) -> Self {
        Self { after, through, ids }
    }

    /// Returns the id after which the range begins; `None` at the beginning of the table.
    pub fn after(&self) -> Option<SysId> {
        self.after
    }

    /// Returns the last id of the range, which belongs to it; `None` at the end of the table.
    pub fn through(&self) -> Option<SysId> {
        self.through
    }

    /// Returns the ids that exist, sorted by their characters.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = SysId> + '_ {
        self.ids.iter().map(|(id, _)| *id)
    }

    /// Returns whether an id is within the range.
    pub fn covers(&self, sys_id: SysId) -> bool {
        self.after.is_none_or(|after| after < sys_id) && self.through.is_none_or(|through| sys_id <= through)
    }

    /// Compares these ids with those that a sink has, each with the `sys_mod_count` of the record that it has. Ids outside of the range
    /// are left out.
    ///
    /// ```
    /// use snow_client::{SysId, changes::PresentIds};
    ///
    /// fn subtract(present: &PresentIds, mine: Vec<(SysId, u32)>) {
    ///     let difference = present.compare(mine);
    ///     println!("{} are gone, {} are to be fetched", difference.gone.len(), difference.missing.len());
    /// }
    /// ```
    pub fn compare(&self, known: impl IntoIterator<Item = (SysId, u32)>) -> SweepDifference {
        self.difference(known.into_iter().map(|(id, count)| (id, Some(count))))
    }

    /// Compares these ids with those of a sink that does not store the versions of its records. It cannot find records that changed while
    /// this user could not read them, or between a deletion and its reversal.
    pub fn compare_ids(&self, known: impl IntoIterator<Item = SysId>) -> SweepDifference {
        self.difference(known.into_iter().map(|id| (id, None)))
    }

    fn difference(&self, known: impl Iterator<Item = (SysId, Option<u32>)>) -> SweepDifference {
        let mut known: Vec<(SysId, Option<u32>)> = known.filter(|(id, _)| self.covers(*id)).collect();
        known.sort_unstable();
        let version_of = |among: &[(SysId, Option<u32>)], id: SysId| {
            let at = among.binary_search_by_key(&id, |(id, _)| *id).ok()?;
            among.get(at).map(|(_, version)| *version)
        };
        // A version that is not known is the same as any.
        let differs = |mine: Option<u32>, theirs: Option<u32>| {
            mine.zip(theirs).is_some_and(|(mine, theirs)| mine != theirs)
        };
        let is_missing = |(id, theirs): &&(SysId, Option<u32>)| {
            version_of(&known, *id).is_none_or(|mine| differs(mine, *theirs))
        };
        let missing = self.ids.iter().filter(is_missing).map(|(id, _)| *id).collect();
        let is_gone = |(id, _): &&(SysId, Option<u32>)| version_of(&self.ids, *id).is_none();
        let gone = known.iter().filter(is_gone).map(|(id, _)| *id).collect();
        SweepDifference { gone, missing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> SysId {
        format!("{number:032x}").parse().unwrap()
    }

    #[test]
    fn only_ids_within_the_range_are_compared() {
        let present = PresentIds::new(
            Some(id(10)),
            Some(id(20)),
            vec![(id(12), Some(1)), (id(14), Some(0)), (id(20), Some(7))],
        );
        let mine = [30, 20, 15, 12, 10, 5].map(id);
        let difference = present.compare_ids(mine);
        assert_eq!(difference.gone, [id(15)]);
        assert_eq!(difference.missing, [id(14)]);
        let difference = present.compare(mine.map(|id| (id, 1)));
        assert_eq!(difference.gone, [id(15)]);
        assert_eq!(difference.missing, [id(14), id(20)], "of one, the sink has another version");
        let last = PresentIds::new(Some(id(20)), None, Vec::new());
        assert_eq!(last.compare_ids([id(20), id(21), id(99)]).gone, [id(21), id(99)]);
    }
}
