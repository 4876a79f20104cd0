//! Records of a file.

use super::scalar::Stored;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A record: its fields.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct RecordEntry(BTreeMap<String, Stored>);

impl RecordEntry {
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.0.as_str()))
    }
}
