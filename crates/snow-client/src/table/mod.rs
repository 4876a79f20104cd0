//! Records of one table, with the Table API ([facts 1](https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#1-table-api)).
//!
//! Start with [`Client::table`](crate::Client::table), which returns a [`Table`]. Each of its methods returns a type
//! of this module, whose methods are the settings of the call, for example [`ListRecords`]. Await it to send it. Streams of whole
//! tables are in [`stream`](crate::stream), updates and deletions of many records in [`bulk`](crate::bulk).

pub(crate) mod bulk;
pub(crate) mod changes;
pub(crate) mod confirmed_create;
pub(crate) mod count_records;
pub(crate) mod create_record;
pub(crate) mod delete_record;
pub(crate) mod get_record;
mod hexadecimal;
pub(crate) mod journal;
mod json_body;
pub(crate) mod list_records;
pub(crate) mod list_request;
mod list_settings;
pub(crate) mod page;
pub(crate) mod read_record;
mod scattered_hash;
pub(crate) mod stop;
pub(crate) mod stopwatch;
pub(crate) mod stream;
pub(crate) mod update_record;
pub(crate) mod upsert_record;
pub(crate) mod verify;
mod with_sys_id;
mod write_many;

pub use confirmed_create::ConfirmedCreate;
pub use count_records::CountRecords;
pub use create_record::CreateRecord;
pub use delete_record::DeleteRecord;
pub use get_record::GetRecord;
pub use list_records::ListRecords;
pub use page::Page;
pub use update_record::UpdateRecord;
pub use upsert_record::{UpsertRecord, Upserted};
pub use verify::{ChangedField, WriteReport};
pub use with_sys_id::WithSysId;

use crate::Record;
use crate::api::Api;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use crate::request::client_inner::known_shapes::RecordShape;
use crate::request::missing_fields::TypeFields;
use crate::request::record_identity::Identity;
use crate::table::json_body::json_body;
use crate::table::list_request::ListRequest;
use crate::table::read_record::ReadRecord;
use bytes::Bytes;
use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use snow_core::decode::ApiResponse;
use snow_core::{ApiPath, Error, Params, SysId};
use std::fmt;
use std::sync::Arc;

/// A table of the instance. Create it with [`Client::table`](crate::Client::table).
///
/// Its records are [`Record`]s, or a [type](Self::typed) of your own. A table is cheap to create and to clone. It holds no settings
/// of calls, so a setting of one call does not affect the next.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
///
/// let incidents = client.table("incident");
/// let incident = incidents.create(&json!({ "short_description": "No wifi" })).await?;
/// let sys_id = incident.sys_id()?;
/// incidents.update(sys_id, &json!({ "urgency": "1" })).await?;
/// assert_eq!(incidents.get(sys_id).await?.value("urgency")?, "1");
/// incidents.delete(sys_id).await?;
/// # Ok(()) }
/// ```
pub struct Table<T = Record> {
    client: Arc<ClientInner>,
    path: Result<ApiPath, Error>,
    /// The fields to ask for; `None` for all of them.
    fields: Option<Arc<[String]>>,
    /// Whether all fields are asked for all the same.
    all_fields: bool,
    /// What is known of the records; `None` for plain records, where it is looked up for each call.
    shape: Option<RecordShape>,
    read: ReadRecord<T>,
}

impl<T> Table<T> {
    /// The table of a list, with the fields that the list asks for.
    pub(crate) fn of(list: &ListRequest<T>) -> Self {
        let request = list.request.as_ref();
        Self {
            client: list.client.clone(),
            path: request.map(|request| request.path.clone()).map_err(Clone::clone),
            fields: request.ok().and_then(|request| request.params.shape.fields.clone()),
            all_fields: false,
            shape: Some(RecordShape::new(list.type_fields.clone())),
            read: list.read.clone(),
        }
    }
}

impl Table {
    pub(crate) fn new(client: Arc<ClientInner>, name: &str) -> Self {
        let (path, read) = (ApiPath::table(name), ReadRecord::Asked(Ok));
        Self { client, path, fields: None, all_fields: false, shape: None, read }
    }

