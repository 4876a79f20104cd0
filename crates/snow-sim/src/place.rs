//! Where a part of an instance was described, for the errors about it.

use std::fmt;
use std::sync::Arc;

/// A line of a file: `instance.toml:12`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(Arc<str>);

impl Place {
    #[cfg(feature = "config")]
    pub(crate) fn new(file: &str, line: usize) -> Self {
        Self(format!("{file}:{line}").into())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
