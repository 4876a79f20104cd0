//! A part of an instance, and where it was described.

use crate::BuildError;
use crate::place::Place;

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
