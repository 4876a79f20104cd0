//! Whether a read returned the requested fields. The service leaves out what does not exist or may not be read, without notice
//! (facts 1.2), and a type's `Option` would read as `None` what was never sent.

use serde::de::DeserializeOwned;
use snow_core::decode::{FieldCoverage, fields_of};
use snow_core::{Error, Record};
use std::sync::Arc;

/// The fields that records are read as.
#[derive(Clone, Debug, Default)]
pub(crate) enum TypeFields {
    /// Records as they come: reading a field shows whether it exists.
    #[default]
    Dynamic,
    /// Those of a type; all of them where the type does not say which.
    Typed(Option<Arc<[String]>>),
}

impl TypeFields {
    pub(crate) fn of<T: DeserializeOwned>() -> Self {
        let fields = fields_of::<T>();
        Self::Typed(fields.map(|fields| fields.into_iter().map(str::to_owned).collect()))
    }

    /// The fields to ask for; all of them without.
    pub(crate) fn wanted(&self) -> Option<Arc<[String]>> {
        match self {
            Self::Typed(fields) => fields.clone(),
            Self::Dynamic => None,
        }
    }

    /// The names of the fields, if the type says them.
    pub(crate) fn names(&self) -> Option<&[String]> {
        match self {
            Self::Typed(Some(fields)) => Some(fields),
            Self::Typed(None) | Self::Dynamic => None,
        }
    }
}

/// The fields that the records of a read had so far.
#[derive(Clone, Debug)]
pub(crate) struct FieldCheck {
    coverage: FieldCoverage,
    is_typed: bool,
    /// Whether each field has to be in each record.
    requires_all: bool,
}

impl FieldCheck {
    /// `asked`: the fields that the request names.
    pub(crate) fn new(asked: Option<&[String]>, of: &TypeFields, requires_all: bool) -> Self {
        let coverage = asked.or(of.names()).map(FieldCoverage::new).unwrap_or_default();
        Self { coverage, is_typed: matches!(of, TypeFields::Typed(_)), requires_all }
    }

    pub(crate) fn see(&mut self, record: &Record) {
        self.coverage.see(record);
    }

    /// Fails for fields that a typed read cannot do without.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        match (self.requires_all, self.is_typed) {
            (true, _) => self.coverage.require_present_everywhere(),
            (false, true) => self.coverage.require_present_somewhere(),
            (false, false) => Ok(()),
        }
    }

    pub(crate) fn missing(&self) -> Vec<String> {
        self.coverage.missing().map(str::to_owned).collect()
    }
}
