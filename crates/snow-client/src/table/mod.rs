//! The Table API (facts 1).

pub(crate) mod bulk;
mod confirm;
pub(crate) mod list;
pub(crate) mod list_request;
pub(crate) mod page;
pub(crate) mod stop;
pub(crate) mod stream;
pub(crate) mod upsert;
pub(crate) mod verify;

use crate::Record;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use crate::request::missing_fields::{FieldCheck, TypeFields};
use crate::request::record_identity::Identity;
use crate::table::bulk::BulkWrite;
use crate::table::list::List;
use crate::table::list_request::{ListRequest, ReadRecord};
use crate::table::upsert::Upsert;
use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use snow_core::decode::{ApiResponse, LastShape};
use snow_core::{ApiPath, Error, ErrorKind, Params, SysId};
use std::fmt;
use std::sync::Arc;

/// A table of the instance, whose rows are [`Record`]s, or a [type](Self::typed) of one's own. Cheap to clone; holds no
/// parameters, so nothing leaks from one call into another.
pub struct Table<T = Record> {
    client: Arc<ClientInner>,
    path: Result<ApiPath, Error>,
    /// The fields to ask for; all of them without.
    fields: Option<Arc<[String]>>,
    type_fields: TypeFields,
    read: ReadRecord<T>,
    /// The names of the last record's fields, which the next record usually shares.
    last_shape: Arc<LastShape>,
}

impl<T> Table<T> {
    /// The table of a list, with the fields that the list asks for.
    pub(crate) fn of(list: &ListRequest<T>) -> Self {
        Self {
            client: list.client.clone(),
            path: list.path.clone(),
            fields: list.params.shape.fields.clone(),
            type_fields: list.type_fields.clone(),
            read: list.read,
            last_shape: Arc::default(),
        }
    }
}

impl Table {
    pub(crate) fn new(client: Arc<ClientInner>, name: &str) -> Self {
        let (path, type_fields, last_shape) = (ApiPath::table(name), TypeFields::Dynamic, Arc::default());
        Self { client, path, fields: None, type_fields, read: Ok, last_shape }
    }

    /// The same table with rows of a type of one's own: any struct that serde reads. Only the fields that it reads are asked for,
    /// renamed as serde renames them; a struct with `#[serde(flatten)]`, or a map, gets all of them.
    ///
    /// Plain types read the stored value, in every form in which it comes; numbers and booleans are read from text, and an
    /// `Option` is `None` where there is nothing. [`Reference`](crate::Reference), [`WithDisplay`](crate::Both) and
    /// [`DisplayOnly`](crate::Displayed) read more.
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
        let type_fields = TypeFields::of::<T>();
        let (fields, last_shape) = (type_fields.wanted(), self.last_shape);
        Table {
            client: self.client,
            path: self.path,
            fields,
            type_fields,
            read: |record| record.to(),
            last_shape,
        }
    }
}

