//! Create, or update what is there already.

use crate::call::{Call, CallFuture, Prepared};
use crate::correlation::{no_such_field, value_of};
use crate::echo::Echo;
use crate::lookup::{Found, Lookup, Time};
use crate::parameters::parameters;
use http::Method;
use snow_core::{DisplayValue, Error, Kind, Operation, Params};
use std::fmt;
use std::future::IntoFuture;

/// A record that is created, or updated where it is there already: see [`Table::upsert`](crate::Table::upsert).
#[must_use = "a call goes out when it is awaited"]
pub struct Upsert<T> {
    /// The creation.
    call: Call<T>,
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

    /// Tells which fields the service ignored or changed: see [`Call::compared`].
    pub fn compared(self) -> Upsert<Echo<T>> {
        Upsert { call: self.call.compared(), field: self.field }
    }

    /// An error if the service ignored or changed any field that was sent: see [`Call::strict`].
    ///
    /// # Errors
    /// [`Kind::NotAsSent`], which names the fields. **The record was created or updated all the same.**
    pub fn strict(self) -> Self {
        Self { call: self.call.strict(), field: self.field }
    }

    fn operation(self, set: impl FnOnce(Operation) -> Operation) -> Self {
        let call = self.call.change(|request| Ok(request.operation(set)));
        Self { call, ..self }
    }

    fn params(self, set: impl FnOnce(Params) -> Params) -> Self {
        Self { call: self.call.params(set), ..self }
    }

    async fn carried_out(self) -> Result<Upserted<Echo<T>>, Error>
    where
        T: Send,
    {
        let Self { call, field } = self;
        let value = value_of(&call.sent()?, &field)?;
        let (target, request) = (call.target(), call.request.clone()?);
        let time = Time::new(request.operation.as_ref().and_then(Operation::deadline_limit));
        let lookup =
            Lookup { target: &target, path: &request.path, field: &field, value: &value, time: &time };
        let found = lookup.find().await?;
        let within =
            |request: Prepared| Prepared { operation: time.within(request.operation.clone()), ..request };
        match found {
            Found::Nothing => call
                .change(|request| Ok(within(request)))
                .correlated(&field)
                .compared()
                .await
                .map(Upserted::Created),
            Found::One(sys_id) => {
                let change = |request: Prepared| Prepared {
                    method: Method::PATCH,
                    path: request.path.clone().record(sys_id),
                    ..within(request)
                };
                call.change(|request| Ok(change(request))).compared().await.map(Upserted::Updated)
            }
            Found::Several => {
                let why = format!("more than one row has the {field} that is to be updated");
                Err(unchanged(&lookup, Kind::MultipleResults, why))
            }
            Found::Hidden => {
                let why = format!(
                    "a row with this {field} is hidden from this user: another one would be a second"
                );
                Err(unchanged(&lookup, Kind::Forbidden, why))
            }
            Found::NoSuchField => Err(unchanged(&lookup, Kind::InvalidInput, no_such_field(&field))),
        }
    }

    /// A new record without its correlation field would be created again and again.
    fn checked(done: Upserted<Echo<T>>, field: &str) -> Result<Upserted<T>, Error> {
        let record = |echo: Echo<T>| echo.record;
        match done {
            Upserted::Updated(echo) => Ok(Upserted::Updated(record(echo))),
            Upserted::Created(echo) => {
                let lost = echo.ignored.iter().any(|name| name == field)
                    || echo.changed.iter().any(|changed| changed.field == field);
                let why = "the record was created, and does not have the value that it is to be found by again: the service \
                           ignored or changed";
                match lost {
                    true => Err(Error::new(Kind::NotAsSent, format!("{why} {field}"))),
                    false => Ok(Upserted::Created(record(echo))),
                }
            }
        }
    }
}

/// An error before anything was written.
fn unchanged(lookup: &Lookup<'_>, kind: Kind, why: String) -> Error {
    let error = Error::new(kind, why).not_carried_out();
    match lookup.target.instance.uri(lookup.path, &Params::new()) {
        Ok(uri) => error.with_operation(&Method::POST, &uri),
        Err(_) => error,
    }
}

impl<T: Send + 'static> IntoFuture for Upsert<T> {
    type Output = Result<Upserted<T>, Error>;
    type IntoFuture = CallFuture<Upserted<T>>;

    fn into_future(self) -> CallFuture<Upserted<T>> {
        let field = self.field.clone();
        CallFuture::new(async move { Self::checked(self.carried_out().await?, &field) })
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
