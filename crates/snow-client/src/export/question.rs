//! What an export is of, so that another one is not taken for it.

use crate::attachment::Digest;
use crate::request::api_request::ApiRequest;
use crate::table::list_request::ListRequest;
use serde::{Deserialize, Serialize};
use serde_json::value::Value;
use snow_core::{DisplayValue, Error, ErrorKind};
use std::collections::BTreeMap;
use std::fmt;

/// What an export is of: which records of which instance, which of their fields, and in which format. A part of the
/// [`ExportReport`](super::ExportReport).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExportQuestion {
    /// The URL of the instance.
    pub instance: String,
    /// The table.
    pub table: String,
    /// The encoded query; empty for all records.
    pub query: String,
    /// The requested fields; `None` for all that the user may read.
    pub fields: Option<Vec<String>>,
    /// The form of the values.
    #[serde(with = "display_value")]
    pub display_value: DisplayValue,
    /// The most records that were wanted; `None` for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// How many records were left out at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// Whether records are read by position even though they could be read by `sys_id`.
    #[serde(default)]
    pub by_offset: bool,
    /// The name of the format.
    pub format: String,
    /// The settings of the format.
    #[serde(default)]
    pub format_settings: BTreeMap<String, Value>,
    /// The SHA-256 of everything that decides which bytes are written: what is above, and the other parameters of the request.
    pub fingerprint: String,
}

impl ExportQuestion {
    /// Returns the question of an export in the format with this name and these settings.
    ///
    /// # Errors
    ///
    /// That of a list that was refused, and [`ErrorKind::InvalidInput`] for lists that cannot be read as a whole.
    pub(super) fn of<T>(
        list: &ListRequest<T>,
        (format, format_settings): (&str, BTreeMap<String, Value>),
        by_offset: bool,
    ) -> Result<Self, Error> {
        let request = list.request.clone()?;
        let selection = &request.params.selection;
        let query = selection.query()?.clone().parsed().encode()?;
        let window = selection.window();
        let mut question = Self {
            instance: list.client.instance.to_string(),
            table: list.table_name()?.to_owned(),
            query,
            fields: request.params.shape.fields.as_ref().map(|fields| fields.to_vec()),
            display_value: request.params.shape.display(),
            limit: window.limit,
            offset: window.offset,
            by_offset,
            format: format.to_owned(),
            format_settings,
            fingerprint: String::new(),
        };
        question.fingerprint = question.hash(&request)?;
        Ok(question)
    }

    /// The hash of this, of every parameter as it is sent, and of the path.
    fn hash(&self, request: &ApiRequest) -> Result<String, Error> {
        let unread = |_| Error::internal("what an export is of could not be written as JSON");
        let mut text = serde_json::to_string(self).map_err(unread)?;
        text.extend(["\n", request.path.as_str(), "\n", request.params.to_params()?.encoded()?]);
        Ok(Digest::of(text.as_bytes()))
    }

    /// Fails unless another question is the same.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`], naming what differs.
    pub(super) fn expect_same(&self, stored: &Self, location: &str) -> Result<(), Error> {
        if self.fingerprint == stored.fingerprint {
            return Ok(());
        }
        let differs = self.difference(stored);
        let why = format!("{location} contains another export, with {differs}: export into another place");
        Err(Error::new(ErrorKind::InvalidInput, why).before_sending())
    }

    fn difference(&self, other: &Self) -> &'static str {
        match other {
            other if self.instance != other.instance => "another instance",
            other if self.table != other.table => "another table",
            other if self.query != other.query => "another query",
            other if self.fields != other.fields => "other fields",
            other if self.display_value != other.display_value => "another form of values",
            other if (self.limit, self.offset) != (other.limit, other.offset) => "another limit or offset",
            other if self.format != other.format => "another format",
            other if self.format_settings != other.format_settings => "other settings of the format",
            _ => "other parameters",
        }
    }
}

impl fmt::Debug for ExportQuestion {
    /// Shows whether there is a query, and not the query: its values may be anything that a user searches for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instance, table, query, fields, display_value, limit, offset, .. } = self;
        let Self { by_offset, format, format_settings, fingerprint, .. } = self;
        let mut question = f.debug_struct("ExportQuestion");
        question.field("instance", instance).field("table", table).field("has_query", &!query.is_empty());
        question.field("fields", fields).field("display_value", display_value).field("limit", limit);
        question.field("offset", offset).field("by_offset", by_offset).field("format", format);
        question.field("format_settings", format_settings).field("fingerprint", fingerprint).finish()
    }
}

/// The form of values as a word.
mod display_value {
    use serde::{Deserialize, Deserializer, Serializer, de, ser};
    use snow_core::DisplayValue;

    const WORDS: [(&str, DisplayValue); 3] =
        [("stored", DisplayValue::Stored), ("display", DisplayValue::Display), ("all", DisplayValue::All)];

    pub(super) fn serialize<S: Serializer>(value: &DisplayValue, serializer: S) -> Result<S::Ok, S::Error> {
        let word = WORDS.iter().find(|(_, known)| known == value).map(|(word, _)| *word);
        let unknown = || ser::Error::custom("a form of values has no word");
        serializer.serialize_str(word.ok_or_else(unknown)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DisplayValue, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = WORDS.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
        known.ok_or_else(|| de::Error::custom(format!("{word:?} is not a form of values")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_survives_a_round_trip() {
        for display_value in [DisplayValue::Stored, DisplayValue::Display, DisplayValue::All] {
            let question = ExportQuestion { display_value, limit: Some(3), ..ExportQuestion::default() };
            let text = serde_json::to_string(&question).unwrap();
            assert_eq!(serde_json::from_str::<ExportQuestion>(&text).unwrap(), question);
            assert!(
                serde_json::from_str::<ExportQuestion>(
                    &text.replace("display_value\":\"", "display_value\":\"x")
                )
                .is_err()
            );
        }
    }
}
