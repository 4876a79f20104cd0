//! The columns of one field: its value and, if it is a reference, its name and link.

use crate::column_builder::{ColumnBuilder, finish_text};
use crate::columns::references_of;
use crate::policy::{Invalid, Missing};
use arrow_array::ArrayRef;
use arrow_array::builder::StringBuilder;
use snow_client::record::Field;
use snow_client::{Error, ErrorKind, Record};

#[derive(Debug)]
pub(crate) struct FieldBuilder {
    pub(crate) name: String,
    value: ColumnBuilder,
    display_value: Option<StringBuilder>,
    link: Option<StringBuilder>,
    pub(crate) missing: u64,
    pub(crate) invalid: u64,
}

impl FieldBuilder {
    pub(crate) fn new(name: &str, value: ColumnBuilder, has_name: bool, has_link: bool) -> Self {
        Self {
            name: name.to_owned(),
            value,
            display_value: has_name.then(StringBuilder::new),
            link: has_link.then(StringBuilder::new),
            missing: 0,
            invalid: 0,
        }
    }

    /// Appends the field of a record to each of the columns.
    #[inline]
    pub(crate) fn push(&mut self, record: &Record, missing: Missing, invalid: Invalid) -> Result<(), Error> {
        match record.get(&self.name) {
            Some(field) => self.push_field(field, invalid)?,
            None if follows_empty_reference(record, &self.name) => self.push_null(),
            None => match missing {
                Missing::Refuse => return Err(absent(&self.name)),
                Missing::Null => {
                    self.missing = self.missing.saturating_add(1);
                    self.push_null();
                }
            },
        }
        Ok(())
    }

    #[inline]
    fn push_field(&mut self, field: Field<'_>, invalid: Invalid) -> Result<(), Error> {
        let pushed = match field.stored_value() {
            Ok(text) if text.is_empty() => {
                self.push_null();
                return Ok(());
            }
            Ok(text) => self.value.push(field, &text),
            Err(error) => Err(error),
        };
        if let Err(error) = pushed {
            self.invalid = refused_or_counted(self.invalid, invalid, error)?;
            self.value.push_null();
        }
        if self.display_value.is_some() {
            self.push_parts(field, invalid)?;
        }
        Ok(())
    }

    /// Appends the name and the link of a reference.
    fn push_parts(&mut self, field: Field<'_>, invalid: Invalid) -> Result<(), Error> {
        let parts = [(&mut self.display_value, field.display_value()), (&mut self.link, field.link())];
        for (builder, part) in parts {
            let Some(builder) = builder else { continue };
            match part {
                Ok(text) => builder.append_option(text.filter(|text| !text.is_empty())),
                Err(error) => {
                    self.invalid = refused_or_counted(self.invalid, invalid, error)?;
                    builder.append_null();
                }
            }
        }
        Ok(())
    }

    fn push_null(&mut self) {
        self.value.push_null();
        [&mut self.display_value, &mut self.link].into_iter().flatten().for_each(StringBuilder::append_null);
    }

    /// Adds the columns to those of a batch, and begins the next one.
    pub(crate) fn finish(&mut self, columns: &mut Vec<ArrayRef>) {
        columns.push(self.value.finish());
        let more = [&mut self.display_value, &mut self.link].into_iter().flatten();
        columns.extend(more.map(finish_text));
    }
}

/// Counts a value that does not fit, unless that is refused.
fn refused_or_counted(count: u64, invalid: Invalid, error: Error) -> Result<u64, Error> {
    match invalid {
        Invalid::Refuse => Err(error),
        Invalid::Null => Ok(count.saturating_add(1)),
    }
}

/// Whether a dot-walk begins with a reference that the record shows to be empty: an instance may leave such a field out (facts 1.2).
fn follows_empty_reference(record: &Record, path: &str) -> bool {
    references_of(path).any(|reference| record.get(reference).is_some_and(Field::is_empty))
}

fn absent(name: &str) -> Error {
    let why = format!(
        "the record has no field {name:?}: this user may not read it, it was not requested, or it does not exist \
         (Missing::Null makes it null and counts it)"
    );
    Error::new(ErrorKind::Decode, why)
}
