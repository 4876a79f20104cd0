//! Asks an instance for the pages of a log.

use super::log_page::{LogPage, LogPageAsk};
use super::log_row::{LogKey, LogRow};
use super::page_limits::is_too_much;
use super::sweep_reader::SweepAsk;
use crate::Record;
use crate::request::api_request::ApiRequest;
use crate::request::checked_request::CheckedRequest;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::exchange;
use crate::request::params::RequestParams;
use crate::request::prove_times::date_of;
use crate::request::selection::Window;
use snow_core::decode::ApiResponse;
use snow_core::{DateTime, DisplayValue, Error, ErrorKind, Query, SysId, field};
use std::sync::Arc;

/// How many records are looked at for the newest that this user may read, if the newest of all is hidden.
const NEWEST: u32 = 1_000;
/// How many ids are named in one query, if its URL has room for them.
const MOST_IDS: usize = 100;

/// A log of an instance: records of a table, in the order of a time.
#[derive(Clone)]
pub(super) struct LogSource {
    pub(super) client: Arc<ClientInner>,
    pub(super) base: CheckedRequest,
    /// The conditions of the feed, without an order.
    pub(super) filter: Query<'static>,
    pub(super) stamp: &'static str,
    pub(super) version: Option<&'static str>,
}

/// Records that arrived.
pub(super) struct ArrivedRecords {
    pub(super) records: Vec<Record>,
    total: Option<u64>,
    date: DateTime,
}

impl LogSource {
    /// Returns the newest record that this user may read and that is not from the future, and how many requests that took.
    pub(super) async fn newest(&self) -> Result<(Option<LogRow>, u64), Error> {
        let (mut until, mut limit, mut requests) = (None, 1, 0_u64);
        // Whatever else is there, what is older is not looked for: its time is no more than a better beginning.
        while requests < 3 {
            requests = requests.saturating_add(1);
            let (newest, date) = self.newest_of(until, limit).await?;
            match newest {
                Some(row) if row.stamp <= date => return Ok((Some(row), requests)),
                Some(_) => until = Some(date),
                None if limit == NEWEST => break,
                None => limit = NEWEST,
            }
        }
        Ok((None, requests))
    }

    async fn newest_of(
        &self,
        until: Option<DateTime>,
        limit: u32,
    ) -> Result<(Option<LogRow>, DateTime), Error> {
        let query = match until {
            Some(until) => self.filter.clone().and(field(self.stamp).le(until)),
            None => self.filter.clone(),
        };
        let query = query.order_by_desc(self.stamp).order_by_desc("sys_id");
        let arrived = self.send(self.keys(), query, limit, limit > 1).await?;
        let newest = arrived.records.first().map(|record| self.row(record)).transpose()?;
        Ok((newest, arrived.date))
    }

    /// Returns a page of keys.
    pub(super) async fn key_page(&self, ask: &LogPageAsk) -> Result<LogPage, Error> {
        let arrived = self.send(self.keys(), self.after(ask), ask.limit, ask.counted).await?;
        self.page(&arrived)
    }

    /// Returns a page of whole records, and their keys.
    pub(super) async fn record_page(&self, ask: &LogPageAsk) -> Result<(LogPage, Vec<Record>), Error> {
        let arrived = self.send(self.whole(), self.after(ask), ask.limit, ask.counted).await?;
        Ok((self.page(&arrived)?, arrived.records))
    }

    /// Returns those of the records that exist and match, and how many requests that took.
    pub(super) async fn records(&self, ids: &[SysId]) -> Result<(Vec<Record>, u64), Error> {
        self.named(&self.whole(), &self.filter, ids).await
    }

    /// Returns those of the ids that exist, and how many requests that took. `matching`: and match.
    pub(super) async fn existing(&self, ids: &[SysId], matching: bool) -> Result<(Vec<SysId>, u64), Error> {
        let filter = if matching { self.filter.clone() } else { Query::new() };
        let (records, requests) = self.named(&self.id_only(), &filter, ids).await?;
        Ok((records.iter().map(Record::sys_id).collect::<Result<_, Error>>()?, requests))
    }

