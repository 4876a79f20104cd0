//! The request behind a list: which records of which table, how they come, and what they are read as. A page, a stream and a bulk
//! write are all made from it.

use crate::Record;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::checked_request::CheckedRequest;
use crate::request::client_inner::ClientInner;
use crate::request::missing_fields::{FieldCheck, TypeFields};
use crate::request::params::RequestParams;
use crate::table::page::Page;
use crate::table::read_record::{FieldName, ReadRecord};
use futures_util::future::{BoxFuture, FutureExt};
use snow_core::{DisplayValue, Error};
use std::sync::Arc;

/// Asks for records of a table, and reads them as `T`.
pub(crate) struct ListRequest<T> {
    pub(crate) client: Arc<ClientInner>,
    pub(crate) request: Result<ApiRequest, Error>,
    pub(crate) type_fields: TypeFields,
    pub(crate) read: ReadRecord<T>,
    /// Whether each record is read with its `sys_id`, whatever fields the caller asks for.
    pub(crate) needs_sys_id: bool,
}

impl<T> ListRequest<T> {
    /// Changes the request, unless it was refused already.
    pub(crate) fn change(self, change: impl FnOnce(ApiRequest) -> Result<ApiRequest, Error>) -> Self {
        Self { request: self.request.and_then(change), ..self }
    }

    pub(crate) fn params(self, set: impl FnOnce(RequestParams) -> RequestParams) -> Self {
        self.change(|request| Ok(request.params(set)))
    }

    /// The same records as plain records, of which only the `sys_id` is requested.
    pub(crate) fn sys_ids(self) -> ListRequest<Record> {
        let Self { client, request, type_fields: _, read: _, needs_sys_id: _ } = self;
        let request = request.map(|request| ApiRequest { requires_fields: false, ..request });
        let (type_fields, read) = (TypeFields::Dynamic, ReadRecord::Asked(Ok));
        let list = ListRequest { client, request, type_fields, read, needs_sys_id: false };
        list.params(|params| params.fields(["sys_id"]))
    }

    /// The same records, with their stored values.
    pub(crate) fn stored_values(self) -> Self {
        self.params(|params| params.display_value(DisplayValue::Stored))
    }

    /// Returns the name of the table.
    ///
    /// # Errors
    ///
    /// That of a request that was refused.
    pub(crate) fn table_name(&self) -> Result<&str, Error> {
        let request = self.refused_or()?;
        request.queried_table().ok_or_else(|| Error::internal("a list names no table"))
    }

    /// Returns the request, unless it was refused.
    pub(crate) fn refused_or(&self) -> Result<&ApiRequest, Error> {
        self.request.as_ref().map_err(Clone::clone)
    }

    /// Checks the request, as every request is checked before it is sent.
    pub(crate) fn check(&self) -> BoxFuture<'static, Result<CheckedRequest, Error>> {
        let (client, request) = (self.client.clone(), self.request.clone());
        async move { request?.check(&client).await }.boxed()
    }
}

impl<T: 'static> ListRequest<T> {
    /// The call for one page.
    pub(crate) fn into_call(self) -> Call<Page<T>> {
        let Self { client, request, type_fields, read, needs_sys_id } = self;
        let mut added = Vec::<FieldName>::new();
        let request = request.map(|mut request| {
            let shape = &mut request.params.shape;
            if needs_sys_id && !shape.has("sys_id") {
                *shape = std::mem::take(shape).including(["sys_id"]);
                added.push("sys_id".into());
            }
            request
        });
        Call::new(client, request, move |response, request| {
            let check = field_check(request, &type_fields);
            Page::read(response, request.params.selection.window(), check, |record| read.read(record, &added))
        })
    }
}

/// Creates the check for fields that a request asked for and that do not come.
pub(crate) fn field_check(request: &ApiRequest, type_fields: &TypeFields) -> FieldCheck {
    FieldCheck::new(request.params.shape.fields.as_deref(), type_fields, request.requires_fields)
}

impl<T> Clone for ListRequest<T> {
    fn clone(&self) -> Self {
        let Self { client, request, type_fields, read, needs_sys_id } = self;
        Self {
            client: client.clone(),
            request: request.clone(),
            type_fields: type_fields.clone(),
            read: read.clone(),
            needs_sys_id: *needs_sys_id,
        }
    }
}
