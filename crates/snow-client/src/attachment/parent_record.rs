//! The record that a file belongs to.

use crate::{Error, SysId};
use snow_core::ApiPath;

#[derive(Clone, Debug)]
pub(super) struct ParentRecord {
    pub(super) table: String,
    pub(super) sys_id: SysId,
}

impl ParentRecord {
    /// Parses the names of a record.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a name that no table has, or an id that is not a `sys_id`.
    pub(super) fn parse(table: &str, sys_id: &str) -> Result<Self, Error> {
        ApiPath::table(table)?;
        Ok(Self { table: table.to_owned(), sys_id: sys_id.parse()? })
    }
}
