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
use futures_util::future::{BoxFuture, FutureExt};
use snow_core::{DisplayValue, Error};
use std::sync::Arc;

/// Reads a record as what the caller wants.
pub(crate) type ReadRecord<T> = fn(Record) -> Result<T, Error>;

/// Asks for records of a table, and reads them as `T`.
pub(crate) struct ListRequest<T> {
    pub(crate) client: Arc<ClientInner>,
    pub(crate) request: Result<ApiRequest, Error>,
    pub(crate) type_fields: TypeFields,
    pub(crate) read: ReadRecord<T>,
}

impl<T> ListRequest<T> {
    /// Changes the request, unless it was refused already.
    pub(crate) fn change(self, change: impl FnOnce(ApiRequest) -> Result<ApiRequest, Error>) -> Self {
        Self { request: self.request.and_then(change), ..self }
    }

    pub(crate) fn params(self, set: impl FnOnce(RequestParams) -> RequestParams) -> Self {
        self.change(|request| Ok(request.params(set)))
    }

    /// The same records as plain records, of which only the `sys_id` is asked for.
    pub(crate) fn sys_ids(self) -> ListRequest<Record> {
        let Self { client, request, type_fields: _, read: _ } = self;
        let request = request.map(|request| ApiRequest { requires_fields: false, ..request });
        let list = ListRequest { client, request, type_fields: TypeFields::Dynamic, read: Ok };
        list.params(|params| params.fields(["sys_id"]))
    }

    /// The same records, with their stored values.
    pub(crate) fn stored_values(self) -> Self {
        self.params(|params| params.display_value(DisplayValue::Stored))
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
        let Self { client, request, type_fields, read } = self;
        Call::new(client, request, move |response, request| {
            let check = field_check(request, &type_fields);
            Page::read(response, request.params.selection.window(), check, read)
        })
    }
}

/// Creates the check for fields that a request asked for and that do not come.
pub(crate) fn field_check(request: &ApiRequest, type_fields: &TypeFields) -> FieldCheck {
    FieldCheck::new(request.params.shape.fields.as_deref(), type_fields, request.requires_fields)
}

impl<T> Clone for ListRequest<T> {
    fn clone(&self) -> Self {
        let Self { client, request, type_fields, read } = self;
        Self {
            client: client.clone(),
            request: request.clone(),
            type_fields: type_fields.clone(),
            read: *read,
        }
    }
}
