//! Why a simulator cannot be built.

use crate::place::Place;
use std::fmt;

/// Why a simulator cannot be built, or a record not be written by a test.
///
/// What comes from a file is named by file and line: `instance.toml:12: the user "admin" has no password`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    why: String,
    place: Option<Place>,
}

impl BuildError {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), place: None }
    }

    /// Names the place, unless the error has one already.
    pub(crate) fn at(self, place: Option<&Place>) -> Self {
        Self { place: self.place.or_else(|| place.cloned()), ..self }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for BuildError {}
