//! A list of records to be asked for: one page, one record, or all of them.

use crate::batch::api_call::{ApiCall, IntoCall};
use crate::request::api_request::ApiRequest;
use crate::request::call::{Call, CallFuture};
use crate::request::call_options::{
    domain_options, record_options, request_options, selection_options, window_options,
};
use crate::request::params::RequestParams;
use crate::table::bulk::BulkWrite;
use crate::table::count_records::CountRecords;
use crate::table::delete_record::DeleteRecord;
use crate::table::list_request::ListRequest;
use crate::table::page::Page;
use crate::table::stream::RecordStream;
use crate::table::update_record::UpdateRecord;
use crate::{Record, Table, batch};
use serde::Serialize;
use snow_core::query::Value;
use snow_core::{Error, ErrorKind};
use std::fmt;
use std::future::IntoFuture;

/// Lists records of a table. Returned by [`Table::list`](crate::Table::list).
///
/// Awaited as it is, it returns one [`Page`]. [`one`](Self::one), [`first`](Self::first), [`all`](Self::all),
/// [`count`](Self::count) and [`stream`](Self::stream) ask for something else. A list can be cloned, to count and to read the same
/// records for example.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::field;
///
/// let active = client.table("incident").list().query(field("active").eq(true));
/// let page = active.clone().limit(2).await?;
/// let all = active.clone().all().await?;
/// assert_eq!(page.len(), 2);
/// assert_eq!(all.len() as u64, active.count().await?);
/// # Ok(()) }
/// ```
#[must_use = "a list is asked for when it is awaited"]
pub struct ListRecords<T = Record> {
    pub(crate) request: ListRequest<T>,
}

impl<T> ListRecords<T> {
    request_options!();
    record_options!();
    domain_options!();
    selection_options!();
    window_options!();

    /// Adds a filter: the parameter `<field>=<value>`. Several filters all have to match.
    ///
    /// Unlike a query, a filter also takes the display values of choices and references (`state=closed`, `assigned_to=john.smith`,
    /// facts 1.2). It is for one page, a [`count`](Self::count) or a batch. Reads that go on from record to record, such as
    /// [`stream`](Self::stream), [`all`](Self::all), [`first`](Self::first) or a bulk write, need a [`query`](Self::query).
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let page = client.table("incident").list().filter("active", true).limit(5).await?;
    /// assert!(page.iter().all(|incident| incident.value("active").is_ok_and(|active| active == "true")));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The list fails before anything is sent, with [`ErrorKind::InvalidInput`], if it has a query as well (the service says they
    /// exclude each other), if a field is filtered by twice, and for an empty value.
    pub fn filter<'v>(self, field: &str, value: impl Into<Value<'v>>) -> Self {
        let value = value.into().into_owned();
        self.change(|request| Ok(request.params(|params| params.filter(field, value))))
    }

    /// Sets whether every record has to have every field that was asked for.
    ///
    /// By default a typed read fails only if a plain field is in none of the records: it does not exist, or this user may not read
    /// it. Fields that only some records lack are listed by [`Page::missing_fields`] and by the
    /// [report](RecordStream::report) of a stream. So are dot-walked fields, which an instance may leave out where the reference is
    /// empty.
    pub fn require_fields(self, require: bool) -> Self {
        self.change(|request| Ok(ApiRequest { requires_fields: require, ..request }))
    }

    /// Sets the query category, which may route a read to a replica.
    pub fn query_category(self, name: &str) -> Self {
        self.change(|request| Ok(request.params(|params| params.query_category(name))))
    }

    /// Returns a stream of all records, one by one, in constant memory: see [`RecordStream`].
    pub fn stream(self) -> RecordStream<T> {
        RecordStream::new(self.request)
    }

    /// Returns all records at once, read as [`stream`](Self::stream) reads them.
    ///
    /// Where that is by position and takes more than one page, because of the query's order, the ids are read once more by `sys_id`
    /// at the end, to see whether records were missed or came twice.
    ///
    /// # Errors
    ///
    /// What went wrong: never a part of the records. [`ErrorKind::Incomplete`] if records may have been missed or repeated, because
    /// records came, went or moved meanwhile, or because a limit or an offset leaves nothing to compare with.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        let (mut records, mut all) = (self.stream().ids_compared(), Vec::new());
        while let Some(record) = records.next().await {
            all.push(record?);
        }
        match records.report().may_have_drifted {
            false => Ok(all),
            true => Err(Error::new(
                ErrorKind::Incomplete,
                "records may have been missed or repeated, because records moved while they were read page by page: try again, \
                 leave the query's order out, or use stream(), whose report says so, too",
            )
            .of_read()),
        }
    }

    /// Returns the only record.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoResults`] if there is none that this user may read, [`ErrorKind::MultipleResults`] if there are more.
    pub async fn one(self) -> Result<T, Error> {
        self.one_or_none().await?.ok_or_else(no_results)
    }

    /// Returns the only record, or `None` if there is none that this user may read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MultipleResults`] if there are more.
    pub async fn one_or_none(self) -> Result<Option<T>, Error> {
        let mut records = self.limit(2).stream();
        let one = records.next().await.transpose()?;
        match records.next().await.transpose()? {
            None => Ok(one),
            Some(_) => {
                let why = "more than one record matches the query";
                Err(Error::new(ErrorKind::MultipleResults, why).of_read())
            }
        }
    }

    /// Returns the first record, in the query's order, or by `sys_id` without one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoResults`] if there is none that this user may read.
    pub async fn first(self) -> Result<T, Error> {
        self.first_or_none().await?.ok_or_else(no_results)
    }

    /// Returns the first record, or `None` if there is none that this user may read.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn first_or_none(self) -> Result<Option<T>, Error> {
        self.limit(1).stream().next().await.transpose()
    }

    /// Counts the records: see [`CountRecords`].
    pub fn count(self) -> CountRecords {
        CountRecords::new(self.request)
    }

    fn change(self, change: impl FnOnce(ApiRequest) -> Result<ApiRequest, Error>) -> Self {
        Self { request: self.request.change(change) }
    }
}

