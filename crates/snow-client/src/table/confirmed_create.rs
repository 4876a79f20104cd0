//! Creations that are looked up where their response gets lost.

use crate::Record;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::call_options::{record_options, write_options};
use crate::request::confirm::creation::value_of;
use crate::request::sendable::sendable;
use crate::table::verify::WriteReport;
use snow_core::Error;

/// Creates a record, and looks for it if the response does not tell what became of it. Returned by
/// [`CreateRecord::confirm_by`](crate::table::CreateRecord::confirm_by).
///
/// A response does not tell if it broke off, if it was an error of the instance, or if it was 403 although the record is there
/// (facts 3.3). Then a record with the value of the field is looked for. If there is one, the call succeeds with that record.
///
/// If there is none, that alone proves nothing: a field that is locked for this user, or a column that is too short, does not
/// store what was sent, and the record is there all the same. So the call fails with an error whose
/// [`may_have_executed`](crate::Error::may_have_executed) is false, and which may be tried again, only if
///
/// - this client has seen before that a creation in this table stored a value of this field exactly as it was sent, one at
///   least as long, or any if the dictionary that was read says that this one fits;
/// - the response claimed no success;
/// - and the service is done with the request: it has responded itself, or a minute has passed, its limit for a request. Until
///   then, and within the call's deadline, the record is looked for again.
///
/// In all other cases it stays unknown, and the error says why. Records that a "before query" rule hides are not seen.
///
/// A batch cannot look for records, so it takes no such call.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator.clone()).build()?;
/// use serde_json::json;
///
/// // The instance creates the record, and responds with 500.
/// simulator.settings(|settings| settings.write_lie = Some(snow_sim::WriteLie::Cancelled));
/// let fields = json!({ "short_description": "No wifi", "correlation_id": "message-4711" });
/// let created = client.table("incident").create(&fields).confirm_by("correlation_id").await?;
/// assert_eq!(created.value("short_description")?, "No wifi");
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct ConfirmedCreate<O = Record> {
    call: Call<O>,
}

sendable!(ConfirmedCreate<O>);

impl<O> ConfirmedCreate<O> {
    record_options!();
    write_options!();
}

impl<O: 'static> ConfirmedCreate<O> {
    pub(super) fn new(call: Call<O>, field: &str) -> Self {
        Self { call: call.change(|request| with_correlation(request, field)) }
    }

    /// Returns what the service ignored or changed of the fields that were sent, in addition to the record: see [`WriteReport`].
    pub fn verified(self) -> ConfirmedCreate<WriteReport<O>> {
        ConfirmedCreate { call: self.call.verified() }
    }
}

/// Has a creation looked for by the value that it sends in this field.
pub(super) fn with_correlation(mut request: ApiRequest, field: &str) -> Result<ApiRequest, Error> {
    value_of(&request.sent_fields()?, field)?;
    request.needed.push(field.to_owned());
    Ok(ApiRequest { correlation: Some(field.into()), ..request })
}