    /// Returns the same table, whose records are read as a type of your own: any struct that implements `Deserialize`.
    ///
    /// Only the fields that the type reads are requested, with the names that serde gives them. For a struct with
    /// `#[serde(flatten)]`, or a map, all fields are requested.
    ///
    /// Plain types read the stored value, in every form in which it may come. Numbers and booleans are read from text, and an
    /// `Option` is `None` if the field is empty. [`Reference`](crate::record::Reference),
    /// [`WithDisplay`](crate::record::WithDisplay) and
    /// [`DisplayOnly`](crate::record::DisplayOnly) read more.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use snow_client::{SysId, record::Reference};
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
    pub fn typed<T: DeserializeOwned + 'static>(self) -> Table<T> {
        let Self { client, path, all_fields, .. } = self;
        let shape = match &path {
            Ok(path) => client.shapes.find::<T>(path.as_str(), TypeFields::of::<T>),
            Err(_) => RecordShape::new(TypeFields::Dynamic), // nothing is read
        };
        Table {
            fields: shape.type_fields.wanted(),
            all_fields,
            client,
            path,
            shape: Some(shape),
            read: ReadRecord::Asked(|record| record.to()),
        }
    }
}

impl<T: 'static> Table<T> {
    /// Sets whether calls request all fields, whatever fields the [type](Self::typed) reads. `false` by default.
    #[must_use]
    pub fn all_fields(self, all: bool) -> Self {
        Self { all_fields: all, ..self }
    }

    /// Returns the record with this `sys_id`. A record without a `sys_id`, such as one of a database view, cannot be compared with
    /// it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the record does not exist or the user may not read it, which the service does not distinguish.
    /// [`ErrorKind::ResponseMismatch`](crate::ErrorKind::ResponseMismatch) if the response has another record. [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the table is [typed](Self::typed) and
    /// the record lacks a plain field that was requested.
    pub fn get(&self, sys_id: impl AsRef<str>) -> GetRecord<T> {
        GetRecord { call: self.record_call(self.request(Method::GET, Some(sys_id.as_ref()))) }
    }

    /// Lists records. Await the list for one page, or call a method of [`ListRecords`] for one record, the first, or all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incomplete`](crate::ErrorKind::Incomplete) for a page if no limit is set and more records match than the service sends by default.
    #[doc(alias("find", "find_all", "search", "where"))]
    pub fn list(&self) -> ListRecords<T> {
        let request = self.request(Method::GET, None).map(|request| self.with_fields(request));
        let type_fields = self.shape.as_ref().map(|shape| shape.type_fields.clone()).unwrap_or_default();
        let client = self.client.clone();
        let read = self.read.clone();
        ListRecords { request: ListRequest { client, request, type_fields, read, needs_sys_id: false } }
    }

    /// Creates a record, and returns it with the values that the rules of the instance gave it.
    ///
    /// The service silently ignores fields that do not exist or may not be written: [`verified`](CreateRecord::verified) returns
    /// their names.
    ///
    /// # Errors
    ///
    /// If the error's [`may_have_executed`](Error::may_have_executed) is true, check before you try again: the record may exist.
    #[doc(alias("insert", "post", "add"))]
    pub fn create(&self, fields: &(impl Serialize + ?Sized)) -> CreateRecord<T> {
        CreateRecord { call: self.write_call(Method::POST, None, json_body(fields)) }
    }

    /// Updates these fields of a record, and no others. Values of journal fields (`work_notes`, `comments`) are appended.
    ///
    /// # Errors
    ///
    /// If the error's [`may_have_executed`](Error::may_have_executed) is true, check before you try again.
    #[doc(alias("patch", "put", "modify"))]
    pub fn update(&self, sys_id: impl AsRef<str>, fields: &(impl Serialize + ?Sized)) -> UpdateRecord<T> {
        UpdateRecord { call: self.write_call(Method::PATCH, Some(sys_id.as_ref()), json_body(fields)) }
    }

    /// Updates the record that has the same value in `field`, or creates one if there is no such record. `fields` must contain the
    /// field, and its value must identify one record of the table.
    ///
    /// If the response to a creation is lost, the record is [looked up](CreateRecord::confirm_by). **Two concurrent calls may both
    /// find no record and create two**: the service has no atomic upsert. Create a unique index on the field, so that the instance
    /// refuses the second record, or let only one process write each value.
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
    ///
    /// - [`ErrorKind::MultipleResults`](crate::ErrorKind::MultipleResults) if several records have the value.
    /// - [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) if a record that has the value is hidden from this user.
    /// - [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the table has no such field, or this user may not read it.
    /// - [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the service finds a record that has another value (values that differ only in case are the same).
    ///   Nothing was written.
    /// - [`ErrorKind::FieldsNotApplied`](crate::ErrorKind::FieldsNotApplied) if the record was created without the value.
    #[doc(alias("insert_or_update", "create_or_update"))]
    pub fn upsert(&self, field: &str, fields: &(impl Serialize + ?Sized)) -> UpsertRecord<T> {
        UpsertRecord::new(self.write_call(Method::POST, None, json_body(fields)), field)
    }

    /// Deletes a record.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the record does not exist.
    #[doc(alias = "remove")]
    pub fn delete(&self, sys_id: impl AsRef<str>) -> DeleteRecord {
        let request = self.request(Method::DELETE, Some(sys_id.as_ref()));
        DeleteRecord { call: Call::new(self.client.clone(), request, |response, _| response.discard()) }
    }

    /// Returns the URL of a record, as it appears in references to the record.
    ///
    /// ```
    /// # let client = snow_client::Client::builder().instance("dev1").user("a").password("b").build()?;
    /// let link = client.table("incident").link("a9e30c7dc61122760116894de7bcc7bd")?;
    /// assert_eq!(link, "https://dev1.service-now.com/api/now/table/incident/a9e30c7dc61122760116894de7bcc7bd");
    /// # Ok::<_, snow_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the name of the table or the `sys_id` is not valid.
    pub fn link(&self, sys_id: impl AsRef<str>) -> Result<String, Error> {
        let path = self.path.clone()?.record(sys_id.as_ref().parse::<SysId>()?);
        Ok(self.client.instance.uri(&path, &Params::new())?.to_string())
    }

    /// A call that returns one record.
    fn record_call(&self, request: Result<ApiRequest, Error>) -> Call<T> {
        let request = request.map(|request| self.with_fields(request));
        let (read, shape) = (self.read.clone(), self.shape());
        Call::new(self.client.clone(), request, move |response: &ApiResponse, request: &ApiRequest| {
            let record = response.record_like(&shape.last_shape)?;
            if request.method == Method::GET {
                shape.require_fields(&record, request)?;
            }
            let added = request.identity.map_or(Ok(&[][..]), |identity| identity.verify(&record))?;
            let value = read.read(record, added)?;
            verify::check_applied(response, request)?;
            Ok(value)
        })
    }

    fn write_call(&self, method: Method, sys_id: Option<&str>, body: Result<Bytes, Error>) -> Call<T> {
        let request = self.request(method, sys_id);
        self.record_call(request.and_then(|request| Ok(request.with_body(body?))))
    }

    /// What is known of the records of this table.
    fn shape(&self) -> RecordShape {
        match (&self.shape, &self.path) {
            (Some(shape), _) => shape.clone(),
            (None, Ok(path)) => self.client.shapes.find::<T>(path.as_str(), || TypeFields::Dynamic),
            (None, Err(_)) => RecordShape::new(TypeFields::Dynamic), // nothing is read
        }
    }

    /// Asks for the fields that the type reads.
    fn with_fields(&self, request: ApiRequest) -> ApiRequest {
        match self.fields.as_ref().filter(|_| !self.all_fields) {
            Some(fields) => request.params(|params| params.these_fields(fields)),
            None => request,
        }
    }

    /// The request to the table, or to one of its records.
    fn request(&self, method: Method, sys_id: Option<&str>) -> Result<ApiRequest, Error> {
        let table = Api::known(self.client.clone(), self.path.clone());
        let Some(sys_id) = sys_id else { return table.into_request(method) };
        let sys_id: SysId = sys_id.parse()?;
        let identity = Some(Identity::new(sys_id));
        Ok(ApiRequest { identity, ..table.record(sys_id).into_request(method)? })
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        let Self { client, path, fields, all_fields, shape, read } = self;
        Self {
            client: client.clone(),
            path: path.clone(),
            fields: fields.clone(),
            all_fields: *all_fields,
            shape: shape.clone(),
            read: read.clone(),
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
