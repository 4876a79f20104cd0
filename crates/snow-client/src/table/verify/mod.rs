//! The verification of a write: what the service ignored or changed of the fields that were sent (facts 1.7).

mod field_comparison;

use crate::Record;
use crate::request::call::Call;
use field_comparison::{FieldComparison, FieldOutcome};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use snow_core::{Error, ErrorKind};
use std::collections::BTreeMap;

/// The fields that were sent, each in the JSON of the body: reading a number as a float could change it.
type SentFields = BTreeMap<String, Box<RawValue>>;

/// The answer to a write, and what became of the fields that were sent: see [`Call::verified`]. Those that are named nowhere
/// here are as they were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteReport<T = Record> {
    /// The record, after the rules of the instance that run before it is stored.
    pub record: T,
    /// Fields that the record does not have: they do not exist, or this user may not read them. The service takes such a
    /// field without a word, and ignores it.
    pub ignored: Vec<String>,
    /// Fields with another value than was sent: this user may not write them, the value is none that they take, or a rule
    /// changed it.
    pub changed: Vec<ChangedField>,
    /// Fields of which the answer does not tell: journals, which are appended to and come empty; values that were sent as what
    /// a person sees, unless they came back as such; lists and objects, which no field takes; fields outside a view.
    pub unknown: Vec<String>,
}

impl<T> WriteReport<T> {
    /// Whether no field is known to have been ignored or changed.
    pub fn is_applied(&self) -> bool {
        self.ignored.is_empty() && self.changed.is_empty()
    }
}

/// A field that has another value than was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedField {
    /// Its name.
    pub field: String,
    /// The value that it has.
    pub now: String,
}

impl<T: 'static> Call<T> {
    /// Of a creation or a change: compares the answer with what was sent. The service answers 200 to fields that do not exist or
    /// may not be written, to choices that are not in their list, and to whatever its rules change (facts 1.6, 1.7).
    ///
    /// The fields that were sent are asked for in any case, beside those of [`fields`](Self::fields) or of the type. References are
    /// compared by their `sys_id`, numbers and booleans by their value. A journal field of one's own looks in stored values like one
    /// that was emptied: with `display_value(DisplayValue::All)` it is told apart. Of an answer in display values alone, little
    /// can be compared: what differs is `unknown`.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use serde_json::json;
    ///
    /// let fields = json!({ "short_description": "No wifi", "urgncy": 1, "impact": "urgent", "work_notes": "Called back" });
    /// let echo = client.table("incident").create(&fields).verified().await?;
    /// assert_eq!(echo.ignored, ["urgncy"]);
    /// assert_eq!((echo.changed[0].field.as_str(), echo.changed[0].now.as_str()), ("impact", "3"));
    /// assert_eq!(echo.unknown, ["work_notes"]);
    /// assert!(echo.record.value("number")?.starts_with("INC"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a call that sends no fields.
    pub fn verified(mut self) -> Call<WriteReport<T>> {
        let sent = match self.parse_body() {
            Ok(sent) => sent,
            Err(error) => {
                self.request = Err(error);
                SentFields::new()
            }
        };
        if let Ok(request) = &mut self.request {
            request.needed.extend(sent.keys().cloned());
        }
        self.then(move |record, response, request| {
            let mut echo =
                WriteReport { record, ignored: Vec::new(), changed: Vec::new(), unknown: Vec::new() };
            let (raw, comparison) = (response.one()?, FieldComparison::of(request));
            for (name, value) in &sent {
                match comparison.outcome(name, value.get(), raw.get(name))? {
                    FieldOutcome::AsSent => {}
                    FieldOutcome::Ignored => echo.ignored.push(name.clone()),
                    FieldOutcome::Changed(now) => {
                        echo.changed.push(ChangedField { field: name.clone(), now })
                    }
                    FieldOutcome::Unknown => echo.unknown.push(name.clone()),
                }
            }
            Ok(echo)
        })
    }

    /// Of a creation or a change: an error if the service ignored or changed any field that was sent, as far as its
    /// [answer tells](Self::verified).
    ///
    /// # Errors
    /// [`ErrorKind::FieldsNotApplied`], which names the fields. **The write was carried out all the same.**
    pub fn require_applied(self) -> Self {
        self.verified().then(|echo, response, _| match echo.is_applied() {
            true => Ok(echo.record),
            false => {
                Err(Error::new(ErrorKind::FieldsNotApplied, describe(&echo)).with_status(response.status()))
            }
        })
    }

    /// The fields that the call sends.
    pub(crate) fn sent(&self) -> Result<Map<String, Value>, Error> {
        self.parse_body()
    }

    fn parse_body<F: DeserializeOwned>(&self) -> Result<F, Error> {
        let request = self.request.as_ref().map_err(Clone::clone)?;
        let invalid = |why| Error::new(ErrorKind::InvalidInput, why);
        let body = request
            .body
            .as_ref()
            .ok_or_else(|| invalid("only a creation or a change sends fields to compare"))?;
        serde_json::from_slice(body).map_err(|e| invalid("the fields cannot be compared").with_reason(e))
    }
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
    format!("the write was carried out, but the service {}", parts.join(", and "))
}
