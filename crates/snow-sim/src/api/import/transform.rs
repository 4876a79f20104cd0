//! A row of a staging table becomes a record of each map's target, or says why not (facts 7.2).

use super::super::table::access::{Access, Write};
use super::super::table::before_save;
use crate::data::{Author, Database, Fields, TableId};
use crate::imports::RowOutcome;
use crate::state::State;
use crate::{Guess, RowDecision, TransformMap, User};
use serde_json::Value;

/// Runs every map of the staging table, and writes into the row what became of it.
pub(super) fn transform_row(state: &mut State, user: &User, staging: TableId, row: &str) {
    let Some(found) = state.database.row(staging, row) else { return };
    let dictionary = &state.database.dictionary;
    let columns = dictionary.def(staging).columns.iter().map(|id| dictionary.column(*id).name.as_str());
    let fields: Fields = columns
        .map(|name| (name.to_owned(), state.database.field(staging, found, name).to_owned()))
        .collect();
    let name = &dictionary.def(staging).name;
    let maps: Vec<TransformMap> =
        state.imports.maps.iter().filter(|map| map.staging == *name).cloned().collect();
    let outcomes: Vec<RowOutcome> = maps.iter().map(|map| apply_map(state, user, map, &fields)).collect();
    let failed = outcomes.iter().find(|outcome| outcome.status == "error");
    if let Some(outcome) = failed.or(outcomes.first()) {
        let change = [
            ("sys_import_state", outcome.status),
            ("sys_import_state_comment", &outcome.error),
            ("sys_target_table", &outcome.table),
            ("sys_target_sys_id", &outcome.sys_id),
        ];
        let change: Fields = change.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let stamp = state.clock.stamp();
        state.database.update(staging, row, &change, Author::new(&user.name, &stamp));
    }
    state.imports.outcomes.insert(row.to_owned(), outcomes);
}

fn apply_map(state: &mut State, user: &User, map: &TransformMap, row: &Fields) -> RowOutcome {
    let outcome = |status, sys_id: &str, error: &str| RowOutcome {
        map: map.name.clone(),
        table: map.target.clone(),
        status,
        sys_id: sys_id.to_owned(),
        error: error.to_owned(),
        guesses: Vec::new(),
    };
    match map.decide(row) {
        RowDecision::Transform => {}
        RowDecision::Skip => return outcome("skipped", "", ""),
        RowDecision::Fail(why) => return outcome("error", "", &why),
    }
    let Some(table) = state.database.dictionary.table(&map.target) else {
        return outcome("error", "", "the target table is gone");
    };
    let value = |from: &str| row.get(from).filter(|value| !value.is_empty());
    let given: Fields =
        map.fields.iter().filter_map(|(from, to)| Some((to.clone(), value(from)?.clone()))).collect();
    let there = existing(&state.database, table, map, &given);
    let mut guesses = Vec::new();
    guesses.extend((there.is_some() && given.len() < map.fields.len()).then_some(Guess::ImportOfNothing));
    let write = if there.is_some() { Write::Update } else { Write::Insert };
    let stamp = state.clock.stamp();
    let author = Author::new(&user.name, &stamp);
    let allowed = Access::of(state, user, table).write(given, write);
    let checked = allowed.and_then(|given| {
        let checked = before_save::check(state, user, table, there.as_deref(), &given, author);
        checked.map(|guesses| (given, guesses))
    });
    let given = match checked {
        Ok((given, more)) => {
            guesses.extend(more);
            given
        }
        Err(refusal) => {
            let why: Value = serde_json::from_slice(&refusal.body).unwrap_or_default();
            let failed = outcome("error", "", why["error"]["detail"].as_str().unwrap_or("refused"));
            guesses.extend(refusal.guesses);
            return RowOutcome { guesses, ..failed };
        }
    };
    guesses.extend(state.database.write_guesses(table, &given, author));
    if state.database.taken(table, there.as_deref(), &given).is_some() {
        let failed = outcome("error", "", "Unique Key violation detected by database");
        guesses.push(Guess::ValueTaken);
        return RowOutcome { guesses, ..failed };
    }
    let Some(id) = there else {
        let id = state.database.insert(table, &given, author);
        return RowOutcome { guesses, ..outcome("inserted", &id, "") };
    };
    let count = |state: &State| {
        state.database.row(table, &id).map(|row| state.database.field(table, row, "sys_mod_count").to_owned())
    };
    let before = count(state);
    state.database.update(table, &id, &given, author);
    if count(state) != before {
        return RowOutcome { guesses, ..outcome("updated", &id, "") };
    }
    guesses.push(Guess::ImportIgnored);
    RowOutcome { guesses, ..outcome("ignored", &id, "") }
}

/// The record with the same values in all columns that coalesce.
fn existing(database: &Database, table: TableId, map: &TransformMap, given: &Fields) -> Option<String> {
    let keys: Vec<(&String, &String)> =
        map.coalesce.iter().map(|name| given.get(name).map(|value| (name, value))).collect::<Option<_>>()?;
    if keys.is_empty() {
        return None;
    }
    let same = |row| keys.iter().all(|(name, value)| database.field(table, row, name) == value.as_str());
    database.rows(table).find(|(_, row)| same(row)).map(|(id, _)| id.to_string())
}
