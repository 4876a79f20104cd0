//! What the model knows of the instance: its records, its users, and what each of them may see.

use super::calendar::{self, Locale};
use super::dictionary::{Column, Kind, Table, table};
use std::collections::BTreeMap;

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Who {
    Admin,
    /// Not an administrator: rules hold.
    Reader,
    /// Without credentials.
    Nobody,
    WrongPassword,
}

impl Who {
    pub(crate) fn authorization(self) -> Option<&'static str> {
        match self {
            Self::Admin => Some("Basic YWRtaW46c2VjcmV0"),
            Self::Reader => Some("Basic cmVhZGVyOnNlY3JldA=="),
            Self::Nobody => None,
            Self::WrongPassword => Some("Basic YWRtaW46d3Jvbmc="),
        }
    }

    pub(crate) fn is_known(self) -> bool {
        matches!(self, Self::Admin | Self::Reader)
    }

    pub(crate) fn name(self) -> &'static str {
        if self == Self::Reader { "reader" } else { "admin" }
    }

    /// India has half an hour, and no summer time.
    pub(crate) fn locale(self) -> Locale {
        match self {
            Self::Reader => Locale { east: 0, day_first: false },
            _ => Locale { east: 19_800, day_first: true },
        }
    }
}

/// An entry of a journal field.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) at: i64,
    pub(crate) by: Who,
    pub(crate) text: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) table: &'static Table,
    pub(crate) values: BTreeMap<&'static str, String>,
    /// Of its one journal field.
    pub(crate) notes: Vec<Note>,
}

impl Record {
    pub(crate) fn value(&self, column: &str) -> &str {
        self.values.get(column).map_or("", String::as_str)
    }

    pub(crate) fn id(&self) -> &str {
        self.value("sys_id")
    }
}

/// Where a path of fields leads: to a column of a record, or through an empty reference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) column: &'static Column,
    pub(crate) record: Option<&'a Record>,
}

impl<'a> Place<'a> {
    pub(crate) fn value(&self) -> &'a str {
        self.record.map_or("", |record| record.value(self.column.name))
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Instance {
    /// Seconds since 1970.
    pub(crate) now: i64,
    pub(crate) records: BTreeMap<String, Record>,
    /// The contents of files, by their sys_ids.
    pub(crate) files: BTreeMap<String, &'static [u8]>,
}

impl Instance {
    pub(crate) fn stamp(&self) -> String {
        calendar::stored(self.now)
    }

    /// A record of that table, or of one that extends it (facts 1.6).
    pub(crate) fn record(&self, of: &str, id: &str) -> Option<&Record> {
        self.records.get(id).filter(|record| record.table.is_a(of))
    }

    /// The records of a table and of those that extend it.
    pub(crate) fn records_of(&self, of: &str) -> Vec<&Record> {
        self.records.values().filter(|record| record.table.is_a(of)).collect()
    }

    /// Follows a path such as `u_city.u_country.u_name` from a record of this table. `None` if a name in it is not a field.
    pub(crate) fn walk<'a>(
        &'a self,
        of: &Table,
        record: Option<&'a Record>,
        path: &str,
    ) -> Option<Place<'a>> {
        let Some((first, rest)) = path.split_once('.') else {
            return Some(Place { column: of.column(path)?, record });
        };
        let Kind::Reference(to) = of.column(first)?.kind else { return None };
        let next = record.and_then(|record| self.record(to, record.value(first)));
        self.walk(table(to)?, next, rest)
    }

    /// Rows of level 3 are hidden from the reader, and files with their records (facts 1.9 and 5).
    pub(crate) fn may_see(&self, who: Who, record: &Record) -> bool {
        if record.table.name == "sys_attachment" {
            let parent = self.record(record.value("table_name"), record.value("table_sys_id"));
            return parent.is_some_and(|parent| self.may_see(who, parent));
        }
        who == Who::Admin || record.table.name != "u_vault" || record.value("u_level") != "3"
    }

    /// Deletes a record, and its files with it.
    pub(crate) fn delete(&mut self, id: &str) {
        self.records.remove(id);
        self.records
            .retain(|_, record| record.table.name != "sys_attachment" || record.value("table_sys_id") != id);
    }

    /// What stands for the record that a reference points to.
    pub(crate) fn display_of(&self, to: &str, id: &str) -> String {
        let display = table(to).map_or("", |table| table.display);
        self.record(to, id).map(|record| record.value(display).to_owned()).unwrap_or_default()
    }
}

pub(crate) fn may_read(who: Who, column: &Column) -> bool {
    who == Who::Admin || column.name != "u_secret"
}

/// Writes to a locked field are ignored without a trace (facts 1.7).
pub(crate) fn may_write(who: Who, column: &Column) -> bool {
    who == Who::Admin || !matches!(column.name, "u_locked" | "u_secret")
}

/// Whether the table as a whole may be written.
pub(crate) fn may_write_table(who: Who, table: &Table) -> bool {
    who == Who::Admin || table.name != "u_city"
}
