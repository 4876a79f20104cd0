//! Related lists and joins, in their documented forms (facts 2.1).

use super::condition::{Path, Test};
use super::{Context, Query, Unsupported};
use crate::data::{Database, Locale, Row, TableId};
use std::cell::OnceCell;
use std::collections::HashMap;

/// Fields that are looked at, and of which table.
type QueriedFields = Vec<(TableId, String)>;

/// How many rows of another table have to point to, or agree with, a row.
#[derive(Debug)]
pub(super) struct Related {
    table: TableId,
    /// The column of the other table.
    theirs: Path,
    /// What it has to be equal to in this one.
    ours: Path,
    sign: &'static str,
    count: usize,
    query: Query,
    /// How many rows of the other table there are by the value they have: counted once a request.
    counts: OnceCell<HashMap<String, usize>>,
}

/// `incident.problem_id,>=1^active=true`, from between `RLQUERY` and `^ENDRLQUERY`. `None` if there is no such table or field: it is
/// dropped like another condition on an unknown field (facts 2.5), see `Guess::RelatedDropped`.
pub(super) fn parse(
    text: &str,
    database: &Database,
    table: TableId,
    context: Context<'_>,
) -> Result<Option<(Test, QueriedFields)>, Unsupported> {
    let unsupported = || Unsupported(format!("RLQUERY{text}"));
    let (head, query) = text.split_once('^').unwrap_or((text, ""));
    let (field, count) = head.split_once(',').ok_or_else(unsupported)?;
    let count = count.split(',').next().unwrap_or_default();
    let signs = [">=", "<=", "!=", ">", "<", "="];
    let (sign, count) =
        signs.iter().find_map(|sign| Some((*sign, count.strip_prefix(sign)?))).ok_or_else(unsupported)?;
    let count = count.parse().map_err(|_| unsupported())?;
    let ours = database.walk_path(table, "sys_id").ok_or_else(unsupported)?;
    let Some((other, theirs)) = column(field, database) else { return Ok(None) };
    let query = Query::parse(query, database, other, Context { inner: true, ..context })?;
    let mut fields = query.fields.clone();
    fields.extend(field.split_once('.').map(|(_, theirs)| (other, theirs.to_owned())));
    let counts = OnceCell::new();
    Ok(Some((Test::Related(Related { table: other, theirs, ours, sign, count, query, counts }), fields)))
}

/// `t1.f=t2.f!query`, from behind `JOIN`. The query is one condition: a `^` ends it. `None` as above.
pub(super) fn join(
    text: &str,
    database: &Database,
    table: TableId,
    context: Context<'_>,
) -> Result<Option<(Test, QueriedFields)>, Unsupported> {
    let unsupported = || Unsupported(format!("JOIN{text}"));
    let (pair, query) = text.split_once('!').unwrap_or((text, ""));
    let (left, right) = pair.split_once('=').ok_or_else(unsupported)?;
    let (Some((first, ours)), Some((other, theirs))) = (column(left, database), column(right, database))
    else {
        return Ok(None);
    };
    if !database.dictionary.is_a(table, first) && !database.dictionary.is_a(first, table) {
        return Err(unsupported());
    }
    let query = Query::parse(query, database, other, Context { inner: true, ..context })?;
    let mut fields = query.fields.clone();
    fields.extend(left.split_once('.').map(|(_, ours)| (table, ours.to_owned())));
    fields.extend(right.split_once('.').map(|(_, theirs)| (other, theirs.to_owned())));
    let counts = OnceCell::new();
    Ok(Some((
        Test::Related(Related { table: other, theirs, ours, sign: ">=", count: 1, query, counts }),
        fields,
    )))
}

fn column(text: &str, database: &Database) -> Option<(TableId, Path)> {
    let (table, field) = text.split_once('.')?;
    let table = database.dictionary.table(table)?;
    Some((table, database.walk_path(table, field)?))
}

impl Related {
    pub(super) fn matches(&self, database: &Database, _: TableId, row: &Row, locale: &Locale) -> bool {
        let counts = self.counts.get_or_init(|| self.count(database, locale));
        let found = counts.get(database.at(row, &self.ours)).copied().unwrap_or_default();
        match self.sign {
            ">=" => found >= self.count,
            "<=" => found <= self.count,
            "!=" => found != self.count,
            ">" => found > self.count,
            "<" => found < self.count,
            _ => found == self.count,
        }
    }

    fn count(&self, database: &Database, locale: &Locale) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for (_, other) in database.rows(self.table) {
            let value = database.at(other, &self.theirs);
            if !value.is_empty() && self.query.matches(database, self.table, other, locale) {
                *counts.entry(value.to_owned()).or_default() += 1;
            }
        }
        counts
    }
}