impl<T: 'static> Table<T> {
    /// Asks for all fields, whatever the type reads.
    #[must_use]
    pub fn all_fields(self) -> Self {
        Self { fields: None, ..self }
    }

    /// Returns the record with this `sys_id`.
    ///
    /// The `sys_id` in the response is compared with this one; nothing else can be. A `get` on a table that others extend may return
    /// a record of one of those, and a record that shows no `sys_id`, such as one of a database view, is not compared.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none, or if the user may not read it: the service does not tell (facts 1.3).
    /// [`ErrorKind::ResponseMismatch`] if the response has another record. [`ErrorKind::Decode`] if the table is
    /// [typed](Self::typed) and the record lacks a plain field that was asked for.
    pub fn get(&self, sys_id: impl AsRef<str>) -> Call<T> {
        self.record_call(self.api_request(Method::GET, Some(sys_id.as_ref())))
    }

    /// RecordStream: awaited, one page of them, in the order of their query; see [`List`] for one, the first, all.
    ///
    /// # Errors
    /// [`ErrorKind::Incomplete`] for a page if no limit is set and more rows match than the service sends by itself.
    pub fn list(&self) -> List<T> {
        let (client, path) = (self.client.clone(), self.path.clone());
        let type_fields = self.type_fields.clone();
        List { request: ListRequest::new(client, path, self.fields.clone(), type_fields, self.read) }
    }

    /// Creates a record. The answer is the record as the instance's rules made it; fields that do not exist or may not be
    /// written are ignored by the service without a word (facts 1.7): [`verified`](Call::verified) tells.
    ///
    /// # Errors
    /// If the error's [`may_have_executed`](Error::may_have_executed) is true, look before you try again: the record
    /// may be there.
    pub fn create(&self, fields: &(impl Serialize + ?Sized)) -> Call<T> {
        self.write_call(Method::POST, None, fields)
    }

    /// Changes the given fields of a record, by PATCH, and no others. Journal fields (`work_notes`, `comments`) are
    /// appended to.
    ///
    /// # Errors
    /// If the error's [`may_have_executed`](Error::may_have_executed) is true, look before you try again.
    pub fn update(&self, sys_id: impl AsRef<str>, fields: &(impl Serialize + ?Sized)) -> Call<T> {
        self.write_call(Method::PATCH, Some(sys_id.as_ref()), fields)
    }

    /// The same by PUT, which changes no more than the given fields either (facts 1.1): for gateways that let no PATCH through.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn replace(&self, sys_id: impl AsRef<str>, fields: &(impl Serialize + ?Sized)) -> Call<T> {
        self.write_call(Method::PUT, Some(sys_id.as_ref()), fields)
    }

    /// Creates a record, or changes the one that is there already: the row of this table with the same value in this field, one
    /// of those that are sent, which tells every row from all others.
    ///
    /// A creation whose answer gets lost is [looked for](Call::confirm_by). **Two at once may both find no row, and create two**:
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
    /// [`ErrorKind::MultipleResults`] if several rows have the value, [`ErrorKind::Forbidden`] if one that has it is hidden from this user,
    /// [`ErrorKind::InvalidInput`] if the table shows no such field, [`ErrorKind::Decode`] if the service finds a record by this value that has
    /// another one (in another case it is the same): nothing was written then. [`ErrorKind::FieldsNotApplied`] if the record was
    /// created without it.
    pub fn upsert(&self, field: &str, fields: &(impl Serialize + ?Sized)) -> Upsert<T> {
        Upsert::new(self.write_call(Method::POST, None, fields), field)
    }

    /// Changes the given fields of each of these records: see [`BulkWrite`].
    pub fn update_each(
        &self,
        sys_ids: impl IntoIterator<Item = SysId>,
        fields: &(impl Serialize + ?Sized),
    ) -> BulkWrite<T> {
        BulkWrite::of_ids(sys_ids, self.update_call(fields))
    }

    /// Changes each of these records in its own way: see [`BulkWrite`].
    pub fn update_many<F: Serialize>(&self, changes: impl IntoIterator<Item = (SysId, F)>) -> BulkWrite<T> {
        let updates = changes.into_iter().map(|(sys_id, fields)| (sys_id, json_body(&fields)));
        let table = self.clone();
        BulkWrite::of_updates(updates, move |sys_id, body| table.update_with_body(sys_id, body))
    }

    /// Deletes each of these records: see [`BulkWrite`].
    pub fn delete_each(&self, sys_ids: impl IntoIterator<Item = SysId>) -> BulkWrite<()> {
        BulkWrite::of_ids(sys_ids, self.delete_call())
    }

    /// Returns what updates any record in the same way.
    pub(crate) fn update_call(
        &self,
        fields: &(impl Serialize + ?Sized),
    ) -> impl Fn(SysId) -> Call<T> + Send + Sync + 'static {
        let (table, body) = (self.clone(), json_body(fields));
        move |sys_id| table.update_with_body(sys_id, body.clone())
    }

    /// Returns what deletes any record.
    pub(crate) fn delete_call(&self) -> impl Fn(SysId) -> Call<()> + Send + Sync + 'static {
        let table = self.clone();
        move |sys_id| table.delete(sys_id)
    }

    fn update_with_body(&self, sys_id: SysId, body: Result<Bytes, Error>) -> Call<T> {
        let request = self.api_request(Method::PATCH, Some(sys_id.as_str()));
        self.record_call(request.and_then(|request| Ok(ApiRequest { body: Some(body?), ..request })))
    }

    /// Deletes a record.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub fn delete(&self, sys_id: impl AsRef<str>) -> Call<()> {
        let request = self.api_request(Method::DELETE, Some(sys_id.as_ref()));
        Call::new(self.client.clone(), request, |response, _| response.nothing())
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
    /// [`ErrorKind::InvalidInput`] for a name that no table has, or an id that is none.
    pub fn link(&self, sys_id: impl AsRef<str>) -> Result<String, Error> {
        let path = self.path.clone()?.record(sys_id.as_ref().parse::<SysId>()?);
        Ok(self.client.instance.uri(&path, &Params::new())?.to_string())
    }

    /// A call that returns one record.
    fn record_call(&self, request: Result<ApiRequest, Error>) -> Call<T> {
        let request = request.map(|request| self.with_fields(request));
        let (read, last_shape, type_fields) = (self.read, self.last_shape.clone(), self.type_fields.clone());
        Call::new(self.client.clone(), request, move |response: &ApiResponse, request: &ApiRequest| {
            let record = response.one_like(&last_shape)?;
            if request.method == Method::GET {
                require_fields(&record, request, &type_fields, &last_shape)?;
            }
            match request.identity {
                Some(identity) => read(identity.verify(record)?),
                None => read(record),
            }
        })
    }

    /// Asks for the fields that the type reads.
    fn with_fields(&self, request: ApiRequest) -> ApiRequest {
        match &self.fields {
            Some(fields) => ApiRequest { params: request.params.these_fields(fields), ..request },
            None => request,
        }
    }

    fn api_request(&self, method: Method, sys_id: Option<&str>) -> Result<ApiRequest, Error> {
        let path = self.path.clone()?;
        let Some(sys_id) = sys_id else { return Ok(ApiRequest::new(method, path)) };
        let sys_id: SysId = sys_id.parse()?;
        let identity = Some(Identity::new(sys_id));
        Ok(ApiRequest { identity, ..ApiRequest::new(method, path.record(sys_id)) })
    }

    fn write_call(
        &self,
        method: Method,
        sys_id: Option<&str>,
        fields: &(impl Serialize + ?Sized),
    ) -> Call<T> {
        let request = self.api_request(method, sys_id);
        self.record_call(
            request.and_then(|request| Ok(ApiRequest { body: Some(json_body(fields)?), ..request })),
        )
    }
}

