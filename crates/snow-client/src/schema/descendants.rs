//! The tables that extend a table, and whether their deletions are audited.

use super::load::{ABOVE, rows, text};
use crate::request::client_inner::ClientInner;
use crate::{Error, field};

/// The attribute of a table whose deletions are not audited.
const NO_AUDIT: &str = "no_audit_delete";

/// How many tables are named in one query.
const MOST_NAMED: usize = 100;

/// Returns the names of all tables that extend this one, directly or through others, in no particular order.
///
/// # Errors
///
/// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) if this user may not read all of them.
pub(crate) async fn descendants(client: &ClientInner, name: &str) -> Result<Vec<String>, Error> {
    let (mut known, mut level) = (vec![name.to_owned()], vec![name.to_owned()]);
    while !level.is_empty() {
        let mut below = Vec::new();
        for some in level.chunks(MOST_NAMED) {
            let extends = field(ABOVE).is_in(some.iter().map(String::as_str));
            for row in rows(client, "sys_db_object", &extends, &["name"]).await? {
                below.push(text(&row, "name")?);
            }
        }
        // A table that extends itself would never end.
        below.retain(|table| !known.contains(table));
        known.extend(below.iter().cloned());
        level = below;
    }
    known.remove(0);
    Ok(known)
}

/// Returns the first of these tables whose dictionary says that its deletions are not audited.
///
/// # Errors
///
/// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) if this user may not read the dictionary.
pub(crate) async fn unaudited(client: &ClientInner, tables: &[String]) -> Result<Option<String>, Error> {
    for some in tables.chunks(MOST_NAMED) {
        let says_so = field("name").is_in(some.iter().map(String::as_str));
        let says_so =
            says_so.and(field("internal_type").eq("collection")).and(field("attributes").contains(NO_AUDIT));
        for row in rows(client, "sys_dictionary", &says_so, &["name", "attributes"]).await? {
            let attributes = text(&row, "attributes")?;
            let mut attributes = attributes.split(',').map(str::trim);
            if attributes.any(|one| one == NO_AUDIT || one.strip_prefix(NO_AUDIT) == Some("=true")) {
                return text(&row, "name").map(Some);
            }
        }
    }
    Ok(None)
}
