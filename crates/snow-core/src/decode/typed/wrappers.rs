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

/// A field of a struct that reads what is stored and what a person sees, of a choice for one. The request has to ask for both, by
/// `display_value(DisplayValue::All)`. When it is written it is the stored value.
///
/// ```
/// use snow_core::decode::WithDisplay;
///
/// #[derive(serde::Deserialize)]
/// struct Incident { priority: WithDisplay<u8> }
///
/// let json = r#"{"priority":{"display_value":"1 - Critical","value":"1"}}"#;
/// let record: snow_core::Record = serde_json::from_str(json).unwrap();
/// let priority = record.to::<Incident>()?.priority;
/// assert_eq!((priority.value, priority.display_value.as_str()), (1, "1 - Critical"));
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename = "$snow::Both")]
pub struct WithDisplay<T> {
    /// What is stored.
    pub value: T,
    /// What a person sees: in the user's language, time zone and formats.
    pub display_value: String,
}

impl<T: Serialize> Serialize for WithDisplay<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// A field of a struct that reads only what a person sees: with `display_value(DisplayValue::Display)` or `All`. Of a journal
/// field (`work_notes`), that is all of its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename = "$snow::Displayed")]
pub struct DisplayOnly(pub String);

impl fmt::Display for DisplayOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A field of a struct that reads a reference in every form in which it comes; one that may be empty is an `Option` of it. When
/// it is written it is the id.
///
/// ```
/// use snow_core::decode::Reference;
///
/// #[derive(serde::Deserialize)]
/// struct Incident { caller_id: Reference, assigned_to: Option<Reference> }
///
/// let json = r#"{"caller_id":{"link":"https://x/api/now/table/sys_user/46c6","value":"46c6"},"assigned_to":""}"#;
/// let record: snow_core::Record = serde_json::from_str(json).unwrap();
/// let incident = record.to::<Incident>()?;
/// assert_eq!(incident.caller_id.value, "46c6");
/// assert!(incident.assigned_to.is_none());
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename = "$snow::Reference")]
pub struct Reference {
    /// The id of the record it points to. Where only its link was sent, the end of that.
    pub value: String,
    /// What a person sees, if the request asked for it.
    #[serde(default)]
    pub display_value: Option<String>,
    /// Where the record is. Only its path is of use: its host may be another (facts 1.5).
    #[serde(default)]
    pub link: Option<String>,
}

impl Reference {
    /// The id of the record it points to.
    ///
    /// # Errors
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

const UNSEEN: &str = "comes without what a person sees (ask for it by display_value=all)";

impl<'a> Field<'a> {
    /// The field as a reference; `None` if it is empty.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it is none.
    pub fn reference(self) -> Result<Option<Reference>, Error> {
        self.read()
    }

    /// What a person sees.
    pub(super) fn seen(self) -> Result<Cow<'a, str>, Error> {
        self.display_value()?.ok_or_else(|| self.unfit(UNSEEN))
    }

    /// What a person sees, where it stands beside the stored value.
    pub(super) fn seen_part(self) -> Result<Self, Error> {
        let part = Cell::of(self.json()).and_then(|cell| cell.display_value);
        part.map(|part| self.part(part)).ok_or_else(|| self.unfit(UNSEEN))
    }

    /// The parts of a reference that are there, by the names of [`Reference`]'s fields.
    pub(super) fn reference_parts(self) -> Result<Vec<(&'static str, Cow<'a, str>)>, Error> {
        let (display, link) = (self.display_value()?, self.link()?);
        let id = match (&link, Cell::of(self.json())) {
            (Some(link), Some(Cell { value: None, .. })) => {
                Cow::Owned(link.rsplit('/').next().unwrap_or_default().to_owned())
            }
            _ => self.text()?,
        };
        if id.is_empty() {
            return Err(self.unfit("is no reference to anything (read it as an Option)"));
        }
        let parts = [("value", Some(id)), ("display_value", display), ("link", link)];
        Ok(parts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect())
    }
}
