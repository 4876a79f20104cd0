//! A record whose fields are known only when it arrives.

use super::field::Field;
use super::raw_record::{LARGEST, RawRecord};
use super::record_scanner::RecordScanner;
use super::scan::{self, ScanError};
use super::shape::Shapes;
use crate::{Error, ErrorKind, SysId};
use serde::Deserialize;
use serde_json::value::Value;
use std::{borrow::Cow, fmt};

/// A record of any table. Records own their data and are cheap to clone.
///
/// The service sends every scalar as text and null as `""`. A reference is `""`, a text or an object, depending on the parameters
/// and on whether it is set ([facts 1.6]). [`Field`] reads all of these forms. A field that the user may not read is missing, not
/// empty.
///
/// A record keeps the JSON as it came and the position of each value; the records of a response share the names of their fields. A
/// value is unescaped when it is read.
///
/// A record serializes as a map of its fields into every serde format that has maps, and deserializes from every self-describing
/// format: see its `Serialize` and `Deserialize` implementations below. The fact that it was requested with display values only is
/// not serialized.
///
/// ```
/// let record: snow_client::Record = serde_json::from_str(
///     r#"{"number":"INC0000046","caller_id":{"link":"https://x/api/now/table/sys_user/46c6","value":"46c6"}}"#,
/// ).unwrap();
/// assert_eq!(record.value("number")?, "INC0000046");
/// assert_eq!(record.value("caller_id")?, "46c6");
/// assert!(record.value("nmber").is_err());
///
/// #[derive(serde::Deserialize)]
/// struct Incident { number: String }
/// assert_eq!(record.to::<Incident>()?.number, "INC0000046");
/// # Ok::<_, snow_core::Error>(())
/// ```
///
/// [facts 1.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#16-values
#[derive(Clone)]
pub struct Record {
    pub(super) raw: RawRecord,
}

impl From<RawRecord> for Record {
    fn from(raw: RawRecord) -> Self {
        Self { raw }
    }
}

/// The memory of an `Arc` in addition to the shared value, including that of the allocator.
const SHARED: usize = 32;

/// The memory of a record in addition to its text and the positions in it, which it shares.
const OWN: usize = size_of::<Record>() + 2 * SHARED;

