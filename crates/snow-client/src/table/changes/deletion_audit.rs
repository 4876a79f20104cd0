//! The audit of deletions: records of `sys_audit_delete`, and whether they can be read.

use super::log_page::LogPageAsk;
use super::log_source::LogSource;
use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use crate::schema;
use http::Method;
use snow_core::{ApiPath, Error, ErrorKind, Query, field};
use std::sync::Arc;

/// How many records are looked at for one that this user may read, if the first is hidden.
const MOST_HIDDEN: u32 = 1_000;
/// How long the names of all classes may be in a URL, which has other parts as well.
const MOST_NAMES: usize = 5_000;

/// The audit of a table's deletions, as far as it is known before the first page.
pub(super) struct OpenedAudit {
    pub(super) source: LogSource,
    /// The classes whose deletions are those of the table: its own, and those that extend it. The audit has the class of the record.
    pub(super) classes: Vec<String>,
    /// Whether there is a deletion of them.
    pub(super) has_deletion: bool,
}

/// Checks whether this user may read the audit, and finds out of which classes.
///
/// # Errors
///
/// [`ErrorKind::Forbidden`] if the audit has records, and none of them comes, or if the classes cannot be read.
/// [`ErrorKind::InvalidInput`] if deletions of a class are not audited, or if the classes are too many for a URL.
pub(super) async fn open(client: &Arc<ClientInner>, feed: &ApiRequest) -> Result<OpenedAudit, Error> {
    let request = ApiRequest::new(Method::GET, ApiPath::table("sys_audit_delete")?);
    let request = request.params(|params| params.fields(["documentkey"]).exclude_reference_link(true));
    let mut source = LogSource {
        client: client.clone(),
        base: request.without_validation(),
        filter: Query::new(),
        stamp: "sys_created_on",
        version: None,
    };
    check_readable(&source).await?;
    let classes = classes(client, feed).await?;
    source.filter = of_classes(&classes)?;
    // Those that this user may not read are counted as well.
    let page = source.key_page(&first(1)).await.map_err(unreadable)?;
    let has_deletion = !page.rows.is_empty() || page.total.is_some_and(|total| total > 0);
    Ok(OpenedAudit { source, classes, has_deletion })
}

/// Checks whether this user may read records of the audit, some of which may be hidden.
async fn check_readable(source: &LogSource) -> Result<(), Error> {
    for limit in [1, MOST_HIDDEN] {
        let page = source.key_page(&first(limit)).await.map_err(unreadable)?;
        if !page.rows.is_empty() || page.total == Some(0) {
            return Ok(());
        }
    }
    Err(Error::new(
        ErrorKind::Forbidden,
        "this user may not read sys_audit_delete, which most users may not: grant it, or find deletions with Deletions::Swept",
    ))
}

fn first(limit: u32) -> LogPageAsk {
    LogPageAsk { after: None, limit, counted: true }
}

fn unreadable(error: Error) -> Error {
    error.with_context("the audit of deletions cannot be read")
}

async fn classes(client: &ClientInner, request: &ApiRequest) -> Result<Vec<String>, Error> {
    let name = request.queried_table().ok_or_else(|| Error::internal("a feed of a path without a table"))?;
    let name = name.to_owned();
    let below = schema::descendants(client, &name).await;
    let mut classes = below.map_err(|error| {
        error
            .with_context("the tables that extend this one cannot be read, and their deletions would be missed: use Deletions::Swept")
    })?;
    classes.insert(0, name);
    match schema::unaudited(client, &classes).await {
        Ok(Some(class)) => {
            let why = format!(
                "deletions of {class} are not audited (its dictionary says no_audit_delete): find them with Deletions::Swept"
            );
            Err(Error::new(ErrorKind::InvalidInput, why))
        }
        // A user who may not read the dictionary can still see whether there is a deletion.
        Err(error) if error.kind() != ErrorKind::Forbidden => Err(error),
        _ => Ok(classes),
    }
}

fn of_classes(classes: &[String]) -> Result<Query<'static>, Error> {
    let filter = field("tablename").is_in(classes.to_vec());
    if filter.url_len()? > MOST_NAMES {
        let why = format!(
            "the table has {} classes, too many to ask the audit for: find deletions with Deletions::Swept, or follow classes one by one",
            classes.len()
        );
        return Err(Error::new(ErrorKind::InvalidInput, why));
    }
    Ok(filter)
}
