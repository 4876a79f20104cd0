//! Tables and their rows. Every value is kept as the text that the service stores.

mod demo;
mod describe;
mod dictionary;
mod file;
mod generate;
mod load;
mod render;
mod row;
mod rules;
mod sys_id;
mod time;
mod write;

pub(crate) use demo::fill;
pub use dictionary::ColumnType;
pub(crate) use dictionary::{Column, ColumnId, Dictionary, TableId};
pub(crate) use file::{File, NewFile, generated, generated_hash};
pub(crate) use load::load;
pub(crate) use render::{Display, Form};
pub(crate) use row::Row;
pub(crate) use sys_id::scramble;
pub(crate) use time::{Locale, parse_stamp, stamp};
pub(crate) use write::{Author, Fields};

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Everything that an instance stores.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) dictionary: Dictionary,
    /// By the root of a line of tables, then by sys_id.
    rows: HashMap<TableId, BTreeMap<Arc<str>, Row>>,
    /// Values that many rows share: kept once.
    shared: HashSet<Arc<str>>,
    ids: sys_id::Generator,
    numbers: HashMap<String, u32>,
    files: file::Files,
}

impl Database {
    pub(crate) fn new() -> Result<Self, crate::BuildError> {
        Ok(Self {
            dictionary: Dictionary::stock()?,
            rows: HashMap::new(),
            shared: HashSet::new(),
            ids: sys_id::Generator::default(),
            numbers: HashMap::new(),
            files: file::Files::default(),
        })
    }

    /// A row of a table or of one that extends it.
    pub(crate) fn row(&self, table: TableId, sys_id: &str) -> Option<&Row> {
        let row = self.rows.get(&self.dictionary.def(table).root)?.get(sys_id)?;
        self.belongs(table, row).then_some(row)
    }

    fn belongs(&self, table: TableId, row: &Row) -> bool {
        let root = self.dictionary.def(table).root;
        table == root || self.dictionary.is_a(self.class(table, row), table)
    }

    /// The table that a row really is of: `sys_class_name` says so.
    pub(crate) fn class(&self, table: TableId, row: &Row) -> TableId {
        let root = self.dictionary.def(table).root;
        let class = self.dictionary.find(root, "sys_class_name").map(|column| self.value(row, column));
        class
            .and_then(|name| self.dictionary.table(name))
            .filter(|class| self.dictionary.is_a(*class, root))
            .unwrap_or(root)
    }

    /// The rows of a table and of those that extend it, by sys_id, after the given one.
    pub(crate) fn rows_after(
        &self,
        table: TableId,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&Arc<str>, &Row)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        let rows = self.rows.get(&self.dictionary.def(table).root);
        let rows = rows.into_iter().flat_map(move |rows| rows.range::<str, _>((from, Unbounded)));
        rows.filter(move |(_, row)| self.belongs(table, row))
    }

    /// The stored value of a cell, its column's default where nobody set it.
    pub(crate) fn value<'a>(&'a self, row: &'a Row, column: ColumnId) -> &'a str {
        row.get(column).unwrap_or(&self.dictionary.column(column).default)
    }

    /// The stored value of a field, empty if there is no such column.
    pub(crate) fn field<'a>(&'a self, table: TableId, row: &'a Row, name: &str) -> &'a str {
        self.dictionary.find(table, name).map_or("", |column| self.value(row, column))
    }

    /// What a person sees of a record: the value of its table's display column.
    pub(crate) fn display_name(&self, table: &str, sys_id: &str) -> Option<&str> {
        let table = self.dictionary.table(table)?;
        let row = self.row(table, sys_id)?;
        let column = self.dictionary.find(table, &self.dictionary.def(table).display)?;
        match &self.dictionary.column(column).kind {
            ColumnType::Reference(next) => self.display_name(next, self.value(row, column)),
            _ => Some(self.value(row, column)),
        }
    }

    /// The id of the first record whose display column says this.
    pub(crate) fn by_display_name(&self, table: &str, name: &str) -> Option<&str> {
        let table = self.dictionary.table(table)?;
        let column = self.dictionary.find(table, &self.dictionary.def(table).display)?;
        let mut rows = self.rows_after(table, None);
        rows.find(|(_, row)| self.value(row, column).eq_ignore_ascii_case(name)).map(|(id, _)| &**id)
    }

    /// The id of the record with this in its column `name`.
    pub(crate) fn by_column_name(&self, table: &str, name: &str) -> Option<&str> {
        let table = self.dictionary.table(table)?;
        let column = self.dictionary.find(table, "name")?;
        self.rows_after(table, None).find(|(_, row)| self.value(row, column) == name).map(|(id, _)| &**id)
    }

    /// The id of a record by its display value, or of a user by the user name.
    pub(crate) fn by_name(&self, table: &str, name: &str) -> Option<&str> {
        self.by_display_name(table, name).or_else(|| {
            let users = self.dictionary.table(table)?;
            let column = self.dictionary.find(users, "user_name")?;
            self.rows_after(users, None).find(|(_, row)| self.value(row, column) == name).map(|(id, _)| &**id)
        })
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.shared.insert(new.clone());
        new
    }

    /// A new id for a transaction.
    pub(crate) fn transaction_id(&mut self) -> String {
        self.ids.transaction_id()
    }
}
