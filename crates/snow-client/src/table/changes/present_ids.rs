//! The ids that exist within a range, and how they differ from those of a sink.

use snow_core::SysId;

/// The ids of all records that exist within a range: see [`Change::Present`](super::Change::Present).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentIds {
    after: Option<SysId>,
    through: Option<SysId>,
    ids: Vec<SysId>,
}

/// How the ids of a sink differ from those of a table: see [`PresentIds::compare`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepDifference {
    /// Ids of the sink that are not in the table any more: deleted, hidden from this user, or left out by the query.
    pub gone: Vec<SysId>,
    /// Ids of the table that the sink lacks: fetch the records with [`ChangeFeed::records`](super::ChangeFeed::records).
    pub missing: Vec<SysId>,
}

impl PresentIds {
    pub(super) fn new(after: Option<SysId>, through: Option<SysId>, ids: Vec<SysId>) -> Self {
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
    pub fn ids(&self) -> &[SysId] {
        &self.ids
    }

    /// Returns whether an id is within the range.
    pub fn covers(&self, sys_id: SysId) -> bool {
        self.after.is_none_or(|after| after < sys_id) && self.through.is_none_or(|through| sys_id <= through)
    }

    /// Compares these ids with those that a sink has. Ids outside of the range are left out.
    ///
    /// ```
    /// use snow_client::changes::PresentIds;
    ///
    /// fn subtract(present: &PresentIds, mine: Vec<snow_client::SysId>) {
    ///     let difference = present.compare(mine);
    ///     println!("{} are gone, {} are new to me", difference.gone.len(), difference.missing.len());
    /// }
    /// ```
    pub fn compare(&self, known: impl IntoIterator<Item = SysId>) -> SweepDifference {
        let mut known: Vec<SysId> = known.into_iter().filter(|id| self.covers(*id)).collect();
        known.sort_unstable();
        let is_missing = |id: &&SysId| known.binary_search(id).is_err();
        let missing = self.ids.iter().filter(is_missing).copied().collect();
        let gone = known.iter().filter(|id| self.ids.binary_search(id).is_err()).copied().collect();
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
        let present = PresentIds::new(Some(id(10)), Some(id(20)), vec![id(12), id(14), id(20)]);
        let difference = present.compare([id(30), id(20), id(15), id(12), id(10), id(5)]);
        assert_eq!(difference.gone, [id(15)]);
        assert_eq!(difference.missing, [id(14)]);
        let last = PresentIds::new(Some(id(20)), None, Vec::new());
        assert_eq!(last.compare([id(20), id(21), id(99)]).gone, [id(21), id(99)]);
    }
}
