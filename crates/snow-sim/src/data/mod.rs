//! Tables and their rows. Every value is kept as the text that the service stores.

mod accepted;
mod author;
mod business_rules;
mod cell;
mod choices;
mod column_override;
mod demo;
mod demo_services;
mod describe;
mod dictionary;
mod display_value;
mod draft;
mod fields;
mod file;
mod generate;
mod load;
mod lookup;
mod overrides;
mod record;
mod render;
mod rendered_cell;
mod row;
mod sys_id;
mod sys_id_range;
mod time;
mod unique;
mod variables;
mod write;
mod write_guesses;

pub(crate) use author::Author;
pub(crate) use demo::fill;
pub(crate) use describe::{internal_type, max_length};
pub use dictionary::ColumnType;
pub(crate) use dictionary::{Column, ColumnId, Dictionary, TableId};
pub(crate) use fields::Fields;
pub(crate) use file::{File, NewFile, generated, generated_hash};
pub(crate) use load::load;
pub(crate) use record::Record;
pub(crate) use render::{Display, RenderOptions, Renderer};
pub(crate) use row::Row;
pub(crate) use sys_id::scramble;
pub(crate) use sys_id_range::SysIdRange;
pub(crate) use time::{Locale, parse_stamp};

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
    /// Whether the dictionary is there as rows: from then on, rows of `sys_choice` rule.
    described: bool,
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
            described: false,
        })
    }

    /// A row of a table or of one that extends it.
    pub(crate) fn row(&self, table: TableId, sys_id: &str) -> Option<&Row> {
        let row = self.rows.get(&self.dictionary.def(table).root)?.get(sys_id)?;
        self.belongs(table, self.class_column(table), row).then_some(row)
    }

    fn belongs(&self, table: TableId, class: Option<ColumnId>, row: &Row) -> bool {
        let def = self.dictionary.def(table);
        // Most rows are of the table itself: for those nothing has to be looked up.
        table == def.root
            || class.is_some_and(|class| self.value(row, class) == def.name)
            || self.dictionary.is_a(self.class(table, row), table)
    }

    /// The column that says which table of a line a row is of.
    fn class_column(&self, table: TableId) -> Option<ColumnId> {
        self.dictionary.find(self.dictionary.def(table).root, "sys_class_name")
    }

    /// The table that a row really is of: `sys_class_name` says so.
    pub(crate) fn class(&self, table: TableId, row: &Row) -> TableId {
        let root = self.dictionary.def(table).root;
        let class = self.class_column(table).map(|column| self.value(row, column));
        class
            .and_then(|name| self.dictionary.table(name))
            .filter(|class| self.dictionary.is_a(*class, root))
            .unwrap_or(root)
    }

    /// The rows of a table and of those that extend it, by sys_id.
    pub(crate) fn rows(&self, table: TableId) -> impl Iterator<Item = (&Arc<str>, &Row)> {
        self.rows_in(table, SysIdRange::default())
    }

    /// Those of them whose sys_id is in a range.
    pub(crate) fn rows_in<'a>(
        &'a self,
        table: TableId,
        range: SysIdRange<'_>,
    ) -> impl Iterator<Item = (&'a Arc<str>, &'a Row)> + use<'a> {
        let rows = self.rows.get(&self.dictionary.def(table).root).filter(|_| !range.is_empty());
        let rows = rows.map(|rows| rows.range::<str, _>(range)).into_iter().flatten();
        let class = self.class_column(table);
        rows.filter(move |(_, row)| self.belongs(table, class, row))
    }

    /// The table of this name and the fields of a record of it, if it has them all.
    pub(crate) fn check_fields<'a>(
        &self,
        table: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(TableId, Fields), crate::BuildError> {
        let unknown =
            |what: String| crate::BuildError::new(format!("a row of {table:?} cannot be written: {what}"));
        let id = self.dictionary.table(table).ok_or_else(|| unknown("there is no such table".into()))?;
        let fields: Fields =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        match fields.keys().find(|name| self.dictionary.find(id, name).is_none()) {
            Some(name) => Err(unknown(format!("it has no column {name:?}"))),
            None => Ok((id, fields)),
        }
    }

    /// A new id for a transaction.
    pub(crate) fn transaction_id(&mut self) -> String {
        self.ids.transaction_id()
    }
}