impl Record {
    /// Returns a field, or `None` if the record has no field of this name.
    pub fn get(&self, field: &str) -> Option<Field<'_>> {
        Some(Field::new(&self.raw, self.raw.shape.find(field)?))
    }

    /// Returns a field that has to exist.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if the record has no such field.
    pub fn field(&self, field: &str) -> Result<Field<'_>, Error> {
        self.get(field).ok_or_else(|| {
            let why = match field.contains('.') {
                true => {
                    "it was not requested, its reference is empty, this user may not read it, or a name in it is misspelled"
                }
                false => "it was not requested, does not exist, or may not be read by this user",
            };
            Error::new(ErrorKind::Decode, format!("the record has no field {field:?}: {why}"))
        })
    }

    /// Returns the value of a field as text; `""` for null.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if the record has no such field, or if its value is not text: see [`Field::value`].
    pub fn value(&self, field: &str) -> Result<Cow<'_, str>, Error> {
        self.field(field)?.value()
    }

    /// Returns the `sys_id` of the record.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if it was not requested, or is not a valid `sys_id`.
    pub fn sys_id(&self) -> Result<SysId, Error> {
        self.value("sys_id")?.parse().map_err(Error::of_response)
    }

    /// Returns the names of the fields, in the order in which they came.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.raw.shape.visible().map(|at| self.raw.shape.shown(at))
    }

    /// Returns the fields, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        self.raw.shape.visible().map(|at| Field::new(&self.raw, at))
    }

    /// Returns the record as it came, in JSON.
    pub fn json(&self) -> &str {
        &self.raw.text
    }

    /// Returns the approximate memory use in bytes, without the names of the fields, which records share.
    pub fn footprint(&self) -> usize {
        self.raw.text.len().saturating_add(size_of_val(&*self.raw.spans)).saturating_add(OWN)
    }

    /// Returns the record without a field. The result shares no names with other records.
    #[must_use]
    pub fn without(&self, field: &str) -> Self {
        let places = scan::member_places(&self.raw.text).enumerate();
        let kept = places.filter(|(at, _)| self.raw.shape.name(*at) != Some(field));
        let kept: Vec<&str> =
            kept.filter_map(|(_, (name, value))| self.raw.text.get(name.start..value.end)).collect();
        // The members of an object are an object.
        let record = format!("{{{}}}", kept.join(","));
        Self::read(&record, Shapes::new(self.raw.shape.displayed)).unwrap_or_else(|_| self.clone())
    }

    /// Returns the record as a `serde_json::Value`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] for JSON that no `Value` can hold: half of a surrogate pair, or a number that is too large.
    pub fn to_value(&self) -> Result<Value, Error> {
        serde_json::from_str(&self.raw.text).map_err(|e| {
            Error::new(ErrorKind::Decode, "the record does not fit a serde_json value").with_reason(e)
        })
    }

    /// Converts the record to a type of your own. Plain fields read the stored value in every form in which it may come: see
    /// [`Field::read`]. Structs with `#[serde(flatten)]` and tagged enums get their values as they came, because serde buffers them
    /// first.
    ///
    /// ```
    /// use snow_client::{DateTime, SysId, record::Reference};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Incident<'a> {
    ///     number: &'a str,
    ///     priority: u8,
    ///     active: bool,
    ///     caller_id: Reference,
    ///     closed_at: Option<DateTime>,
    ///     watch_list: Vec<SysId>,
    /// }
    ///
    /// let record: snow_client::Record = serde_json::from_str(
    ///     r#"{"number":"INC0000046","priority":{"display_value":"1 - Critical","value":"1"},"active":"true",
    ///         "caller_id":{"link":"https://x/api/now/table/sys_user/46c6","value":"46c6"},"closed_at":"","watch_list":"a,b"}"#,
    /// ).unwrap();
    /// let incident = record.to::<Incident>()?;
    /// assert_eq!((incident.number, incident.priority, incident.active), ("INC0000046", 1, true));
    /// assert_eq!((incident.caller_id.value.as_str(), incident.closed_at), ("46c6", None));
    /// assert_eq!(incident.watch_list.len(), 2);
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`], naming the field and what does not fit.
    pub fn to<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        T::deserialize(self).map_err(|error| error.with_context("the record does not fit the requested type"))
    }

    /// A record in JSON that stands alone.
    pub(super) fn parse(json: &str) -> Result<Self, &'static str> {
        Self::read(json, Shapes::default())
    }

    fn read(json: &str, shapes: Shapes) -> Result<Self, &'static str> {
        let json = json.trim_matches([' ', '\t', '\r', '\n']);
        if !json.starts_with('{') {
            return Err("a record is an object of fields and values");
        }
        match RecordScanner::new(shapes).next(json.as_bytes()) {
            Ok((record, end)) if scan::space(json.as_bytes(), end) == json.len() => Ok(Self::from(record)),
            Err(ScanError::Deep) => Err("the record is nested too deep"),
            _ if json.len() > LARGEST => Err("the record is too large"),
            _ => Err("the record is not JSON"),
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|field| (field.name(), field))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_the_last_of_two_counts() {
        let text = r#"{"a":"1","\u0062\n":"2","a":"3","\ud800":"4"}"#;
        let record: Record = serde_json::from_str(text).unwrap();
        assert_eq!(record.fields().collect::<Vec<_>>(), ["b\n", "a", "\\ud800"]);
        assert_eq!((record.value("a").unwrap(), record.value("b\n").unwrap()), ("3".into(), "2".into()));
        assert!(record.get("\\ud800").is_none() && record.get("c").is_none());
    }

    #[test]
    fn a_field_can_be_left_out() {
        let record: Record =
            serde_json::from_str(r#"{"sys_id":"1", "a" : {"value":"2"},"sys_id":"3"}"#).unwrap();
        assert_eq!(record.without("sys_id").json(), r#"{"a" : {"value":"2"}}"#);
        assert_eq!(record.without("a").without("sys_id").json(), "{}");
        assert_eq!(record.without("b").fields().collect::<Vec<_>>(), ["a", "sys_id"]);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for bad in [
            "[]",
            "\"\"",
            "1",
            "null",
            "{\"a\":}",
            &format!("{{\"a\":{}1{}}}", "[".repeat(127), "]".repeat(127)),
        ] {
            assert!(serde_json::from_str::<Record>(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Record>(" {} ").unwrap().fields().next().is_none());
    }

    #[test]
    fn goes_anywhere() {
        fn anywhere<T: Clone + Send + Sync + 'static>() {}
        anywhere::<Record>();
    }
}
