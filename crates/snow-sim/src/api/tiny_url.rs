//! `POST /api/now/tinyurl`, and `sysparm_tiny`, which stands for the parameters of the URL that was given (facts 7.5).

use super::Call;
use super::table::fields;
use crate::Guess;
use crate::data::{Author, Database, Fields};
use crate::form::pairs;
use crate::response::SimResponse;
use crate::state::State;
use http::{Method, StatusCode};
use serde_json::Value;

/// Keeps the parameters of a URL as a record of `sys_tiny_url`, and returns the URL with the record's id in their place.
pub(super) fn handle(state: &mut State, call: &Call<'_>) -> SimResponse {
    if call.method != Method::POST || !call.segments.is_empty() {
        return SimResponse::method_not_supported();
    }
    let given = match fields(call) {
        Ok(given) => given,
        Err(refusal) => return *refusal,
    };
    let (Some(url), Some(table)) = (given.get("url"), state.database.dictionary.table("sys_tiny_url")) else {
        let message = "Exception while reading request";
        let refusal = SimResponse::error(StatusCode::BAD_REQUEST, message, "url is missing");
        return refusal.guess(Guess::TinyUrlOfNothing);
    };
    let (page, query) = url.split_once('?').unwrap_or((url, ""));
    let (stamp, data) = (state.clock.stamp(), [("data".to_owned(), query.to_owned())]);
    let author = Author::new(&call.user.name, &stamp);
    let id = state.database.insert(table, &Fields::from(data), author);
    let named = Fields::from([("tiny_url".to_owned(), id.to_string())]);
    state.database.update(table, &id, &named, Author { sys_fields: true, ..author });
    let tiny = Value::from(format!("{page}?sysparm_tiny={id}"));
    SimResponse::result(StatusCode::OK, &tiny).guess(Guess::TinyUrlMade)
}

/// The parameters of a request, those that `sysparm_tiny` stands for first, and what is guessed of them: one that is given again counts,
/// and an id that is not known stands for none, so that a list is that of the whole table.
pub(super) fn expand(
    database: &Database,
    params: Vec<(String, String)>,
) -> (Vec<(String, String)>, Option<Guess>) {
    let Some((_, id)) = params.iter().find(|(name, _)| name == "sysparm_tiny") else { return (params, None) };
    let kept = database.dictionary.table("sys_tiny_url").and_then(|table| {
        let row = database.row(table, id)?;
        Some(pairs(database.field(table, row, "data")))
    });
    let Some(kept) = kept else { return (params, Some(Guess::TinyUrlUnknown)) };
    let again = kept.iter().any(|(name, _)| params.iter().any(|(given, _)| given == name));
    (kept.into_iter().chain(params).collect(), again.then_some(Guess::TinyUrlAndMore))
}
