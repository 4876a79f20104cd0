//! Creating and changing records, and the rules that run before they are saved (facts 1.6, 1.7).

use super::dictionary::Kind;
use super::{Database, Row, Table};

/// Who writes, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author<'a> {
    pub(crate) user: &'a str,
    pub(crate) stamp: &'a str,
}

/// Columns that no client sets.
const AUTOMATIC: &[&str] = &[
    "sys_id",
    "sys_created_on",
    "sys_created_by",
    "sys_updated_on",
    "sys_updated_by",
    "sys_mod_count",
    "sys_class_name",
    "sys_tags",
];

impl Database {
    /// Creates a record with its defaults; fields that do not exist or are not for clients are ignored, as the service
    /// ignores them.
    pub(crate) fn insert(&mut self, table: Table, given: &Row, author: Author<'_>) -> String {
        let mut row: Row = Row::new();
        for column in table.columns.iter().filter(|column| !column.default.is_empty()) {
            row.insert(column.name.to_owned(), column.default.to_owned());
        }
        let sys_id = self.ids.sys_id();
        row.insert("sys_id".into(), sys_id.clone());
        for (name, value) in [("sys_created_on", author.stamp), ("sys_updated_on", author.stamp)] {
            row.insert(name.into(), value.into());
        }
        for (name, value) in [("sys_created_by", author.user), ("sys_updated_by", author.user)] {
            row.insert(name.into(), value.into());
        }
        if let Some(prefix) = table.prefix {
            let number = self.numbers.entry(table.name).and_modify(|last| *last += 1).or_insert(1);
            row.insert("number".into(), format!("{prefix}{number:07}"));
            row.insert("opened_at".into(), author.stamp.into());
            row.insert("opened_by".into(), self.user_id(author.user));
        }
        set(table, &mut row, given);
        before_rules(&mut row, given);
        self.rows.entry(table.name).or_default().insert(sys_id.clone(), row);
        sys_id
    }

    /// Changes the given fields. A change that changes nothing leaves no trace (facts 1.7).
    pub(crate) fn update(&mut self, table: Table, sys_id: &str, given: &Row, author: Author<'_>) -> bool {
        let Some(row) = self.rows.get_mut(table.name).and_then(|rows| rows.get_mut(sys_id)) else {
            return false;
        };
        let before = row.clone();
        set(table, row, given);
        before_rules(row, given);
        if *row != before {
            let count = row.get("sys_mod_count").and_then(|count| count.parse().ok()).unwrap_or(0_u32);
            row.insert("sys_mod_count".into(), (count + 1).to_string());
            row.insert("sys_updated_on".into(), author.stamp.into());
            row.insert("sys_updated_by".into(), author.user.into());
        }
        true
    }

    /// The id of a user by name; the name itself for those who are no rows (`glide.maint`; facts 1.6).
    fn user_id(&self, name: &str) -> String {
        let users = self.rows.get("sys_user").into_iter().flatten();
        let mut found = users.filter(|(_, row)| row.get("user_name").is_some_and(|given| given == name));
        found.next().map_or_else(|| name.to_owned(), |(id, _)| id.clone())
    }

    /// A new id for a transaction.
    pub(crate) fn transaction_id(&mut self) -> String {
        self.ids.transaction_id()
    }
}

fn set(table: Table, row: &mut Row, given: &Row) {
    for (name, value) in given {
        let Some(column) = table.column(name).filter(|column| !AUTOMATIC.contains(&column.name)) else {
            continue;
        };
        match column.kind {
            // A choice that is not in the list is dropped (facts 1.6).
            Kind::Choice(choices) if !choices.iter().any(|(stored, _)| stored == value) => {}
            // Kept as entries one below the other; the stored form shows none of them.
            Kind::Journal if value.is_empty() => {}
            Kind::Journal => {
                let entries = row.entry(name.clone()).or_default();
                *entries = if entries.is_empty() { value.clone() } else { format!("{value}\n\n{entries}") };
            }
            _ => drop(row.insert(name.clone(), value.clone())),
        }
    }
}

/// Priority from impact and urgency; the two states follow each other; closed is not active.
fn before_rules(row: &mut Row, given: &Row) {
    let level = |name: &str| row.get(name).and_then(|value| value.parse::<u32>().ok());
    if let (Some(impact), Some(urgency)) = (level("impact"), level("urgency")) {
        row.insert("priority".into(), (impact + urgency - 1).to_string());
    }
    for (from, to) in [("incident_state", "state"), ("state", "incident_state")] {
        if let Some(value) = row.get(from).filter(|_| given.contains_key(from)).cloned() {
            row.insert(to.into(), value);
        }
    }
    if let Some(state) = row.get("incident_state").cloned() {
        row.insert("active".into(), (!matches!(state.as_str(), "7" | "8")).to_string());
    }
}
