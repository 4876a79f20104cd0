//! The forms of values in a response (facts 1.6).

use super::calendar;
use super::dictionary::{Column, Kind, table};
use super::instance::{Instance, Place, Who, may_read};
use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Display {
    Stored,
    Shown,
    All,
}

/// How records are written into a response.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) who: Who,
    pub(crate) display: Display,
    pub(crate) links: bool,
    /// In front of the table's name in a link: host and path of the version that was asked for.
    pub(crate) base: String,
    /// The names of `sysparm_fields`; everything without it.
    pub(crate) fields: Option<Vec<String>>,
}

impl Shape {
    /// Every field as it is stored, for an administrator.
    pub(crate) fn whole(base: String) -> Self {
        Self { who: Who::Admin, display: Display::Stored, links: true, base, fields: None }
    }

    /// The keys of a record of this table, in the order in which they come; `None` if the order is the instance's.
    pub(crate) fn keys(&self, instance: &Instance, of: &str) -> Option<Vec<String>> {
        let (table, mut keys) = (table(of)?, Vec::new());
        for name in self.fields.as_ref()? {
            let place = instance.walk(table, None, name);
            if place.is_some_and(|place| may_read(self.who, place.column)) && !keys.contains(name) {
                keys.push(name.clone());
            }
        }
        Some(keys)
    }

    /// A record, seen as one of the table that was asked for: with the columns of that table alone.
    pub(crate) fn record(&self, instance: &Instance, of: &str, id: &str) -> Value {
        let (table, record) = (table(of).expect("a table of the model"), instance.records.get(id));
        let names = self.keys(instance, of).unwrap_or_else(|| {
            let readable = table.columns().into_iter().filter(|column| may_read(self.who, column));
            readable.map(|column| column.name.to_owned()).collect()
        });
        let places = names.into_iter().filter_map(|name| Some((instance.walk(table, record, &name)?, name)));
        Value::Object(places.map(|(place, name)| (name, self.value(instance, place))).collect())
    }

    fn value(&self, instance: &Instance, place: Place<'_>) -> Value {
        let stored = if place.column.kind == Kind::Journal { "" } else { place.value() };
        let shown = if self.display == Display::Stored {
            String::new()
        } else {
            display_value(instance, place, self.who)
        };
        if let (Kind::Reference(to), false) = (place.column.kind, stored.is_empty()) {
            return self.reference(to, stored, &shown);
        }
        match self.display {
            Display::Stored => json!(stored),
            Display::Shown => json!(shown),
            Display::All => json!({ "display_value": shown, "value": stored }),
        }
    }

    /// The six forms of a reference that is set.
    fn reference(&self, to: &str, id: &str, shown: &str) -> Value {
        if !self.links && self.display != Display::All {
            return json!(if self.display == Display::Stored { id } else { shown });
        }
        let mut object = Map::new();
        if self.display != Display::Shown {
            object.insert("value".into(), json!(id));
        }
        if self.display != Display::Stored {
            object.insert("display_value".into(), json!(shown));
        }
        if self.links {
            object.insert("link".into(), json!(format!("{}/table/{to}/{id}", self.base)));
        }
        Value::Object(object)
    }
}

/// A value as the user sees it.
pub(crate) fn display_value(instance: &Instance, place: Place<'_>, who: Who) -> String {
    let value = place.value();
    match place.column.kind {
        Kind::Journal => journal(place, who),
        // Empty, and yet shown as false (facts 2.4). Nothing is shown where there is no record.
        Kind::Boolean if value.is_empty() && place.record.is_some() => "false".into(),
        _ if value.is_empty() => String::new(),
        Kind::DateTime => who.locale().date_time(value),
        Kind::Date => who.locale().date(value),
        Kind::Duration => calendar::duration_in_words(value),
        Kind::Reference(to) => instance.display_of(to, value),
        Kind::List(of) => {
            let entry = |entry: &str| match instance.display_of(of, entry) {
                name if name.is_empty() => entry.to_owned(),
                name => name,
            };
            value.split(',').map(entry).collect::<Vec<_>>().join(", ")
        }
        Kind::Choice(..) => label(place.column, value).unwrap_or(value).to_owned(),
        Kind::Class => table(value).map_or(value, |table| table.label).to_owned(),
        Kind::Id | Kind::Text | Kind::Cut(_) | Kind::Integer | Kind::Decimal | Kind::Boolean => {
            value.to_owned()
        }
    }
}

/// The label of a choice.
pub(crate) fn label(column: &Column, value: &str) -> Option<&'static str> {
    let Kind::Choice(_, choices) = column.kind else { return None };
    choices.iter().find(|(choice, _)| *choice == value).map(|(_, label)| *label)
}

/// The whole log in one text, newest first. The label of the field is its name.
fn journal(place: Place<'_>, who: Who) -> String {
    let notes = place.record.map(|record| &record.notes[..]).unwrap_or_default();
    let entry = |note: &super::instance::Note| {
        let at = who.locale().date_time(&calendar::stored(note.at));
        format!("{at} - {} (u_log)\n{}\n\n", note.by.name(), note.text)
    };
    notes.iter().rev().map(entry).collect()
}
