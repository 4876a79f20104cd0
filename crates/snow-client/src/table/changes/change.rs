//! What a feed gives out.

use super::feed_cursor::FeedCursor;
use super::present_ids::PresentIds;
use crate::Record;
use snow_core::{DateTime, SysId};

/// A change of a table. An item of a [`ChangeBatch`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change<T = Record> {
    /// A record that is new or was changed, in its latest state. Insert it, or replace the record with the same id.
    Record {
        /// The id of the record.
        sys_id: SysId,
        /// The record.
        record: T,
    },
    /// A record that was deleted. Only with [`Deletions::Audited`](super::Deletions::Audited).
    Deleted {
        /// The id of the record.
        sys_id: SysId,
        /// When it was deleted.
        at: DateTime,
    },
    /// All ids that exist within a range, and the versions of their records. Records of yours in that range with another id are gone:
    /// see [`PresentIds::compare`]. Only with [`Deletions::Swept`](super::Deletions::Swept).
    Present(PresentIds),
    /// The end of a sweep: the ranges since the last end cover all ids.
    SweepEnd,
}

/// Some changes of a table, and the cursor after them. Returned by [`ChangeFeed::poll`](super::ChangeFeed::poll).
///
/// Apply all changes in their order, and then save the [`cursor`](Self::cursor), both in one transaction if you can.
#[derive(Clone, Debug)]
#[must_use = "the feed goes on after these changes: apply them, and save the cursor"]
pub struct ChangeBatch<T = Record> {
    pub(super) changes: Vec<Change<T>>,
    pub(super) cursor: FeedCursor,
    pub(super) is_caught_up: bool,
    pub(super) requests: u64,
}

impl<T> ChangeBatch<T> {
    /// Returns the changes, in the order in which they are to be applied. There may be none.
    pub fn changes(&self) -> &[Change<T>] {
        &self.changes
    }

    /// Returns the cursor after these changes. Save it after the changes were applied, never before.
    pub fn cursor(&self) -> &FeedCursor {
        &self.cursor
    }

    /// Returns whether the feed has read everything that was there. If not, poll again without a pause.
    pub fn is_caught_up(&self) -> bool {
        self.is_caught_up
    }

    /// Returns how many requests this batch took. Retries of a failed request count as one.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Converts the batch into its changes and its cursor.
    pub fn into_parts(self) -> (Vec<Change<T>>, FeedCursor) {
        (self.changes, self.cursor)
    }
}
