//! Creations that are looked up where their response gets lost.

use crate::Record;
use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::call_options::{record_options, write_options};
use crate::request::confirm::creation::value_of;
use crate::request::sendable::sendable;
use crate::table::verify::WriteReport;
use snow_core::Error;

/// A call that creates a record, and looks it up if the response does not show whether it was created. Returned by
/// [`CreateRecord::confirm_by`](crate::table::CreateRecord::confirm_by).
///
/// A response does not show it if it broke off, if it was an error of the instance, or if it was a 403 (the record may exist
/// regardless, [facts 3.3]). A record with the value of the field is then looked up. If one exists, the call succeeds with that
/// record.
///
/// Finding no record is not enough: a field that is locked for this user, or a column that is too short, does not store the value
/// that was sent, so the record may exist without it. The call therefore fails with an error whose
/// [`may_have_executed`](crate::Error::may_have_executed) is false, and may be tried again, only if
///
/// - this client has seen before that a creation in this table stored a value of this field exactly as it was sent, and that value
///   was at least as long, or the dictionary that was read says that this one fits;
/// - the response was not a success;
/// - the service has finished with the request: it has responded itself, or one minute has passed, which is its limit for a
///   request. Until then, and within the deadline of the call, the record is looked up repeatedly.
///
/// In all other cases the outcome is unknown, and the error says why. Records that a "before query" rule hides are not found.
///
/// A batch cannot look records up, so this call cannot be added to one.
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the record was created.
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
///
/// [facts 3.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#33-refused-although-done
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

    /// Returns a [`WriteReport`]: the record, and the fields that the service ignored or changed.
    pub fn verified(self) -> ConfirmedCreate<WriteReport<O>> {
        ConfirmedCreate { call: self.call.verified() }
    }
}

/// Makes a creation that is looked up by the value that it sends in this field.
pub(super) fn with_correlation(mut request: ApiRequest, field: &str) -> Result<ApiRequest, Error> {
    value_of(&request.sent_fields()?, field)?;
    request.needed.push(field.to_owned());
    Ok(ApiRequest { correlation: Some(field.into()), ..request })
}
