//! The request for one page: which records, how many, and what of them.

use super::key_range::{KeyRange, RangeStart, RecordKey};
use super::read_order::ReadOrder;
use snow_core::{Query, field};

/// A page to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageRequest {
    pub(super) range: KeyRange,
    pub(super) limit: u32,
    /// Whether the service is to count what matches from here on.
    pub(super) counted: bool,
    /// Whether the page is read for its sys_ids only.
    pub(super) ids_only: bool,
    /// How many records to skip, in a read by position.
    pub(super) offset: Option<u64>,
}

impl PageRequest {
    /// The query of the page: the user's query, restricted to the range.
    pub(super) fn query(&self, query: &Query<'static>, order: &ReadOrder) -> Query<'static> {
        if *order == ReadOrder::Offset {
            let unique = query.order().iter().any(|(field, _)| *field == "sys_id");
            return if unique { query.clone() } else { query.clone().order_by("sys_id") };
        }
        let query = query.clone().without_order();
        let query = match &self.range.from {
            RangeStart::Start => query,
            RangeStart::From(id) => query.and(field("sys_id").ge(id.clone())),
            RangeStart::After(key) => query.and(after(key, field("sys_id").gt(key.sys_id.clone()), order)),
            RangeStart::At(key) => query.and(after(key, field("sys_id").ge(key.sys_id.clone()), order)),
        };
        let query = match &self.range.until {
            Some(until) => query.and(field("sys_id").lt(until.clone())),
            None => query,
        };
        match order {
            ReadOrder::Field { field, descending: true } => {
                query.order_by_desc(field.clone()).order_by("sys_id")
            }
            ReadOrder::Field { field, descending: false } => query.order_by(field.clone()).order_by("sys_id"),
            ReadOrder::SysId | ReadOrder::Offset => query.order_by("sys_id"),
        }
    }
}

/// The condition that a record comes after this one. `tie_breaker` decides between records with the same value.
fn after(key: &RecordKey, tie_breaker: Query<'static>, order: &ReadOrder) -> Query<'static> {
    match (order, &key.value) {
        (ReadOrder::Field { field: name, descending }, Some(value)) => {
            let name = || field(name.clone());
            let beyond = if *descending { name().lt(value.clone()) } else { name().gt(value.clone()) };
            beyond.or(name().eq(value.clone()).and(tie_breaker))
        }
        _ => tie_breaker,
    }
}
