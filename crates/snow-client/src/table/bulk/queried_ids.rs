//! The ids of the records that a query selects for a bulk write.

use super::selection_guard::SelectionGuard;
use crate::Record;
use crate::table::list_request::ListRequest;
use crate::table::stream::{ReadOrder, RecordStream};
use futures_core::Stream;
use snow_core::{DisplayValue, Error, SysId};
use std::collections::HashSet;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Reads the ids of a query's records, each of them once.
pub(super) struct QueriedIds {
    records: RecordStream<Record>,
    guard: SelectionGuard,
    /// Whether all records are read before the first is written.
    reads_all_first: bool,
    seen: HashSet<SysId>,
}

impl QueriedIds {
    pub(super) fn new(list: ListRequest<Record>) -> Result<Self, Error> {
        let request = list.request.as_ref().map_err(Clone::clone)?;
        let (guard, selection) = SelectionGuard::new(&request.params.selection)?;
        let reads_all_first = ReadOrder::of(selection.query()?, DisplayValue::Stored) == ReadOrder::Offset;
        let list = list.params(|params| {
            let mut params = params.fields(guard.fields());
            params.selection = selection;
            params
        });
        let records = RecordStream::new(list).ids_compared();
        Ok(Self { records, guard, reads_all_first, seen: HashSet::new() })
    }

    /// Whether all records are read before the first is written: their order says which ones are meant, or they are read in parts.
    pub(super) fn reads_all_first(&self) -> bool {
        self.reads_all_first
    }

    /// Whether records may have been missed.
    pub(super) fn may_have_drifted(&self) -> bool {
        self.records.report().may_have_drifted
    }

    /// How many ids there will have been at the end, once the service has counted them.
    pub(super) fn expected(&self) -> Option<u64> {
        self.records.expected()
    }

    /// Returns the next id that has not come before.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<SysId, Error>>> {
        loop {
            let record = ready!(Pin::new(&mut self.records).poll_next(cx));
            self.reads_all_first |= self.records.is_split();
            match record.map(|record| self.guard.check_record(&record?)) {
                Some(Ok(sys_id)) if !self.seen.insert(sys_id) => {}
                next => return Poll::Ready(next),
            }
        }
    }
}
