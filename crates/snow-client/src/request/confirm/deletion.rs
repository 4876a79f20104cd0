//! Finds out what became of a deletion that finds no record after an earlier attempt that may have been executed.

use crate::request::api_request::ApiRequest;
use crate::request::checked_request::CheckedRequest;
use crate::request::client_inner::ClientInner;
use crate::request::confirm::lookup::{CallTime, RecordFinder};
use crate::request::exchange::{BorrowingReader, exchange};
use bytes::Bytes;
use futures_util::future::FutureExt;
use http::{StatusCode, response::Parts};
use snow_core::decode::ApiResponse;
use snow_core::layer::Attempts;
use snow_core::{ApiPath, Error, ErrorKind, Record, SysId, field, is_version};

/// Executes a deletion. If a second attempt finds no record, it checks whether the record is gone.
pub(crate) async fn execute<T>(
    client: &ClientInner,
    request: &CheckedRequest,
    read: &BorrowingReader<'_, T>,
) -> Result<T, Error> {
    let time = CallTime::of(client, request);
    let confirm = |head: Parts, body: Bytes| confirmed(client, request, head, body, &time).boxed();
    exchange(client, request, read, Some(&confirm)).await
}

/// Returns the response as it came, or a 204 if the record is known to be gone.
///
/// # Errors
///
/// That of the deletion, if an earlier attempt may have deleted the record and it is not known to be gone.
async fn confirmed(
    client: &ClientInner,
    request: &ApiRequest,
    mut head: Parts,
    body: Bytes,
    time: &CallTime,
) -> Result<(Parts, Bytes), Error> {
    if !is_in_doubt(&head) {
        return Ok((head, body));
    }
    let Err(error) = ApiResponse::new(head.clone(), body) else {
        return Err(Error::internal("a 404 was taken for a success"));
    };
    is_gone(client, request, error, time).await?;
    head.status = StatusCode::NO_CONTENT;
    Ok((head, Bytes::new()))
}

/// Whether a response to a deletion says that there is nothing to delete, and an earlier attempt may be why.
fn is_in_doubt(head: &Parts) -> bool {
    let attempts = head.extensions.get::<Attempts>();
    head.status == StatusCode::NOT_FOUND && attempts.is_some_and(|attempts| attempts.are_doubtful())
}

/// Checks whether the record is gone. Only the list shows it: it counts records that this user may not read, while a 404 is the
/// same for those and for none (facts 1.3, 9).
///
/// # Errors
///
/// `error`, if the record is not known to be gone.
async fn is_gone(
    client: &ClientInner,
    request: &ApiRequest,
    error: Error,
    time: &CallTime,
) -> Result<(), Error> {
    let Some((path, sys_id)) = record_of(&request.path).filter(|_| error.kind() == ErrorKind::NotFound)
    else {
        return Err(open(error, "the response does not show whether it is gone"));
    };
    let finder = RecordFinder::new(client, &path, request, time);
    match finder.records(field("sys_id").eq(sys_id), &["sys_id"], 1).await {
        Ok((records, Some(0))) if records.is_empty() => Ok(()),
        Ok((records, _)) if records.iter().any(|record| is(record, sys_id)) => {
            Err(open(error, "the record is still there"))
        }
        Ok((_, Some(_))) => Err(open(error, "the record is hidden from this user")),
        Ok((_, None)) => Err(open(error, "the instance sent no X-Total-Count")),
        Err(why) => Err(open(error, &format!("it could not be looked up: {why}"))),
    }
}

fn is(record: &Record, sys_id: SysId) -> bool {
    record.sys_id().is_ok_and(|id| id.as_str().eq_ignore_ascii_case(sys_id.as_str()))
}

fn open(error: Error, why: &str) -> Error {
    error.with_context(&format!("an earlier attempt may have deleted it ({why})"))
}

/// Returns the list in which a record can be looked up, and the record's id: of the Table and the Attachment API. The list is
/// requested without a version, because version 1 responds with 404 where there are no records.
fn record_of(path: &ApiPath) -> Option<(ApiPath, SysId)> {
    let below = path.as_str().strip_prefix("/api/now/")?;
    let segments: Vec<&str> = below.split('/').skip_while(|segment| is_version(segment)).collect();
    match segments[..] {
        ["table", table, sys_id] => Some((ApiPath::table(table).ok()?, sys_id.parse().ok()?)),
        ["attachment", sys_id] => Some((ApiPath::parse("/api/now/attachment").ok()?, sys_id.parse().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_looked_for_in_the_list_that_it_is_of() {
        let id = "a9e30c7dc61122760116894de7bcc7bd";
        for (path, list) in [
            (format!("/api/now/table/incident/{id}"), Some("/api/now/table/incident")),
            (format!("/api/now/v2/table/incident/{id}"), Some("/api/now/table/incident")),
            (format!("/api/now/v1/attachment/{id}"), Some("/api/now/attachment")),
            (format!("/api/x_acme/orders/{id}"), None),
            (format!("/api/now/cmdb/instance/cmdb_ci/{id}"), None),
            ("/api/now/table/incident".to_owned(), None),
        ] {
            let found = record_of(&ApiPath::parse(&path).unwrap());
            assert_eq!(found.as_ref().map(|(list, _)| list.as_str()), list, "{path}");
            assert!(found.is_none_or(|(_, found)| found.as_str() == id));
        }
    }
}