/// Fails if a record lacks fields that were asked for and that the caller cannot do without.
fn require_fields(
    record: &Record,
    request: &ApiRequest,
    type_fields: &TypeFields,
    last_shape: &LastShape,
) -> Result<(), Error> {
    let asked = request.params.shape.fields.as_deref();
    if asked.or(type_fields.names()).is_none_or(|fields| last_shape.has_all(record, fields)) {
        return Ok(());
    }
    let mut check = FieldCheck::new(asked, type_fields, request.requires_fields);
    check.see(record);
    check.verify()
}

/// The fields as the JSON object that is sent.
fn json_body(fields: &(impl Serialize + ?Sized)) -> Result<Bytes, Error> {
    let body = serde_json::to_vec(fields).map_err(|e| cannot_be_sent(e.into()))?;
    if body.first() != Some(&b'{') {
        return Err(cannot_be_sent("they are not an object of fields and values".into()));
    }
    Ok(Bytes::from(body))
}

fn cannot_be_sent(why: snow_core::BoxError) -> Error {
    Error::new(ErrorKind::InvalidInput, "the fields cannot be sent").with_source(why)
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        let Self { client, path, fields, type_fields, read, last_shape } = self;
        Self {
            client: client.clone(),
            path: path.clone(),
            fields: fields.clone(),
            type_fields: type_fields.clone(),
            read: *read,
            last_shape: last_shape.clone(),
        }
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
