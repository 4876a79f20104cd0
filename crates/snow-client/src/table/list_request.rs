//! The request behind a list: which records of which table, how they come, and what they are read as. A page, a stream and a bulk
//! write are all made from it.

use crate::Record;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use crate::request::missing_fields::{FieldCheck, TypeFields};
use crate::request::params::RequestParams;
use crate::table::page::Page;
use futures_util::future::{BoxFuture, FutureExt};
use http::Method;
use snow_core::{ApiPath, DisplayValue, Error, RequestOptions};
use std::sync::Arc;

/// Reads a record as what the caller wants.
pub(crate) type ReadRecord<T> = fn(Record) -> Result<T, Error>;

/// Asks for records of a table, and reads them as `T`.
pub(crate) struct ListRequest<T> {
    pub(crate) client: Arc<ClientInner>,
    pub(crate) path: Result<ApiPath, Error>,
    pub(crate) params: RequestParams,
    pub(crate) type_fields: TypeFields,
    pub(crate) requires_fields: bool,
    pub(crate) options: Option<RequestOptions>,
    pub(crate) read: ReadRecord<T>,
}

impl<T> ListRequest<T> {
    pub(crate) fn new(
        client: Arc<ClientInner>,
        path: Result<ApiPath, Error>,
        fields: Option<Arc<[String]>>,
        type_fields: TypeFields,
        read: ReadRecord<T>,
    ) -> Self {
        let mut params = RequestParams::default();
        params.shape.fields = fields;
        Self { client, path, params, type_fields, requires_fields: false, options: None, read }
    }

    pub(crate) fn params(self, set: impl FnOnce(RequestParams) -> RequestParams) -> Self {
        Self { params: set(self.params), ..self }
    }

    pub(crate) fn options(self, set: impl FnOnce(RequestOptions) -> RequestOptions) -> Self {
        Self { options: Some(set(self.options.unwrap_or_default())), ..self }
    }

    /// The same records as plain records, of which only the `sys_id` is asked for.
    pub(crate) fn sys_ids(self) -> ListRequest<Record> {
        let Self { client, path, params, type_fields: _, requires_fields: _, options, read: _ } = self;
        let (params, type_fields) = (params.fields(["sys_id"]), TypeFields::Dynamic);
        ListRequest { client, path, params, type_fields, requires_fields: false, options, read: Ok }
    }

    /// The same records, with their stored values.
    pub(crate) fn stored_values(self) -> Self {
        self.params(|params| params.display_value(DisplayValue::Stored))
    }

    /// Creates the check for fields that were asked for and do not come.
    pub(crate) fn field_check(&self) -> FieldCheck {
        FieldCheck::new(self.params.shape.fields.as_deref(), &self.type_fields, self.requires_fields)
    }

    /// Looks whether all fields exist, if the client does so: a condition on one that does not exist widens a query (facts 2.5).
    pub(crate) fn field_existence_check(&self) -> Option<BoxFuture<'static, Result<(), Error>>> {
        let (client, request) = (self.client.clone(), self.to_api_request().ok()?);
        client.checks_fields.then(|| async move { request.check(&client).await.map(drop) }.boxed())
    }

    fn to_api_request(&self) -> Result<ApiRequest, Error> {
        let mut request = ApiRequest::new(Method::GET, self.path.clone()?);
        request.params = self.params.clone();
        request.options.clone_from(&self.options);
        Ok(request)
    }
}

impl<T: 'static> ListRequest<T> {
    /// The call for one page.
    pub(crate) fn into_call(self) -> Call<Page<T>> {
        let (request, check, read) = (self.to_api_request(), self.field_check(), self.read);
        Call::new(self.client, request, move |response, request| {
            Page::read(response, request.params.selection.window(), check.clone(), read)
        })
    }
}
