//! Fields of which more is read than the stored value.

use super::super::Field;
use super::super::cell::Cell;
use crate::{Error, SysId};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

pub(super) const BOTH: &str = "$snow::Both";
pub(super) const DISPLAYED: &str = "$snow::Displayed";
pub(super) const REFERENCE: &str = "$snow::Reference";

/// A field with both its stored value and its display value, such as a choice. The request has to ask for both, with
/// `display_value(DisplayValue::All)`. It serializes as the stored value.
///
/// ```
/// use snow_client::record::WithDisplay;
///
/// #[derive(serde::Deserialize)]
/// struct Incident { priority: WithDisplay<u8> }
///
/// let json = r#"{"priority":{"display_value":"1 - Critical","value":"1"}}"#;
/// let record: snow_client::Record = serde_json::from_str(json).unwrap();
/// let priority = record.to::<Incident>()?.priority;
/// assert_eq!((priority.value, priority.display_value.as_str()), (1, "1 - Critical"));
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename = "$snow::Both")]
pub struct WithDisplay<T> {
    /// The stored value.
    pub value: T,
    /// The display value, in the user's language, time zone and formats.
    pub display_value: String,
}

impl<T: Serialize> Serialize for WithDisplay<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// A field of which only the display value is read, with `display_value(DisplayValue::Display)` or `All`. For a journal field
/// (`work_notes`), that is all of its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename = "$snow::Displayed")]
pub struct DisplayOnly(pub String);

impl fmt::Display for DisplayOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A reference to another record, in every form in which it may come. Use `Option<Reference>` for one that may be empty. It
/// serializes as the id.
///
/// ```
/// use snow_client::record::Reference;
///
/// #[derive(serde::Deserialize)]
/// struct Incident { caller_id: Reference, assigned_to: Option<Reference> }
///
/// let json = r#"{"caller_id":{"link":"https://x/api/now/table/sys_user/46c6","value":"46c6"},"assigned_to":""}"#;
/// let record: snow_client::Record = serde_json::from_str(json).unwrap();
/// let incident = record.to::<Incident>()?;
/// assert_eq!(incident.caller_id.value, "46c6");
/// assert!(incident.assigned_to.is_none());
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename = "$snow::Reference")]
pub struct Reference {
    /// The `sys_id` of the record that it points to. If only the link was sent, the last part of the link.
    pub value: String,
    /// The display value, if the request asked for it.
    #[serde(default)]
    pub display_value: Option<String>,
    /// The URL of the record. Use only its path: its host may be a different one ([facts 1.5]).
    ///
    /// [facts 1.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#15-the-link-header
    #[serde(default)]
    pub link: Option<String>,
}

impl Reference {
    /// Returns the `sys_id` of the record that it points to.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it is not a valid `sys_id`.
    pub fn sys_id(&self) -> Result<SysId, Error> {
        self.value.parse().map_err(Error::of_response)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.value)
    }
}

const UNSEEN: &str = "has no display value (request it: display_value=all)";

impl<'a> Field<'a> {
    /// Returns the field as a reference; `None` if it is empty.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it is not a reference.
    pub fn reference(self) -> Result<Option<Reference>, Error> {
        self.read()
    }

    /// The display value.
    pub(super) fn seen(self) -> Result<Cow<'a, str>, Error> {
        self.display_value()?.ok_or_else(|| self.unfit(UNSEEN))
    }

    /// Returns the display value, if it came in addition to the stored value.
    pub(super) fn seen_part(self) -> Result<Self, Error> {
        let part = Cell::of(self.json()).and_then(|cell| cell.display_value);
        part.map(|part| self.part(part)).ok_or_else(|| self.unfit(UNSEEN))
    }

    /// The parts of a reference that came, by the names of [`Reference`]'s fields.
    pub(super) fn reference_parts(self) -> Result<Vec<(&'static str, Cow<'a, str>)>, Error> {
        let (display, link) = (self.display_value()?, self.link()?);
        let id = match (&link, Cell::of(self.json())) {
            (Some(link), Some(Cell { value: None, .. })) => {
                Cow::Owned(link.rsplit('/').next().unwrap_or_default().to_owned())
            }
            _ => self.text()?,
        };
        if id.is_empty() {
            return Err(self.unfit("is an empty reference (read it as an Option)"));
        }
        let parts = [("value", Some(id)), ("display_value", display), ("link", link)];
        Ok(parts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect())
    }
}