    /// Returns those of the records that match the filter: as many by one request as its URL and its response have room for.
    async fn named(
        &self,
        params: &RequestParams,
        filter: &Query<'static>,
        ids: &[SysId],
    ) -> Result<(Vec<Record>, u64), Error> {
        let (mut rest, mut size, mut all, mut requests) = (ids, MOST_IDS, Vec::new(), 0_u64);
        while !rest.is_empty() {
            let (some, others) = rest.split_at(size.min(rest.len()));
            let limit = u32::try_from(some.len()).unwrap_or(u32::MAX);
            let query = filter.clone().and(field("sys_id").is_in(some.iter().copied())).order_by("sys_id");
            requests = requests.saturating_add(1);
            match self.send(params.clone(), query, limit, false).await {
                Ok(arrived) => {
                    all.extend(arrived.records);
                    rest = others;
                }
                Err(error) if size > 1 && (error.kind() == ErrorKind::UriTooLong || is_too_much(&error)) => {
                    size /= 2;
                }
                Err(error) => return Err(error),
            }
        }
        Ok((all, requests))
    }

    /// Returns a page of ids with the versions of their records, and how many there are if they were counted.
    pub(super) async fn id_page(
        &self,
        ask: &SweepAsk,
    ) -> Result<(Vec<(SysId, Option<u32>)>, Option<u64>), Error> {
        let query = match ask.after {
            Some(after) => self.filter.clone().and(field("sys_id").gt(after)),
            None => self.filter.clone(),
        };
        let params = self.base.params.clone().fields(["sys_id"].into_iter().chain(self.version));
        let params = params.display_value(DisplayValue::Stored);
        let arrived = self.send(params, query.order_by("sys_id"), ask.limit, ask.counted).await?;
        let version = |record: &Record| record.value(self.version?).ok()?.parse().ok();
        let ids = arrived.records.iter().map(|record| Ok((record.sys_id()?, version(record))));
        Ok((ids.collect::<Result<_, Error>>()?, arrived.total))
    }

    /// Reads the key of a record.
    pub(super) fn row(&self, record: &Record) -> Result<LogRow, Error> {
        LogRow::of(record, self.stamp, self.version)
    }

    fn page(&self, arrived: &ArrivedRecords) -> Result<LogPage, Error> {
        let rows = arrived.records.iter().map(|record| self.row(record)).collect::<Result<_, _>>()?;
        Ok(LogPage { rows, total: arrived.total, date: Some(arrived.date) })
    }

    /// The query of a page: the conditions hold in every group of it.
    fn after(&self, ask: &LogPageAsk) -> Query<'static> {
        let stamp = || field(self.stamp);
        let query = match ask.after {
            None => self.filter.clone(),
            Some(LogKey { stamp: from, sys_id: None }) => self.filter.clone().and(stamp().ge(from)),
            Some(LogKey { stamp: last, sys_id: Some(id) }) => {
                let later = stamp().gt(last).or(stamp().eq(last).and(field("sys_id").gt(id)));
                self.filter.clone().and(later)
            }
        };
        query.order_by(self.stamp).order_by("sys_id")
    }

    fn key_fields(&self) -> impl Iterator<Item = &'static str> {
        ["sys_id", self.stamp].into_iter().chain(self.version)
    }

    fn keys(&self) -> RequestParams {
        let params = self.base.params.clone().fields(self.key_fields());
        params.display_value(DisplayValue::Stored)
    }

    fn id_only(&self) -> RequestParams {
        self.base.params.clone().fields(["sys_id"]).display_value(DisplayValue::Stored)
    }

    fn whole(&self) -> RequestParams {
        let mut params = self.base.params.clone();
        params.shape = std::mem::take(&mut params.shape).including(self.key_fields());
        params
    }

    async fn send(
        &self,
        params: RequestParams,
        query: Query<'static>,
        limit: u32,
        counted: bool,
    ) -> Result<ArrivedRecords, Error> {
        let window = Window { limit: Some(limit), offset: None };
        let request = self.base.part(params.keyed(query, window, counted)?);
        let read = |response: &ApiResponse, _: &ApiRequest| {
            let records = response.records_at_most(usize::try_from(limit).unwrap_or(usize::MAX))?;
            let date = date_of(response).ok_or_else(no_date)?;
            Ok(ArrivedRecords { records, total: response.total(), date })
        };
        exchange(&self.client, &request, &read, None).await
    }
}

fn no_date() -> Error {
    Error::new(
        ErrorKind::Incomplete,
        "the response has no Date header, which a feed needs to recognize records with a time in the future: have the proxy or gateway \
         pass it on",
    )
}
