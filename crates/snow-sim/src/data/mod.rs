//! Tables and their rows. Every value is kept as the text that the service stores.

mod demo;
mod dictionary;
mod query;
mod render;
mod sys_id;
mod write;

pub(crate) use demo::fill;
pub(crate) use dictionary::Table;
pub(crate) use query::{Query, Unsupported};
pub(crate) use render::{Display, Form};
pub(crate) use sys_id::scramble;
pub(crate) use write::Author;

use std::collections::{BTreeMap, HashMap};

/// Field values by column; a column that is not there is empty.
pub(crate) type Row = HashMap<String, String>;

/// Everything that an instance stores.
#[derive(Debug, Default)]
pub(crate) struct Database {
    tables: BTreeMap<&'static str, Table>,
    /// By table, then by sys_id.
    rows: HashMap<&'static str, BTreeMap<String, Row>>,
    ids: sys_id::Generator,
    numbers: HashMap<&'static str, u32>,
}

impl Database {
    pub(crate) fn new() -> Self {
        let tables = dictionary::tables();
        Self { tables: tables.into_iter().map(|table| (table.name, table)).collect(), ..Self::default() }
    }

    pub(crate) fn table(&self, name: &str) -> Option<Table> {
        self.tables.get(name).copied()
    }

    pub(crate) fn row(&self, table: Table, sys_id: &str) -> Option<&Row> {
        self.rows.get(table.name)?.get(sys_id)
    }

    /// In no promised order: that of the ids.
    pub(crate) fn rows(&self, table: Table) -> impl Iterator<Item = &Row> {
        self.rows.get(table.name).into_iter().flat_map(BTreeMap::values)
    }

    pub(crate) fn remove(&mut self, table: Table, sys_id: &str) -> bool {
        self.rows.get_mut(table.name).is_some_and(|rows| rows.remove(sys_id).is_some())
    }

    /// What a person sees of a record: the value of its table's display column.
    pub(crate) fn display_name(&self, table: &str, sys_id: &str) -> Option<&str> {
        let table = self.table(table)?;
        self.row(table, sys_id)?.get(table.display).map(String::as_str)
    }
}
