//! What a write makes of a record (facts 1.7, 3.3 and 13.1).

use super::dictionary::{Column, Kind, Table};
use super::forms::label;
use super::instance::{Instance, Note, Record, Who, may_write};
use serde_json::{Map, Value, json};
use snow_sim::Guess;
use std::collections::{BTreeMap, BTreeSet};

/// A value in the body of a write, as a person means it.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// As it stands, whether it fits the column or not.
    Text(&'static str),
    Number(i64),
    Flag(bool),
    Null,
    /// An object or a list, as JSON.
    Nested(&'static str),
    /// A stored value, which is sent in display form where the request says so: a choice, a reference, a date or a time.
    Meant(&'static str),
    /// As it stands.
    Own(String),
    /// A date-time as people write it, and as it is stored.
    Loose(&'static str, &'static str),
}

impl Input {
    /// What is sent: the value as it is stored, or with `sysparm_input_display_value` as the user sees it.
    pub(crate) fn wire(
        &self,
        instance: &Instance,
        column: Option<&Column>,
        displayed: bool,
        who: Who,
    ) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Own(text) => json!(text),
            Self::Nested(json) => serde_json::from_str(json).unwrap_or_default(),
            Self::Number(number) => json!(number),
            Self::Flag(flag) => json!(flag),
            Self::Null => Value::Null,
            Self::Loose(text, _) if !displayed => json!(text),
            Self::Meant(stored) | Self::Loose(_, stored) => match column {
                Some(column) if displayed && !stored.is_empty() => {
                    json!(shown(instance, column, stored, who))
                }
                _ => json!(stored),
            },
        }
    }

    /// What it takes to store it.
    fn guess(&self, column: &Column) -> Option<Guess> {
        match self {
            Self::Null => Some(Guess::NullClears),
            Self::Nested(_) => Some(Guess::NestedValue),
            Self::Text("0" | "1") if column.kind == Kind::Boolean => Some(Guess::BooleanNumber),
            _ => match column.kind {
                Kind::Cut(length) if self.text().chars().count() > length => Some(Guess::ValueCut),
                _ => None,
            },
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Nested(text) | Self::Meant(text) | Self::Loose(text, _) => {
                (*text).to_owned()
            }
            Self::Own(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Null => String::new(),
        }
    }
}

fn shown(instance: &Instance, column: &Column, stored: &str, who: Who) -> String {
    match column.kind {
        Kind::DateTime => who.locale().date_time(stored),
        Kind::Date => who.locale().date(stored),
        Kind::Reference(to) => instance.display_of(to, stored),
        Kind::List(of) => {
            let names = stored.split(',').map(|id| match instance.display_of(of, id) {
                name if name.is_empty() => id.to_owned(),
                name => name,
            });
            names.collect::<Vec<_>>().join(", ")
        }
        _ => label(column, stored).unwrap_or(stored).to_owned(),
    }
}

/// The body of a write.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) values: Vec<(&'static str, Input)>,
    pub(crate) form: Form,
}

/// How the body is written (facts 1.1 and 1.7).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    Object,
    /// Several records, of which the first is used.
    Several,
    SingleQuotes,
    /// No body at all: a record of defaults (facts 13.1).
    Nothing,
    Broken,
}

impl Draft {
    pub(crate) fn is_empty(&self) -> bool {
        self.form == Form::Nothing
    }

    pub(crate) fn body(&self, instance: &Instance, of: Option<&Table>, displayed: bool, who: Who) -> String {
        let mut object = Map::new();
        for (name, input) in &self.values {
            let column = of.and_then(|table| table.column(name));
            object.insert((*name).to_owned(), input.wire(instance, column, displayed, who));
        }
        let object = Value::Object(object).to_string();
        match self.form {
            Form::Object => object,
            Form::Several => format!("[{object},{{\"u_name\":\"second\"}}]"),
            Form::SingleQuotes => object.replace('"', "'"),
            Form::Nothing => String::new(),
            Form::Broken => format!("{object}{{"),
        }
    }

    /// The values that count: the last of those with one name.
    fn given(&self) -> BTreeMap<&'static str, &Input> {
        if self.is_empty() {
            BTreeMap::new()
        } else {
            self.values.iter().map(|(name, input)| (*name, input)).collect()
        }
    }
}

/// What becomes of a value.
enum Stored {
    Kept,
    Set(String),
}

/// What a column stores of a value.
fn stored(column: &Column, input: &Input) -> Stored {
    let text = input.text();
    match column.kind {
        Kind::Cut(length) => Stored::Set(text.chars().take(length).collect()),
        // A choice that is not in its list is dropped, and a choice cannot be emptied (facts 1.6).
        Kind::Choice(..) if label(column, &text).is_none() => Stored::Kept,
        _ if text.is_empty() => Stored::Set(text),
        // What is no number and no boolean is ignored (facts 1.7).
        Kind::Integer | Kind::Decimal if text.parse::<f64>().is_err() => Stored::Kept,
        Kind::Boolean => match &*text {
            "true" | "1" => Stored::Set("true".into()),
            "false" | "0" => Stored::Set("false".into()),
            _ => Stored::Kept,
        },
        // Date-times are normalized (facts 13.1).
        Kind::DateTime if text.len() == 10 => Stored::Set(format!("{text} 00:00:00")),
        Kind::DateTime => Stored::Set(text.replace('T', " ")),
        _ => Stored::Set(text),
    }
}

