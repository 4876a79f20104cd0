//! The fields of a record, as a client gives them.

use std::collections::BTreeMap;

/// Field names and values, as a client gives them.
pub(crate) type Fields = BTreeMap<String, String>;
