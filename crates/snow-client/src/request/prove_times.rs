//! Whether the instance reads times in queries as UTC, proven once for each client: a query searches for the time that a record
//! shows.

use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::exchange;
use http::Method;
use snow_core::decode::ApiResponse;
use snow_core::query::Value;
use snow_core::{ApiPath, DateTime, Error, ErrorKind, Query, Record, field};

/// Proves that a time in a query means the time that a record shows, unless that was proven already. The record is that of the user or, if
/// it cannot be read, the oldest one of a table. Without any record there is nothing to compare, and the next call tries again.
///
/// # Errors
///
/// [`ErrorKind::Incomplete`] if the instance reads times in another way, and those of the requests.
pub(crate) async fn prove(client: &ClientInner, table: &ApiPath) -> Result<(), Error> {
    if client.times.is_done() {
        return Ok(());
    }
    let own = field("sys_id").eq(Value::script("gs.getUserID()"));
    let oldest = Query::new().order_by("sys_created_on").order_by("sys_id");
    for (path, query) in [(ApiPath::table("sys_user")?, own), (table.clone(), oldest)] {
        let record = match first(client, &path, query).await {
            Err(error) if error.kind() == ErrorKind::Forbidden => continue,
            record => record?,
        };
        let Some((record, created)) =
            record.and_then(|record| Some((record.sys_id().ok()?, created(&record)?)))
        else {
            continue;
        };
        let same = || field("sys_id").eq(record);
        let is_found = first(client, &path, same().and(field("sys_created_on").eq(created))).await?.is_some();
        // It may have been deleted meanwhile.
        if !is_found && first(client, &path, same()).await?.is_some() {
            return Err(other_zone(&path, created));
        }
        if is_found {
            client.times.set_done();
            return Ok(());
        }
    }
    Ok(())
}

fn created(record: &Record) -> Option<DateTime> {
    record.value("sys_created_on").ok()?.parse().ok()
}

async fn first(client: &ClientInner, path: &ApiPath, query: Query<'static>) -> Result<Option<Record>, Error> {
    let request = ApiRequest::new(Method::GET, path.clone());
    let request = request.params(|params| params.query(query).fields(["sys_id", "sys_created_on"]).limit(1));
    let read = |response: &ApiResponse, _: &ApiRequest| Ok(response.records_at_most(1)?.into_iter().next());
    let found = exchange(client, &request.without_validation(), &read, None).await;
    found.map_err(|error| error.with_context("it cannot be proven how the instance reads times in queries"))
}

fn other_zone(path: &ApiPath, created: DateTime) -> Error {
    let why = format!(
        "a record of {path} shows that it was created at {created}, and a query for that time does not find it: this instance reads times in \
         queries in another time zone than UTC, so queries with times select other records than they say"
    );
    Error::new(ErrorKind::Incomplete, why)
}
