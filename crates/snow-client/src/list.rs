//! A list of rows to be asked for: one page, one row, or all of them.

use crate::call::{Call, CallFuture, Prepared};
use crate::many::Many;
use crate::parameters::parameters;
use crate::rows::{Rows, Source, Way};
use crate::schema;
use crate::target::Target;
use crate::{Page, Record, Table};
use futures_util::future::{BoxFuture, FutureExt};
use http::Method;
use serde::Serialize;
use snow_core::{ApiPath, DisplayValue, Error, Kind, Operation, Params, Query};
use std::borrow::Borrow;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;

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
    pub(crate) target: Arc<Target>,
    pub(crate) path: Result<ApiPath, Error>,
    pub(crate) params: Params,
    pub(crate) query: Query<'static>,
    /// The fields that were asked for, or those that the type reads.
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) operation: Option<Operation>,
    pub(crate) read: ReadRow<T>,
}

impl<T> List<T> {
    pub(crate) fn new(
        target: Arc<Target>,
        path: Result<ApiPath, Error>,
        fields: Option<Vec<String>>,
        read: ReadRow<T>,
    ) -> Self {
        let (params, query, operation) = (Params::new(), Query::new(), None);
        Self { target, path, params, query, fields, operation, read }
    }

    parameters!();

    /// The fields to answer with; dot-walks such as `caller_id.name` are allowed. Those that do not exist or may not be read
    /// are missing in the record.
    pub fn fields<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        Self { fields: Some(fields.into_iter().map(|field| field.as_ref().to_owned()).collect()), ..self }
    }

    /// Stored values (the default), what a person sees, or both. With what a person sees alone, whatever reads a stored value
    /// fails, `sys_id` excepted.
    pub fn display_value(self, values: DisplayValue) -> Self {
        self.params(|params| params.display_value(values))
    }

    /// Which rows, in which order: built from [`field`](crate::field)s, or text as the instance's list view copies it,
    /// [`Query::parse`]d or [`raw`](Query::raw). Setting it again replaces the first.
    pub fn query<'q>(self, query: impl Borrow<Query<'q>>) -> Self {
        Self { query: query.borrow().clone().into_owned(), ..self }
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

    /// All rows, one by one, in constant memory: see [`Rows`].
    pub fn stream(self) -> Rows<T> {
        Rows::new(self)
    }

    /// All rows at once, read as [`stream`](Self::stream) reads them.
    ///
    /// # Errors
    /// What went wrong: never a part of the rows.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        let (mut rows, mut all) = (self.stream(), Vec::new());
        while let Some(row) = rows.next().await {
            all.push(row?);
        }
        Ok(all)
    }

    /// The only row.
    ///
    /// # Errors
    /// [`Kind::NoResults`] if there is none that this user may read, [`Kind::MultipleResults`] if there are more.
    pub async fn one(self) -> Result<T, Error> {
        self.one_or_none().await?.ok_or_else(no_results)
    }

    /// The only row, or `None` if there is none that this user may read.
    ///
    /// # Errors
    /// [`Kind::MultipleResults`] if there are more.
    pub async fn one_or_none(self) -> Result<Option<T>, Error> {
        let mut rows = self.limit(2).stream().page_size(2);
        let one = rows.next().await.transpose()?;
        match rows.next().await.transpose()? {
            None => Ok(one),
            Some(_) => Err(Error::new(Kind::MultipleResults, "more than one row matches the query")),
        }
    }

    /// The first row, in the query's order, or by `sys_id` without one.
    ///
    /// # Errors
    /// [`Kind::NoResults`] if there is none that this user may read.
    pub async fn first(self) -> Result<T, Error> {
        self.first_or_none().await?.ok_or_else(no_results)
    }

    /// The first row, or `None` if there is none that this user may read.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn first_or_none(self) -> Result<Option<T>, Error> {
        self.limit(1).stream().page_size(1).next().await.transpose()
    }

    /// How many rows match, as the service counts them for a list: those that this user may not read are counted, too
    /// (facts 9).
    ///
    /// # Errors
    /// [`Kind::Incomplete`] if the instance does not tell.
    pub async fn count(self) -> Result<u64, Error>
    where
        T: Send + 'static,
    {
        let page = self.limit(1).dynamic().await?;
        let why = "the instance told no X-Total-Count, without which nobody knows how many rows there are";
        page.total().ok_or_else(|| Error::new(Kind::Incomplete, why))
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
        self.into_call().through_batch().await
    }

    /// Changes the given fields of each row: see [`Many`], also for what it refuses.
    pub fn update_each(self, fields: &(impl Serialize + ?Sized)) -> Many<T>
    where
        T: 'static,
    {
        let changes = Table::of(&self).changes(fields);
        Many::of_rows(self.ids(), changes)
    }

    /// Deletes each row: see [`Many`], also for what it refuses.
    pub fn delete_each(self) -> Many<()>
    where
        T: 'static,
    {
        let deletions = Table::of(&self).deletions();
        Many::of_rows(self.ids(), deletions)
    }

    /// The same rows, of which only what tells them apart is read, and stored values.
    fn ids(self) -> List<Record> {
        self.dynamic().params(|params| params.display_value(DisplayValue::Stored))
    }

    /// The same list of plain records.
    fn dynamic(self) -> List<Record> {
        let Self { target, path, params, query, operation, .. } = self;
        List { target, path, params, query, fields: Some(vec!["sys_id".into()]), operation, read: Ok }
    }

    /// What a read of many rows is made of.
    pub(crate) fn into_source(self, by_offset: bool) -> Result<(Source, Query<'static>, ReadRow<T>), Error> {
        let Self { target, path, params, query, fields, operation, read } = self;
        let values = params.display_values();
        let query = query.parsed();
        let way = if by_offset { Way::ByOffset } else { Way::of(&query, values) };
        Ok((Source { target, path: path?, params, fields, way, values, operation }, query, read))
    }

    fn operation(mut self, set: impl FnOnce(Operation) -> Operation) -> Self {
        self.operation = Some(set(self.operation.take().unwrap_or_default()));
        self
    }

    fn params(self, set: impl FnOnce(Params) -> Params) -> Self {
        Self { params: set(self.params), ..self }
    }

    /// Looks whether its fields exist, if the client does so: a condition on one that does not widens a query (facts 2.5).
    pub(crate) fn check(&self) -> Option<BoxFuture<'static, Result<(), Error>>> {
        let (target, request) = (self.target.clone(), self.prepared().ok()?);
        target.checks_fields.then(|| async move { schema::check(&target, &request).await }.boxed())
    }

    fn prepared(&self) -> Result<Prepared, Error> {
        let mut request = Prepared::new(Method::GET, self.path.clone()?);
        let params = self.params.clone();
        let params = if self.query.is_empty() { params } else { params.query(&self.query) };
        request.params = match &self.fields {
            Some(fields) => params.fields(fields),
            None => params,
        };
        request.operation.clone_from(&self.operation);
        Ok(request)
    }

    pub(crate) fn into_call(self) -> Call<Page<T>>
    where
        T: 'static,
    {
        let (request, read) = (self.prepared(), self.read);
        Call::new(self.target, request, move |answer, request| Page::read(answer, &request.params, read))
    }
}

/// A row as what the caller wants.
pub(crate) type ReadRow<T> = fn(Record) -> Result<T, Error>;

fn no_results() -> Error {
    Error::new(Kind::NoResults, "no row matches the query, or none that this user may read")
}

/// One page of it, as an item of a [`Batch`](crate::Batch) for one.
impl<T: 'static> From<List<T>> for Call<Page<T>> {
    fn from(list: List<T>) -> Self {
        list.into_call()
    }
}

impl<T: Send + 'static> IntoFuture for List<T> {
    type Output = Result<Page<T>, Error>;
    type IntoFuture = CallFuture<Page<T>>;

    fn into_future(self) -> CallFuture<Page<T>> {
        self.into_call().into_future()
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Ok(path) => write!(f, "List({path} {:?})", self.query),
            Err(error) => write!(f, "List({error:?})"),
        }
    }
}
