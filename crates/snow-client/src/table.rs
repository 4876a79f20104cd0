//! The Table API (facts 1).

use crate::Record;
use crate::call::{Call, Prepared};
use crate::list::List;
use crate::many::Many;
use crate::target::Target;
use crate::upsert::Upsert;
use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use snow_core::decode::{Answer, LastShape, fields_of};
use snow_core::{ApiPath, Error, Kind, Params, SysId};
use std::fmt;
use std::sync::Arc;

/// A table of the instance, whose rows are [`Record`]s, or a [type](Self::typed) of one's own. Cheap to clone; holds no
/// parameters, so nothing leaks from one call into another.
pub struct Table<T = Record> {
    target: Arc<Target>,
    path: Result<ApiPath, Error>,
    /// The fields that the type reads.
    fields: Option<Vec<String>>,
    read: fn(Record) -> Result<T, Error>,
    last: Arc<LastShape>,
}

impl<T> Table<T> {
    /// The table that a list is of.
    pub(crate) fn of(list: &List<T>) -> Self {
        let List { target, path, fields, read, .. } = list;
        let last = Arc::default();
        Self { target: target.clone(), path: path.clone(), fields: fields.clone(), read: *read, last }
    }
}

impl Table {
    pub(crate) fn new(target: Arc<Target>, name: &str) -> Self {
        Self { target, path: ApiPath::table(name), fields: None, read: Ok, last: Arc::default() }
    }

    /// The same table with rows of a type of one's own: any struct that serde reads. Only the fields that it reads are asked for,
    /// renamed as serde renames them; a struct with `#[serde(flatten)]`, or a map, gets all of them.
    ///
    /// Plain types read the stored value, in every form in which it comes; numbers and booleans are read from text, and an
    /// `Option` is `None` where there is nothing. [`Reference`](crate::Reference), [`Both`](crate::Both) and
    /// [`Displayed`](crate::Displayed) read more.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use snow_client::{Reference, SysId};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Incident {
    ///     sys_id: SysId,
    ///     number: String,
    ///     priority: Option<u8>,
    ///     active: bool,
    ///     caller_id: Option<Reference>,
    ///     #[serde(rename = "caller_id.name")]
    ///     caller: String,
    /// }
    ///
    /// let incidents = client.table("incident").typed::<Incident>();
    /// let incident = incidents.list().first().await?;
    /// assert!(incident.number.starts_with("INC"));
    /// let same = incidents.get(incident.sys_id).await?;
    /// assert_eq!(same.number, incident.number);
    /// # Ok(()) }
    /// ```
    pub fn typed<T: DeserializeOwned>(self) -> Table<T> {
        let fields = fields_of::<T>().map(|fields| fields.into_iter().map(str::to_owned).collect());
        Table { target: self.target, path: self.path, fields, read: |record| record.to(), last: self.last }
    }
}

