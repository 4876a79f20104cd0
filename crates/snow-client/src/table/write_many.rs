//! The writes of a table that are about many records.

use crate::Table;
use crate::table::bulk::BulkWrite;
use crate::table::delete_record::DeleteRecord;
use crate::table::json_body::json_body;
use crate::table::update_record::UpdateRecord;
use bytes::Bytes;
use http::Method;
use serde::Serialize;
use snow_core::{Error, SysId};

impl<T: 'static> Table<T> {
    /// Updates each of these records with the same fields: see [`BulkWrite`].
    #[doc(alias("bulk", "bulk_update"))]
    pub fn update_many(
        &self,
        sys_ids: impl IntoIterator<Item = SysId>,
        fields: &(impl Serialize + ?Sized),
    ) -> BulkWrite<UpdateRecord<T>>
    where
        T: Send,
    {
        BulkWrite::of_ids(sys_ids, self.update_call(fields))
    }

    /// Updates each of these records with its own fields: see [`BulkWrite`].
    pub fn update_each<F: Serialize>(
        &self,
        changes: impl IntoIterator<Item = (SysId, F)>,
    ) -> BulkWrite<UpdateRecord<T>>
    where
        T: Send,
    {
        let updates = changes.into_iter().map(|(sys_id, fields)| (sys_id, json_body(&fields)));
        let table = self.clone();
        BulkWrite::of_updates(updates, move |sys_id, body| table.update_with_body(sys_id, body))
    }

    /// Deletes each of these records: see [`BulkWrite`].
    #[doc(alias("bulk", "bulk_delete"))]
    pub fn delete_many(&self, sys_ids: impl IntoIterator<Item = SysId>) -> BulkWrite<DeleteRecord> {
        BulkWrite::of_ids(sys_ids, self.delete_call())
    }

    /// Returns what updates any record in the same way.
    pub(crate) fn update_call(
        &self,
        fields: &(impl Serialize + ?Sized),
    ) -> impl Fn(SysId) -> UpdateRecord<T> + Send + Sync + 'static {
        let (table, body) = (self.clone(), json_body(fields));
        move |sys_id| table.update_with_body(sys_id, body.clone())
    }

    /// Returns what deletes any record.
    pub(crate) fn delete_call(&self) -> impl Fn(SysId) -> DeleteRecord + Send + Sync + 'static {
        let table = self.clone();
        move |sys_id| table.delete(sys_id)
    }

    fn update_with_body(&self, sys_id: SysId, body: Result<Bytes, Error>) -> UpdateRecord<T> {
        UpdateRecord { call: self.write_call(Method::PATCH, Some(sys_id.as_str()), body) }
    }
}
