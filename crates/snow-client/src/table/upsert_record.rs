//! An upsert: creates a record, or updates the one that is there already.

use crate::Record;
use crate::request::api_request::ApiRequest;
use crate::request::call::{Call, CallFuture};
use crate::request::call_options::{domain_options, record_options, request_options, write_options};
use crate::request::confirm::creation::{no_such_field, other_value, value_of};
use crate::request::confirm::lookup::{CallTime, LookupResult, RecordFinder, ValueLookup};
use crate::table::confirmed_create::with_correlation;
use crate::table::verify::WriteReport;
use http::Method;
use snow_core::{Error, ErrorKind, SysId};
use std::fmt;
use std::future::IntoFuture;

/// A call that updates a record, or creates it if it does not exist. Returned by [`Table::upsert`](crate::Table::upsert).
///
/// It takes more than one request, so it cannot be added to a batch.
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the record was written.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
/// use snow_client::table::Upserted;
///
/// let alert = json!({ "correlation_id": "alert-7", "short_description": "Disk full" });
/// match client.table("incident").upsert("correlation_id", &alert).fields(["number", "correlation_id"]).await? {
///     Upserted::Created(incident) => println!("created {}", incident.value("number")?),
///     Upserted::Updated(incident) => println!("updated {}", incident.value("number")?),
///     _ => {}
/// }
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct UpsertRecord<O = Record> {
    /// The call that creates the record.
    call: Call<O>,
    /// The field by whose value the record is looked up.
    field: String,
}

/// The result of an upsert.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Upserted<T> {
    /// No record with the value existed, so one was created.
    Created(T),
    /// A record with the value existed, and was updated.
    Updated(T),
}

impl<T> Upserted<T> {
    /// Returns the record.
    pub fn into_record(self) -> T {
        match self {
            Self::Created(record) | Self::Updated(record) => record,
        }
    }

    /// Returns whether the record was created.
    pub fn is_created(&self) -> bool {
        matches!(self, Self::Created(_))
    }
}

impl<O> UpsertRecord<O> {
    request_options!();
    record_options!();
    domain_options!();
    write_options!();

    fn change(self, change: impl FnOnce(ApiRequest) -> Result<ApiRequest, Error>) -> Self {
        Self { call: self.call.change(change), ..self }
    }
}

impl<O: 'static> UpsertRecord<O> {
    pub(crate) fn new(call: Call<O>, field: &str) -> Self {
        Self { call, field: field.to_owned() }
    }

    /// Returns a [`WriteReport`]: the record, and the fields that the service ignored or changed.
    pub fn verified(self) -> UpsertRecord<WriteReport<O>> {
        UpsertRecord { call: self.call.verified(), field: self.field }
    }
}

impl<O: Send + 'static> UpsertRecord<O> {
    /// Returns a future that looks the record up, creates or updates it, and returns the result.
    ///
    /// The upsert can also be awaited directly. Use `send` with functions that take a future: `tokio::spawn`, `join_all`,
    /// `block_on`.
    pub fn send(self) -> CallFuture<Upserted<O>> {
        let field = self.field.clone();
        CallFuture::new(async move { Self::check_created(self.run().await?, &field) })
    }

    async fn run(self) -> Result<Upserted<WriteReport<O>>, Error> {
        let Self { call, field } = self;
        let value = value_of(&call.request.as_ref().map_err(Clone::clone)?.sent_fields()?, &field)?;
        let (client, request) = (call.client(), call.request.clone()?);
        let time = CallTime::new(request.deadline());
        let finder = RecordFinder::new(&client, &request.path, &request, &time);
        let lookup = ValueLookup { finder, field: &field, value: &value };
        let found = lookup.find().await.map_err(Error::not_carried_out)?;
        let existing = existing_record(found, &field, &value);
        let existing = existing.map_err(|error| request.annotate(&client, error))?;
        let call = call
            .change(|request| Ok(ApiRequest { options: time.within(request.options.clone()), ..request }));
        match existing {
            None => {
                let create = call.change(|request| with_correlation(request, &field));
                create.verified().send().await.map(Upserted::Created)
            }
            Some(sys_id) => {
                let update = call.change(|request| {
                    let path = request.path.clone().record(sys_id);
                    Ok(ApiRequest { method: Method::PATCH, path, ..request })
                });
                update.verified().send().await.map(Upserted::Updated)
            }
        }
    }

    /// Fails if a new record does not have the value by which the next upsert looks it up: it would be created again and again.
    fn check_created(upserted: Upserted<WriteReport<O>>, field: &str) -> Result<Upserted<O>, Error> {
        match upserted {
            Upserted::Updated(echo) => Ok(Upserted::Updated(echo.record)),
            Upserted::Created(echo) => {
                let is_lost = echo.ignored.iter().any(|name| name == field)
                    || echo.changed.iter().any(|changed| changed.field == field);
                let why = "the record was created without the value that the next upsert looks for: the service ignored or changed";
                match is_lost {
                    true => Err(Error::new(ErrorKind::FieldsNotApplied, format!("{why} {field}"))),
                    false => Ok(Upserted::Created(echo.record)),
                }
            }
        }
    }
}

/// Returns the record to update; `None` if there is none, and one has to be created.
///
/// # Errors
///
/// Those that forbid both. Nothing was written then.
fn existing_record(found: LookupResult, field: &str, value: &str) -> Result<Option<SysId>, Error> {
    let (kind, why) = match found {
        LookupResult::Nothing => return Ok(None),
        // The service compares without case, and so does an upsert: the record takes the value as it is sent.
        LookupResult::One(sys_id) | LookupResult::InOtherCase(sys_id) => return Ok(Some(sys_id)),
        LookupResult::Several => (
            ErrorKind::MultipleResults,
            format!("more than one record has the {field} that is to be updated"),
        ),
        LookupResult::Hidden => (
            ErrorKind::Forbidden,
            format!(
                "a record with this {field} exists but is not visible to this user; creating another would duplicate it"
            ),
        ),
        LookupResult::NoSuchField => (ErrorKind::InvalidInput, no_such_field(field)),
        LookupResult::Other(other) => (ErrorKind::Decode, other_value(field, value, &other)),
    };
    Err(Error::new(kind, why).not_carried_out())
}

impl<O: Send + 'static> IntoFuture for UpsertRecord<O> {
    type Output = Result<Upserted<O>, Error>;
    type IntoFuture = CallFuture<Upserted<O>>;

    fn into_future(self) -> CallFuture<Upserted<O>> {
        self.send()
    }
}

impl<O> fmt::Debug for UpsertRecord<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.call.request {
            Ok(request) => write!(f, "UpsertRecord({} by {} {:?})", request.path, self.field, request.params),
            Err(error) => write!(f, "UpsertRecord({error:?})"),
        }
    }
}
