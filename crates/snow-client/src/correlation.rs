//! What became of a creation whose answer got lost: decided by a field whose value no other row has (facts 3.3).

use crate::call::{Call, Prepared};
use crate::exchange::{Reader, exchange};
use crate::lookup::{Found, Lookup, Time};
use crate::target::Target;
use http::{Method, StatusCode};
use serde_json::{Map, Value};
use snow_core::{Error, Kind, Operation, field};
use std::time::Duration;

/// How long the service may be at work on a request, by default (facts 3.4): what is not there by then does not come any more.
const QUOTA: Duration = Duration::from_secs(60);
/// The pauses between looks, so that the last of them is behind the quota.
const PAUSES: [u64; 7] = [1, 2, 4, 8, 16, 32, 8];

impl<T> Call<T> {
    /// Of a creation: decides by this field, one of those that are sent, what became of it when the answer does not tell: it
    /// broke off, was an error of the instance, or 403 although the record is there (facts 3.3). The field's value has to be this
    /// record's alone, a message's id or a random one.
    ///
    /// In doubt, a row with that value is looked for. If there is one, the call is a success, with that record. If there is none
    /// and the service is done with the request, the call is an error whose [`may_have_happened`](Error::may_have_happened) is
    /// false: it may be tried again. The service is done when it has answered itself, or after a minute, its limit for a request;
    /// until then, and within the call's deadline, it is looked again. In all other cases it stays open, and the error says why:
    /// rows that are hidden from this user, a field that is not there or may not be read. What a "before query" rule hides, nobody
    /// sees.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator.clone()).build()?;
    /// use serde_json::json;
    ///
    /// // The instance creates the record, and answers 500.
    /// simulator.settings(|settings| settings.write_lie = Some(snow_sim::WriteLie::Cancelled));
    /// let fields = json!({ "short_description": "No wifi", "correlation_id": "message-4711" });
    /// let made = client.table("incident").create(&fields).correlated("correlation_id").await?;
    /// assert_eq!(made.value("short_description")?, "No wifi");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] if the call is no creation, or does not send a value in this field that can be looked for.
    pub fn correlated(mut self, field: &str) -> Self
    where
        T: 'static,
    {
        let checked = self.sent().and_then(|sent| value_of(&sent, field).map(drop));
        self.request = self.request.and_then(|request| {
            checked?;
            match request.method {
                Method::POST => Ok(Prepared { correlation: Some(field.into()), ..request }),
                _ => Err(Error::new(
                    Kind::InvalidInput,
                    "only a creation is looked for by a correlation field",
                )),
            }
        });
        self
    }
}

/// The value that is sent in a field, if rows can be looked for by it.
pub(crate) fn value_of(sent: &Map<String, Value>, name: &str) -> Result<String, Error> {
    let unfit = |why| Error::new(Kind::InvalidInput, format!("the correlation field {name:?} {why}"));
    let value = match sent.get(name) {
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(unfit("is sent without a value of its own")),
        None => return Err(unfit("is not among the fields that are sent")),
    };
    field(name).eq(value.as_str()).encode()?;
    Ok(value)
}

/// Carries the creation out, and looks for it where its fate is open.
pub(crate) async fn decided<T>(target: &Target, request: &Prepared, read: &Reader<T>) -> Result<T, Error> {
    let own = request.operation.as_ref().and_then(Operation::deadline_limit);
    let time = Time::new(own.or(target.resend.as_ref().map(|resend| resend.deadline)));
    let error = match exchange(target, request, read).await {
        Err(error) if error.may_have_happened() && error.kind() != Kind::NotAsSent => error,
        known => return known,
    };
    let name = request.correlation.as_deref().unwrap_or_default();
    let sent = request.body.as_ref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    let Ok(value) = value_of(&sent, name) else { return Err(error) };
    let lookup = Lookup { target, path: &request.path, field: name, value: &value, time: &time };
    let over = is_over(&error);
    for pause in PAUSES.map(Duration::from_secs) {
        let late = time.elapsed() >= QUOTA;
        match lookup.find().await {
            Ok(Found::One(sys_id)) => {
                let operation = time.within(request.operation.clone());
                let again = Prepared::new(Method::GET, request.path.clone().record(sys_id));
                let again = Prepared { params: request.params.clone(), operation, ..again };
                let unread = |why: Error| {
                    open(
                        error,
                        &format!("it was carried out, and its record {sys_id} could not be read: {why}"),
                    )
                };
                return exchange(target, &again, read).await.map_err(unread);
            }
            Ok(Found::Nothing) if over || late => return Err(absent(&lookup, error).await),
            Ok(Found::Nothing) => {}
            Ok(Found::Several) => return Err(open(error, &format!("several rows have its {name}"))),
            Ok(Found::Hidden) => {
                return Err(open(error, &format!("a row with its {name} is hidden from this user")));
            }
            Ok(Found::NoSuchField) => return Err(open(error, &no_such_field(name))),
            Err(why) if why.is_retryable() => {}
            Err(why) => return Err(open(error, &format!("it could not be looked for: {why}"))),
        }
        if time.left().is_some_and(|left| left <= pause) {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    Err(open(error, &format!("no row with its {name} was seen, and the service may still be at work on it")))
}

/// Whether the service is done with the request: it said so itself. The edge in front of it may not know.
fn is_over(error: &Error) -> bool {
    let edge = [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
    error.status().is_some_and(|status| !edge.contains(&status))
}

/// There is no such row: so it was not carried out, if the field can be asked about.
async fn absent(lookup: &Lookup<'_>, error: Error) -> Error {
    match lookup.is_field().await {
        Ok(true) => error.with_context("it was looked for, and was not carried out").not_carried_out(),
        Ok(false) => open(error, &no_such_field(lookup.field)),
        Err(why) => open(error, &format!("it could not be looked for: {why}")),
    }
}

fn open(error: Error, why: &str) -> Error {
    error.with_context(&format!("it is open whether it was carried out ({why})"))
}

pub(crate) fn no_such_field(name: &str) -> String {
    format!("rows cannot be looked for by {name}: the table has no such field, or this user may not read it")
}
