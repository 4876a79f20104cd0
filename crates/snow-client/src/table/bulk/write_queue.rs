//! The writes of a bulk write that have not begun.

use super::queried_ids::QueriedIds;
use crate::Record;
use crate::table::list_request::ListRequest;
use bytes::Bytes;
use snow_core::{Error, SysId};
use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

/// A write that has not begun.
pub(super) struct QueuedWrite {
    pub(super) sys_id: SysId,
    /// What the record is updated with, if each record has a body of its own.
    pub(super) body: Option<Result<Bytes, Error>>,
}

impl QueuedWrite {
    pub(super) fn new(sys_id: SysId) -> Self {
        Self { sys_id, body: None }
    }
}

/// The writes that are known, and the query that brings more of them.
#[derive(Default)]
pub(super) struct WriteQueue {
    writes: VecDeque<QueuedWrite>,
    query: Option<QueriedIds>,
    /// How many writes were queued so far.
    queued: u64,
    /// How many there are in all, if there is no query to count them.
    expected: Option<u64>,
    may_have_drifted: bool,
    /// Whether the query was dropped before its end.
    is_cut_short: bool,
}

impl WriteQueue {
    pub(super) fn of_writes(writes: VecDeque<QueuedWrite>) -> Self {
        Self { expected: Some(writes.len() as u64), writes, ..Self::default() }
    }

    /// Queues a write for each record of a query.
    ///
    /// # Errors
    ///
    /// Those of [`selection_guard`](super::selection_guard), for a query that bulk writes refuse.
    pub(super) fn of_query(list: ListRequest<Record>) -> Result<Self, Error> {
        Ok(Self { query: Some(QueriedIds::new(list)?), ..Self::default() })
    }

    pub(super) fn waiting(&self) -> impl ExactSizeIterator<Item = &QueuedWrite> {
        self.writes.iter()
    }

    /// Whether records of the query may have been missed.
    pub(super) fn may_have_drifted(&self) -> bool {
        self.may_have_drifted
    }

    /// How many writes there are in all, as far as it is known.
    pub(super) fn expected(&self) -> Option<u64> {
        self.query.as_ref().map_or(self.expected, QueriedIds::expected)
    }

    /// Drops the query, and the request that it may have under way: a request holds a permit that a write may wait for.
    pub(super) fn stop(&mut self) {
        if let Some(query) = self.query.take() {
            self.may_have_drifted = query.may_have_drifted();
            self.expected = query.expected();
            self.is_cut_short = true;
        }
    }

    /// Whether the query may have more records than are known.
    pub(super) fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// Whether no further write comes.
    pub(super) fn is_done(&self) -> bool {
        self.writes.is_empty() && self.query.is_none()
    }

    /// Returns the next write. After an error, the query brings no more of them.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<QueuedWrite>, Error>> {
        while let Some(query) = &mut self.query {
            if !query.reads_all_first() && !self.writes.is_empty() {
                break;
            }
            match ready!(query.poll_next(cx)) {
                Some(Ok(sys_id)) => {
                    self.queued = self.queued.saturating_add(1);
                    self.writes.push_back(QueuedWrite::new(sys_id));
                }
                None => {
                    self.expected = Some(self.queued);
                    self.may_have_drifted = query.may_have_drifted();
                    self.query = None;
                }
                Some(Err(error)) => {
                    if query.reads_all_first() {
                        // Not all records are known, so none is written.
                        self.writes.clear();
                    }
                    self.query = None;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(self.writes.pop_front()))
    }
}
