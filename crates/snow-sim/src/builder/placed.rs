//! Where a part of an instance was described, for the errors about it.

use crate::BuildError;
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

/// A part of an instance. Without a place, a program described it.
#[derive(Clone)]
pub(crate) struct Placed<T> {
    pub(crate) part: T,
    pub(crate) place: Option<Place>,
}

impl<T> Placed<T> {
    /// Runs a check whose error names the place.
    pub(crate) fn check<R>(&self, check: impl FnOnce(&T) -> Result<R, BuildError>) -> Result<R, BuildError> {
        check(&self.part).map_err(|error| error.at(self.place.as_ref()))
    }
}
