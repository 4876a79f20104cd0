//! The audit of deletions: records of `sys_audit_delete`, and whether they can be read.

use super::log_page::LogPageAsk;
use super::log_source::LogSource;
use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use crate::schema;
use http::Method;
use snow_core::{ApiPath, Error, ErrorKind, Query, field};
use std::sync::Arc;

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
pub(super) async fn open(client: &Arc<ClientInner>, table: &ApiPath) -> Result<OpenedAudit, Error> {
    let request = ApiRequest::new(Method::GET, ApiPath::table("sys_audit_delete")?);
    let request = request.params(|params| params.fields(["documentkey"]).exclude_reference_link(true));
    let mut source = LogSource {
        client: client.clone(),
        base: request.without_validation(),
        filter: Query::new(),
        stamp: "sys_created_on",
        version: None,
    };
    let ask = LogPageAsk { after: None, limit: 1, counted: true };
    let unreadable = |error: Error| error.with_context("the audit of deletions cannot be read");
    let page = source.key_page(&ask).await.map_err(unreadable)?;
    if page.rows.is_empty() && page.total.is_none_or(|total| total > 0) {
        return Err(Error::new(
            ErrorKind::Forbidden,
            "this user may not read sys_audit_delete, which most users may not: grant it, or find deletions with \
             Deletions::Swept",
        ));
    }
    let classes = classes(client, table).await?;
    source.filter = of_classes(&classes)?;
    let has_deletion = !source.key_page(&ask).await.map_err(unreadable)?.rows.is_empty();
    Ok(OpenedAudit { source, classes, has_deletion })
}

async fn classes(client: &ClientInner, table: &ApiPath) -> Result<Vec<String>, Error> {
    let name = table.as_str().rsplit('/').next().unwrap_or_default().to_owned();
    let below = schema::descendants(client, &name).await;
    let mut classes = below.map_err(|error| {
        error
            .with_context("it cannot be told of which classes deletions are to be read: use Deletions::Swept")
    })?;
    classes.insert(0, name);
    match schema::unaudited(client, &classes).await {
        Ok(Some(class)) => {
            let why = format!(
                "deletions of {class} are not audited (its dictionary says no_audit_delete): find them with Deletions::Swept"
            );
            Err(Error::new(ErrorKind::InvalidInput, why))
        }
        // Who may not read that sees only whether there is a deletion.
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
