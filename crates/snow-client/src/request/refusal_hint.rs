//! What may be wrong with the input of a request that the instance refused. Where an id or a name is certainly wrong it is
//! refused before it is sent; these may be right, and only the instance knows.

use crate::request::api_request::ApiRequest;
use snow_core::{Error, ErrorKind};

impl ApiRequest {
    /// Returns what may be wrong with the id or the name that an error is about.
    pub(super) fn refusal_hint(&self, error: &Error) -> Option<String> {
        match error.kind() {
            ErrorKind::NotFound => self.identity.and_then(|identity| identity.hint()),
            ErrorKind::UnknownTable => table_of(self.path.as_str()).and_then(name_hint),
            _ => None,
        }
    }
}

/// The table that the path of a request names.
fn table_of(path: &str) -> Option<&str> {
    let apis = ["/table/", "/stats/", "/import/"];
    let rest = apis.iter().find_map(|api| path.split_once(api))?.1;
    rest.split('/').next()
}

/// A label such as `Incident` looks enough like the name of a table to be sent.
fn name_hint(table: &str) -> Option<String> {
    let lower = table.to_ascii_lowercase();
    (lower != table).then(|| {
        format!("the table name {table:?} has capital letters, and a table's name has none (try {lower:?})")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_in_the_paths_that_name_one() {
        for (path, table) in [
            ("/api/now/table/Incident", Some("Incident")),
            ("/api/now/table/incident/a9e30c7dc61122760116894de7bcc7bd", Some("incident")),
            ("/api/now/v2/stats/Problem", Some("Problem")),
            ("/api/now/import/u_Rows/insertMultiple", Some("u_Rows")),
            ("/api/now/attachment", None),
        ] {
            assert_eq!(table_of(path), table, "{path}");
        }
        assert!(name_hint("Incident").is_some_and(|hint| hint.contains("\"incident\"")));
        assert_eq!(name_hint("incident"), None);
    }
}
