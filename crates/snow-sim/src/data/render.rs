//! Records in the forms that the parameters ask for (facts 1.6).

use super::dictionary::{Column, Kind};
use super::{Database, Row, Table};
use serde_json::{Map, Value, json};

/// How values are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form<'a> {
    pub(crate) display: Display,
    pub(crate) links: bool,
    /// `https://host/api/now`, in the version that was asked for.
    pub(crate) base: &'a str,
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
    /// A record, with the fields asked for or all. Unknown fields leave no key.
    pub(crate) fn render(&self, table: Table, row: &Row, fields: Option<&str>, form: Form<'_>) -> Value {
        let mut record = Map::new();
        match fields.filter(|list| !list.is_empty()) {
            None => {
                for column in table.columns {
                    record.insert(column.name.to_owned(), self.value(column, stored(row, column.name), form));
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
    fn walk(&self, table: Table, row: &Row, path: &str, form: Form<'_>) -> Option<Value> {
        let Some((first, rest)) = path.split_once('.') else {
            let column = table.column(path)?;
            return Some(self.value(column, stored(row, path), form));
        };
        let Kind::Reference(target) = table.column(first)?.kind else { return None };
        let target = self.table(target)?;
        match self.row(target, stored(row, first)) {
            Some(next) => self.walk(target, next, rest, form),
            None => self.walk(target, &Row::new(), rest, form),
        }
    }

    fn value(&self, column: &Column, stored: &str, form: Form<'_>) -> Value {
        match column.kind {
            Kind::Reference(target) => self.reference(target, stored, form),
            Kind::Journal => plain("", stored, form),
            Kind::Choice(choices) => {
                let label =
                    choices.iter().find(|(value, _)| *value == stored).map_or(stored, |(_, label)| label);
                plain(stored, label, form)
            }
            Kind::Text | Kind::DateTime => plain(stored, stored, form),
        }
    }

    fn reference(&self, target: &str, id: &str, form: Form<'_>) -> Value {
        let name = self.display_name(target, id).unwrap_or(id);
        let mut parts = Map::new();
        if form.display != Display::Stored {
            parts.insert("display_value".into(), name.into());
        }
        if form.links && !id.is_empty() {
            parts.insert("link".into(), format!("{}/table/{target}/{id}", form.base).into());
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
}

fn stored<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).map_or("", String::as_str)
}

fn plain(stored: &str, shown: &str, form: Form<'_>) -> Value {
    match form.display {
        Display::Stored => stored.into(),
        Display::Shown => shown.into(),
        Display::All => json!({ "display_value": shown, "value": stored }),
    }
}
