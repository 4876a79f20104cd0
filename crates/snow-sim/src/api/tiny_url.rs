//! `POST /api/now/tinyurl`, and `sysparm_tiny`, which stands for the parameters of the URL that was given (facts 7.5).

use super::Call;
use super::table::fields;
use crate::data::{Author, Database, Fields};
use crate::form::pairs;
use crate::response::SimResponse;
use crate::state::State;
use http::{Method, StatusCode};
use serde_json::Value;

/// Keeps the parameters of a URL as a record of `sys_tiny_url`, and returns the URL with the record's id in their place. A guess: the
/// status, and that a short URL is shortened too.
pub(super) fn handle(state: &mut State, call: &Call<'_>) -> SimResponse {
    if call.method != Method::POST || !call.segments.is_empty() {
        return SimResponse::method_not_supported();
    }
    let given = match fields(call) {
        Ok(given) => given,
        Err(refusal) => return *refusal,
    };
    let (Some(url), Some(table)) = (given.get("url"), state.database.dictionary.table("sys_tiny_url")) else {
        // A guess: the words.
        return SimResponse::error(
            StatusCode::BAD_REQUEST,
            "Exception while reading request",
            "url is missing",
        );
    };
    let (page, query) = url.split_once('?').unwrap_or((url, ""));
    let (stamp, data) = (state.clock.stamp(), [("data".to_owned(), query.to_owned())]);
    let author = Author::new(&call.user.name, &stamp);
    let id = state.database.insert(table, &Fields::from(data), author);
    let named = Fields::from([("tiny_url".to_owned(), id.to_string())]);
    state.database.update(table, &id, &named, Author { sys_fields: true, ..author });
    SimResponse::result(StatusCode::OK, &Value::from(format!("{page}?sysparm_tiny={id}")))
}

/// The parameters of a request, those that `sysparm_tiny` stands for first: one that is given again counts. A guess: an id that is not
/// known stands for none, so that a list is that of the whole table.
pub(super) fn expand(database: &Database, params: Vec<(String, String)>) -> Vec<(String, String)> {
    let Some((_, id)) = params.iter().find(|(name, _)| name == "sysparm_tiny") else { return params };
    let kept = database.dictionary.table("sys_tiny_url").and_then(|table| {
        let row = database.row(table, id)?;
        Some(pairs(database.field(table, row, "data")))
    });
    kept.unwrap_or_default().into_iter().chain(params).collect()
}
