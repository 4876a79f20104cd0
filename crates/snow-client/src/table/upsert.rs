//! An upsert: creates a record, or updates the one that is there already.

use crate::request::api_request::ApiRequest;
use crate::request::call::{Call, CallFuture};
use crate::request::call_options::parameters;
use crate::request::confirm::creation::{no_such_field, other_value, value_of};
use crate::request::confirm::lookup::{CallTime, LookupResult, RecordFinder, ValueLookup};
use crate::request::params::RequestParams;
use crate::table::verify::WriteReport;
use http::Method;
use snow_core::{DisplayValue, Error, ErrorKind, RequestOptions, SysId};
use std::fmt;
use std::future::IntoFuture;

/// A record that is created, or updated where it is there already: see [`Table::upsert`](crate::Table::upsert).
#[must_use = "a call goes out when it is awaited"]
pub struct Upsert<T> {
    /// The call that creates the record.
    call: Call<T>,
    /// The field by whose value the record is looked for.
    field: String,
}

/// What an upsert did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upserted<T> {
    /// No row had the value: there is a new one.
    Created(T),
    /// One had it, and was changed.
    Updated(T),
}

impl<T> Upserted<T> {
    /// The record.
    pub fn into_record(self) -> T {
        match self {
            Self::Created(record) | Self::Updated(record) => record,
        }
    }

    /// Whether it is new.
    pub fn is_created(&self) -> bool {
        matches!(self, Self::Created(_))
    }
}

impl<T: 'static> Upsert<T> {
    pub(crate) fn new(call: Call<T>, field: &str) -> Self {
        Self { call, field: field.to_owned() }
    }

    parameters!();

    /// The fields to answer with; those that were sent come beside them.
    pub fn fields<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        self.params(|params| params.fields(fields))
    }

    /// Stored values (the default), what a person sees, or both. With what a person sees alone, whatever reads a stored value
    /// fails, `sys_id` excepted: of a write, after it was carried out.
    pub fn display_value(self, values: DisplayValue) -> Self {
        self.params(|params| params.display_value(values))
    }

    /// Tells which fields the service ignored or changed: see [`Call::verified`].
    pub fn verified(self) -> Upsert<WriteReport<T>> {
        Upsert { call: self.call.verified(), field: self.field }
    }

    /// An error if the service ignored or changed any field that was sent: see [`Call::require_applied`].
    ///
    /// # Errors
    /// [`ErrorKind::FieldsNotApplied`], which names the fields. **The record was created or updated all the same.**
    pub fn require_applied(self) -> Self {
        Self { call: self.call.require_applied(), field: self.field }
    }

    fn options(self, set: impl FnOnce(RequestOptions) -> RequestOptions) -> Self {
        let call = self.call.change(|request| Ok(request.options(set)));
        Self { call, ..self }
    }

    fn params(self, set: impl FnOnce(RequestParams) -> RequestParams) -> Self {
        Self { call: self.call.params(set), ..self }
    }

    async fn run(self) -> Result<Upserted<WriteReport<T>>, Error>
    where
        T: Send,
    {
        let Self { call, field } = self;
        let value = value_of(&call.sent()?, &field)?;
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
            None => call.confirm_by(&field).verified().await.map(Upserted::Created),
            Some(sys_id) => {
                let update = call.change(|request| {
                    let path = request.path.clone().record(sys_id);
                    Ok(ApiRequest { method: Method::PATCH, path, ..request })
                });
                update.verified().await.map(Upserted::Updated)
            }
        }
    }

    /// Fails if a new record does not have the value by which the next upsert looks for it: it would be created again and again.
    fn check_created(upserted: Upserted<WriteReport<T>>, field: &str) -> Result<Upserted<T>, Error> {
        match upserted {
            Upserted::Updated(echo) => Ok(Upserted::Updated(echo.record)),
            Upserted::Created(echo) => {
                let is_lost = echo.ignored.iter().any(|name| name == field)
                    || echo.changed.iter().any(|changed| changed.field == field);
                let why = "the record was created, and does not have the value that it is to be found by again: the service \
                           ignored or changed";
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
/// Why neither may be done. Nothing was written then.
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

impl<T: Send + 'static> IntoFuture for Upsert<T> {
    type Output = Result<Upserted<T>, Error>;
    type IntoFuture = CallFuture<Upserted<T>>;

    fn into_future(self) -> CallFuture<Upserted<T>> {
        let field = self.field.clone();
        CallFuture::new(async move { Self::check_created(self.run().await?, &field) })
    }
}

impl<T> fmt::Debug for Upsert<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.call.request {
            Ok(request) => write!(f, "Upsert({} by {} {:?})", request.path, self.field, request.params),
            Err(error) => write!(f, "Upsert({error:?})"),
        }
    }
}
