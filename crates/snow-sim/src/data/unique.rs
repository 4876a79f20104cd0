//! Columns of which no two records have the same value (facts 13.1).

use super::{Database, Fields, TableId};

const UNIQUE: &[(&str, &str)] = &[("sys_user", "user_name")];

pub(super) fn is_unique(table: &str, column: &str) -> bool {
    UNIQUE.contains(&(table, column))
}

impl Database {
    /// A value that may be there once, and that another record than this one has already. Any number of records may have no
    /// value, and upper and lower case are the same: see `Guess::UniqueValue`.
    pub(crate) fn taken(&self, table: TableId, own_id: Option<&str>, given: &Fields) -> Option<&str> {
        UNIQUE.iter().find_map(|(name, field)| {
            let unique = self.dictionary.table(name).filter(|unique| self.dictionary.is_a(table, *unique))?;
            let column = self.dictionary.find(unique, field)?;
            let value = given.get(*field).filter(|value| !value.is_empty())?;
            let others = self.rows(unique).filter(|(id, _)| Some(&***id) != own_id);
            others.map(|(_, row)| self.value(row, column)).find(|other| other.eq_ignore_ascii_case(value))
        })
    }
}
