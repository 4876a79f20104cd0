//! `/api/now/doc/table/schema`: the tables of the instance, undocumented (facts 7.5).

use super::Call;
use super::table::access::Access;
use crate::data::ColumnType;
use crate::response::SimResponse;
use crate::state::State;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;

pub(super) fn handle(state: &mut State, call: &Call<'_>) -> SimResponse {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (&call.method, &segments[..]) {
        (&Method::GET | &Method::HEAD, ["table", "schema"]) => {
            SimResponse::result(StatusCode::OK, &tables(state, call))
        }
        (_, ["table", "schema"]) => SimResponse::method_not_supported(),
        // Public clients disagree on the form of a single table's.
        _ => SimResponse::not_simulated("the schema of one table"),
    }
}

/// Every table that is open to the user; `reference` says whether a column of another one points to it.
fn tables(state: &State, call: &Call<'_>) -> Value {
    let dictionary = &state.database.dictionary;
    let mut targets = HashSet::new();
    for id in dictionary.tables().flat_map(|table| dictionary.own(table)) {
        if let ColumnType::Reference(to) = &dictionary.column(*id).kind {
            targets.insert(to.as_str());
        }
    }
    let open = dictionary.tables().filter(|table| !Access::of(state, &call.user, *table).is_closed());
    let described = open.map(|table| {
        let def = dictionary.def(table);
        json!({ "label": def.label, "value": def.name, "reference": targets.contains(def.name.as_str()) })
    });
    described.collect()
}
