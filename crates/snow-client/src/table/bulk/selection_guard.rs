//! What a bulk update or delete refuses, so that it never writes more records than its caller means.

use crate::request::selection::Selection;
use snow_core::{Error, ErrorKind, Record, SysId};
use std::borrow::Cow;

/// Refuses a query that may select more records than meant: before anything is sent, by the query itself, and before a record is
/// written, by whether the record shows the fields that the query names.
pub(super) struct SelectionGuard {
    /// The fields of the query's conditions and of its order.
    query_fields: Vec<String>,
}

impl SelectionGuard {
    /// Returns the guard of a bulk write, and the records that it may write.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for every record of the table, for raw text that cannot be read, for pairs and for an offset.
    pub(super) fn new(selection: &Selection) -> Result<(Self, Selection), Error> {
        let (query, window) = (selection.query()?.clone().parsed(), selection.window());
        query.encode()?;
        if query.clone().without_order().is_empty() && window.limit.is_none() {
            return Err(refused(
                "a query without conditions selects every record of the table: if you mean that, use field(\"sys_id\").is_not_empty()",
            ));
        }
        if window.offset.is_some() {
            return Err(refused("a bulk write has no offset: its writes would shift the records to skip"));
        }
        // Without a limit all records are written, and their order says nothing.
        let query = if window.limit.is_none() { query.without_order() } else { query };
        let query_fields = query.fields().into_iter().map(str::to_owned).collect();
        Ok((Self { query_fields }, selection.keyed(query, window)?))
    }

    /// The fields that a record has to show.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.query_fields.iter().map(String::as_str).chain(["sys_id"])
    }

    /// Returns the id of a record that may be written.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if the record does not show a field that the query names.
    pub(super) fn check_record(&self, record: &Record) -> Result<SysId, Error> {
        match self.query_fields.iter().find(|field| record.get(field).is_none()) {
            None => record.sys_id(),
            Some(field) => Err(refused(format!(
                "the records have no {field}, which the query names: it does not exist, or this user may not read it, and the \
                 service drops such a condition and selects more records"
            ))),
        }
    }
}

fn refused(why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
}
