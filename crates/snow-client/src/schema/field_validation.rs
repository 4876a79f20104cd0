//! Refuses fields that do not exist before a request is sent: the service drops a condition on such a field, and the query widens
//! to the whole table (facts 2.5).

use super::cache::SchemaCache;
use super::{load, unknown_column};
use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use crate::request::client_inner::dictionary::Dictionary;
use crate::request::params::RequestParams;
use crate::request::prove_times;
use crate::{Error, Query};
use futures_util::future::BoxFuture;

/// Parameters that are lists of fields.
const LISTS: [&str; 6] = [
    "sysparm_fields",
    "sysparm_group_by",
    "sysparm_sum_fields",
    "sysparm_avg_fields",
    "sysparm_min_fields",
    "sysparm_max_fields",
];

impl Dictionary for SchemaCache {
    fn validate_fields<'a>(
        &'a self,
        client: &'a ClientInner,
        request: &'a ApiRequest,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(validate(self, client, request))
    }

    fn prove_times<'a>(
        &'a self,
        client: &'a ClientInner,
        request: &'a ApiRequest,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(prove_times::prove(client, request))
    }

    fn max_length(&self, table: &str, column: &str) -> Option<usize> {
        let known = self.known(table)?;
        let column = known.column(column).filter(|column| !column.is_read_only)?;
        usize::try_from(column.max_length?).ok()
    }
}

/// Refuses a request that names a field which its table does not have. The dictionary is read once for each table.
async fn validate(cache: &SchemaCache, client: &ClientInner, request: &ApiRequest) -> Result<(), Error> {
    let Some(name) = request.queried_table() else { return Ok(()) };
    if load::DICTIONARY.contains(&name) {
        return Ok(());
    }
    for field in mentioned(&request.params)? {
        follow(cache, client, name, &field).await?;
    }
    Ok(())
}

fn mentioned(params: &RequestParams) -> Result<Vec<String>, Error> {
    let mut fields = params.selection.fields()?;
    if let Some(text) = params.own_value("sysparm_query") {
        let query = Query::parse(text).map_err(|error| error.with_context("the query cannot be checked"))?;
        fields.extend(query.fields().into_iter().map(str::to_owned));
    }
    fields.extend(params.shape.fields.as_deref().unwrap_or_default().iter().cloned());
    for list in LISTS.iter().filter_map(|name| params.own_value(name)) {
        fields.extend(list.split(',').filter(|field| !field.is_empty()).map(str::to_owned));
    }
    Ok(fields)
}

/// Follows a dot-walk from table to table. Walks into extensions (`ref_incident.caller_id`) and to catalog variables, which are in no
/// dictionary, are not followed.
async fn follow(cache: &SchemaCache, client: &ClientInner, start: &str, field: &str) -> Result<(), Error> {
    let mut at = start.to_owned();
    for name in field.split('.') {
        if name.starts_with("ref_") || name == "variables" {
            return Ok(());
        }
        let schema = cache.table(client, &at).await?;
        let Some(column) = schema.column(name) else { return Err(unknown_column(&schema, name)) };
        match &column.reference {
            Some(next) => at.clone_from(next),
            // What follows, if anything, is not in this dictionary.
            None => return Ok(()),
        }
    }
    Ok(())
}
