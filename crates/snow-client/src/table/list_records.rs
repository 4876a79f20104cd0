//! A list of records to be asked for: one page, one record, or all of them.

use crate::batch::api_call::{ApiCall, IntoCall, Token};
use crate::request::api_request::ApiRequest;
use crate::request::call::{Call, CallFuture};
use crate::request::call_options::{
    domain_options, record_options, request_options, selection_options, window_options,
};
use crate::table::bulk::BulkWrite;
use crate::table::count_records::CountRecords;
use crate::table::delete_record::DeleteRecord;
use crate::table::list_request::ListRequest;
use crate::table::page::Page;
use crate::table::stream::{self, RecordStream, StreamPart};
use crate::table::update_record::UpdateRecord;
use crate::table::with_sys_id::WithSysId;
use crate::{Record, Table, batch};
use serde::Serialize;
use snow_core::query::Value;
use snow_core::{Error, ErrorKind};
use std::fmt;
use std::future::IntoFuture;

/// A call that lists records of a table. Returned by [`Table::list`](crate::Table::list).
///
/// Awaiting it returns one [`Page`]. [`one`](Self::one), [`first`](Self::first), [`all`](Self::all), [`count`](Self::count) and
/// [`stream`](Self::stream) return something else, and [`update_all`](Self::update_all) and [`delete_all`](Self::delete_all) write
/// the records. A list can be cloned, for example to count and to read the same records.
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
#[must_use = "a list is requested when it is awaited"]
pub struct ListRecords<T = Record> {
    pub(crate) request: ListRequest<T>,
}

impl<T> ListRecords<T> {
    request_options!();
    record_options!();
    domain_options!();
    selection_options!();
    window_options!();

    /// Adds a filter: the parameter `<field>=<value>`. Records have to match all filters.
    ///
    /// Unlike a query, a filter also accepts the display values of choices and references (`state=closed`,
    /// `assigned_to=john.smith`, [facts 1.2]). It works for one page, a [`count`](Self::count) or a batch. Reads that continue from
    /// record to record, such as
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
    /// The call fails before anything is sent, with [`ErrorKind::InvalidInput`], if it has a query as well (the service does not
    /// combine the two), if a field is filtered twice, and for an empty value.
    ///
    /// [facts 1.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#12-parameters
    #[doc(alias = "where")]
    pub fn filter<'v>(self, field: &str, value: impl Into<Value<'v>>) -> Self {
        let value = value.into().into_owned();
        self.change(|request| Ok(request.params(|params| params.filter(field, value))))
    }

    /// Sets whether every record has to have every requested field; `false` by default.
    ///
    /// By default a typed read fails only if a plain field is missing in all of the records: it does not exist, or this user may
    /// not read it. Fields that only some records lack are listed by [`Page::missing_fields`] and by the
    /// [report](RecordStream::report) of a stream. So are dot-walked fields, which an instance may leave out if the reference is
    /// empty.
    pub fn require_fields(self, require: bool) -> Self {
        self.change(|request| Ok(ApiRequest { requires_fields: require, ..request }))
    }

    /// Sets the query category, which may route the read to a replica.
    #[doc(alias = "sysparm_query_category")]
    pub fn query_category(self, name: &str) -> Self {
        self.change(|request| Ok(request.params(|params| params.query_category(name))))
    }

    /// Returns a stream of all records, one by one, in constant memory: see [`RecordStream`].
    #[doc(alias("paginate", "pages", "iter", "cursor"))]
    pub fn stream(self) -> RecordStream<T> {
        RecordStream::new(self.request)
    }

    /// Cuts the list into parts, which other tasks, processes or machines can read with [`part`](Self::part). Sends nothing.
    ///
    /// Each part is a range of `sys_id`s, and together they are the list: a record belongs to one part for as long as it exists. The
    /// ranges are equally wide. Most `sys_id`s are spread evenly over them, but those of records that ServiceNow ships are not.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(500).build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let list = || client.table("incident").list().fields(["number"]);
    /// let parts = serde_json::to_string(&list().parts(4)?)?; // for other processes
    ///
    /// let mut count = 0;
    /// let parts: Vec<snow_client::stream::StreamPart> = serde_json::from_str(&parts)?;
    /// for part in &parts {
    ///     count += list().part(part).all().await?.len();
    /// }
    /// assert_eq!((parts.len(), count), (4, 500));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`], if there is more than one part, for a list with an order, an offset or a limit, for a query that is
    /// too long for one URL, and for more than 10,000 parts. `0` is treated as `1`.
    #[doc(alias("partition", "split", "shard", "ranges"))]
    pub fn parts(&self, parts: usize) -> Result<Vec<StreamPart>, Error> {
        stream::cut(&self.request, parts)
    }

    /// Returns a stream of the records of one of the [`parts`](Self::parts) of this list.
    ///
    /// Its [report](RecordStream::report) is about the part, and its [position](RecordStream::position) can be
    /// [resumed](RecordStream::resume) in a stream of the same part. A limit is one of the part.
    ///
    /// # Errors
    ///
    /// The stream fails with [`ErrorKind::InvalidInput`] before anything is sent, if the part is one of another list: of another
    /// instance, table, query, domain or category, or with other parameters. Fields and display values may differ.
    pub fn part(self, part: &StreamPart) -> RecordStream<T> {
        self.stream().part(part.clone())
    }

    /// Returns all records in memory. They are read as by [`stream`](Self::stream).
    ///
    /// If the query's order requires a read by position, and that takes more than one page, the ids are read once more by `sys_id`
    /// at the end to detect records that were missed or repeated. To read in parallel, or with a function that is told the progress,
    /// use [`RecordStream::all`].
    ///
    /// # Errors
    ///
    /// An error instead of an incomplete result. [`ErrorKind::Incomplete`] if records may have been missed or repeated, because
    /// records were inserted, deleted or moved meanwhile, or because a limit or an offset makes a comparison impossible.
    #[doc(alias("find_all", "fetch_all", "get_all", "paginate"))]
    pub async fn all(self) -> Result<Vec<T>, Error> {
        self.stream().all().await
    }

    /// Returns the only record.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoResults`] if this user may read no record that matches, [`ErrorKind::MultipleResults`] if more than one matches.
    #[doc(alias("find_one", "get_one"))]
    pub async fn one(self) -> Result<T, Error> {
        self.one_or_none().await?.ok_or_else(no_results)
    }

    /// Returns the only record, or `None` if this user may read no record that matches.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MultipleResults`] if more than one record matches.
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

    /// Returns the first record in the query's order; the order is by `sys_id` if the query has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoResults`] if this user may read no record that matches.
    #[doc(alias = "find_first")]
    pub async fn first(self) -> Result<T, Error> {
        self.first_or_none().await?.ok_or_else(no_results)
    }

    /// Returns the first record, or `None` if this user may read no record that matches.
    ///
    /// # Errors
    ///
    /// Those of the request.
    pub async fn first_or_none(self) -> Result<Option<T>, Error> {
        self.limit(1).stream().next().await.transpose()
    }

    /// Returns the number of records: see [`CountRecords`].
    #[doc(alias = "sysparm_count")]
    pub fn count(self) -> CountRecords {
        CountRecords::new(self.request)
    }

    fn change(self, change: impl FnOnce(ApiRequest) -> Result<ApiRequest, Error>) -> Self {
        Self { request: self.request.change(change) }
    }
}

