//! The records that files belong to, and what a user may do with them.

use super::super::Call;
use super::super::table::access::Access;
use super::parent_table;
use crate::data::{Row, TableId};
use crate::state::State;
use std::collections::HashMap;

/// Access to the records of files; each table's rules are read once.
pub(super) struct ParentAccess<'a> {
    state: &'a State,
    call: &'a Call<'a>,
    /// `sys_attachment`.
    table: TableId,
    own: Access<'a>,
    known: HashMap<TableId, Access<'a>>,
}

impl<'a> ParentAccess<'a> {
    pub(super) fn of(state: &'a State, call: &'a Call<'_>, table: TableId) -> Self {
        Self { state, call, table, own: Access::of(state, &call.user, table), known: HashMap::new() }
    }

    fn access(&mut self, table: TableId) -> &Access<'a> {
        let (state, call) = (self.state, self.call);
        self.known.entry(table).or_insert_with(|| Access::of(state, &call.user, table))
    }

    /// The table and the record of a file, as far as they are there.
    fn parent(&self, file: &Row) -> (Option<TableId>, Option<&'a Row>) {
        let database = &self.state.database;
        let table = parent_table(database, database.field(self.table, file, "table_name"));
        let row =
            table.and_then(|table| database.row(table, database.field(self.table, file, "table_sys_id")));
        (table, row)
    }

    /// A file can be read by those who may read its record; everyone may read a file whose record is gone.
    pub(super) fn may_see(&mut self, file: &Row) -> bool {
        self.own.may_see(file)
            && match self.parent(file) {
                (Some(table), Some(row)) => self.access(table).may_see(row),
                _ => true,
            }
    }

    pub(super) fn may_write(&mut self, file: &Row) -> bool {
        !self.own.denies_writing()
            && match self.parent(file) {
                (Some(table), _) => !self.access(table).denies_writing(),
                _ => true,
            }
    }
}
