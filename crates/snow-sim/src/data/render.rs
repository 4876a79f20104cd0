//! Records in the forms that the parameters ask for (facts 1.6).

use super::{Column, ColumnId, ColumnType, Database, Locale, Row, TableId, time};
use serde_json::{Map, Value, json};

/// How values are shown.
#[derive(Clone, Copy)]
pub(crate) struct Form<'a> {
    pub(crate) display: Display,
    pub(crate) links: bool,
    /// `https://host/api/now`, in the version that was asked for.
    pub(crate) base: &'a str,
    pub(crate) locale: &'a Locale,
    /// Whether this field of this table may be read; one that may not leaves no key (facts 1.9).
    pub(crate) readable: &'a dyn Fn(TableId, &str) -> bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Display {
    Stored,
    Shown,
    All,
}

impl Display {
    pub(crate) fn parse(word: Option<&str>) -> Self {
        match word {
            Some("true") => Self::Shown,
            Some("all") => Self::All,
            _ => Self::Stored,
        }
    }
}

impl Database {
    /// A record, with the fields asked for or all of the table that was asked. Unknown fields leave no key.
    pub(crate) fn render(&self, table: TableId, row: &Row, fields: Option<&str>, form: Form<'_>) -> Value {
        let mut record = Map::new();
        match fields.filter(|list| !list.is_empty()) {
            None => {
                for column in &self.dictionary.def(table).columns {
                    let name = &self.dictionary.column(*column).name;
                    if (form.readable)(table, name) {
                        record.insert(name.clone(), self.cell(table, row, *column, form));
                    }
                }
            }
            Some(list) => {
                for name in list.split(',').map(str::trim) {
                    if let Some(value) = self.walk(table, row, name, form) {
                        record.insert(name.to_owned(), value);
                    }
                }
            }
        }
        Value::Object(record)
    }

    /// A field, perhaps of a record that this one points to: `caller_id.name`. Through an empty reference it is `""`.
    fn walk(&self, table: TableId, row: &Row, path: &str, form: Form<'_>) -> Option<Value> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let column = self.dictionary.find(table, first).filter(|_| (form.readable)(table, first))?;
        let Some(rest) = rest else { return Some(self.cell(table, row, column, form)) };
        let ColumnType::Reference(target) = &self.dictionary.column(column).kind else { return None };
        let target = self.dictionary.table(target)?;
        match self.row(target, self.value(row, column)) {
            Some(next) => self.walk(target, next, rest, form),
            None => self.nothing(target, rest, form),
        }
    }

    /// What a field of no record shows: `""`, if there is such a field.
    fn nothing(&self, table: TableId, path: &str, form: Form<'_>) -> Option<Value> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let column = self.dictionary.find(table, first).filter(|_| (form.readable)(table, first))?;
        match (rest, &self.dictionary.column(column).kind) {
            (None, _) => Some(plain("", "", form)),
            (Some(rest), ColumnType::Reference(target)) => {
                self.nothing(self.dictionary.table(target)?, rest, form)
            }
            _ => None,
        }
    }

    fn cell(&self, table: TableId, row: &Row, id: ColumnId, form: Form<'_>) -> Value {
        let (column, stored) = (self.dictionary.column(id), self.value(row, id));
        match &column.kind {
            ColumnType::Reference(target) => {
                let name = self.display_name(target, stored).unwrap_or(stored);
                reference(&format!("{target}/{stored}"), stored, name, form)
            }
            ColumnType::ReferenceByName(target) => {
                let name = self.by_column_name(target, stored).and_then(|id| self.display_name(target, id));
                reference(&format!("{target}?name={stored}"), stored, name.unwrap_or(stored), form)
            }
            ColumnType::Journal if form.display == Display::Stored => "".into(),
            ColumnType::Journal => plain("", &self.journal(table, row, column, form.locale), form),
            _ => {
                // The same value can mean different things in different classes (facts 1.6).
                let choices = self.dictionary.choices(self.class(table, row), id);
                plain(stored, &self.shown(column, choices, stored, form.locale), form)
            }
        }
    }

    fn shown(&self, column: &Column, choices: &[(String, String)], stored: &str, locale: &Locale) -> String {
        if let Some((_, label)) = choices.iter().find(|(value, _)| value == stored) {
            return label.clone();
        }
        match &column.kind {
            ColumnType::Boolean if stored.is_empty() => "false".into(),
            _ if stored.is_empty() => String::new(),
            ColumnType::DateTime => locale.show(stored),
            ColumnType::Date => locale.show_date(stored),
            ColumnType::Duration => time::duration_words(stored),
            ColumnType::Password => "********".into(),
            ColumnType::List(target) => {
                let names = stored.split(',').map(|id| self.display_name(target, id).unwrap_or(id));
                names.collect::<Vec<_>>().join(", ")
            }
            _ => stored.to_owned(),
        }
    }

    /// The whole log in one text, newest first (facts 1.6).
    fn journal(&self, table: TableId, row: &Row, column: &Column, locale: &Locale) -> String {
        let Some(entries) = self.dictionary.table("sys_journal_field") else { return String::new() };
        let id = self.field(table, row, "sys_id");
        let both = column.name == "comments_and_work_notes";
        let wanted = |element: &str| {
            if both { matches!(element, "comments" | "work_notes") } else { element == column.name }
        };
        let mut found: Vec<&Row> = self
            .rows_after(entries, None)
            .map(|(_, entry)| entry)
            .filter(|entry| {
                self.field(entries, entry, "element_id") == id
                    && wanted(self.field(entries, entry, "element"))
            })
            .collect();
        found.sort_by_key(|entry| std::cmp::Reverse(self.field(entries, entry, "sys_created_on")));
        let text = found.into_iter().map(|entry| {
            let field = |name: &str| self.field(entries, entry, name);
            let label = if field("element") == "work_notes" { "Work notes" } else { "Additional comments" };
            let who = self
                .display_name("sys_user", &self.user_id(field("sys_created_by")))
                .unwrap_or(field("sys_created_by"));
            format!("{} - {who} ({label})\n{}\n\n", locale.show(field("sys_created_on")), field("value"))
        });
        text.collect()
    }
}

/// A reference in its six forms; empty, it is none in most of them.
fn reference(path: &str, id: &str, name: &str, form: Form<'_>) -> Value {
    let mut parts = Map::new();
    if form.display != Display::Stored {
        parts.insert("display_value".into(), name.into());
    }
    if form.links && !id.is_empty() {
        parts.insert("link".into(), format!("{}/table/{path}", form.base).into());
    }
    if form.display != Display::Shown {
        parts.insert("value".into(), id.into());
    }
    match form.display {
        Display::All => Value::Object(parts),
        _ if id.is_empty() => "".into(),
        _ if form.links => Value::Object(parts),
        Display::Shown => name.into(),
        Display::Stored => id.into(),
    }
}

fn plain(stored: &str, shown: &str, form: Form<'_>) -> Value {
    match form.display {
        Display::Stored => stored.into(),
        Display::Shown => shown.into(),
        Display::All => json!({ "display_value": shown, "value": stored }),
    }
}
