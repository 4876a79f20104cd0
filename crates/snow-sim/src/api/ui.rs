//! `/api/now/ui/user/current_user` and `/api/now/ui/meta/{table}`: what the platform's own pages ask for, undocumented (facts 7.5).

use super::Call;
use super::table::access::Access;
use super::table::invalid_table;
use crate::Guess;
use crate::data::{ColumnType, TableId, internal_type, max_length};
use crate::response::SimResponse;
use crate::state::State;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

pub(super) fn handle(state: &mut State, call: &Call<'_>) -> SimResponse {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let result = match segments[..] {
        ["user", "current_user"] => current_user(state, call),
        ["meta", name] => match state.database.dictionary.table(name) {
            Some(table) if Access::of(state, &call.user, table).is_closed() => {
                let detail = "Failed API level ACL Validation";
                let refusal = SimResponse::error(StatusCode::FORBIDDEN, "User Not Authorized", detail);
                return refusal.guess(Guess::ClosedTable);
            }
            Some(table) => json!({ "columns": columns(state, call, table) }),
            None => return invalid_table(name).guess(Guess::MetaOfUnknownTable),
        },
        _ => return SimResponse::not_simulated("this call of the UI API"),
    };
    match call.method {
        Method::GET | Method::HEAD => SimResponse::result(StatusCode::OK, &result),
        _ => SimResponse::method_not_supported(),
    }
}

fn current_user(state: &State, call: &Call<'_>) -> Value {
    let id = state.database.user_id(&call.user.name);
    let name = state.database.display_name("sys_user", &id).unwrap_or(&call.user.name);
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).collect();
    call.guess(Guess::UserWithoutPicture);
    json!({
        "user_avatar": "",
        "user_sys_id": id,
        "user_name": call.user.name,
        "user_display_name": name,
        "user_initials": initials.to_uppercase(),
    })
}

/// The columns that the user may read, inherited ones too.
fn columns(state: &State, call: &Call<'_>, table: TableId) -> Map<String, Value> {
    call.guess(Guess::ReadOnlyColumns);
    let (access, dictionary) = (Access::of(state, &call.user, table), &state.database.dictionary);
    let ids = dictionary.def(table).columns.iter().copied();
    let readable = ids.filter(|id| access.may_read(table, &dictionary.column(*id).name));
    let described = readable.map(|id| {
        let column = dictionary.column(id);
        let mut meta = json!({
            "name": column.name,
            "label": column.label,
            "type": internal_type(column),
            "max_length": max_length(column).parse::<u32>().unwrap_or_default(),
            "mandatory": false,
            "read_only": column.name.starts_with("sys_"),
        });
        if let ColumnType::Reference(to) | ColumnType::ReferenceByName(to) | ColumnType::List(to) =
            &column.kind
        {
            meta["reference"] = to.as_str().into();
        }
        let choices = dictionary.choices(table, id).iter();
        let choices: Vec<Value> =
            choices.map(|(value, label)| json!({ "value": value, "label": label })).collect();
        if !choices.is_empty() {
            meta["choices"] = choices.into();
        }
        (column.name.clone(), meta)
    });
    described.collect()
}
