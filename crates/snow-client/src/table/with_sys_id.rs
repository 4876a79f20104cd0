//! Records with their `sys_id`.

use snow_core::SysId;

/// A record with its `sys_id`, whether or not the record itself has that field. Returned by the calls of
/// [`ListRecords::with_sys_ids`](crate::table::ListRecords::with_sys_ids).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WithSysId<T> {
    /// The `sys_id` of the record.
    pub sys_id: SysId,
    /// The record.
    pub record: T,
}
