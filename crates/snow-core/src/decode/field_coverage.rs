//! Which requested fields the records of a response have.

use super::record::Record;
use super::shape::Shape;
use crate::{Error, ErrorKind};
use std::collections::VecDeque;
use std::sync::Arc;

/// How many shapes the records of a response usually alternate between.
const KNOWN: usize = 8;

/// Records which requested fields the records of a response have.
///
/// The service silently leaves out a field that does not exist or that the user may not read ([facts 1.2]), so an absent field is not
/// an empty one.
///
/// The names of each distinct set of fields are checked once, not for every record.
///
/// ```
/// use snow_core::Record;
/// use snow_core::decode::FieldCoverage;
///
/// let record: Record = serde_json::from_str(r#"{"number":"INC1","closed_at":""}"#).unwrap();
/// let mut coverage = FieldCoverage::new(["number", "closed_at", "clsed_at"]);
/// coverage.see(&record);
/// assert_eq!(coverage.missing().collect::<Vec<_>>(), ["clsed_at"]);
/// assert!(coverage.require_present_somewhere().unwrap_err().to_string().contains("clsed_at"));
/// ```
///
/// [facts 1.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#12-parameters
#[derive(Clone, Default)]
pub struct FieldCoverage {
    fields: Vec<Tracked>,
    /// Shapes whose names were checked. A new one replaces the oldest.
    known: VecDeque<Arc<Shape>>,
    has_seen: bool,
}

#[derive(Clone)]
struct Tracked {
    name: Box<str>,
    /// A record has it.
    present: bool,
    /// A record lacks it.
    missing: bool,
}

impl Tracked {
    /// Whether an instance may leave it out although it exists: through an empty reference, for one (facts 1.2).
    fn is_dot_walked(&self) -> bool {
        self.name.contains('.')
    }
}

impl FieldCoverage {
    /// Creates the coverage of these fields.
    pub fn new<F: AsRef<str>>(fields: impl IntoIterator<Item = F>) -> Self {
        let tracked = |field: F| Tracked { name: field.as_ref().into(), present: false, missing: false };
        Self { fields: fields.into_iter().map(tracked).collect(), ..Self::default() }
    }

    /// Checks one more record.
    pub fn see(&mut self, record: &Record) {
        if self.known.iter().any(|known| Arc::ptr_eq(known, &record.raw.shape)) {
            return;
        }
        self.has_seen = true;
        for field in &mut self.fields {
            let found = record.raw.shape.find(&field.name).is_some();
            field.present |= found;
            field.missing |= !found;
        }
        if self.known.len() == KNOWN {
            self.known.pop_front();
        }
        self.known.push_back(record.raw.shape.clone());
    }

    /// Returns the fields that at least one record lacked, in the order in which they were requested.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|field| field.missing).map(|field| &*field.name)
    }

    /// Returns an error if a plain field (one without a dot-walk) was in none of the records. Succeeds if there were no records.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`], naming the fields.
    pub fn require_present_somewhere(&self) -> Result<(), Error> {
        self.refuse(|field| !field.present && !field.is_dot_walked())
    }

    /// Returns an error if any field was missing in any record.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`], naming the fields.
    pub fn require_present_everywhere(&self) -> Result<(), Error> {
        self.refuse(|field| field.missing)
    }

    fn refuse(&self, lacks: impl Fn(&&Tracked) -> bool) -> Result<(), Error> {
        let missing: Vec<&Tracked> = self.fields.iter().filter(lacks).collect();
        if missing.is_empty() || !self.has_seen {
            return Ok(());
        }
        let names: Vec<String> = missing.iter().map(|field| format!("{:?}", field.name)).collect();
        let walked = match missing.iter().any(|field| field.is_dot_walked()) {
            true => ", or, if it is dot-walked, its reference is empty",
            false => "",
        };
        let why = format!(
            "the response does not have all fields that were requested: {} is missing; such a field does not exist, or this user may \
             not read it{walked}: leave it out, or read a Record, which shows what came",
            names.join(", ")
        );
        Err(Error::new(ErrorKind::Decode, why))
    }
}

impl std::fmt::Debug for FieldCoverage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldCoverage")
            .field("missing", &self.missing().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(json: &str) -> Record {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_field_that_only_some_records_lack_is_listed_and_not_refused() {
        let mut coverage = FieldCoverage::new(["a", "b", "c.d"]);
        assert!(
            coverage.require_present_somewhere().is_ok() && coverage.require_present_everywhere().is_ok()
        );
        coverage.see(&record(r#"{"a":"1"}"#));
        assert!(coverage.require_present_somewhere().unwrap_err().to_string().contains("\"b\" is missing"));
        coverage.see(&record(r#"{"a":"1","b":""}"#));
        assert!(coverage.require_present_somewhere().is_ok(), "a dot-walk may be left out");
        assert_eq!(coverage.missing().collect::<Vec<_>>(), ["b", "c.d"]);
        assert!(coverage.require_present_everywhere().unwrap_err().to_string().contains("\"b\", \"c.d\""));
    }
}
