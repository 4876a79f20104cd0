//! The creation of a record.

use crate::Record;
use crate::batch::api_call::api_call;
use crate::request::call::Call;
use crate::request::call_options::{record_options, write_options};
use crate::table::confirmed_create::ConfirmedCreate;
use crate::table::verify::WriteReport;

/// A call that creates a record. Returned by [`Table::create`](crate::Table::create).
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the record was created.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
///
/// let fields = json!({ "short_description": "No wifi", "urgency": "1" });
/// let incident = client.table("incident").create(&fields).require_applied(true).await?;
/// println!("{}", incident.value("number")?);
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct CreateRecord<O = Record> {
    pub(super) call: Call<O>,
}

api_call!(CreateRecord<O>);

impl<O> CreateRecord<O> {
    record_options!();
    write_options!();
}

impl<O: 'static> CreateRecord<O> {
    /// Returns a [`WriteReport`]: the record, and the fields that the service ignored or changed.
    pub fn verified(self) -> CreateRecord<WriteReport<O>> {
        CreateRecord { call: self.call.verified() }
    }

    /// Looks the record up by this field if the response does not show whether it was created: see [`ConfirmedCreate`].
    ///
    /// The value of the field must belong to this record alone, such as the id of a message or a random one. The returned record
    /// contains the field.
    ///
    /// # Errors
    ///
    /// The call fails before anything is sent, with [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), if it does not
    /// send a value in this field that can be looked up.
    pub fn confirm_by(self, field: &str) -> ConfirmedCreate<O> {
        ConfirmedCreate::new(self.call, field)
    }
}
