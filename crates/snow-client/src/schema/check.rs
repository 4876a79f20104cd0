//! Fields that do not exist, seen before a request goes out: the service drops a condition on one, and the query widens to the
//! whole table (facts 2.5).

use super::{load, table, unknown};
use crate::call::Prepared;
use crate::target::Target;
use crate::{Error, Query};
use snow_core::Params;
use std::future::Future;
use std::pin::Pin;

/// Parameters that are lists of fields.
const LISTS: [&str; 6] = [
    "sysparm_fields",
    "sysparm_group_by",
    "sysparm_sum_fields",
    "sysparm_avg_fields",
    "sysparm_min_fields",
    "sysparm_max_fields",
];

/// Refuses a request that names a field which its table does not have. The dictionary is read once a table.
pub(crate) fn check<'a>(
    target: &'a Target,
    request: &'a Prepared,
) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>> {
    Box::pin(async move {
        let Some(name) = table_of(request.path.as_str()) else { return Ok(()) };
        if load::DICTIONARY.contains(&name) {
            return Ok(());
        }
        for field in mentioned(&request.params)? {
            walk(target, name, &field).await?;
        }
        Ok(())
    })
}

/// The table of a request to the Table API or the Aggregate API.
fn table_of(path: &str) -> Option<&str> {
    let rest = ["/api/now/table/", "/api/now/stats/"].iter().find_map(|api| path.strip_prefix(api))?;
    rest.split('/').next()
}

fn mentioned(params: &Params) -> Result<Vec<String>, Error> {
    let mut fields: Vec<String> = Vec::new();
    if let Some(text) = params.get("sysparm_query") {
        let query = Query::parse(&text).map_err(|error| error.with_context("the query cannot be checked"))?;
        fields.extend(query.fields().into_iter().map(str::to_owned));
    }
    for list in LISTS.iter().filter_map(|name| params.get(name)) {
        fields.extend(list.split(',').filter(|field| !field.is_empty()).map(str::to_owned));
    }
    Ok(fields)
}

/// Follows a dot-walk from table to table. Walks into extensions (`ref_incident.caller_id`) are not followed.
async fn walk(target: &Target, start: &str, field: &str) -> Result<(), Error> {
    let mut at = start.to_owned();
    for name in field.split('.') {
        if name.starts_with("ref_") {
            return Ok(());
        }
        let schema = table(target, &at).await?;
        let Some(column) = schema.column(name) else { return Err(unknown(&schema, name)) };
        match &column.reference {
            Some(next) => at.clone_from(next),
            // What stands behind it, if anything does, is not in this dictionary.
            None => return Ok(()),
        }
    }
    Ok(())
}
