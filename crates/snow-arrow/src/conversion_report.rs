//! How many values became null that the service did not store as empty.

use serde::Serialize;
use std::collections::BTreeMap;

/// How many values became null although the service stores something, by the names of their fields. Empty values are not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConversionReport {
    /// The fields that some records lacked, and how many records.
    pub missing: BTreeMap<String, u64>,
    /// The fields with values that did not fit, and how many values.
    pub invalid: BTreeMap<String, u64>,
}

impl ConversionReport {
    /// Returns whether every value was converted.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.invalid.is_empty()
    }

    /// Adds the counts of another part of the same records.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.missing, &other.missing), (&mut self.invalid, &other.invalid)] {
            for (field, count) in theirs {
                let sum = mine.entry(field.clone()).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
    }
}