impl<T: 'static> ListRecords<T> {
    /// Sends one page's request inside a batch of its own, which is the way out for a query that is too long for a URL.
    ///
    /// # Errors
    ///
    /// As [`GetRecord::through_batch`](crate::table::GetRecord::through_batch).
    pub async fn through_batch(self) -> Result<Page<T>, Error> {
        batch::send_alone(self.request.into_call()).await
    }

    /// Updates each record with the same fields: see [`BulkWrite`], also for what it refuses.
    pub fn update_all(self, fields: &(impl Serialize + ?Sized)) -> BulkWrite<UpdateRecord<T>>
    where
        T: Send,
    {
        let (update, scope) = (Table::of(&self.request).update_call(fields), self.scope_of_writes());
        let write = move |sys_id| update(sys_id).in_scope_of(&scope);
        BulkWrite::of_query(self.request.sys_ids().stored_values(), write)
    }

    /// Deletes each record: see [`BulkWrite`], also for what it refuses.
    pub fn delete_all(self) -> BulkWrite<DeleteRecord> {
        let (delete, scope) = (Table::of(&self.request).delete_call(), self.scope_of_writes());
        let write = move |sys_id| delete(sys_id).in_scope_of(&scope);
        BulkWrite::of_query(self.request.sys_ids().stored_values(), write)
    }

    /// What each write of these records sends of what selects them. A list that was refused writes nothing.
    fn scope_of_writes(&self) -> RequestParams {
        self.request.request.as_ref().map(|request| request.params.of_a_write()).unwrap_or_default()
    }
}

impl<T: Send + 'static> ListRecords<T> {
    /// Returns a future that sends the request for one page and returns the page.
    ///
    /// The list itself can be awaited, too. `send` is for whatever takes a future: `tokio::spawn`, `join_all`, `block_on`.
    pub fn send(self) -> CallFuture<Page<T>> {
        self.request.into_call().send()
    }
}

fn no_results() -> Error {
    Error::new(ErrorKind::NoResults, "no record matches the query, or none that this user may read")
}

impl<T: Send + 'static> IntoFuture for ListRecords<T> {
    type Output = Result<Page<T>, Error>;
    type IntoFuture = CallFuture<Page<T>>;

    fn into_future(self) -> CallFuture<Page<T>> {
        self.send()
    }
}

impl<T: 'static> IntoCall for ListRecords<T> {
    type Value = Page<T>;

    fn into_call(self) -> Call<Page<T>> {
        self.request.into_call()
    }
}

impl<T: Send + 'static> ApiCall for ListRecords<T> {
    type Response = Page<T>;
}

impl<T> Clone for ListRecords<T> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone() }
    }
}

impl<T> fmt::Debug for ListRecords<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request.request {
            Ok(request) => write!(f, "ListRecords({} {:?})", request.path, request.params.selection),
            Err(error) => write!(f, "ListRecords({error:?})"),
        }
    }
}
