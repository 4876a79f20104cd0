//! How records are read as what the caller wants.

use crate::table::with_sys_id::WithSysId;
use snow_core::{Error, Record};
use std::borrow::Cow;
use std::sync::Arc;

/// The name of a field.
pub(crate) type FieldName = Cow<'static, str>;

/// Reads a record as what the caller wants.
pub(crate) enum ReadRecord<T> {
    /// Reads a record that has only what the caller asked for.
    Asked(fn(Record) -> Result<T, Error>),
    /// Reads a record together with its `sys_id`.
    WithSysId(Arc<ReadWithAdded<T>>),
}

/// Reads a record that may have fields that the caller did not ask for, which are named.
type ReadWithAdded<T> = dyn Fn(Record, &[FieldName]) -> Result<T, Error> + Send + Sync;

impl<T> ReadRecord<T> {
    /// Reads a record. `added`: the fields that the caller did not ask for.
    pub(crate) fn read(&self, record: Record, added: &[FieldName]) -> Result<T, Error> {
        match self {
            Self::Asked(read) => read(added.iter().fold(record, |record, field| record.without(field))),
            Self::WithSysId(read) => read(record, added),
        }
    }
}

impl<T: 'static> ReadRecord<T> {
    /// Reads the `sys_id` as well.
    pub(crate) fn with_sys_id(self) -> ReadRecord<WithSysId<T>> {
        ReadRecord::WithSysId(Arc::new(move |record, added| {
            let sys_id = record.sys_id()?;
            Ok(WithSysId { sys_id, record: self.read(record, added)? })
        }))
    }
}

impl<T> Clone for ReadRecord<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Asked(read) => Self::Asked(*read),
            Self::WithSysId(read) => Self::WithSysId(read.clone()),
        }
    }
}