impl<T: 'static> ListRecords<T> {
    /// Returns each record together with its `sys_id`: in a page, in a stream, and whatever else is made of this list.
    ///
    /// Use it for a type that has no `sys_id`, or with [`fields`](Self::fields) that do not name it. It is requested in addition, and the
    /// record does not show it.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// #[derive(serde::Deserialize)]
    /// struct Incident {
    ///     number: String,
    /// }
    ///
    /// let incidents = client.table("incident").typed::<Incident>();
    /// for incident in incidents.list().with_sys_ids().limit(3).await? {
    ///     let same = incidents.get(incident.sys_id).await?;
    ///     assert_eq!(same.number, incident.record.number);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for records without a `sys_id`, such as those of a database view.
    #[doc(alias("ids", "sys_ids"))]
    pub fn with_sys_ids(self) -> ListRecords<WithSysId<T>> {
        let ListRequest { client, request, type_fields, read, needs_sys_id: _ } = self.request;
        let read = read.with_sys_id();
        ListRecords { request: ListRequest { client, request, type_fields, read, needs_sys_id: true } }
    }

    /// Sends the request of one page in a batch of its own. Use it for a query that is too long for a URL.
    ///
    /// # Errors
    ///
    /// As [`GetRecord::through_batch`](crate::table::GetRecord::through_batch).
    pub async fn through_batch(self) -> Result<Page<T>, Error> {
        batch::send_alone(self.request.into_call()).await
    }

    /// Updates each record with the same fields. [`BulkWrite`] describes how, and which queries are refused.
    #[doc(alias("bulk", "bulk_update"))]
    pub fn update_all(self, fields: &(impl Serialize + ?Sized)) -> BulkWrite<UpdateRecord<T>>
    where
        T: Send,
    {
        let (update, scope) = (Table::of(&self.request).update_call(fields), self.scope_of_writes());
        let write = move |sys_id| update(sys_id).in_scope_of(&scope);
        BulkWrite::of_query(self.request.sys_ids().stored_values(), write)
    }

    /// Deletes each record. [`BulkWrite`] describes how, and which queries are refused.
    #[doc(alias("bulk", "bulk_delete"))]
    pub fn delete_all(self) -> BulkWrite<DeleteRecord> {
        let (delete, scope) = (Table::of(&self.request).delete_call(), self.scope_of_writes());
        let write = move |sys_id| delete(sys_id).in_scope_of(&scope);
        BulkWrite::of_query(self.request.sys_ids().stored_values(), write)
    }

    /// The request whose records the writes are of.
    fn scope_of_writes(&self) -> Result<ApiRequest, Error> {
        let request = self.request.request.clone()?;
        Ok(ApiRequest { params: request.params.of_a_write(), ..request })
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

    fn into_call(self, _: Token) -> Call<Page<T>> {
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
