//! What a user may see and do (facts 1.9, 3.3).

use crate::data::{Database, Fields, Row, TableId};
use crate::query::{Context, Query};
use crate::response::SimResponse;
use crate::state::State;
use crate::{Rule, User};
use http::StatusCode;

pub(in crate::api) struct Access<'a> {
    database: &'a Database,
    rules: Vec<&'a Rule>,
    table: TableId,
    /// Rows that match any of these are hidden.
    hidden: Vec<Query>,
    /// Whether the platform's own rules hold for the user.
    below_admin: bool,
    locale: crate::data::Locale,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Write {
    Insert,
    Update,
    Delete,
}

impl<'a> Access<'a> {
    pub(in crate::api) fn of(state: &'a State, user: &User, table: TableId) -> Self {
        let database = &state.database;
        let rules: Vec<_> =
            state.rules.iter().filter(|rule| !user.is_admin() || holds_for_all(rule)).collect();
        let locale = super::locale(user);
        let context = Context {
            locale: &locale,
            now: state.clock.timestamp(),
            user: &user.name,
            database,
            inner: false,
            invalid_returns_nothing: true,
            negatives_match_empty: false,
        };
        let queries = rules.iter().filter_map(|rule| match rule {
            Rule::HideRows { table: on, query } if applies(database, on, table) => {
                Query::parse(query, database, table, context).ok()
            }
            _ => None,
        });
        let hidden = queries.collect();
        let below_admin = !user.is_admin() && state.settings.platform_acls;
        Self { database, rules, table, hidden, below_admin, locale }
    }

    /// Whether the table is one of the dictionary's, which the platform guards (facts 1.3, 1.9).
    fn is_guarded(&self, table: TableId, names: &[&str]) -> bool {
        self.below_admin && names.contains(&self.database.dictionary.def(table).name.as_str())
    }

    /// Whether the table is closed to the user as a whole.
    pub(in crate::api) fn is_closed(&self) -> bool {
        self.is_guarded(self.table, &["sys_db_object"])
    }

    pub(in crate::api) fn may_see(&self, row: &Row) -> bool {
        !self.is_guarded(self.table, &["sys_dictionary", "sys_properties"])
            && !self.hidden.iter().any(|query| query.matches(self.database, self.table, row, &self.locale))
    }

    pub(in crate::api) fn may_read(&self, table: TableId, name: &str) -> bool {
        if name != "label" && self.is_guarded(table, &["sys_choice"]) {
            return false;
        }
        !self.rules.iter().any(|rule| match rule {
            Rule::HideField { table: on, field } => field == name && applies(self.database, on, table),
            _ => false,
        })
    }

    /// Whether the user may write none of the table's records.
    pub(in crate::api) fn denies_writing(&self) -> bool {
        let mut rules = self.rules.iter();
        rules.any(
            |rule| matches!(rule, Rule::DenyWrite { table } if applies(self.database, table, self.table)),
        )
    }

    /// Nor may classes of metadata be grouped (facts 6).
    pub(in crate::api) fn denies_groups(&self) -> bool {
        self.is_guarded(self.table, &["sys_dictionary", "sys_choice", "sys_glide_object"])
    }

    pub(in crate::api) fn denies_aggregates(&self) -> bool {
        self.rules.iter().any(|rule| match rule {
            Rule::DenyAggregates { table } => applies(self.database, table, self.table),
            _ => false,
        })
    }

    /// Whether every field on a walk may be read.
    pub(in crate::api) fn may_query(&self, table: TableId, path: &str) -> bool {
        let mut table = Some(table);
        path.split('.').all(|name| {
            let Some(here) = table else { return true };
            let allowed = self.may_read(here, name);
            table = self.database.dictionary.find(here, name).and_then(|column| {
                match &self.database.dictionary.column(column).kind {
                    crate::data::ColumnType::Reference(target) => self.database.dictionary.table(target),
                    _ => None,
                }
            });
            allowed
        })
    }

    /// The fields that may be written, or the refusal of the whole write. What refuses it by what the record would become is in
    /// `before_save.rs`.
    pub(in crate::api) fn write(&self, mut given: Fields, write: Write) -> Result<Fields, Box<SimResponse>> {
        let refuse = |detail: &str| {
            Err(Box::new(SimResponse::error(StatusCode::FORBIDDEN, "Operation Failed", detail)))
        };
        let name = &self.database.dictionary.def(self.table).name;
        for rule in &self.rules {
            match rule {
                Rule::DenyWrite { table } if applies(self.database, table, self.table) => {
                    let what = match write {
                        Write::Insert => "Insert",
                        Write::Update => "Update",
                        Write::Delete => "Delete",
                    };
                    return refuse(&format!("ACL Exception {what} Failed due to security constraints"));
                }
                Rule::Abort { table, rule } if applies(self.database, table, self.table) => {
                    let detail = format!(
                        "Operation against file '{name}' was aborted by Business Rule \
                         '{rule}^5d3b0cb7c0a8010e01cff22378e0aea9'. Business Rule Stack:{rule}"
                    );
                    return refuse(&detail);
                }
                Rule::LockField { table, field } if applies(self.database, table, self.table) => {
                    given.remove(field);
                }
                _ => {}
            }
        }
        Ok(given)
    }
}

fn holds_for_all(rule: &Rule) -> bool {
    matches!(rule, Rule::Abort { .. })
}

fn applies(database: &Database, on: &str, table: TableId) -> bool {
    database.dictionary.table(on).is_some_and(|on| database.dictionary.is_a(table, on))
}