impl<T: 'static> Table<T> {
    /// Asks for all fields, whatever the type reads.
    #[must_use]
    pub fn all_fields(self) -> Self {
        Self { fields: None, ..self }
    }

    /// The record with this `sys_id`.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none, or if the user may not read it: the service does not tell (facts 1.3).
    pub fn get(&self, sys_id: impl AsRef<str>) -> Call<T> {
        self.record(self.prepare(Method::GET, Some(sys_id.as_ref())))
    }

    /// Rows: awaited, one page of them, in the order of their query; see [`List`] for one, the first, all.
    ///
    /// # Errors
    /// [`Kind::Incomplete`] for a page if no limit is set and more rows match than the service sends by itself.
    pub fn list(&self) -> List<T> {
        List::new(self.target.clone(), self.path.clone(), self.fields.clone(), self.read)
    }

    /// Creates a record. The answer is the record as the instance's rules made it; fields that do not exist or may not be
    /// written are ignored by the service without a word (facts 1.7): [`compared`](Call::compared) tells.
    ///
    /// # Errors
    /// If the error's [`may_have_happened`](Error::may_have_happened) is true, look before you try again: the record
    /// may be there.
    pub fn create(&self, fields: &(impl Serialize + ?Sized)) -> Call<T> {
        self.write(Method::POST, None, fields)
    }

    /// Changes the given fields of a record, by PATCH, and no others. Journal fields (`work_notes`, `comments`) are
    /// appended to.
    ///
    /// # Errors
    /// If the error's [`may_have_happened`](Error::may_have_happened) is true, look before you try again.
    pub fn update(&self, sys_id: impl AsRef<str>, fields: &(impl Serialize + ?Sized)) -> Call<T> {
        self.write(Method::PATCH, Some(sys_id.as_ref()), fields)
    }

    /// The same by PUT, which changes no more than the given fields either (facts 1.1): for gateways that let no PATCH through.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn replace(&self, sys_id: impl AsRef<str>, fields: &(impl Serialize + ?Sized)) -> Call<T> {
        self.write(Method::PUT, Some(sys_id.as_ref()), fields)
    }

    /// Creates a record, or changes the one that is there already: the row of this table with the same value in this field, one
    /// of those that are sent, which tells every row from all others.
    ///
    /// A creation whose answer gets lost is [looked for](Call::correlated). **Two at once may both find no row, and create two**:
    /// the service has no such request. Have the instance refuse the second by a unique index on the field, or let one process
    /// alone do it for each value.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use serde_json::json;
    ///
    /// let alert = json!({ "correlation_id": "alert-7", "short_description": "Disk full" });
    /// let incidents = client.table("incident");
    /// assert!(incidents.upsert("correlation_id", &alert).await?.is_created());
    /// assert!(!incidents.upsert("correlation_id", &alert).await?.is_created());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Kind::MultipleResults`] if several rows have the value, [`Kind::Forbidden`] if one that has it is hidden from this user,
    /// [`Kind::InvalidInput`] if the table shows no such field: nothing was written then. [`Kind::NotAsSent`] if the record was
    /// created without it.
    pub fn upsert(&self, field: &str, fields: &(impl Serialize + ?Sized)) -> Upsert<T> {
        Upsert::new(self.write(Method::POST, None, fields), field)
    }

    /// Changes the given fields of each of these records: see [`Many`].
    pub fn update_each(
        &self,
        sys_ids: impl IntoIterator<Item = SysId>,
        fields: &(impl Serialize + ?Sized),
    ) -> Many<T> {
        Many::of_ids(sys_ids, self.changes(fields))
    }

    /// Changes each of these records in its own way: see [`Many`].
    pub fn update_many<F: Serialize>(&self, changes: impl IntoIterator<Item = (SysId, F)>) -> Many<T> {
        let changes = changes.into_iter().map(|(sys_id, fields)| (sys_id, body(&fields)));
        let table = self.clone();
        Many::of_changes(changes, move |sys_id, body| table.change(sys_id, body))
    }

    /// Deletes each of these records: see [`Many`].
    pub fn delete_each(&self, sys_ids: impl IntoIterator<Item = SysId>) -> Many<()> {
        Many::of_ids(sys_ids, self.deletions())
    }

    /// What changes any record in the same way.
    pub(crate) fn changes(
        &self,
        fields: &(impl Serialize + ?Sized),
    ) -> impl Fn(SysId) -> Call<T> + Send + Sync + 'static {
        let (table, body) = (self.clone(), body(fields));
        move |sys_id| table.change(sys_id, body.clone())
    }

    pub(crate) fn deletions(&self) -> impl Fn(SysId) -> Call<()> + Send + Sync + 'static {
        let table = self.clone();
        move |sys_id| table.delete(sys_id)
    }

    fn change(&self, sys_id: SysId, body: Result<Bytes, Error>) -> Call<T> {
        let request = self.prepare(Method::PATCH, Some(sys_id.as_str()));
        self.record(request.and_then(|request| Ok(Prepared { body: Some(body?), ..request })))
    }

    /// Deletes a record.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none.
    pub fn delete(&self, sys_id: impl AsRef<str>) -> Call<()> {
        let request = self.prepare(Method::DELETE, Some(sys_id.as_ref()));
        Call::new(self.target.clone(), request, |answer, _| answer.nothing())
    }

    /// The address of a record, as references to it have it.
    ///
    /// ```
    /// # let transport = tower::service_fn(|_: http::Request<snow_core::Body>| async {
    /// #     Ok::<_, std::io::Error>(http::Response::new(snow_core::Body::empty()))
    /// # });
    /// # let client = snow_client::Client::builder().instance("dev1").user("a").password("b").transport(transport).build()?;
    /// let link = client.table("incident").link("a9e30c7dc61122760116894de7bcc7bd")?;
    /// assert_eq!(link, "https://dev1.service-now.com/api/now/table/incident/a9e30c7dc61122760116894de7bcc7bd");
    /// # Ok::<_, snow_client::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] for a name that no table has, or an id that is none.
    pub fn link(&self, sys_id: impl AsRef<str>) -> Result<String, Error> {
        let path = self.path.clone()?.record(sys_id.as_ref().parse::<SysId>()?);
        Ok(self.target.instance.uri(&path, &Params::new())?.to_string())
    }

    /// A call whose answer is one record.
    fn record(&self, request: Result<Prepared, Error>) -> Call<T> {
        let request = request.map(|request| self.asking(request));
        let (read, last) = (self.read, self.last.clone());
        Call::new(self.target.clone(), request, move |answer: &Answer, _: &Prepared| {
            answer.one_like(&last).and_then(read)
        })
    }

    /// The same request for what the type reads.
    fn asking(&self, request: Prepared) -> Prepared {
        match &self.fields {
            Some(fields) => Prepared { params: request.params.fields(fields), ..request },
            None => request,
        }
    }

    fn prepare(&self, method: Method, sys_id: Option<&str>) -> Result<Prepared, Error> {
        let path = self.path.clone()?;
        let path = match sys_id {
            Some(sys_id) => path.record(sys_id.parse::<SysId>()?),
            None => path,
        };
        Ok(Prepared::new(method, path))
    }

    fn write(&self, method: Method, sys_id: Option<&str>, fields: &(impl Serialize + ?Sized)) -> Call<T> {
        let request = self.prepare(method, sys_id);
        self.record(request.and_then(|request| Ok(Prepared { body: Some(body(fields)?), ..request })))
    }
}

/// What is sent of these fields.
fn body(fields: &(impl Serialize + ?Sized)) -> Result<Bytes, Error> {
    let body = serde_json::to_vec(fields).map_err(|e| unfit(e.into()))?;
    if body.first() != Some(&b'{') {
        return Err(unfit("they are not an object of fields and values".into()));
    }
    Ok(Bytes::from(body))
}

fn unfit(why: snow_core::BoxError) -> Error {
    Error::new(Kind::InvalidInput, "the fields cannot be sent").with_source(why)
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        let Self { target, path, fields, read, last } = self;
        let (target, last) = (target.clone(), last.clone());
        Self { target, path: path.clone(), fields: fields.clone(), read: *read, last }
    }
}

impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Ok(path) => write!(f, "Table({path})"),
            Err(error) => write!(f, "Table({error:?})"),
        }
    }
}
