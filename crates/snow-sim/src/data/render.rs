//! Records in the forms that the parameters ask for (facts 1.6).

use super::{Column, ColumnId, ColumnType, Database, Locale, Record, Row, TableId, time};
use serde_json::{Map, Value, json};

/// What is shown of a password.
pub(super) const STARS: &str = "********";

/// How values are shown.
#[derive(Clone, Copy)]
pub(crate) struct RenderOptions<'a> {
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
            Some(word) if word.eq_ignore_ascii_case("true") => Self::Shown,
            Some("all") => Self::All,
            _ => Self::Stored,
        }
    }
}

impl Database {
    /// A record, with the fields asked for or all of the table that was asked. Unknown fields leave no key.
    pub(crate) fn render(
        &self,
        table: TableId,
        row: &Row,
        fields: Option<&str>,
        options: RenderOptions<'_>,
    ) -> Record {
        let mut record = Record::default();
        match fields.filter(|list| !list.is_empty()) {
            None => {
                for column in &self.dictionary.def(table).columns {
                    let name = &self.dictionary.column(*column).name;
                    if (options.readable)(table, name) {
                        record.push(name, self.cell(table, row, *column, options));
                    }
                }
            }
            Some(list) => {
                for name in list.split(',').map(str::trim) {
                    if let Some(value) = self.walk(table, row, name, options) {
                        record.set(name, value);
                    }
                }
            }
        }
        record
    }

    /// A field, perhaps of a record that this one points to: `caller_id.name`. Through an empty reference it is `""`.
    fn walk(&self, table: TableId, row: &Row, path: &str, options: RenderOptions<'_>) -> Option<Value> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        if let ("variables", Some(rest)) = (first, rest) {
            return self.walk_variable(table, row, rest, options);
        }
        let column = self.dictionary.find(table, first).filter(|_| (options.readable)(table, first))?;
        let Some(rest) = rest else { return Some(self.cell(table, row, column, options)) };
        let ColumnType::Reference(target) = &self.dictionary.column(column).kind else { return None };
        let target = self.dictionary.table(target)?;
        match self.row(target, self.value(row, column)) {
            Some(next) => self.walk(target, next, rest, options),
            None => self.render_empty(target, rest, options),
        }
    }

    /// A variable of a requested item, perhaps of the record that it refers to.
    fn walk_variable(
        &self,
        table: TableId,
        row: &Row,
        path: &str,
        options: RenderOptions<'_>,
    ) -> Option<Value> {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let variable = self.variable(table, row, name)?;
        match (variable.reference, rest) {
            (Some(target), Some(rest)) => match self.row(target, variable.value) {
                Some(next) => self.walk(target, next, rest, options),
                None => self.render_empty(target, rest, options),
            },
            (None, Some(_)) => None,
            (Some(target), None) => {
                let table = &self.dictionary.def(target).name;
                let name = self.display_name(table, variable.value).unwrap_or(variable.value);
                Some(render_reference(&format!("{table}/{}", variable.value), variable.value, name, options))
            }
            (None, None) => Some(render_plain(variable.value, variable.value, options)),
        }
    }

    /// What a field of no record shows: `""`, if there is such a field.
    fn render_empty(&self, table: TableId, path: &str, options: RenderOptions<'_>) -> Option<Value> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let column = self.dictionary.find(table, first).filter(|_| (options.readable)(table, first))?;
        match (rest, &self.dictionary.column(column).kind) {
            (None, _) => Some(render_plain("", "", options)),
            (Some(rest), ColumnType::Reference(target)) => {
                self.render_empty(self.dictionary.table(target)?, rest, options)
            }
            _ => None,
        }
    }

    fn cell(&self, table: TableId, row: &Row, id: ColumnId, options: RenderOptions<'_>) -> Value {
        let (column, stored) = (self.dictionary.column(id), self.value(row, id));
        match &column.kind {
            ColumnType::Reference(target) => {
                let name = self.display_name(target, stored).unwrap_or(stored);
                render_reference(&format!("{target}/{stored}"), stored, name, options)
            }
            ColumnType::ReferenceByName(target) => {
                let name = self.by_column_name(target, stored).and_then(|id| self.display_name(target, id));
                render_reference(&format!("{target}?name={stored}"), stored, name.unwrap_or(stored), options)
            }
            ColumnType::Journal if options.display == Display::Stored => "".into(),
            ColumnType::Journal => {
                render_plain("", &self.journal(table, row, column, options.locale), options)
            }
            _ => {
                // The same value can mean different things in different classes (facts 1.6).
                let choices = self.dictionary.choices(self.class(table, row), id);
                render_plain(stored, &self.display_value(column, choices, stored, options.locale), options)
            }
        }
    }

    fn display_value(
        &self,
        column: &Column,
        choices: &[(String, String)],
        stored: &str,
        locale: &Locale,
    ) -> String {
        if let Some((_, label)) = choices.iter().find(|(value, _)| value == stored) {
            return label.clone();
        }
        match &column.kind {
            ColumnType::Boolean if stored.is_empty() => "false".into(),
            _ if stored.is_empty() => String::new(),
            ColumnType::DateTime => locale.show(stored),
            ColumnType::Date => locale.show_date(stored),
            ColumnType::Duration => time::duration_words(stored),
            ColumnType::Password => STARS.into(),
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
fn render_reference(path: &str, id: &str, name: &str, options: RenderOptions<'_>) -> Value {
    let mut parts = Map::new();
    if options.display != Display::Stored {
        parts.insert("display_value".into(), name.into());
    }
    if options.links && !id.is_empty() {
        parts.insert("link".into(), format!("{}/table/{path}", options.base).into());
    }
    if options.display != Display::Shown {
        parts.insert("value".into(), id.into());
    }
    match options.display {
        Display::All => Value::Object(parts),
        _ if id.is_empty() => "".into(),
        _ if options.links => Value::Object(parts),
        Display::Shown => name.into(),
        Display::Stored => id.into(),
    }
}

fn render_plain(stored: &str, shown: &str, options: RenderOptions<'_>) -> Value {
    match options.display {
        Display::Stored => stored.into(),
        Display::Shown => shown.into(),
        Display::All => json!({ "display_value": shown, "value": stored }),
    }
}
