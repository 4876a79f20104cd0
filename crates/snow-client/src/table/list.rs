//! A list of records to be asked for: one page, one record, or all of them.

use crate::request::call::{Call, CallFuture};
use crate::request::call_options::parameters;
use crate::request::params::RequestParams;
use crate::table::bulk::BulkWrite;
use crate::table::list_request::ListRequest;
use crate::table::stream::RecordStream;
use crate::{Page, Table};
use serde::Serialize;
use snow_core::query::Value;
use snow_core::{DisplayValue, Error, ErrorKind, Query, RequestOptions, SysId};
use std::borrow::Borrow;
use std::fmt;
use std::future::IntoFuture;

/// Rows of a table. Awaited as it is, it is one page; [`one`](Self::one), [`first`](Self::first), [`all`](Self::all),
/// [`count`](Self::count) and [`stream`](Self::stream) ask for something else. Its parameters are its own: nothing is left for
/// the next call.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::field;
///
/// let incidents = client.table("incident");
/// let page = incidents.list().query(field("active").eq(true)).limit(2).await?;
/// let first = incidents.list().query(field("active").eq(true)).first().await?;
/// let all = incidents.list().query(field("active").eq(true)).all().await?;
/// assert_eq!(page.len(), 2);
/// assert_eq!(all.len() as u64, incidents.list().query(field("active").eq(true)).count().await?);
/// # let _ = first;
/// # Ok(()) }
/// ```
#[must_use = "a list is asked for when it is awaited"]
pub struct List<T> {
    pub(crate) request: ListRequest<T>,
}

impl<T> List<T> {
    parameters!();

