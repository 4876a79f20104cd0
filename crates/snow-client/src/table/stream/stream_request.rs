//! What a stream reads, and how each of its pages goes out.

use super::key_range::{KeyRange, RangeStart, RecordKey};
use super::page_request::PageRequest;
use super::read_order::ReadOrder;
use crate::request::checked_request::CheckedRequest;
use crate::request::client_inner::ClientInner;
use crate::request::params::RequestParams;
use crate::request::read_retry::retry_delay;
use crate::request::selection::Window;
use crate::table::read_record::FieldName;
use snow_core::decode::Records;
use snow_core::{Departure, DisplayValue, Error, ErrorKind, HttpFuture, Instance, Query, Record};
use std::sync::Arc;
use std::time::Duration;

/// The request behind all pages of a stream.
#[derive(Clone)]
pub(super) struct StreamRequest {
    pub(super) client: Arc<ClientInner>,
    /// The request of the list, which every page is a part of.
    pub(super) base: CheckedRequest,
    /// Which records of the list are read, and which of their fields.
    pub(super) params: RequestParams,
    pub(super) order: ReadOrder,
    /// Whether records show their `sys_id` although they are read by position.
    pub(super) reads_ids: bool,
    /// Whether the caller gets the `sys_id` of each record.
    pub(super) gives_ids: bool,
}

impl StreamRequest {
    /// Creates the request of a stream over the list that `base` asks for. `query` is the one of the list.
    pub(super) fn new(
        client: Arc<ClientInner>,
        base: CheckedRequest,
        query: &Query<'_>,
        by_offset: bool,
    ) -> Self {
        let params = base.params.clone();
        let order = match by_offset {
            true => ReadOrder::Offset,
            false => ReadOrder::of(query, params.shape.display()),
        };
        Self { client, base, params, order, reads_ids: false, gives_ids: false }
    }

    /// The same records, of which only the `sys_id` is read.
    pub(super) fn sys_ids(&self) -> Self {
        let params = self.params.clone().fields(["sys_id"]).display_value(DisplayValue::Stored);
        Self { params, order: ReadOrder::SysId, ..self.clone() }
    }

    /// The key fields that the caller did not ask for. They are removed from the records again.
    pub(super) fn added_fields(&self) -> Vec<FieldName> {
        let is_added = |key: &&str| !self.params.shape.has(key);
        self.key_fields().filter(is_added).map(|field| field.to_owned().into()).collect()
    }

    /// Creates what reads the records of the first page.
    pub(super) fn decoder(&self) -> Records {
        let displayed = self.params.shape.display() == DisplayValue::Display;
        Records::list().displayed(displayed).lossy_text(self.client.lossy_text)
    }

    /// The fields that a record's key consists of.
    fn key_fields(&self) -> impl Iterator<Item = &str> {
        let ordered = match &self.order {
            ReadOrder::Field { field, .. } => Some(field.as_str()),
            _ => None,
        };
        let shows_id = self.order != ReadOrder::Offset || self.reads_ids || self.gives_ids;
        let id = shows_id.then_some("sys_id");
        id.into_iter().chain(ordered)
    }

    /// The key of a record; `None` in a read by position.
    pub(super) fn key(&self, record: &Record) -> Result<Option<RecordKey>, Error> {
        let read = |field: &str| {
            let value = record.get(field).map(|field| field.value()).transpose()?.unwrap_or_default();
            match value.is_empty() {
                true => Err(no_key(field)),
                false => Ok(value.into_owned()),
            }
        };
        match &self.order {
            ReadOrder::Offset => Ok(None),
            ReadOrder::SysId => Ok(Some(RecordKey { sys_id: read("sys_id")?, value: None })),
            ReadOrder::Field { field, .. } => {
                Ok(Some(RecordKey { sys_id: read("sys_id")?, value: Some(read(field)?) }))
            }
        }
    }

    fn page_request(&self, query: &Query<'static>, page: &PageRequest) -> Result<CheckedRequest, Error> {
        let offset = page.offset.map(u32::try_from).transpose().map_err(|_| offset_too_large())?;
        let window = Window { limit: Some(page.limit), offset };
        let mut params = self.params.keyed(page.query(query, &self.order), window, page.counted)?;
        match page.ids_only {
            true => params = params.fields(self.key_fields()),
            false => params.shape = std::mem::take(&mut params.shape).including(self.key_fields()),
        }
        Ok(self.base.part(params))
    }

    /// Returns how many bytes of query fit into the URL of any page.
    pub(super) fn room_for_query(&self) -> Result<usize, Error> {
        let key = RecordKey { sys_id: "f".repeat(32), value: Some("2000-01-01 00:00:00".into()) };
        let range = KeyRange { from: RangeStart::After(key), until: Some("f".repeat(32)) };
        let page = PageRequest { range, limit: u32::MAX, counted: false, ids_only: false, offset: None };
        let uri = self
            .client
            .instance
            .uri(&self.base.path, &self.page_request(&Query::new(), &page)?.params.to_params()?)?;
        let taken = uri.path_and_query().map_or(0, |path| path.as_str().len());
        // A condition is written once in each group of the query; three of them are common.
        Ok(Instance::MAX_URI.saturating_sub(taken.saturating_add(256)))
    }

    /// Sends the request of a page. `prefetch`: the page is not waited for yet.
    pub(super) fn send(
        &self,
        query: &Query<'static>,
        page: &PageRequest,
        prefetch: bool,
    ) -> Result<(HttpFuture, Departure), Error> {
        let mut request = self.page_request(query, page)?;
        if prefetch {
            request = request.options(|options| options.prefetch(true));
        }
        let mut http = request.to_http(&self.client, 0, Duration::ZERO)?;
        // Also where the stack does not tell departures: a connection with a wrong page is retired by it.
        let departure = http.extensions_mut().get_or_insert_with(Departure::new).clone();
        Ok((self.client.send(http)?, departure))
    }

    /// How long to wait before a page that failed this often is asked for again.
    ///
    /// # Errors
    ///
    /// The error itself, if the client's retry policy allows no further attempt.
    pub(super) fn retry_delay(
        &self,
        error: Error,
        failures: u32,
        elapsed: Duration,
    ) -> Result<Duration, Error> {
        let error = self.annotate(error); // the policy has to know that it is an error of a read
        retry_delay(&self.client, self.base.options.as_ref(), error, failures, elapsed)
    }

    /// Names the request in an error, without its query.
    pub(super) fn annotate(&self, error: Error) -> Error {
        self.base.annotate(&self.client, error)
    }
}

fn no_key(field: &str) -> Error {
    let why = format!(
        "a record has no {field}, by which the next page is requested: database views have none, and some users may not \
         read it; read with by_offset(true) instead (an export needs allow_drift(true) as well)"
    );
    Error::new(ErrorKind::Incomplete, why)
}

fn offset_too_large() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "the offset is larger than the service accepts: read by sys_id instead",
    )
}
