//! What may refuse a write once it is known what the record would become: data policies, and business rules that are rows of
//! `sys_script` (facts 3.3).

use super::access::Write;
use crate::data::{Author, ColumnType, Fields, Row, TableId};
use crate::query::{Context, Query, Unsupported, settle};
use crate::response::SimResponse;
use crate::state::State;
use crate::{Guess, Rule, User};
use http::StatusCode;

/// A write that has not happened.
struct Intent<'a> {
    table: TableId,
    old: Option<&'a Row>,
    /// What the record would be; of one that is deleted, what it is.
    new: &'a Row,
    write: Write,
}

/// Checks the creation of a record, or the change of the one with this id. Returns the guesses behind letting it through.
pub(in crate::api) fn check(
    state: &mut State,
    user: &User,
    table: TableId,
    sys_id: Option<&str>,
    given: &Fields,
    author: Author<'_>,
) -> Result<Vec<Guess>, Box<SimResponse>> {
    if !is_watched(state) {
        return Ok(Vec::new());
    }
    let old = sys_id.and_then(|id| state.database.row(table, id).cloned());
    let table = old.as_ref().map_or(table, |old| state.database.class(table, old));
    let new = state.database.draft(table, old.as_ref(), given, author);
    let write = if old.is_some() { Write::Update } else { Write::Insert };
    let intent = Intent { table, old: old.as_ref(), new: &new, write };
    let journal = wants_journal(state, table).then_some(Guess::MandatoryJournal);
    if let Some(label) = missing(state, &intent, given) {
        let detail = format!("Data Policy Exception: The following fields are mandatory: {label}");
        return Err(Box::new(refusal(&detail).with_guesses(journal)));
    }
    let mut guesses = run_rules(state, user, &intent)?;
    guesses.extend(journal);
    Ok(guesses)
}

/// Whether a data policy is about a journal.
fn wants_journal(state: &State, table: TableId) -> bool {
    let dictionary = &state.database.dictionary;
    state.rules.iter().any(|rule| {
        let Rule::Mandatory { table: on, field } = rule else { return false };
        let column = dictionary.find(table, field).map(|id| dictionary.column(id));
        dictionary.table(on).is_some_and(|on| dictionary.is_a(table, on))
            && column.is_some_and(|column| column.kind == ColumnType::Journal)
    })
}

/// Checks the deletion of a record.
pub(in crate::api) fn check_deletion(
    state: &State,
    user: &User,
    table: TableId,
    sys_id: &str,
) -> Result<Vec<Guess>, Box<SimResponse>> {
    let Some(row) = state.database.row(table, sys_id) else { return Ok(Vec::new()) };
    let table = state.database.class(table, row);
    run_rules(state, user, &Intent { table, old: Some(row), new: row, write: Write::Delete })
}

/// Whether there is anything that could refuse a write: a draft costs as much as the write.
fn is_watched(state: &State) -> bool {
    let scripts = state.database.dictionary.table("sys_script");
    state.rules.iter().any(|rule| matches!(rule, Rule::Mandatory { .. }))
        || scripts.is_some_and(|table| state.database.rows(table).next().is_some())
}

fn refusal(detail: &str) -> SimResponse {
    SimResponse::error(StatusCode::FORBIDDEN, "Operation Failed", detail)
}

/// The label of a field that a data policy wants and that would be empty: a choice that is not in its list counts, because it was
/// dropped (facts 1.6).
fn missing(state: &State, intent: &Intent<'_>, given: &Fields) -> Option<String> {
    let (database, dictionary) = (&state.database, &state.database.dictionary);
    state.rules.iter().find_map(|rule| {
        let Rule::Mandatory { table: on, field } = rule else { return None };
        dictionary.table(on).filter(|on| dictionary.is_a(intent.table, *on))?;
        let column = dictionary.find(intent.table, field).map(|id| dictionary.column(id));
        let is_empty = match column {
            // A journal stores nothing: see `Guess::MandatoryJournal`.
            Some(column) if column.kind == ColumnType::Journal => {
                given.get(field).map_or(intent.write == Write::Insert, String::is_empty)
            }
            _ => database.field(intent.table, intent.new, field).is_empty(),
        };
        is_empty.then(|| column.map_or(field, |column| &column.label).clone())
    })
}

/// Runs the rules of the table and of those above it, in their order, until one refuses.
fn run_rules(state: &State, user: &User, intent: &Intent<'_>) -> Result<Vec<Guess>, Box<SimResponse>> {
    let (database, dictionary) = (&state.database, &state.database.dictionary);
    let Some(scripts) = dictionary.table("sys_script") else { return Ok(Vec::new()) };
    let action = match intent.write {
        Write::Insert => "action_insert",
        Write::Update => "action_update",
        Write::Delete => "action_delete",
    };
    let field = |rule: &Row, name: &str| database.field(scripts, rule, name).to_owned();
    let rules = database.rows(scripts).map(|(_, rule)| rule).filter(|rule| {
        field(rule, "active") == "true"
            && field(rule, action) == "true"
            && dictionary
                .table(&field(rule, "collection"))
                .is_some_and(|on| dictionary.is_a(intent.table, on))
    });
    let mut rules: Vec<&Row> = rules.collect();
    rules.sort_by_key(|rule| field(rule, "order").parse::<i64>().unwrap_or_default());
    let mut guesses = Vec::new();
    for rule in rules {
        if field(rule, "when") != "before" {
            guesses.extend((field(rule, "abort_action") == "true").then_some(Guess::RuleAfterSaving));
            continue;
        }
        if !meets_filter(state, user, intent, &field(rule, "filter_condition"))? {
            continue;
        }
        let name = field(rule, "name");
        let scripted = ["script", "condition"].iter().any(|script| !field(rule, script).is_empty());
        if field(rule, "advanced") == "true" && scripted || !field(rule, "template").is_empty() {
            return Err(Box::new(SimResponse::not_simulated(&format!(
                "what the business rule {name:?} does"
            ))));
        }
        if field(rule, "abort_action") == "true" {
            let (file, id) = (&dictionary.def(intent.table).name, field(rule, "sys_id"));
            let refusal = refusal(&format!(
                "Operation against file '{file}' was aborted by Business Rule '{name}^{id}'. Business Rule Stack:{name}"
            ));
            // The rule's message goes to a person's session.
            let message = field(rule, "add_message") == "true" && !field(rule, "message").is_empty();
            return Err(Box::new(refusal.with_guesses(message.then_some(Guess::RuleMessage))));
        }
    }
    Ok(guesses)
}

/// Whether the record that would be meets the condition of a rule; no condition is met by all.
fn meets_filter(
    state: &State,
    user: &User,
    intent: &Intent<'_>,
    filter: &str,
) -> Result<bool, Box<SimResponse>> {
    let database = &state.database;
    let locale = super::locale(user);
    let context = Context {
        locale: &locale,
        now: state.clock.timestamp(),
        user: &user.name,
        database,
        inner: false,
        invalid_returns_nothing: state.settings.invalid_query_returns_no_rows,
        negatives_match_empty: state.settings.negatives_match_empty,
    };
    let values = |field: &str| {
        let of =
            |row: Option<&Row>| row.map_or("", |row| database.field(intent.table, row, field)).to_owned();
        (of(intent.old), of(Some(intent.new)))
    };
    match Query::parse(&settle(filter, values), database, intent.table, context) {
        Ok(query) => Ok(query.matches(database, intent.table, intent.new, &locale)),
        Err(Unsupported(what)) => {
            Err(Box::new(SimResponse::not_simulated(&format!("{what:?} in a business rule's condition"))))
        }
    }
}