    /// The fields to answer with; dot-walks such as `caller_id.name` are allowed. Those that do not exist or may not be read
    /// are missing in the record.
    pub fn fields<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        self.params(|params| params.fields(fields))
    }

    /// Stored values (the default), what a person sees, or both. With what a person sees alone, whatever reads a stored value
    /// fails, `sys_id` excepted.
    pub fn display_value(self, values: DisplayValue) -> Self {
        self.params(|params| params.display_value(values))
    }

    /// Which rows, in which order: built from [`field`](crate::field)s, or text as the instance's list view copies it,
    /// [`Query::parse`]d or [`raw`](Query::raw). Setting it again replaces the first.
    pub fn query<'q>(self, query: impl Borrow<Query<'q>>) -> Self {
        self.params(|params| params.query(query))
    }

    /// Filters by a field's value, with a parameter `<field>=<value>` of its own. Unlike a query it also takes the display values of
    /// choices and references (`state=closed`, `assigned_to=john.smith`, facts 1.2). Several filters all have to match.
    ///
    /// It is for one page, a [`count`](Self::count) or a batch. What goes on from record to record, such as
    /// [`stream`](Self::stream), [`all`](Self::all), [`first`](Self::first) or a bulk write, needs a [`query`](Self::query).
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
    /// When the list is awaited, and before anything is sent: [`ErrorKind::InvalidInput`] for a list that has a query, too (the service
    /// says they exclude each other), for a field that is filtered by twice, and for an empty value.
    pub fn filter<'v>(self, field: &str, value: impl Into<Value<'v>>) -> Self {
        let value = value.into().into_owned();
        self.params(|params| params.filter(field, value))
    }

    /// Whether every record has to have every field that was asked for.
    ///
    /// By default a typed read fails only if a plain field is in none of the records: it does not exist, or this user may not read
    /// it. Fields that only some records lack are listed by [`Page::missing_fields`] and by the
    /// [report](crate::RecordStream::report) of a stream. So are dot-walked fields, which an instance may leave out where the reference is
    /// empty.
    pub fn require_fields(self, require: bool) -> Self {
        Self { request: ListRequest { requires_fields: require, ..self.request } }
    }

    /// At most this many rows.
    pub fn limit(self, rows: u32) -> Self {
        self.params(|params| params.limit(rows))
    }

    /// How many rows to skip. Without an order that tells every two rows apart, rows repeat and get lost between pages.
    pub fn offset(self, rows: u32) -> Self {
        self.params(|params| params.offset(rows))
    }

    /// The query category, which may route a read to a replica.
    pub fn query_category(self, name: &str) -> Self {
        self.params(|params| params.query_category(name))
    }

    /// All rows, one by one, in constant memory: see [`RecordStream`].
    pub fn stream(self) -> RecordStream<T> {
        RecordStream::new(self.request)
    }

    /// All rows at once, read as [`stream`](Self::stream) reads them. Where that is by position and takes more than one page,
    /// because of the query's order, the ids are read once more by `sys_id` at the end, to see whether rows were missed or came
    /// twice.
    ///
    /// # Errors
    /// What went wrong: never a part of the rows. [`ErrorKind::Incomplete`] if rows may have been missed or repeated, because records
    /// came, went or moved meanwhile, or because a limit or an offset leaves nothing to compare with.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        let (mut rows, mut all) = (self.stream().ids_compared(), Vec::new());
        while let Some(row) = rows.next().await {
            all.push(row?);
        }
        match rows.report().may_have_drifted {
            false => Ok(all),
            true => Err(Error::new(
                ErrorKind::Incomplete,
                "rows may have been missed or repeated, because records moved while they were read page by page: try again, leave the \
                 query's order out, or use stream(), whose report says so, too",
            )
            .of_read()),
        }
    }

    /// The only row.
    ///
    /// # Errors
    /// [`ErrorKind::NoResults`] if there is none that this user may read, [`ErrorKind::MultipleResults`] if there are more.
    pub async fn one(self) -> Result<T, Error> {
        self.one_or_none().await?.ok_or_else(no_results)
    }

    /// The only row, or `None` if there is none that this user may read.
    ///
    /// # Errors
    /// [`ErrorKind::MultipleResults`] if there are more.
    pub async fn one_or_none(self) -> Result<Option<T>, Error> {
        let mut rows = self.limit(2).stream();
        let one = rows.next().await.transpose()?;
        match rows.next().await.transpose()? {
            None => Ok(one),
            Some(_) => {
                Err(Error::new(ErrorKind::MultipleResults, "more than one row matches the query").of_read())
            }
        }
    }

    /// The first row, in the query's order, or by `sys_id` without one.
    ///
    /// # Errors
    /// [`ErrorKind::NoResults`] if there is none that this user may read.
    pub async fn first(self) -> Result<T, Error> {
        self.first_or_none().await?.ok_or_else(no_results)
    }

    /// The first row, or `None` if there is none that this user may read.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn first_or_none(self) -> Result<Option<T>, Error> {
        self.limit(1).stream().next().await.transpose()
    }

    /// How many rows match, as the service counts them for a list: those that this user may not read are counted, too
    /// (facts 9).
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] if the instance does not tell.
    pub async fn count(self) -> Result<u64, Error>
    where
        T: Send + 'static,
    {
        let mut request = self.request.sys_ids();
        request.params.selection = request.params.selection.counted();
        let page = request.into_call().await?;
        let why = "the instance told no X-Total-Count, without which nobody knows how many rows there are";
        page.total().ok_or_else(|| Error::new(ErrorKind::Incomplete, why).of_read())
    }

    /// One page, inside a batch of its own: the way out for a query that is too long for an address; see
    /// [`Call::through_batch`].
    ///
    /// # Errors
    /// As [`Call::through_batch`].
    pub async fn through_batch(self) -> Result<Page<T>, Error>
    where
        T: 'static,
    {
        self.request.into_call().through_batch().await
    }

    /// Changes the given fields of each row: see [`BulkWrite`], also for what it refuses.
    pub fn update_each(self, fields: &(impl Serialize + ?Sized)) -> BulkWrite<T>
    where
        T: 'static,
    {
        let update = Table::of(&self.request).update_call(fields);
        self.write_each(update)
    }

    /// Deletes each row: see [`BulkWrite`], also for what it refuses.
    pub fn delete_each(self) -> BulkWrite<()>
    where
        T: 'static,
    {
        let delete = Table::of(&self.request).delete_call();
        self.write_each(delete)
    }

    fn write_each<U: 'static>(
        self,
        write: impl Fn(SysId) -> Call<U> + Send + Sync + 'static,
    ) -> BulkWrite<U> {
        let scope = self.request.params.of_a_write();
        let write = move |sys_id| write(sys_id).params(|params| params.in_place_of(&scope));
        BulkWrite::of_query(self.request.sys_ids().stored_values(), write)
    }

    fn options(self, set: impl FnOnce(RequestOptions) -> RequestOptions) -> Self {
        Self { request: self.request.options(set) }
    }

    fn params(self, set: impl FnOnce(RequestParams) -> RequestParams) -> Self {
        Self { request: self.request.params(set) }
    }
}

fn no_results() -> Error {
    Error::new(ErrorKind::NoResults, "no row matches the query, or none that this user may read")
}

/// One page of it, as an item of a [`Batch`](crate::Batch) for one.
impl<T: 'static> From<List<T>> for Call<Page<T>> {
    fn from(list: List<T>) -> Self {
        list.request.into_call()
    }
}

impl<T: Send + 'static> IntoFuture for List<T> {
    type Output = Result<Page<T>, Error>;
    type IntoFuture = CallFuture<Page<T>>;

    fn into_future(self) -> CallFuture<Page<T>> {
        self.request.into_call().into_future()
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request.path {
            Ok(path) => write!(f, "List({path} {:?})", self.request.params.selection),
            Err(error) => write!(f, "List({error:?})"),
        }
    }
}
