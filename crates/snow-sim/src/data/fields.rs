//! The fields of a record, as a client gives them.

use std::collections::BTreeMap;

/// Field names and values, as a client gives them.
pub(crate) type Fields = BTreeMap<String, String>;

/// Fields from names and values.
pub(super) fn fields<const N: usize>(pairs: [(&str, &str); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
