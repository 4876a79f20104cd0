//! The verification of a write: what the service ignored or changed of the fields that were sent (facts 1.7).

mod field_comparison;

use crate::Record;
use crate::request::api_request::{ApiRequest, SentFields};
use crate::request::call::Call;
use field_comparison::{FieldComparison, FieldOutcome};
use snow_core::decode::ApiResponse;
use snow_core::{Error, ErrorKind};
use std::sync::Arc;

/// The record that a write returned, and the outcome of the fields that were sent. Returned by the `verified` method of
/// [`CreateRecord`](crate::table::CreateRecord::verified) and [`UpdateRecord`](crate::table::UpdateRecord::verified).
///
/// The service responds with success even if fields do not exist or may not be written, if a choice is not in its list, and if
/// rules change a value ([facts 1.6], [facts 1.7]). Fields that are not listed here were applied as they were sent.
///
/// The fields that were sent are always requested, in addition to those of `fields` or of the type. References are compared by
/// their `sys_id`, numbers and booleans by their value. With stored values, a journal field of a custom type looks like a field
/// that was emptied; `display_value(DisplayValue::All)` distinguishes the two. With display values only, little can be compared:
/// what differs is `unknown`.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use serde_json::json;
///
/// let fields = json!({ "short_description": "No wifi", "urgncy": 1, "impact": "urgent", "work_notes": "Called back" });
/// let report = client.table("incident").create(&fields).verified().await?;
/// assert_eq!(report.ignored, ["urgncy"]);
/// assert_eq!((report.changed[0].field.as_str(), report.changed[0].now.as_str()), ("impact", "3"));
/// assert_eq!(report.unknown, ["work_notes"]);
/// assert!(report.record.value("number")?.starts_with("INC"));
/// # Ok(()) }
/// ```
///
/// [facts 1.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#16-values
/// [facts 1.7]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#17-writing
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteReport<T = Record> {
    /// The record as it was stored, after the rules of the instance that run before that.
    pub record: T,
    /// Fields that the record does not have: they do not exist, or this user may not read them. The service accepts such a
    /// field silently, and ignores it.
    pub ignored: Vec<String>,
    /// Fields with another value than was sent: this user may not write them, the value is not valid for them, or a rule
    /// changed it.
    pub changed: Vec<ChangedField>,
    /// Fields that the response does not show: journals, which are appended to and come empty; display values that were sent,
    /// unless they came back as such; lists and objects, which no field accepts; fields outside a view.
    pub unknown: Vec<String>,
}

impl<T> WriteReport<T> {
    /// Returns whether no field is known to have been ignored or changed.
    pub fn is_applied(&self) -> bool {
        self.ignored.is_empty() && self.changed.is_empty()
    }
}

/// A field that has another value than the one that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedField {
    /// The name of the field.
    pub field: String,
    /// The current value of the field.
    pub now: String,
}

impl<T: 'static> Call<T> {
    /// Compares the response with what was sent.
    pub(crate) fn verified(self) -> Call<WriteReport<T>> {
        let sent =
            self.request.as_ref().map_err(Clone::clone).and_then(ApiRequest::sent_fields::<SentFields>);
        let sent = sent.map(Arc::new);
        let names: Vec<String> = sent.iter().flat_map(|sent| sent.keys().cloned()).collect();
        let refused = sent.as_ref().err().cloned();
        let call = self.change(|mut request| match refused {
            Some(error) => Err(error),
            None => {
                request.needed.extend(names);
                Ok(request)
            }
        });
        call.then(move |record, response, request| {
            let sent = sent.as_ref().map_err(Clone::clone)?;
            compare(record, sent, response, request)
        })
    }
}

/// Fails if the service ignored or changed a field that the record has to have as it was sent.
///
/// # Errors
///
/// [`ErrorKind::FieldsNotApplied`], which names the fields.
pub(super) fn check_applied(response: &ApiResponse, request: &ApiRequest) -> Result<(), Error> {
    let Some(sent) = &request.required_applied else { return Ok(()) };
    let report = compare((), sent, response, request)?;
    match report.is_applied() {
        true => Ok(()),
        false => {
            Err(Error::new(ErrorKind::FieldsNotApplied, describe(&report)).with_status(response.status()))
        }
    }
}

fn compare<T>(
    record: T,
    sent: &SentFields,
    response: &ApiResponse,
    request: &ApiRequest,
) -> Result<WriteReport<T>, Error> {
    let mut report = WriteReport { record, ignored: Vec::new(), changed: Vec::new(), unknown: Vec::new() };
    let (raw, comparison) = (response.record()?, FieldComparison::of(request));
    for (name, value) in sent {
        match comparison.outcome(name, value.get(), raw.get(name))? {
            FieldOutcome::AsSent => {}
            FieldOutcome::Ignored => report.ignored.push(name.clone()),
            FieldOutcome::Changed(now) => report.changed.push(ChangedField { field: name.clone(), now }),
            FieldOutcome::Unknown => report.unknown.push(name.clone()),
        }
    }
    Ok(report)
}

/// Names the fields that were ignored or changed. Their values may be anything, and are left out.
fn describe<T>(echo: &WriteReport<T>) -> String {
    let changed: Vec<&str> = echo.changed.iter().map(|changed| changed.field.as_str()).collect();
    let part = |did: &str, fields: &[&str]| match fields {
        [] => None,
        fields => Some(format!("{did} {}", fields.join(", "))),
    };
    let ignored: Vec<&str> = echo.ignored.iter().map(String::as_str).collect();
    let parts = [part("ignored", &ignored), part("changed or refused", &changed)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("the write was executed, but the service {}", parts.join(", and "))
}
