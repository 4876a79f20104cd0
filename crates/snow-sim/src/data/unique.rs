//! Columns of which no two records have the same value (facts 13.1).

use super::{Database, Fields, TableId};

const UNIQUE: &[(&str, &str)] = &[("sys_user", "user_name")];

pub(super) fn is_unique(table: &str, column: &str) -> bool {
    UNIQUE.contains(&(table, column))
}

impl Database {
    /// Whether another record than this one has a value already that may be there once. Guesses: that no value at all may be there
    /// often, and that upper and lower case are the same.
    pub(crate) fn is_taken(&self, table: TableId, own_id: Option<&str>, given: &Fields) -> bool {
        UNIQUE.iter().any(|(name, field)| {
            let unique = self.dictionary.table(name).filter(|unique| self.dictionary.is_a(table, *unique));
            let column = unique.and_then(|unique| self.dictionary.find(unique, field));
            let (Some(unique), Some(column)) = (unique, column) else { return false };
            let Some(value) = given.get(*field).filter(|value| !value.is_empty()) else { return false };
            let mut others = self.rows(unique).filter(|(id, _)| Some(&***id) != own_id);
            others.any(|(_, row)| self.value(row, column).eq_ignore_ascii_case(value))
        })
    }
}
