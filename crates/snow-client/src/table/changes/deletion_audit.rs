//! The audit of deletions: records of `sys_audit_delete`, and whether they can be read.

use super::log_page::LogPageAsk;
use super::log_source::LogSource;
use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use http::Method;
use snow_core::{ApiPath, Error, ErrorKind, Query, field};
use std::sync::Arc;

/// Returns the log of the deletions of a table.
pub(super) fn source(client: &Arc<ClientInner>, table: &ApiPath) -> Result<LogSource, Error> {
    let name = table.as_str().rsplit('/').next().unwrap_or_default().to_owned();
    let request = ApiRequest::new(Method::GET, ApiPath::table("sys_audit_delete")?);
    let request = request.params(|params| params.fields(["documentkey"]).exclude_reference_link(true));
    Ok(LogSource {
        client: client.clone(),
        base: request.without_validation(),
        filter: field("tablename").eq(name),
        stamp: "sys_created_on",
        version: None,
    })
}

/// Checks whether this user may read the audit. Returns whether it has a deletion of the table.
///
/// # Errors
///
/// [`ErrorKind::Forbidden`] if the audit has records, and none of them comes.
pub(super) async fn check(source: &LogSource) -> Result<bool, Error> {
    let all = LogSource { filter: Query::new(), ..source.clone() };
    let ask = LogPageAsk { after: None, limit: 1, counted: true };
    let unreadable = |error: Error| error.with_context("the audit of deletions cannot be read");
    let page = all.key_page(&ask).await.map_err(unreadable)?;
    if page.rows.is_empty() && page.total.is_none_or(|total| total > 0) {
        return Err(Error::new(
            ErrorKind::Forbidden,
            "this user may not read sys_audit_delete, which most users may not: grant it, or find deletions with \
             Deletions::Swept",
        ));
    }
    Ok(!source.key_page(&ask).await.map_err(unreadable)?.rows.is_empty())
}
