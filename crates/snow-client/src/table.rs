//! The Table API (facts 1).

use crate::call::{Call, Prepared};
use crate::exchange::Read;
use crate::target::Target;
use crate::{Page, Record};
use bytes::Bytes;
use http::Method;
use serde::Serialize;
use snow_core::{ApiPath, Error, Kind, SysId};
use std::sync::Arc;

/// A table of the instance. Cheap to clone; holds no parameters, so nothing leaks from one call into another.
#[derive(Clone, Debug)]
pub struct Table {
    target: Arc<Target>,
    path: Result<ApiPath, Error>,
}

impl Table {
    pub(crate) fn new(target: Arc<Target>, name: &str) -> Self {
        Self { target, path: ApiPath::table(name) }
    }

    /// The record with this `sys_id`.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none, or if the user may not read it: the service does not tell (facts 1.3).
    pub fn get(&self, sys_id: impl AsRef<str>) -> Call<Record> {
        self.call(Method::GET, Some(sys_id.as_ref()), |answer, _| answer.one())
    }

    /// One page of records: those of a query, in its order.
    ///
    /// # Errors
    /// [`Kind::Incomplete`] if no limit is set and more rows match than the service sends by itself.
    pub fn list(&self) -> Call<Page> {
        self.call(Method::GET, None, |answer, request| Page::read(answer, &request.params))
    }

    /// Creates a record. The answer is the record as the instance's rules made it; fields that do not exist or may not be
    /// written are ignored by the service without a word (facts 1.7).
    ///
    /// # Errors
    /// If the error's [`may_have_happened`](Error::may_have_happened) is true, look before you try again: the record
    /// may be there.
    pub fn create(&self, fields: &(impl Serialize + ?Sized)) -> Call<Record> {
        self.write(Method::POST, None, fields)
    }

    /// Changes the given fields of a record, by PATCH, and no others. Journal fields (`work_notes`, `comments`) are
    /// appended to.
    ///
    /// # Errors
    /// If the error's [`may_have_happened`](Error::may_have_happened) is true, look before you try again.
    pub fn update(&self, sys_id: impl AsRef<str>, fields: &(impl Serialize + ?Sized)) -> Call<Record> {
        self.write(Method::PATCH, Some(sys_id.as_ref()), fields)
    }

    /// Deletes a record.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none.
    pub fn delete(&self, sys_id: impl AsRef<str>) -> Call<()> {
        self.call(Method::DELETE, Some(sys_id.as_ref()), |answer, _| answer.nothing())
    }

    fn call<T>(&self, method: Method, sys_id: Option<&str>, read: Read<T>) -> Call<T> {
        Call::new(self.target.clone(), self.prepare(method, sys_id), read)
    }

    fn prepare(&self, method: Method, sys_id: Option<&str>) -> Result<Prepared, Error> {
        let path = self.path.clone()?;
        let path = match sys_id {
            Some(sys_id) => path.record(sys_id.parse::<SysId>()?),
            None => path,
        };
        Ok(Prepared::new(method, path))
    }

    fn write(
        &self,
        method: Method,
        sys_id: Option<&str>,
        fields: &(impl Serialize + ?Sized),
    ) -> Call<Record> {
        let request = self.prepare(method, sys_id).and_then(|request| {
            let body = serde_json::to_vec(fields).map_err(|e| unfit(e.into()))?;
            if body.first() != Some(&b'{') {
                return Err(unfit("they are not an object of fields and values".into()));
            }
            Ok(Prepared { body: Some(Bytes::from(body)), ..request })
        });
        Call::new(self.target.clone(), request, |answer, _| answer.one())
    }
}

fn unfit(why: snow_core::BoxError) -> Error {
    Error::new(Kind::InvalidInput, "the fields cannot be sent").with_source(why)
}