/// A record that is written, before the instance has filled in what it fills in itself.
pub(crate) struct Written {
    pub(crate) record: Record,
    /// Guesses without which there would be no such record.
    pub(crate) guesses: BTreeSet<Guess>,
}

impl Instance {
    /// What a new record would be. The sys_id is that of the body, or empty.
    pub(crate) fn drafted(
        &self,
        of: &'static Table,
        draft: &Draft,
        who: Who,
        own_sys_fields: bool,
    ) -> Written {
        let mut values: BTreeMap<&'static str, String> =
            of.columns().into_iter().map(|column| (column.name, column.default.to_owned())).collect();
        for (name, value) in [("sys_created_on", self.stamp()), ("sys_updated_on", self.stamp())] {
            values.insert(name, value);
        }
        for name in ["sys_created_by", "sys_updated_by"] {
            values.insert(name, who.name().to_owned());
        }
        values.insert("sys_class_name", of.name.to_owned());
        let given = draft.given();
        for name in ["sys_id", "sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by"] {
            if let Some(input) = given.get(name)
                && (name == "sys_id" || own_sys_fields)
            {
                values.insert(name, input.text());
            }
        }
        let record = Record { table: of, values, notes: Vec::new() };
        let mut written = Written { record, guesses: BTreeSet::new() };
        self.fill_in(&mut written, draft, None, who);
        written
    }

    /// What a record would be after a change.
    pub(crate) fn changed(&self, record: &Record, draft: &Draft, who: Who) -> Written {
        let mut written = Written { record: record.clone(), guesses: BTreeSet::new() };
        self.fill_in(&mut written, draft, Some(record), who);
        let new = &mut written.record;
        if new.values != record.values || new.notes.len() != record.notes.len() {
            // A change that changes nothing leaves no trace (facts 1.7).
            let count: u32 = new.value("sys_mod_count").parse().expect("a count");
            new.values.insert("sys_mod_count", (count + 1).to_string());
            new.values.insert("sys_updated_on", self.stamp());
            new.values.insert("sys_updated_by", who.name().to_owned());
        }
        written
    }

    /// Puts what is given into a new record, or into a copy of the old one.
    fn fill_in(&self, written: &mut Written, draft: &Draft, old: Option<&Record>, who: Who) {
        let of = written.record.table;
        for (name, input) in draft.given() {
            let Some(column) = of.column(name) else { continue };
            // Read-only and protected fields are ignored without a trace.
            if name.starts_with("sys_") || !may_write(who, column) {
                continue;
            }
            let text = input.text();
            written.guesses.extend(input.guess(column));
            if column.kind == Kind::Journal {
                if !text.is_empty() {
                    written.record.notes.push(Note { at: self.now, by: who, text });
                }
            } else if let Stored::Set(value) = stored(column, input) {
                written.record.values.insert(column.name, value);
            }
        }
        let given = draft.given();
        written.guesses.extend(apply_rules(&mut written.record, old, given.contains_key("priority")));
    }
}

/// What an instance does before it saves (facts 1.6 and 13.1), and what of it is a guess.
fn apply_rules(record: &mut Record, old: Option<&Record>, priority_is_given: bool) -> Option<Guess> {
    let changed = |name: &str, record: &Record| match old {
        Some(old) => old.value(name) != record.value(name),
        None => record.table.column(name).is_some_and(|column| column.default != record.value(name)),
    };
    if record.table.name == "incident" {
        // The two states follow each other.
        let from = if changed("state", record) { "state" } else { "incident_state" };
        let to = if from == "state" { "incident_state" } else { "state" };
        let state = record.value(from).to_owned();
        record.values.insert(to, state);
    }
    if !matches!(record.table.name, "incident" | "problem") {
        return None;
    }
    if old.is_none() || changed("impact", record) || changed("urgency", record) {
        let number = |name: &str| record.value(name).parse::<u32>().unwrap_or(3);
        let priority = number("impact") + number("urgency") - 1;
        record.values.insert("priority", priority.to_string());
        return None;
    }
    priority_is_given.then_some(Guess::PriorityAlone)
}

/// Why a write is refused by what the instance's owner has set up (facts 3.3); `rule` is the sys_id of the business rule. Columns have
/// their names as labels here.
pub(crate) fn refusal(record: &Record, rule: &str) -> Vec<String> {
    let mut reasons = Vec::new();
    if record.table.name == "u_strict" && record.value("u_code") == "stop" {
        reasons.push(format!(
            "Operation against file 'u_strict' was aborted by Business Rule 'No stop^{rule}'. Business Rule Stack:No stop"
        ));
    }
    if record.table.name == "u_strict" && record.value("u_name").is_empty() {
        reasons.push("Data Policy Exception: The following fields are mandatory: u_name".into());
    }
    reasons
}
