//! Creations that are looked up where their response gets lost.

use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::confirm::creation::value_of;
use http::Method;
use snow_core::{Error, ErrorKind};

impl<T> Call<T> {
    /// Of a creation: decides by this field, one of those that are sent, what became of it when the response does not tell: it
    /// broke off, was an error of the instance, or 403 although the record is there (facts 3.3). The field's value has to be this
    /// record's alone, a message's id or a random one. The field is among those of the record that comes back.
    ///
    /// In doubt, a record with that value is looked for. If there is one, the call is a success, with that record.
    ///
    /// If there is none, that alone proves nothing: a field that is locked for this user, or a column that is too short, does not
    /// store what was sent, and the record is there all the same. So the call is an error whose
    /// [`may_have_executed`](Error::may_have_executed) is false, and which may be tried again, only if
    ///
    /// - this client has seen before that a creation in this table stored a value of this field exactly as it was sent, one at
    ///   least as long, or any if the dictionary that was read says that this one fits;
    /// - the response claimed no success;
    /// - and the service is done with the request: it has answered itself, or a minute has passed, its limit for a request. Until
    ///   then, and within the call's deadline, it is looked again.
    ///
    /// In all other cases it stays open, and the error says why. What a "before query" rule hides, nobody sees.
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
    /// let made = client.table("incident").create(&fields).confirm_by("correlation_id").await?;
    /// assert_eq!(made.value("short_description")?, "No wifi");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the call is no creation, or does not send a value in this field that can be looked for.
    pub fn confirm_by(mut self, field: &str) -> Self
    where
        T: 'static,
    {
        let checked = self.sent().and_then(|sent| value_of(&sent, field).map(drop));
        self.request = self.request.and_then(|request| {
            checked?;
            match request.method {
                Method::POST => {
                    let needed = request.needed.into_iter().chain([field.to_owned()]).collect();
                    Ok(ApiRequest { correlation: Some(field.into()), needed, ..request })
                }
                _ => Err(Error::new(
                    ErrorKind::InvalidInput,
                    "only a creation is looked for by a correlation field",
                )),
            }
        });
        self
    }
}
